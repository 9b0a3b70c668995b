"""Sealing what is in the vault already: recordings from before sealing was switched on, and those of other keys.

Takes one recording at a time, gives whether it was done; may stop dead between any two steps and be asked again:

1. The new name is entered as a stray, if the recording is still stored as it was.
2. The audio is opened, hashed and sealed from one file to the other; a wrong hash leaves everything as it was.
3. The row takes the new file, and the old one becomes a stray, in one transaction.
4. The old file goes, and its entry.

At every moment the row names one whole file. For a worker thread of low priority.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, BinaryIO, Protocol

from sqlite_utils import Database

from callwarden.storage.audio import CHUNK_BYTES, Counted
from callwarden.storage.copies import supersede
from callwarden.storage.database import transaction
from callwarden.storage.keys import Keys
from callwarden.storage.run import Run
from callwarden.storage.sealing import SUFFIX, Sealed, SealError, is_sealed, seal, sealed_name, unsealed
from callwarden.storage.strays import clear, enter, settle
from callwarden.storage.vault import Vault

BACKLOG = (
    "FROM recordings r LEFT JOIN seals s ON s.unique_id = r.unique_id "
    "WHERE r.state = 'stored' AND r.path IS NOT NULL AND s.keys IS NOT ?"
)


class Source(Protocol):
    """Opens a recording's file as it is, wherever it lies."""

    def __call__(self, path: str, /) -> AbstractContextManager[BinaryIO]: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A recording that is not sealed with the present keys."""

    unique_id: str
    path: str
    sha256: str


def backlog(db: Database, keys: Keys, after: str = "", limit: int = 100) -> list[Stored]:
    """Those that are still to be sealed, in the order of their ids."""
    sql = f"SELECT r.unique_id, r.path, r.sha256 {BACKLOG} AND r.unique_id > ? ORDER BY r.unique_id LIMIT ?"
    return [Stored(*row) for row in db.conn.execute(sql, [keys.name, after, limit])]


def left(db: Database, keys: Keys) -> int:
    """How many are still to be sealed."""
    return int(db.conn.execute(f"SELECT count(*) {BACKLOG}", [keys.name]).fetchone()[0])


def reseal(one: Stored, vault: Vault, run: Run, keys: Keys, source: Source) -> bool:
    """Seal this recording with ``keys``; False when it is not stored like this any more.

    Raises :class:`SealError` when it cannot be opened or is not what it was; OSError, what the catalogue raises.
    """
    with vault.changing:
        path = sealed_name(_plain(one.path), keys)
        if not run(partial(_expect, one=one, path=path)):
            return False
        with source(one.path) as file, vault.put(path) as out:
            sealed = _seal_again(one, file, out, keys)
        if not run(partial(_replace, one=one, path=path, sealed=sealed)):
            clear(run, vault, [path])
            return False
        clear(run, vault, [one.path])
    return True


def _seal_again(one: Stored, file: BinaryIO, out: IO[bytes], keys: Keys) -> Sealed:
    with _plain_chunks(file, one.path, keys) as chunks:
        counted = Counted(chunks)
        sealed = seal(counted, out, keys)
    if counted.digest.hexdigest() != one.sha256:
        raise SealError("It is not what was recorded: its SHA-256 is another. Take it from a backup.")
    return sealed


@contextmanager
def _plain_chunks(file: BinaryIO, path: str, keys: Keys) -> Iterator[Iterator[bytes]]:
    """The audio in ``file``, sealed or not, in chunks. Raises :class:`SealError`, on the way too."""
    if not is_sealed(path):
        yield iter(partial(file.read, CHUNK_BYTES), b"")
    else:
        with unsealed(file, keys.identities) as chunks:
            yield chunks


def _plain(path: str) -> str:
    """The name that the recording would have if it were not sealed."""
    if not is_sealed(path):
        return path
    stem, _, extension = path.removesuffix(SUFFIX).rpartition(".")
    return f"{stem.rpartition('_')[0]}.{extension}"


def _expect(db: Database, one: Stored, path: str) -> bool:
    with transaction(db) as connection:
        if not _unchanged(connection, one):
            return False
        enter(connection, path, one.unique_id)
    return True


def _replace(db: Database, one: Stored, path: str, sealed: Sealed) -> bool:
    with transaction(db) as connection:
        if not _unchanged(connection, one):
            return False
        connection.execute("UPDATE recordings SET path = ? WHERE unique_id = ?", [path, one.unique_id])
        settle(connection, one.unique_id, path, sealed)
        supersede(connection, one.unique_id, one.path)
        enter(connection, one.path, one.unique_id)
    return True


def _unchanged(connection: sqlite3.Connection, one: Stored) -> bool:
    sql = "SELECT 1 FROM recordings WHERE unique_id = ? AND path = ? AND state = 'stored'"
    return connection.execute(sql, [one.unique_id, one.path]).fetchone() is not None
