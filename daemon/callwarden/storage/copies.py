"""What the catalogue knows of the copies in the external store: which are wanted, which are there, which must go.

A copy is entered as *sending* before its first byte leaves, so that whatever a crash leaves in the store is known; it
is *sent* once it was read back and had the right hash. Copies of a recording that is being purged must go, and those
of a file that was re-sealed meanwhile, once the new one is there. A row goes when its file was seen to be gone; until
then no purge is confirmed.
"""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from callwarden.storage.database import transaction
from callwarden.storage.holds import held

BATCH = 200
# A recording whose present file is not in the store; sealed with these keys, where there are any.
WANTED = (
    "FROM recordings r LEFT JOIN seals s ON s.unique_id = r.unique_id "
    "LEFT JOIN external_copies c ON c.unique_id = r.unique_id AND c.path = r.path "
    "WHERE r.state = 'stored' AND r.path IS NOT NULL AND c.state IS NOT 'sent' "
    "AND (:keys IS NULL OR s.keys = :keys) AND r.stored >= :since"
)
# From the few that are being purged, and the few that are not *sent*.
PURGED = (
    "SELECT c.unique_id, c.path, r.linked_id FROM purge_marks m JOIN external_copies c ON c.unique_id = m.unique_id "
    "JOIN recordings r ON r.unique_id = m.unique_id"
)
SUPERSEDED = (
    "SELECT c.unique_id, c.path FROM external_copies c JOIN recordings r ON r.unique_id = c.unique_id "
    "WHERE c.state != 'sent' AND r.path IS NOT c.path AND r.state = 'stored' AND EXISTS (SELECT 1 FROM "
    "external_copies n WHERE n.unique_id = r.unique_id AND n.path = r.path AND n.state = 'sent')"
)
LOCAL_TOO = (
    "SELECT c.unique_id, c.path, c.bytes FROM external_copies c JOIN recordings r ON r.unique_id = c.unique_id "
    "AND r.path = c.path WHERE c.state = 'sent' AND c.local_removed IS NULL AND c.sent <= ? AND r.state = 'stored' "
    "ORDER BY c.sent LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A recording to be copied: its file, and what the file's hash and size must be."""

    unique_id: str
    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Copy:
    """A file in the store, perhaps; ``bytes`` once it was sent."""

    unique_id: str
    path: str
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many copies are in the store, wait to be sent, wait to be deleted; and recordings that only the store has."""

    sent: int
    waiting: int
    doomed: int
    only_there: int


def wanted(db: Database, keys: str | None, since: float, after: str = "", limit: int = BATCH) -> list[Wanted]:
    """Recordings stored ``since`` then that the store does not have, in the order of their ids; ``keys``: only what is
    sealed with these."""
    sql = (
        f"SELECT r.unique_id, r.path, coalesce(s.sha256, r.sha256), coalesce(s.bytes, r.bytes) {WANTED} "
        "AND r.unique_id > :after ORDER BY r.unique_id LIMIT :limit"
    )
    values = {"keys": keys, "since": since, "after": after, "limit": limit}
    return [Wanted(*row) for row in db.conn.execute(sql, values)]


def doomed(db: Database) -> list[Copy]:
    """Copies that must go: not those of a call that was put on hold meanwhile."""
    purged = db.conn.execute(PURGED).fetchall()
    kept = held(db, sorted({linked_id for *_, linked_id in purged}))
    going = [Copy(unique_id, path) for unique_id, path, linked_id in purged if linked_id not in kept]
    return going + [Copy(*row) for row in db.conn.execute(SUPERSEDED)]


def kept_twice(db: Database, before: float, limit: int = BATCH) -> list[Copy]:
    """Copies that were sent before this moment, while the vault has the file too."""
    return [Copy(*row) for row in db.conn.execute(LOCAL_TOO, [before, limit])]


def counts(db: Database, keys: str | None) -> Counts:
    """For the status and for metrics. Reads the whole table: not for every second."""
    sent, only = db.conn.execute(
        "SELECT count(*), count(local_removed) FROM external_copies WHERE state = 'sent'"
    ).fetchone()
    waiting = db.conn.execute(f"SELECT count(*) {WANTED}", {"keys": keys, "since": 0.0}).fetchone()[0]
    return Counts(sent, waiting, len(doomed(db)), only)


def any_copies(db: Database) -> bool:
    """Whether anything may be in a store."""
    return db.conn.execute("SELECT 1 FROM external_copies LIMIT 1").fetchone() is not None


def begin(db: Database, one: Wanted) -> bool:
    """It is about to be sent; False when it is not stored like this any more."""
    with transaction(db) as connection:
        if not _present(connection, one.unique_id, one.path):
            return False
        connection.execute(
            "INSERT INTO external_copies (unique_id, path, state) VALUES (?, ?, 'sending') "
            "ON CONFLICT (unique_id, path) DO UPDATE SET state = 'sending', sent = NULL",
            [one.unique_id, one.path],
        )
    return True


def sent(db: Database, one: Wanted) -> None:
    """It was read back. A former file of the same recording is only waited for until now."""
    with transaction(db) as connection:
        connection.execute(
            "UPDATE external_copies SET state = 'sent', sha256 = ?, bytes = ?, sent = ?, problem = '' "
            "WHERE unique_id = ? AND path = ?",
            [one.sha256, one.bytes, time.time(), one.unique_id, one.path],
        )


def failed(db: Database, unique_id: str, path: str, problem: str) -> None:
    """Remember why."""
    with transaction(db) as connection:
        connection.execute(
            "UPDATE external_copies SET problem = ? WHERE unique_id = ? AND path = ?", [problem, unique_id, path]
        )


def gone(db: Database, copy: Copy) -> None:
    """It was seen not to be in the store any more."""
    with transaction(db) as connection:
        connection.execute(
            "DELETE FROM external_copies WHERE unique_id = ? AND path = ?", [copy.unique_id, copy.path]
        )


def may_leave(db: Database, copy: Copy) -> bool:
    """Whether the vault's file may still go: the recording is stored as this file, and the store has it."""
    row = db.conn.execute(
        "SELECT 1 FROM external_copies WHERE unique_id = ? AND path = ? AND state = 'sent'",
        [copy.unique_id, copy.path],
    ).fetchone()
    return row is not None and _present(db.conn, copy.unique_id, copy.path)


def local_removed(db: Database, unique_ids: Sequence[str]) -> None:
    """The vault has no file of these any more."""
    with transaction(db) as connection:
        connection.executemany(
            "UPDATE external_copies SET local_removed = ? WHERE unique_id = ? AND local_removed IS NULL",
            [(time.time(), unique_id) for unique_id in unique_ids],
        )


def supersede(connection: sqlite3.Connection, unique_id: str, path: str) -> None:
    """The recording has another file now: its copy goes when the new one is in the store."""
    connection.execute(
        "UPDATE external_copies SET state = 'superseded' WHERE unique_id = ? AND path = ?", [unique_id, path]
    )


def still_out(db: Database, unique_ids: Sequence[str]) -> set[str]:
    """Of these recordings, those that may still be in the store."""
    if not any_copies(db):
        return set()
    return {
        unique_id
        for unique_id in unique_ids
        if db.conn.execute("SELECT 1 FROM external_copies WHERE unique_id = ? LIMIT 1", [unique_id]).fetchone()
    }


def _present(connection: sqlite3.Connection, unique_id: str, path: str) -> bool:
    sql = "SELECT 1 FROM recordings WHERE unique_id = ? AND path = ? AND state = 'stored'"
    return connection.execute(sql, [unique_id, path]).fetchone() is not None
