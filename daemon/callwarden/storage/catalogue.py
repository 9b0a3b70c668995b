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


def save(db: Database, fact: Fact) -> None:
    """Save one fact in its own transaction."""
    save_all(db, [fact])


def save_all(db: Database, facts: Iterable[Fact]) -> None:
    """Save all of ``facts``, or none when it raises."""
    ordered = sorted(facts, key=lambda fact: ORDER.index(type(fact)))
    dialled_in = region(db)
    with transaction(db) as connection:
        for fact in ordered:
            if isinstance(fact, Gap) and fact.ended <= fact.started:
                connection.execute(NO_GAP, [fact.unique_id, fact.started])
                continue
            _ensure_parents(connection, fact)
            if isinstance(fact, Suspension):
                _enter_when_confirmed(db, fact)
            connection.execute(UPSERTS[type(fact)], [*values(fact), *_extra(fact, dialled_in)])
        for linked_id in _calls_changed(ordered):
            index_call(connection, linked_id, dialled_in)


def annotate(db: Database, linked_id: str, notes: str) -> bool:
    """Set the searchable notes of a call; False when there is no such call."""
    with transaction(db) as connection:
        changed = connection.execute(
            "UPDATE calls SET notes = ? WHERE linked_id = ?", [text_to_sql(notes), linked_id]
        ).rowcount
        index_call(connection, linked_id, region(db))
    return changed == 1


def _enter_when_confirmed(db: Database, fact: Suspension) -> None:
    """A suspension is an entry of the chain once it is a fact, whoever asked for it, in the transaction of the fact."""
    if fact.confirmed is None:
        return
    known = db.conn.execute(IS_CONFIRMED, [fact.unique_id, fact.number]).fetchone()
    if known is None:
        detail = {"why": fact.why, "seconds_to_proof": round(fact.confirmed - fact.asked, 6), "how": fact.how}
        audit.append(db, fact.confirmed, fact.by or audit.DAEMON, "suspension", fact.unique_id, detail)


def _calls_changed(facts: Iterable[Fact]) -> dict[str, None]:
    return dict.fromkeys(fact.linked_id for fact in facts if isinstance(fact, Call | Channel))


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
