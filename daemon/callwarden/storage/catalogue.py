"""Saving facts. Takes a connection and facts, any number in any order; each replaces the row of its key.

One transaction a call of :func:`save_all`: all of its facts are in the catalogue, or none. A fact whose
parent was not saved yet gets a parent with what is known of it: a late event must never cost a recording its
row. A gap of no length is none: its row goes. A suspension that is confirmed is entered into the audit chain.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from callwarden.core.facts import (
    Announcement,
    Call,
    Channel,
    Direction,
    Fact,
    Gap,
    Recording,
    Role,
    Segment,
    Suspension,
)
from callwarden.core.numbers import e164
from callwarden.custody import audit
from callwarden.storage.database import region, transaction
from callwarden.storage.parties import index_call
from callwarden.storage.rows import TABLES, Value, text_to_sql, values

# Parents first.
ORDER: Sequence[type[Fact]] = (Call, Channel, Recording, Segment, Suspension, Announcement, Gap)
NO_GAP = "DELETE FROM gaps WHERE unique_id = ? AND started = ?"
IS_CONFIRMED = "SELECT 1 FROM suspensions WHERE unique_id = ? AND number = ? AND confirmed IS NOT NULL"
UPSERTS = {kind: table.upsert for kind, table in TABLES.items()}
RANK = {kind: rank for rank, kind in enumerate(ORDER)}


def _update(kind: type[Fact]) -> tuple[str, tuple[int, ...]]:
    """What changes a row that is known, and where in a fact's row its parameters are."""
    table = TABLES[kind]
    return table.update, tuple(table.columns.index(column) for column in table.changing + table.steady)


UPDATES = {kind: _update(kind) for kind, table in TABLES.items() if table.steady}


def save(db: Database, fact: Fact) -> None:
    """Save one fact in its own transaction."""
    save_all(db, [fact])


def save_all(db: Database, facts: Iterable[Fact], dialled_in: str = "") -> None:
    """Save all of ``facts``, or none when it raises. ``dialled_in``: the catalogue's region, from whom knows it."""
    ordered = sorted(facts, key=lambda fact: RANK[type(fact)])
    dialled_in = dialled_in or region(db)
    with transaction(db) as connection:
        changed = dict.fromkeys(one for fact in ordered for one in _save(db, fact, dialled_in))
        for linked_id in changed:
            index_call(connection, linked_id, dialled_in)


def annotate(db: Database, linked_id: str, notes: str) -> bool:
    """Set the searchable notes of a call; False when there is no such call."""
    with transaction(db) as connection:
        changed = connection.execute(
            "UPDATE calls SET notes = ? WHERE linked_id = ?", [text_to_sql(notes), linked_id]
        ).rowcount
        index_call(connection, linked_id, region(db))
    return changed == 1


def _save(db: Database, fact: Fact, dialled_in: str) -> list[str]:
    """Gives the call that is to be found in another way from now on, if there is one."""
    if isinstance(fact, Gap) and fact.ended <= fact.started:
        db.conn.execute(NO_GAP, [fact.unique_id, fact.started])
        return []
    row = values(fact)
    if _is_changed(db.conn, type(fact), row):
        return []
    if isinstance(fact, Suspension):
        _enter_when_confirmed(db, fact)
    _upsert(db.conn, fact, [*row, *_extra(fact, dialled_in)])
    return [fact.linked_id] if isinstance(fact, Call | Channel) else []


def _is_changed(connection: sqlite3.Connection, kind: type[Fact], row: Sequence[Value]) -> bool:
    """Whether that was all: its row was there, and only what nothing else depends on had to be changed in it."""
    if kind not in UPDATES:
        return False
    statement, places = UPDATES[kind]
    return connection.execute(statement, [row[place] for place in places]).rowcount == 1


def _upsert(connection: sqlite3.Connection, fact: Fact, row: Sequence[Value]) -> None:
    """The rows that this one belongs to were usually saved long ago; where they are not there, SQLite says so."""
    try:
        connection.execute(UPSERTS[type(fact)], row)
    except sqlite3.IntegrityError:
        _ensure_parents(connection, fact)
        connection.execute(UPSERTS[type(fact)], row)


def _enter_when_confirmed(db: Database, fact: Suspension) -> None:
    """A suspension is an entry of the chain once it is a fact, whoever asked for it, in the transaction of the fact."""
    if fact.confirmed is None:
        return
    known = db.conn.execute(IS_CONFIRMED, [fact.unique_id, fact.number]).fetchone()
    if known is None:
        detail = {"why": fact.why, "seconds_to_proof": round(fact.confirmed - fact.asked, 6), "how": fact.how}
        audit.append(db, fact.confirmed, fact.by or audit.DAEMON, "suspension", fact.unique_id, detail)


def _extra(fact: Fact, dialled_in: str) -> list[Value]:
    if isinstance(fact, Call):
        return [e164(fact.caller_number, dialled_in), e164(fact.called_number, dialled_in)]
    return [e164(fact.number, dialled_in)] if isinstance(fact, Channel) else []


def _ensure_parents(connection: sqlite3.Connection, fact: Fact) -> None:
    match fact:
        case Call():
            pass
        case Channel():
            _ensure_call(connection, fact.linked_id, fact.started)
        case Recording():
            _ensure_call(connection, fact.linked_id, fact.wanted)
            _ensure_channel(connection, fact.unique_id, fact.linked_id, fact.wanted)
        case Gap() | Announcement():
            _ensure_channel(connection, fact.unique_id, fact.unique_id, fact.started)
        case Segment() | Suspension():
            _ensure_channel(connection, fact.unique_id, fact.unique_id, fact.asked)


def _ensure_channel(connection: sqlite3.Connection, unique_id: str, linked_id: str, at: float) -> None:
    if connection.execute("SELECT 1 FROM channels WHERE unique_id = ?", [unique_id]).fetchone():
        return
    _ensure_call(connection, linked_id, at)
    connection.execute(
        "INSERT INTO channels (unique_id, linked_id, role, started, name, endpoint) VALUES (?, ?, ?, ?, '', '')",
        [unique_id, linked_id, Role.PLUMBING.value, at],
    )


def _ensure_call(connection: sqlite3.Connection, linked_id: str, at: float) -> None:
    connection.execute(
        "INSERT INTO calls (linked_id, direction, started) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [linked_id, Direction.UNKNOWN.value, at],
    )
