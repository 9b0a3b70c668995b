"""Legal holds: what must not be deleted, whatever the retention rules say.

A call, a person or a request is put on hold with a reason. What a hold covers is not written down but asked for each
time, in the transaction that would mark a recording for deletion: so a hold counts from the moment it is placed, and
a person's covers the calls that are still to come. Takes the catalogue's connection; audits nothing itself.
"""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from callwarden.storage.covering import calls_of_request
from callwarden.storage.database import transaction
from callwarden.storage.persons import Person, calls_of


class HoldKind(StrEnum):
    """What a hold is put on."""

    CALL = "call"
    PERSON = "person"
    REQUEST = "request"


class NoSuchThing(LookupError):
    """There is nothing of this id to hold, or no hold of this number; the text says so."""


@dataclass(frozen=True, slots=True)
class Hold:
    """``subject`` is the call's linked id or the request's number; ``person`` is set while a person's hold lasts."""

    number: int
    kind: HoldKind
    subject: str
    reason: str
    placed: float
    placed_by: str
    lifted: float | None
    lifted_by: str
    lift_reason: str
    person: Person | None


COLUMNS = "id, kind, subject, reason, placed, placed_by, lifted, lifted_by, lift_reason"


def place_on_call(connection: sqlite3.Connection, linked_id: str, reason: str, by: str, at: float) -> int:
    """Hold a call; the hold's number. Raises NoSuchThing. Inside the caller's transaction."""
    if not connection.execute("SELECT 1 FROM calls WHERE linked_id = ?", [linked_id]).fetchone():
        raise NoSuchThing(f"There is no call {linked_id}. `callwarden calls` lists them.")
    return _placed(connection, HoldKind.CALL, linked_id, reason, by, at)


def place_on_person(connection: sqlite3.Connection, person: Person, reason: str, by: str, at: float) -> int:
    """Hold every call of a person, those to come too; the hold's number. Inside the caller's transaction."""
    number = _placed(connection, HoldKind.PERSON, "", reason, by, at)
    connection.executemany(
        "INSERT INTO hold_terms (hold, kind, text) VALUES (?, ?, ?)", [(number, *term) for term in person.terms]
    )
    return number


def place_on_request(connection: sqlite3.Connection, request: int, reason: str, by: str, at: float) -> int:
    """Hold every call that a request covers; the hold's number. Raises NoSuchThing. Inside the caller's transaction."""
    if not connection.execute("SELECT 1 FROM requests WHERE id = ?", [request]).fetchone():
        raise NoSuchThing(f"There is no request {request}. `callwarden request list` lists them.")
    return _placed(connection, HoldKind.REQUEST, str(request), reason, by, at)


def lift(connection: sqlite3.Connection, number: int, reason: str, by: str, at: float) -> Hold:
    """End a hold; what it was. A person's numbers and names are forgotten with it. Raises NoSuchThing.

    Inside the caller's transaction.
    """
    hold = _numbered(connection, number)
    if hold.lifted is not None:
        raise NoSuchThing(f"Hold {number} was lifted before, by {hold.lifted_by}.")
    connection.execute(
        "UPDATE holds SET lifted = ?, lifted_by = ?, lift_reason = ? WHERE id = ?", [at, by, reason, number]
    )
    connection.execute("DELETE FROM hold_terms WHERE hold = ?", [number])
    return hold


def hold(db: Database, number: int) -> Hold:
    """One hold. Raises NoSuchThing."""
    return _numbered(db.conn, number)


def holds(db: Database, lifted_too: bool = False) -> list[Hold]:
    """The holds in force; ``lifted_too``: all that ever were."""
    where = "" if lifted_too else "WHERE lifted IS NULL "
    return [_hold(db.conn, row) for row in db.conn.execute(f"SELECT {COLUMNS} FROM holds {where}ORDER BY id")]


def held(db: Database, linked_ids: Sequence[str]) -> dict[str, int]:
    """Those of the calls that are on hold, each with the number of a hold. Inside the transaction that would delete."""
    found: dict[str, int] = {}
    if not linked_ids:
        return found
    for hold in holds(db):
        found |= dict.fromkeys(covered_calls(db, hold, linked_ids) - found.keys(), hold.number)
    return found


def covered_calls(db: Database, hold: Hold, among: Sequence[str] | None = None) -> set[str]:
    """The linked ids of the calls that a hold covers; only of those ``among``, where given."""
    if hold.kind is HoldKind.CALL:
        return {hold.subject} if among is None or hold.subject in among else set()
    if hold.kind is HoldKind.REQUEST:
        return calls_of_request(db, int(hold.subject), among)
    return calls_of(db, hold.person, among) if hold.person is not None else set()


def unmark_held(db: Database, there: Collection[str]) -> list[str]:
    """Recordings that an earlier purge marked and did not delete, and that are on hold by now, are kept again.

    ``there`` are those whose file the vault has; one that was read back from the external store is kept, too. What is
    gone from both was deleted before the hold came, and is proven so; of what the store may have a part, nothing is
    said and nothing deleted while the hold lasts. Gives the ids of what is kept. For the beginning of a purge,
    when nothing is being deleted.
    """
    with transaction(db) as connection:
        marked = connection.execute(
            "SELECT m.unique_id, r.linked_id, EXISTS (SELECT 1 FROM external_copies c WHERE c.unique_id = r.unique_id "
            "AND c.path = r.path AND c.state = 'sent') "
            "FROM purge_marks m JOIN recordings r ON r.unique_id = m.unique_id"
        ).fetchall()
        on_hold = held(db, sorted({linked_id for _, linked_id, _ in marked}))
        kept = [(one,) for one, linked_id, outside in marked if linked_id in on_hold and (outside or one in there)]
        connection.executemany("UPDATE recordings SET state = 'stored' WHERE unique_id = ? AND state = 'purging'", kept)
        connection.executemany("DELETE FROM purge_marks WHERE unique_id = ?", kept)
    return [unique_id for (unique_id,) in kept]


def _numbered(connection: sqlite3.Connection, number: int) -> Hold:
    row = connection.execute(f"SELECT {COLUMNS} FROM holds WHERE id = ?", [number]).fetchone()
    if row is None:
        raise NoSuchThing(f"There is no hold {number}. `callwarden holds list` lists them.")
    return _hold(connection, row)


def _placed(connection: sqlite3.Connection, kind: HoldKind, subject: str, reason: str, by: str, at: float) -> int:
    row = connection.execute(
        "INSERT INTO holds (kind, subject, reason, placed, placed_by) VALUES (?, ?, ?, ?, ?) RETURNING id",
        [kind.value, subject, reason, at, by],
    ).fetchone()
    return int(row[0])


def _hold(connection: sqlite3.Connection, row: Sequence[Any]) -> Hold:
    number, kind, subject, reason, placed, placed_by, lifted, lifted_by, lift_reason = row
    terms = connection.execute("SELECT kind, text FROM hold_terms WHERE hold = ? ORDER BY kind, text", [number])
    person = Person.of_terms(terms.fetchall()) if kind == HoldKind.PERSON else None
    ending = (lifted, lifted_by, lift_reason)
    return Hold(int(number), HoldKind(kind), subject, reason, placed, placed_by, *ending, person)
