"""Which calls a request for recordings covers, for many calls at once: what ``custody.requests.covers`` says of one.

All that is given of its calls, number, extension and time must fit; a request that names nothing covers nothing. A
request that names a recording covers, here, the call that it is of.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database

from callwarden.storage.persons import NobodyMeant, Person, calls_of

COUNTING = ("approved", "closed")
COLUMNS = "calls, number, extension, from_, to_"


def calls_of_request(db: Database, request: int, among: Sequence[str] | None = None) -> set[str]:
    """The linked ids of the calls that a request covers; only of those ``among``, where given."""
    row = db.conn.execute(f"SELECT {COLUMNS} FROM requests WHERE id = ?", [request]).fetchone()
    return set() if row is None else _calls(db, row, among)


def kinds_of_requests(db: Database, kinds: Iterable[str], among: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of a linked id ``among`` these and the kind of an approved request, one of ``kinds``, that covers it."""
    wanted = [json.dumps(sorted(kinds)), json.dumps(COUNTING)]
    rows = db.conn.execute(
        f"SELECT kind, {COLUMNS} FROM requests WHERE kind IN (SELECT value FROM json_each(?)) "
        "AND state IN (SELECT value FROM json_each(?))",
        wanted,
    ).fetchall()
    return [(linked_id, kind) for kind, *row in rows for linked_id in sorted(_calls(db, row, among))]


def _calls(db: Database, row: Sequence[Any], among: Sequence[str] | None) -> set[str]:
    named, number, extension, from_, to = row
    fitting: list[set[str]] = []
    if ids := json.loads(named):
        fitting.append(_named(db, ids))
    try:
        if number:
            fitting.append(calls_of(db, Person.of(numbers=[number]), among))
        if extension:
            fitting.append(calls_of(db, Person.of(extensions=[extension]), among))
    except NobodyMeant:
        return set()
    if not fitting and from_ is None and to is None:
        return set()
    found = set.intersection(*fitting) if fitting else None
    return _in_time(db, from_, to, found if among is None else _among(found, among))


def _among(found: set[str] | None, among: Sequence[str]) -> set[str]:
    return set(among) if found is None else found & set(among)


def _named(db: Database, ids: list[str]) -> set[str]:
    sql = (
        "SELECT h.linked_id FROM json_each(?) a CROSS JOIN channels h ON h.unique_id = a.value "
        "UNION SELECT c.linked_id FROM json_each(?) a CROSS JOIN calls c ON c.linked_id = a.value"
    )
    return {row[0] for row in db.conn.execute(sql, [json.dumps(ids), json.dumps(ids)])}


def _in_time(db: Database, from_: float | None, to: float | None, found: set[str] | None) -> set[str]:
    """Those of ``found`` (None: of all) whose call began then."""
    if found is not None and from_ is None and to is None:
        return found
    first, beyond = from_ if from_ is not None else 0.0, to if to is not None else 1e18
    if found is None:
        sql = "SELECT linked_id FROM calls WHERE started >= ? AND started < ?"
        return {row[0] for row in db.conn.execute(sql, [first, beyond])}
    sql = (
        "SELECT c.linked_id FROM json_each(?) a CROSS JOIN calls c ON c.linked_id = a.value "
        "WHERE c.started >= ? AND c.started < ?"
    )
    return {row[0] for row in db.conn.execute(sql, [json.dumps(sorted(found)), first, beyond])}
