"""Releases in the catalogue: what was found for whom, what was decided and muted, what was built, to whom it went.

Takes the catalogue's connection; writes inside the caller's transaction and audits nothing itself. A change of what was
decided makes a built release open again: what lies in its folder is then not what was decided.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from callwarden.release.plan import Decision, Item, Mute
from callwarden.release.sound import Span
from callwarden.storage import reading
from callwarden.storage.covering import calls_of_request
from callwarden.storage.persons import Person, calls_of


class State(StrEnum):
    """Where a release is."""

    OPEN = "open"
    BUILDING = "building"
    BUILT = "built"
    FAILED = "failed"
    REMOVED = "removed"


class NotNow(ValueError):
    """What a release does not allow as it is; the text says what to do."""


class NoApproval(NotNow):
    """The request is not approved (any more), or does not cover it: that is not allowed."""


class NoSuchRelease(LookupError):
    """There is no release, or no recording in it, of this id; the text says so."""


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom a built release went, when, how, and by whom."""

    handed: float
    handed_to: str
    how: str
    handed_by: str
    manifest_sha256: str
    note: str


@dataclass(frozen=True, slots=True)
class Release:
    """``expires`` is when the built folder is removed; ``terms`` by what its recordings were looked for."""

    number: int
    request: int
    opened: float
    opened_by: str
    state: State
    built: float | None
    built_by: str
    expires: float | None
    removed: float | None
    manifest_sha256: str
    problem: str
    terms: tuple[tuple[str, str], ...]
    handovers: tuple[Handover, ...]


COLUMNS = "id, request, opened, opened_by, state, built, built_by, expires, removed, manifest_sha256, problem"


def found(db: Database, person: Person, from_: float | None, to: float | None, request: int | None) -> list[str]:
    """The ids of every recording that concerns a person; of one known by nothing, of what a request covers.

    In the order in which they were made; those without a file too: what is missing is said.
    """
    calls = calls_of(db, person) if person.terms else calls_of_request(db, request or 0)
    rows = db.conn.execute(
        "SELECT r.unique_id FROM json_each(?) a CROSS JOIN calls c ON c.linked_id = a.value "
        "CROSS JOIN recordings r ON r.linked_id = c.linked_id "
        "WHERE c.started >= ? AND c.started < ? AND r.state <> 'discarded' ORDER BY r.wanted, r.unique_id",
        [json.dumps(sorted(calls)), from_ if from_ is not None else 0.0, to if to is not None else 1e18],
    )
    return [row[0] for row in rows]


def insert(
    connection: sqlite3.Connection,
    request: int,
    ids: Sequence[str],
    terms: Iterable[tuple[str, str]],
    by: str,
    at: float,
) -> int:
    """A new release of these recordings, nothing decided; its number."""
    row = connection.execute(
        "INSERT INTO releases (request, opened, opened_by, state) VALUES (?, ?, ?, 'open') RETURNING id",
        [request, at, by],
    ).fetchone()
    number = int(row[0])
    connection.executemany(
        "INSERT INTO release_terms (release, kind, text) VALUES (?, ?, ?)", [(number, *term) for term in terms]
    )
    connection.executemany(
        "INSERT INTO release_items (release, unique_id) VALUES (?, ?)", [(number, unique_id) for unique_id in ids]
    )
    return number


@dataclass(frozen=True, slots=True)
class Basis:
    """The request that a release answers."""

    kind: str
    received: float


def basis(db: Database, request: int, now: float) -> Basis:
    """The approved request of this number. Raises NoSuchRelease, NoApproval."""
    row = db.conn.execute("SELECT kind, received, state, lasts FROM requests WHERE id = ?", [request]).fetchone()
    if row is None:
        raise NoSuchRelease(f"There is no request {request}. `callwarden request list` lists them.")
    kind, received, state, lasts = row
    if state != "approved":
        raise NoApproval(f"Request {request} is {state}, not approved. See: callwarden request show {request}")
    if lasts is not None and now >= lasts:
        raise NoApproval(f"The approval of request {request} has expired. Open a new one: callwarden request open")
    return Basis(kind, received)


def release(db: Database, number: int) -> Release:
    """One. Raises NoSuchRelease."""
    row = db.conn.execute(f"SELECT {COLUMNS} FROM releases WHERE id = ?", [number]).fetchone()
    if row is None:
        raise NoSuchRelease(f"There is no release {number}. `callwarden release list` lists them.")
    return _release(db, row)


def releases(db: Database) -> list[Release]:
    """All, the newest first."""
    return [_release(db, row) for row in db.conn.execute(f"SELECT {COLUMNS} FROM releases ORDER BY id DESC").fetchall()]


def items(db: Database, number: int) -> list[Item]:
    """Its recordings, with what was decided, in the order in which they were made."""
    one = release(db, number)
    mutes: dict[str, list[Mute]] = {}
    for unique_id, started, ended, reason in db.conn.execute(
        "SELECT unique_id, started, ended, reason FROM release_mutes WHERE release = ? ORDER BY started, ended",
        [number],
    ):
        mutes.setdefault(unique_id, []).append(Mute(Span(started, ended), reason))
    rows = db.conn.execute(
        "SELECT unique_id, decision, reason FROM release_items WHERE release = ?", [number]
    ).fetchall()
    covering = calls_of_request(db, one.request)
    made = [
        _item(reading.recording(db, unique_id), unique_id, decision, reason, mutes.get(unique_id, []), covering)
        for unique_id, decision, reason in rows
    ]
    return sorted(made, key=lambda item: (item.found.recording.wanted if item.found else 0.0, item.unique_id))


def decide(
    connection: sqlite3.Connection,
    number: int,
    unique_id: str | None,
    decision: Decision,
    reason: str,
    by: str,
    at: float,
) -> int:
    """Decide on one recording, or (None) on all that are not decided on; on how many. Raises NoSuchRelease, NotNow."""
    _change(connection, number)
    where = "unique_id = ?" if unique_id is not None else "decision = ?"
    changed = connection.execute(
        f"UPDATE release_items SET decision = ?, reason = ?, decided = ?, decided_by = ? WHERE release = ? AND {where}",
        [decision.value, reason, at, by, number, unique_id if unique_id is not None else ""],
    ).rowcount
    if not changed and unique_id is not None:
        raise NoSuchRelease(f"Release {number} has no recording {unique_id}. See `callwarden release show {number}`.")
    return changed


def add_mute(connection: sqlite3.Connection, number: int, unique_id: str, mute: Mute, by: str, at: float) -> None:
    """Have a span silenced. Raises NoSuchRelease, NotNow."""
    _change(connection, number)
    if not _has(connection, number, unique_id):
        raise NoSuchRelease(f"Release {number} has no recording {unique_id}. See `callwarden release show {number}`.")
    connection.execute(
        "INSERT INTO release_mutes (release, unique_id, started, ended, reason, muted, muted_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET reason = excluded.reason, muted_by = excluded.muted_by",
        [number, unique_id, mute.span.started, mute.span.ended, mute.reason, at, by],
    )


def remove_mute(connection: sqlite3.Connection, number: int, unique_id: str, span: Span) -> None:
    """Have a span heard again. Raises NoSuchRelease, NotNow."""
    _change(connection, number)
    changed = connection.execute(
        "DELETE FROM release_mutes WHERE release = ? AND unique_id = ? AND started = ? AND ended = ?",
        [number, unique_id, span.started, span.ended],
    ).rowcount
    if not changed:
        raise NoSuchRelease("There is no such muted span. See `callwarden release show`.")


def set_building(connection: sqlite3.Connection, number: int, by: str) -> None:
    """Its build begins, or goes on."""
    connection.execute("UPDATE releases SET state = 'building', built_by = ?, problem = '' WHERE id = ?", [by, number])


def set_failed(connection: sqlite3.Connection, number: int, problem: str, expires: float) -> None:
    """Its build stopped; it can be gone on with until ``expires``."""
    connection.execute(
        "UPDATE releases SET state = 'failed', problem = ?, expires = ? WHERE id = ?", [problem, expires, number]
    )


def set_built(connection: sqlite3.Connection, number: int, manifest_sha256: str, at: float, expires: float) -> None:
    """It lies in its folder until ``expires``; ``at`` is when the build began."""
    connection.execute(
        "UPDATE releases SET state = 'built', manifest_sha256 = ?, built = ?, expires = ?, removed = NULL, "
        "problem = '' WHERE id = ?",
        [manifest_sha256, at, expires, number],
    )


def set_removed(connection: sqlite3.Connection, number: int, at: float) -> None:
    """Its folder is gone; it can be built anew."""
    connection.execute("UPDATE releases SET state = 'removed', removed = ? WHERE id = ?", [at, number])


def hand_over(connection: sqlite3.Connection, one: Release, to: str, how: str, note: str, by: str, at: float) -> None:
    """Put on record that it went. Raises NotNow."""
    if one.state is not State.BUILT:
        raise NotNow(f"Release {one.number} is {one.state}: what is handed over is a built one.")
    connection.execute(
        "INSERT INTO handovers (release, handed, handed_to, how, handed_by, manifest_sha256, note) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [one.number, at, to, how, by, one.manifest_sha256, note],
    )


def to_remove(db: Database, now: float) -> list[tuple[int, str]]:
    """Releases whose files are to go, and why: their time is over, or a recording in them was deleted since.

    ``built`` is when the build began, so a recording that was deleted while it ran counts.
    """
    over = db.conn.execute("SELECT id FROM releases WHERE state IN ('built', 'failed') AND expires <= ?", [now])
    deleted = db.conn.execute(
        "SELECT DISTINCT x.id FROM releases x JOIN release_items i ON i.release = x.id AND i.decision = 'include' "
        "JOIN tombstones t ON t.unique_id = i.unique_id "
        "WHERE (x.state = 'built' AND t.purged >= x.built) OR (x.state = 'failed' AND t.purged >= x.opened)"
    )
    found = {int(row[0]): "its time is over" for row in over.fetchall()}
    return sorted({**{int(row[0]): "a recording in it was deleted" for row in deleted.fetchall()}, **found}.items())


def _change(connection: sqlite3.Connection, number: int) -> None:
    """What was decided is about to change."""
    row = connection.execute("SELECT state FROM releases WHERE id = ?", [number]).fetchone()
    if row is None:
        raise NoSuchRelease(f"There is no release {number}. `callwarden release list` lists them.")
    if row[0] == State.BUILDING:
        raise NotNow(f"Release {number} is being built. Wait, then change it and build it again.")
    connection.execute("UPDATE releases SET state = 'open' WHERE id = ?", [number])


def _has(connection: sqlite3.Connection, number: int, unique_id: str) -> bool:
    sql = "SELECT 1 FROM release_items WHERE release = ? AND unique_id = ?"
    return connection.execute(sql, [number, unique_id]).fetchone() is not None


def _item(
    found: reading.FoundRecording | None,
    unique_id: str,
    decision: str,
    reason: str,
    mutes: list[Mute],
    covering: set[str],
) -> Item:
    covered = found is None or found.call.linked_id in covering
    return Item(unique_id, Decision(decision), reason, tuple(mutes), found, covered)


def _release(db: Database, row: Sequence[Any]) -> Release:
    number, request, opened, opened_by, state, built, built_by, expires, removed, manifest, problem = row
    terms = db.conn.execute("SELECT kind, text FROM release_terms WHERE release = ? ORDER BY kind, text", [number])
    handed = db.conn.execute(
        "SELECT handed, handed_to, how, handed_by, manifest_sha256, note FROM handovers WHERE release = ? ORDER BY id",
        [number],
    )
    rest = (built, built_by, expires, removed, manifest or "", problem)
    handovers = tuple(Handover(*each) for each in handed)
    return Release(number, request, opened, opened_by, State(state), *rest, tuple(terms.fetchall()), handovers)
