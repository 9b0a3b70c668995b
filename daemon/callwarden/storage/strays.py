"""Files of the vault that are on their way in or out, so that a crash leaves none behind that nobody knows of.

A name is entered before its file is written, and leaves the list in the transaction that gives it to its recording; a
name that a recording gives up is entered in that same transaction, and leaves the list when its file is gone. Whatever
the list holds at the start of the daemon is not a recording's: it is removed. A recording that is purged takes its
strays with it.
"""

import sqlite3
import time
from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from callwarden.storage.database import transaction
from callwarden.storage.run import Run
from callwarden.storage.sealing import Sealed
from callwarden.storage.vault import Vault

SETTLE = (
    "INSERT INTO seals (unique_id, sha256, bytes, keys, sealed) VALUES (?, ?, ?, ?, ?) ON CONFLICT (unique_id) DO "
    "UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes, keys = excluded.keys, sealed = excluded.sealed"
)


def expect(db: Database, path: str, unique_id: str) -> None:
    """``path`` is about to be written for this recording."""
    with transaction(db) as connection:
        enter(connection, path, unique_id)


def enter(connection: sqlite3.Connection, path: str, unique_id: str) -> None:
    """``path`` must go unless its recording takes it."""
    connection.execute("INSERT OR REPLACE INTO strays (path, unique_id) VALUES (?, ?)", [path, unique_id])


def settle(connection: sqlite3.Connection, unique_id: str, path: str, sealed: Sealed) -> None:
    """``path`` is the recording's now, sealed."""
    connection.execute(SETTLE, [unique_id, sealed.sha256, sealed.bytes, sealed.keys, time.time()])
    connection.execute("DELETE FROM strays WHERE path = ?", [path])


def sweep(run: Run, vault: Vault) -> int:
    """Remove the files that no recording has; how many there were. Raises OSError, what the catalogue raises."""
    return clear(run, vault, run(_strays))


def clear(run: Run, vault: Vault, paths: Iterable[str]) -> int:
    """Remove these files and their names; how many there were. What cannot go stays in the list, and raises."""
    results = vault.remove_all(paths)
    gone = [path for path, result in results.items() if isinstance(result, bool)]
    if gone:
        run(lambda db: _forget(db, gone))
    for result in results.values():
        if isinstance(result, OSError):
            raise result
    return sum(1 for path in gone if results[path])


def clear_of(run: Run, vault: Vault, unique_ids: Sequence[str]) -> dict[str, str]:
    """Remove the strays of these recordings; for each that still has one, why. Nearly always there is none."""
    known = run(lambda db: dict(db.conn.execute("SELECT path, unique_id FROM strays").fetchall()))
    wanted = set(unique_ids) if known else set()
    paths = [path for path, unique_id in known.items() if unique_id in wanted]
    if not paths:
        return {}
    results = vault.remove_all(paths)
    run(lambda db: _forget(db, [path for path, result in results.items() if isinstance(result, bool)]))
    return {known[path]: str(result) for path, result in results.items() if isinstance(result, OSError)}


def _strays(db: Database) -> list[str]:
    taken = "DELETE FROM strays WHERE EXISTS (SELECT 1 FROM recordings r WHERE r.path = strays.path)"
    with transaction(db) as connection:
        connection.execute(taken)
        return [path for (path,) in connection.execute("SELECT path FROM strays").fetchall()]


def _forget(db: Database, paths: list[str]) -> None:
    with transaction(db) as connection:
        connection.executemany("DELETE FROM strays WHERE path = ?", [(path,) for path in paths])
