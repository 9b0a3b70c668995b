"""What was found to be wrong, in the catalogue: once while it lasts, resolved when it is gone.

Takes a connection in a transaction (``record``, ``resolve``) or a database to read from. No number and no name is in a
finding: only ids, files, times and counts.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

COLUMNS = "source, kind, subject, text, at, linked_id, found, seen, resolved"
SELECT = f"SELECT {COLUMNS}, id, acknowledged, acknowledged_by FROM findings"
OPEN = "resolved IS NULL AND acknowledged IS NULL"


@dataclass(frozen=True, slots=True)
class Finding:
    """``source`` is who looks, ``kind`` a short name with hyphens, ``subject`` what it is about, ``at`` when that
    happened (UTC epoch seconds), ``linked_id`` the call or channel, if there is one."""

    source: str
    kind: str
    subject: str
    text: str
    at: float
    linked_id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as it is catalogued under its ``number``; ``resolved`` is None while it lasts, ``acknowledged`` until
    somebody has said to have seen it."""

    finding: Finding
    found: float
    seen: float
    resolved: float | None
    number: int = 0
    acknowledged: float | None = None
    acknowledged_by: str = ""

    @property
    def open(self) -> bool:
        """Whether somebody still has to look at it."""
        return self.resolved is None and self.acknowledged is None


def record(connection: sqlite3.Connection, finding: Finding, now: float, remedied: bool = False) -> bool:
    """Catalogue it; whether it is new. ``remedied``: it is over with this very look, and is told once."""
    f = finding
    if remedied:
        known = "SELECT 1 FROM findings WHERE source = ? AND kind = ? AND subject = ? AND at = ?"
        if connection.execute(known, [f.source, f.kind, f.subject, f.at]).fetchone():
            return False
    changed = connection.execute(
        "UPDATE findings SET seen = ?, text = ? WHERE source = ? AND kind = ? AND subject = ? AND resolved IS NULL",
        [now, f.text, f.source, f.kind, f.subject],
    ).rowcount
    if changed:
        return False
    connection.execute(
        f"INSERT INTO findings ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [f.source, f.kind, f.subject, f.text, f.at, f.linked_id, now, now, now if remedied else None],
    )
    return True


def resolve(connection: sqlite3.Connection, found: Iterable[Found], now: float) -> int:
    """These are gone; how many there were."""
    rows = [(now, one.finding.source, one.finding.kind, one.finding.subject) for one in found]
    sql = "UPDATE findings SET resolved = ? WHERE source = ? AND kind = ? AND subject = ? AND resolved IS NULL"
    connection.executemany(sql, rows)
    return len(rows)


def acknowledge(connection: sqlite3.Connection, numbers: Iterable[int], by: str, now: float) -> list[int]:
    """Somebody has seen these; those of them that were open. They are not told again while they last."""
    sql = f"UPDATE findings SET acknowledged = ?, acknowledged_by = ? WHERE id = ? AND {OPEN}"
    return [number for number in numbers if connection.execute(sql, [now, by, number]).rowcount]


def lasting(db: Database, source: str) -> list[Found]:
    """Those of one source that are not gone, acknowledged or not."""
    return [_found(row) for row in db.conn.execute(f"{SELECT} WHERE source = ? AND resolved IS NULL", [source])]


def listed(
    db: Database,
    source: str | None = None,
    open_only: bool = False,
    from_: float | None = None,
    to: float | None = None,
    after: tuple[float, int] | None = None,
) -> Iterator[Found]:
    """Findings of things that happened in [``from_``, ``to``), the newest first; ``after``: only those that follow the
    one of this time and number."""
    conditions = {"source = ?": source, "at >= ?": from_, "at < ?": to}
    given = {condition: value for condition, value in conditions.items() if value is not None}
    where = " AND ".join([*given, *(["(at, id) < (?, ?)"] if after else []), *([OPEN] if open_only else []), "1"])
    sql = f"{SELECT} WHERE {where} ORDER BY at DESC, id DESC"
    return map(_found, db.conn.execute(sql, [*given.values(), *(after or ())]))


def about(db: Database, source: str, linked_id: str) -> list[Found]:
    """Those of one source that are about this call or channel."""
    sql = f"{SELECT} WHERE source = ? AND linked_id = ? AND linked_id <> '' ORDER BY id"
    return [_found(row) for row in db.conn.execute(sql, [source, linked_id])]


def _found(row: Any) -> Found:
    return Found(Finding(*row[:6]), *row[6:])
