"""Opening the catalogue: one writer (the daemon), any number of readers, never a half-configured connection.

Gives a ``sqlite_utils.Database``. Every write goes through :func:`transaction`; ``with db.conn:`` does not
roll back.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from callwarden.storage.migrations import migrations

# How long a statement waits for another process (an admin's sqlite3 shell, a backup) to let go, in seconds.
BUSY_SECONDS = 2.0
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # FULL, not NORMAL: in WAL, NORMAL may lose the last commits when the power fails, and the spool's files
    # are removed because a commit said they are in the vault. Most facts may wait a second: see :func:`unhurried`.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # Deleted numbers and names are overwritten, not just unlinked from their page.
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
)
REGION, VAULT = "region", "vault"
DEFAULT_REGION = "GB"


class CatalogueError(Exception):
    """The catalogue cannot be used as it is; the text says what to do."""


def open_catalogue(path: Path, region: str | None = None) -> Database:
    """Open ``path`` for writing: create it (0600) if missing and migrate it. Raises :class:`CatalogueError`.

    ``region`` is where its numbers are dialled; it is kept in the catalogue, so that readers agree.
    """
    with _explained(path, "cannot be opened"):
        _create_private(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    with _explained(path, "cannot be opened"), _closed_on_error(connection):
        for pragma in PRAGMAS:
            connection.execute(pragma)
        db = Database(connection, execute_plugins=False)
        _refuse_newer(db, path)
        migrations.apply(db)
        if region is not None:
            set_setting(db, REGION, region)
        return db


def open_readonly(path: Path) -> Database:
    """Open ``path`` for reading only; a schema that is not ours is refused. Raises :class:`CatalogueError`."""
    if not path.exists():
        raise CatalogueError(f"There is no catalogue at {path}. Start the daemon once; it makes one.")
    with _explained(path, "cannot be read"):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    with _explained(path, "cannot be read"), _closed_on_error(connection):
        db = Database(connection, execute_plugins=False)
        _refuse_newer(db, path)
        if migrations.pending(db):
            raise CatalogueError(f"The catalogue {path} is older than this program. Restart the daemon.")
        return db


@contextmanager
def unhurried(db: Database) -> Iterator[None]:
    """What is committed in the block does not wait for the disk: it is written out with the next commit that does. A
    killed process loses none of it, a power failure may lose it."""
    db.conn.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        db.conn.execute("PRAGMA synchronous = FULL")


@contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise CatalogueError(
            f"The catalogue {path} {what}: {error}. Check that it is Callwarden's and its directory can be written."
        ) from error


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def transaction(db: Database) -> Iterator[sqlite3.Connection]:
    """All or nothing.

    IMMEDIATE, because a read that turns into a write fails at once when another process wrote in between.
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield db.conn
        db.conn.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already; rollback() then does nothing.
        db.conn.rollback()
        raise


def setting(db: Database, name: str) -> str | None:
    """A value that belongs to the catalogue itself."""
    row = db.conn.execute("SELECT value FROM settings WHERE name = ?", [name]).fetchone()
    return None if row is None else str(row[0])


def set_setting(db: Database, name: str, value: str) -> None:
    """Remember ``value``; writes nothing when it is there already."""
    if setting(db, name) == value:
        return
    with transaction(db) as connection:
        connection.execute(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, value],
        )


def belongs(db: Database, vault_id: str) -> bool:
    """Whether this is the vault that the catalogue was first used with.

    An empty mount point looks like a vault whose files are all gone: a purge would believe that, and prove it with
    tombstones, while the recordings are on the disk that nobody mounted.
    """
    if setting(db, VAULT) is None:
        set_setting(db, VAULT, vault_id)
    return setting(db, VAULT) == vault_id


def region(db: Database) -> str:
    """The region (ISO 3166, "GB") in which numbers without a country code were dialled."""
    return setting(db, REGION) or DEFAULT_REGION


def _create_private(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of the database: 0600 from the first byte."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _refuse_newer(db: Database, path: Path) -> None:
    known = {migration.name for migration in migrations._migrations}
    newer = [applied.name for applied in migrations.applied(db) if applied.name not in known]
    if newer:
        raise CatalogueError(
            f"The catalogue {path} is of a newer Callwarden (it has {newer[-1]}). Install that version again."
        )
