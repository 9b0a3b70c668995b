"""Alarms in the catalogue: written by the daemon's writer, read by whoever may read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from callwarden.core.alarm import Alarm
from callwarden.storage.database import transaction

KEPT_SECONDS = 400 * 86400.0  # a year and some: what nobody has to look at any more goes then
COLUMNS = "kind, about, text, first, last, count, lasting, sent, ended, acknowledged, acknowledged_by"
IS_OPEN = "ended IS NULL AND acknowledged IS NULL"
# What an alarm of the memory may still change: a state that is acknowledged may yet end.
IS_KNOWN = "ended IS NULL AND (acknowledged IS NULL OR lasting)"


@dataclass(frozen=True, slots=True)
class FoundAlarm:
    """An alarm, the number a person names it by, and the call its channel belongs to (empty: none)."""

    id: int
    alarm: Alarm
    linked_id: str


def save_alarms(db: Database, alarms: Iterable[Alarm]) -> None:
    """Write them as they are now; ``sent`` only ever grows, and what was acknowledged or ended stays so."""
    with transaction(db) as connection:
        connection.executemany(
            f"INSERT INTO alarms ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, about, first) DO UPDATE SET text = excluded.text, last = excluded.last, "
            "count = excluded.count, lasting = excluded.lasting, sent = coalesce(excluded.sent, sent), "
            "ended = coalesce(ended, excluded.ended), acknowledged = coalesce(acknowledged, excluded.acknowledged), "
            "acknowledged_by = coalesce(nullif(acknowledged_by, ''), excluded.acknowledged_by)",
            [_row(alarm) for alarm in alarms],
        )


def open_alarms(db: Database, limit: int) -> list[Alarm]:
    """The newest that are not over, the oldest of them first."""
    rows = db.conn.execute(f"SELECT {COLUMNS} FROM alarms WHERE {IS_KNOWN} ORDER BY last DESC LIMIT ?", [limit])
    return [_alarm(row) for row in rows][::-1]


def find_alarms(db: Database, *, only_open: bool, limit: int) -> list[FoundAlarm]:
    """The newest first."""
    where = f"WHERE {IS_OPEN}" if only_open else ""
    rows = db.conn.execute(
        f"SELECT id, (SELECT linked_id FROM channels WHERE unique_id = about), {COLUMNS} FROM alarms {where} "
        "ORDER BY last DESC, id DESC LIMIT ?",
        [limit],
    )
    return [FoundAlarm(row[0], _alarm(row[2:]), row[1] or "") for row in rows]


def acknowledge(db: Database, ids: Sequence[int] | None, by: str, now: float) -> list[Alarm]:
    """Note that ``by`` has seen those with these ids (None: all) that are open; gives them."""
    chosen = "" if ids is None else f" AND id IN ({', '.join('?' * len(ids))})"
    with transaction(db) as connection:
        rows = connection.execute(
            f"UPDATE alarms SET acknowledged = ?, acknowledged_by = ? WHERE {IS_OPEN}{chosen} RETURNING {COLUMNS}",
            [now, by, *(ids or ())],
        ).fetchall()
    return [_alarm(row) for row in rows]


def forget_alarms(db: Database, now: float) -> int:
    """Remove what nobody has to look at any more and is old; how many there were."""
    with transaction(db) as connection:
        return connection.execute(
            f"DELETE FROM alarms WHERE last < ? AND NOT ({IS_KNOWN})", [now - KEPT_SECONDS]
        ).rowcount


def _row(alarm: Alarm) -> list[Any]:
    return [getattr(alarm, name.strip()) for name in COLUMNS.split(",")]


def _alarm(row: Sequence[Any]) -> Alarm:
    values = dict(zip((name.strip() for name in COLUMNS.split(",")), row, strict=True))
    return Alarm(**{**values, "lasting": bool(values["lasting"])})
