"""Removing what the catalogue knows of the people in a call, once no recording of it is left and its time is over.

What stays says nothing about a person: when it was, how long, in which direction, over which trunk, in which language,
what was recorded, suspended, announced and missing, and the tombstones. What goes: numbers, names, endpoints (a phone
is somebody's), channel names, who suspended, notes, and everything the call could be found by.
"""

import json
import sqlite3
from collections.abc import Sequence

from sqlite_utils import Database

from callwarden.storage.database import transaction
from callwarden.storage.finish import Run
from callwarden.storage.holds import held

FORGET_CALL = (
    "UPDATE calls SET caller_number = '', caller_name = '', called_number = '', caller_e164 = NULL, "
    "called_e164 = NULL, notes = '', forgotten = ? WHERE linked_id IN (SELECT value FROM json_each(?)) AND NOT EXISTS "
    "(SELECT 1 FROM recordings WHERE recordings.linked_id = calls.linked_id AND state NOT IN ('purged', 'discarded')) "
    "RETURNING id, linked_id"
)
# Each takes a list of calls in JSON: a thousand calls are a handful of statements.
FORGET_CHANNELS = (
    "UPDATE channels SET name = '', endpoint = '', number = '', party_name = '', e164 = NULL "
    "WHERE linked_id IN (SELECT value FROM json_each(?))"
)
FORGET_WHO = (
    """UPDATE suspensions SET "by" = '' WHERE unique_id IN """
    "(SELECT unique_id FROM channels WHERE linked_id IN (SELECT value FROM json_each(?)))"
)
FORGET_PARTIES = "DELETE FROM parties WHERE linked_id IN (SELECT value FROM json_each(?)) RETURNING number"
FORGET_WORDS = "DELETE FROM calls_text WHERE rowid IN (SELECT value FROM json_each(?))"
FORGET_NUMBERS = (
    "DELETE FROM numbers WHERE id IN (SELECT value FROM json_each(?)) "
    "AND NOT EXISTS (SELECT 1 FROM parties WHERE parties.number = numbers.id)"
)

# Pages of the word index rewritten in one go: some milliseconds.
MERGED_PAGES = 200


def forget(db: Database, linked_ids: Sequence[str], now: float) -> tuple[int, int]:
    """Forget those of the calls that have no recording left and are not on hold; how many they were, and how many are
    on hold."""
    with transaction(db) as connection:
        kept = held(db, linked_ids)
        free = [linked_id for linked_id in linked_ids if linked_id not in kept]
        return _forget(connection, free, now), len(kept)


def scrub_words(run: Run) -> None:
    """Rewrite the word index until no trace of a deleted word is in it: FTS5 only marks words as deleted at first."""
    run(lambda db: _merge(db, -MERGED_PAGES))
    while run(lambda db: _merge(db, MERGED_PAGES)):
        pass
    run(_truncate_log)


def _forget(connection: sqlite3.Connection, linked_ids: Sequence[str], now: float) -> int:
    found = connection.execute(FORGET_CALL, [now, json.dumps(linked_ids)]).fetchall()
    calls = json.dumps([linked_id for _, linked_id in found])
    connection.execute(FORGET_WORDS, [json.dumps([row_id for row_id, _ in found])])
    connection.execute(FORGET_WHO, [calls])
    connection.execute(FORGET_CHANNELS, [calls])
    numbers = {number for (number,) in connection.execute(FORGET_PARTIES, [calls]).fetchall()}
    connection.execute(FORGET_NUMBERS, [json.dumps(sorted(numbers))])
    return len(found)


def _merge(db: Database, pages: int) -> bool:
    """One step; whether there may be more to do (SQLite's manual: a change of less than 2 rows is the end)."""
    before = db.conn.total_changes
    with transaction(db) as connection:
        connection.execute("INSERT INTO calls_text (calls_text, rank) VALUES ('merge', ?)", [pages])
    return db.conn.total_changes - before >= 2


def _truncate_log(db: Database) -> None:
    """The write-ahead log still holds pages from before. While somebody reads, it stays for SQLite's own time."""
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
