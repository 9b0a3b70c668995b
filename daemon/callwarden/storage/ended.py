"""What retention rules ask of a call, read for many calls at once.

Takes calls as (linked id, end, direction, dialled number); gives ``core.retention.Ended``. What no rule asks for is
not read.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from callwarden.core.facts import Direction
from callwarden.core.numbers import search_key
from callwarden.core.retention import Ended
from callwarden.storage.covering import kinds_of_requests
from callwarden.storage.database import region
from callwarden.storage.parties import EXTENSION
from callwarden.storage.rows import text_from_sql

COLUMNS = "c.linked_id, coalesce(c.ended, c.started), c.direction, c.called_number"
Row = tuple[str, float, str, str | bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules ask for: dialled numbers at all, these ``extensions`` (search keys), these kinds of request."""

    dids: bool = False
    extensions: frozenset[str] = frozenset()
    requests: frozenset[str] = frozenset()

    def __or__(self, other: "Asked") -> "Asked":
        """What either asks for."""
        return Asked(self.dids or other.dids, self.extensions | other.extensions, self.requests | other.requests)


NOTHING = Asked()


def ended(db: Database, rows: Sequence[Row], asked: Asked) -> list[Ended]:
    """The calls, in their order, with what the rules ask for."""
    ids = [row[0] for row in rows]
    extensions = _sets(_extensions(db, ids, asked.extensions))
    requests = _sets(kinds_of_requests(db, asked.requests, ids) if asked.requests else [])
    dialled_in = region(db) if asked.dids else ""
    nothing: frozenset[str] = frozenset()
    return [
        Ended(
            linked_id,
            at,
            direction,
            search_key(text_from_sql(dialled), dialled_in) if asked.dids and direction == Direction.INBOUND else "",
            extensions.get(linked_id, nothing),
            requests.get(linked_id, nothing),
        )
        for linked_id, at, direction, dialled in rows
    ]


def _extensions(db: Database, ids: list[str], wanted: frozenset[str]) -> Iterable[tuple[str, str]]:
    if not wanted:
        return []
    sql = (
        "SELECT p.linked_id, n.key FROM json_each(?) a CROSS JOIN parties p ON p.linked_id = a.value "
        'CROSS JOIN numbers n ON n.id = p.number WHERE n.kind = ? AND n."key" IN (SELECT value FROM json_each(?))'
    )
    return db.conn.execute(sql, [json.dumps(ids), EXTENSION, json.dumps(sorted(wanted))]).fetchall()


def _sets(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for linked_id, value in pairs:
        found.setdefault(linked_id, set()).add(value)
    return {linked_id: frozenset(values) for linked_id, values in found.items()}
