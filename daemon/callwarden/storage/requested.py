"""Requests in the catalogue, and what a recording is to them. Takes a connection; audits nothing itself."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from callwarden.custody.requests import Kind, Request, State, Subject
from callwarden.storage.reading import FoundRecording, story

COLUMNS = (
    "id, kind, reason, calls, number, extension, from_, to_, parties, other, received, opened, opened_by, state, "
    "decided, decided_by, decision, consulted, lasts, closed, closed_by, outcome"
)


def insert(db: Database, request: Request) -> Request:
    """Keep a new request; it comes back with its number. Inside the caller's transaction."""
    names = COLUMNS.removeprefix("id, ")
    marks = ", ".join("?" for _ in names.split(", "))
    row = db.conn.execute(f"INSERT INTO requests ({names}) VALUES ({marks}) RETURNING id", _values(request)).fetchone()
    return replace(request, id=int(row[0]))


def update(db: Database, request: Request) -> None:
    """Keep what became of it. Inside the caller's transaction."""
    changes = ", ".join(f"{name} = ?" for name in COLUMNS.removeprefix("id, ").split(", "))
    db.conn.execute(f"UPDATE requests SET {changes} WHERE id = ?", [*_values(request), request.id])


def request(db: Database, number: int) -> Request | None:
    """One request."""
    row = db.conn.execute(f"SELECT {COLUMNS} FROM requests WHERE id = ?", [number]).fetchone()
    return None if row is None else _request(row)


def requests(db: Database, open_only: bool = False) -> list[Request]:
    """All, the newest first; ``open_only``: those that wait or count."""
    where = "WHERE state IN ('open', 'approved') " if open_only else ""
    return [_request(row) for row in db.conn.execute(f"SELECT {COLUMNS} FROM requests {where}ORDER BY id DESC")]


def subject(db: Database, found: FoundRecording) -> Subject:
    """What a request looks at of a recording: every party of its call counts."""
    whole = story(db, found.call.linked_id)
    channels = (found.channel,) if whole is None else whole.channels
    return Subject(
        found.recording.unique_id,
        found.call.linked_id,
        found.call.started,
        (found.call.caller_number, found.call.called_number, *(channel.number for channel in channels)),
        tuple(text for channel in channels for text in (channel.endpoint, channel.number) if text),
    )


def mark_damaged(db: Database, unique_id: str, problem: str, at: float) -> bool:
    """Note that a recording is not what was stored; False when that was known. Inside the caller's transaction."""
    sql = "INSERT INTO damaged (unique_id, found, problem) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return db.conn.execute(sql, [unique_id, at, problem]).rowcount == 1


def mend(db: Database, unique_id: str) -> bool:
    """The file is right again (a backup was put back): whether it had been damaged. Inside the caller's transaction."""
    return db.conn.execute("DELETE FROM damaged WHERE unique_id = ?", [unique_id]).rowcount == 1


def damage(db: Database, unique_id: str) -> str:
    """What is wrong with a recording's file, as far as was looked; empty for nothing."""
    row = db.conn.execute("SELECT problem FROM damaged WHERE unique_id = ?", [unique_id]).fetchone()
    return "" if row is None else str(row[0])


def _values(one: Request) -> list[Any]:
    return [
        str(one.kind), one.reason, json.dumps(one.calls), one.number, one.extension, one.from_, one.to, one.parties,
        one.other, one.received, one.opened, one.opened_by, str(one.state), one.decided, one.decided_by, one.decision,
        one.consulted, one.lasts, one.closed, one.closed_by, one.outcome,
    ]  # fmt: skip


def _request(row: Sequence[Any]) -> Request:
    number, kind, reason, calls, *rest = row
    values: list[Any] = [*rest[:9], State(rest[9]), *rest[10:]]
    return Request(number, Kind(kind), reason, tuple(json.loads(calls)), *values)
