"""Searching the catalogue: by any spelling of a number, by extension, direction, dates and words.

Takes a connection (a read-only one will do); gives what ``reading`` gives, newest call first. A search by
number first finds the few different numbers that are meant, then walks the index of each from its newest
call, so its cost is that of the rows it gives and not that of the catalogue. All SQL here is ours; whatever a
person typed is a parameter.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from callwarden.core.facts import Call, Direction
from callwarden.core.numbers import search_range
from callwarden.storage.database import region
from callwarden.storage.parties import EXTENSION, NUMBER, extension_key, words
from callwarden.storage.reading import (
    CALL_COLUMNS,
    RECORDING_COLUMNS,
    FoundCall,
    FoundRecording,
    call_of,
    recording_of,
)

# A search that means more different numbers than this means none in particular.
MOST_NUMBERS = 300
DEFAULT_LIMIT = 100

# CROSS JOIN, here and below: calls first, in their order. SQLite, left alone, may read and sort all
# recordings.
RECORDINGS_FROM = (
    " CROSS JOIN recordings r ON r.linked_id = c.linked_id CROSS JOIN channels h ON h.unique_id = r.unique_id"
)


class TooManyNumbers(Exception):
    """A search that matches too many different numbers to be meant."""


def find_calls(
    db: Database,
    number: str | None = None,
    extension: str | None = None,
    direction: Direction | None = None,
    from_: float | None = None,
    to: float | None = None,
    text: str | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> list[FoundCall]:
    """Calls that started in [``from_``, ``to``) and match all that is given. Raises TooManyNumbers."""
    wanted = Wanted(number, extension, direction, from_, to, words([text or ""]).strip(), limit, offset)
    rows = _find(db, wanted, CALL_COLUMNS, "")
    unique = {call.call.linked_id: call for call in map(call_of, rows)}
    newest_first = sorted(unique.values(), key=lambda found: _when(found.call), reverse=True)
    return _page(newest_first, wanted)


def find_recordings(
    db: Database,
    number: str | None = None,
    extension: str | None = None,
    direction: Direction | None = None,
    from_: float | None = None,
    to: float | None = None,
    text: str | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> list[FoundRecording]:
    """The recordings of the calls that :func:`find_calls` finds, each call's in the order they began."""
    wanted = Wanted(number, extension, direction, from_, to, words([text or ""]).strip(), limit, offset)
    rows = _find(db, wanted, RECORDING_COLUMNS, RECORDINGS_FROM, ", r.wanted, r.unique_id")
    unique = {found.recording.unique_id: found for found in map(recording_of, rows)}
    in_calls = sorted(unique.values(), key=lambda found: (found.recording.wanted, found.recording.unique_id))
    return _page(sorted(in_calls, key=lambda found: _when(found.call), reverse=True), wanted)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for."""

    number: str | None
    extension: str | None
    direction: Direction | None
    from_: float | None
    to: float | None
    text: str
    limit: int | None
    offset: int

    @property
    def rows(self) -> int:
        """How many rows of each number fill the page; -1 is SQLite's "all"."""
        return -1 if self.limit is None else self.limit + self.offset


@dataclass(frozen=True, slots=True)
class Query:
    """SQL being put together: the ``table`` that gives the order, its joins, conditions and parameters."""

    table: str
    joined: str
    conditions: tuple[str, ...] = ()
    parameters: tuple[Any, ...] = ()

    def narrowed(self, condition: str, *parameters: Any) -> "Query":
        """With one more condition."""
        return replace(self, conditions=(*self.conditions, condition), parameters=(*self.parameters, *parameters))


def _find(db: Database, wanted: Wanted, columns: str, joined: str, order: str = "") -> list[Any]:
    found: list[Any] = []
    for query in _queries(db, wanted):
        where = " AND ".join(query.conditions) or "1"
        newest_first = f"{query.table}.started DESC, {query.table}.linked_id DESC{order}"
        sql = f"SELECT {columns} FROM {query.joined}{joined} WHERE {where} ORDER BY {newest_first} LIMIT ?"
        found += db.conn.execute(sql, [*query.parameters, wanted.rows])
    return found


def _queries(db: Database, wanted: Wanted) -> list[Query]:
    """One query for each different number that is meant, each led by the narrowest index there is."""
    if wanted.number is not None:
        queries = [_narrow_by_text(_led_by(n), wanted) for n in number_ids(db, wanted.number)]
        queries = [_narrow_by_extension(db, query, wanted) for query in queries]
    elif wanted.extension is not None:
        queries = [_narrow_by_text(_led_by(n), wanted) for n in extension_ids(db, wanted.extension)]
    else:
        queries = [_led_by_text(wanted.text) if wanted.text else Query("c", "calls c")]
    return [_narrow_by_call(query, wanted) for query in queries]


def _led_by(number_id: int) -> Query:
    joined = "parties p CROSS JOIN calls c ON c.linked_id = p.linked_id"
    return Query("p", joined).narrowed("p.number = ?", number_id)


def _led_by_text(text: str) -> Query:
    joined = "calls_text t CROSS JOIN calls c ON c.id = t.rowid"
    return Query("c", joined).narrowed("t.calls_text MATCH ?", _match(text))


def _narrow_by_text(query: Query, wanted: Wanted) -> Query:
    if not wanted.text:
        return query
    # The plus sign keeps SQLite from looking each call up by both its id and its linked id, 300 times as slow.
    found = "+c.id IN (SELECT rowid FROM calls_text WHERE calls_text MATCH ?)"
    return query.narrowed(found, _match(wanted.text))


def _narrow_by_extension(db: Database, query: Query, wanted: Wanted) -> Query:
    if wanted.extension is None:
        return query
    ids = extension_ids(db, wanted.extension)
    marks = ", ".join("?" for _ in ids)
    condition = f"EXISTS (SELECT 1 FROM parties e WHERE e.linked_id = c.linked_id AND e.number IN ({marks}))"
    return query.narrowed(condition, *ids)


def _narrow_by_call(query: Query, wanted: Wanted) -> Query:
    if wanted.from_ is not None:
        query = query.narrowed(f"{query.table}.started >= ?", wanted.from_)
    if wanted.to is not None:
        query = query.narrowed(f"{query.table}.started < ?", wanted.to)
    if wanted.direction is not None:
        query = query.narrowed("c.direction = ?", str(wanted.direction))
    return query


def number_ids(db: Database, number: str, most: int | None = MOST_NUMBERS) -> list[int]:
    """The different numbers in the catalogue that ``number``, in any spelling, may mean.

    Raises TooManyNumbers when there are more than ``most``; None: however many there are.
    """
    keys = search_range(number, region(db))
    if keys is None:
        return []
    sql = 'SELECT id FROM numbers WHERE kind = ? AND "key" >= ? AND "key" < ?'
    parameters: list[Any] = [NUMBER, keys.first, keys.beyond]
    if keys.e164 is not None:
        sql += " AND (e164 IS NULL OR e164 = ?)"
        parameters.append(keys.e164)
    ids = [row[0] for row in db.conn.execute(f"{sql} LIMIT ?", [*parameters, -1 if most is None else most + 1])]
    if most is not None and len(ids) > most:
        raise TooManyNumbers(f"More than {most} numbers end like that. Give more digits.")
    return ids


def extension_ids(db: Database, extension: str) -> list[int]:
    """The extension, as the catalogue numbers it."""
    sql = 'SELECT id FROM numbers WHERE kind = ? AND "key" = ?'
    return [row[0] for row in db.conn.execute(sql, [EXTENSION, extension_key(extension)])]


def _match(text: str) -> str:
    """Every word, or its beginning, in any order. Quoted, so that nothing in it is FTS5's language."""
    return " ".join('"' + word.replace('"', '""') + '"*' for word in text.split())


def _page(found: list[Any], wanted: Wanted) -> list[Any]:
    end = None if wanted.limit is None else wanted.offset + wanted.limit
    return found[wanted.offset : end]


def _when(found: Call) -> tuple[float, str]:
    return (found.started, found.linked_id)
