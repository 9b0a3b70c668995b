"""The schema: made anew or brought up from any version that ever was, kept apart from others, private."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from callwarden.core.numbers import search_key
from callwarden.storage import reading
from callwarden.storage.catalogue import save
from callwarden.storage.database import (
    CatalogueError,
    belongs,
    open_catalogue,
    open_readonly,
    region,
    set_setting,
    setting,
    transaction,
)
from callwarden.storage.migrations import migrations
from callwarden.storage.search import find_calls, find_recordings
from storage_world import UNIQUE_ID, call

# One file a schema version, written when that version was the newest; they are never written again.
OLD = sorted((Path(__file__).parent / "data").glob("catalogue-*.sqlite"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.sqlite"


def schema(db: Database) -> dict[str, str]:
    return dict(db.conn.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())


def names_applied(file: Path) -> set[str]:
    with closing(sqlite3.connect(f"{file.as_uri()}?immutable=1", uri=True)) as connection:
        return {migration.name for migration in migrations.applied(Database(connection))}


def test_every_schema_version_has_an_old_file() -> None:
    applied = sorted((names_applied(file) for file in OLD), key=len)
    names = [migration.name for migration in migrations._migrations]
    assert applied == [set(names[: n + 1]) for n in range(len(names))]


@pytest.mark.parametrize("old", OLD, ids=lambda file: file.stem)
def test_an_old_catalogue_is_brought_up_to_date_with_all_that_is_in_it(old: Path, path: Path, tmp_path: Path) -> None:
    shutil.copy(old, path)
    db, fresh = open_catalogue(path), open_catalogue(tmp_path / "new.sqlite")
    assert schema(db) == schema(fresh)
    assert db.conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.conn.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()
    fresh.close()
    reader = open_readonly(path)
    (found,) = find_recordings(reader, number="+44 20 7946 0123")
    assert (found.recording.unique_id, found.channel.party_name) == (UNIQUE_ID, "Ann \udcff\x00 Smith")
    assert found.file is not None and found.file.seconds == 7.5
    story = reading.story(reader, UNIQUE_ID)
    assert story is not None
    assert [len(part) for part in (story.segments, story.suspensions, story.announcements, story.gaps)] == [2, 1, 1, 1]
    reader.close()


def test_opening_again_changes_nothing(path: Path) -> None:
    open_catalogue(path).close()
    before = path.read_bytes()
    open_catalogue(path).close()
    assert path.read_bytes() == before


def test_nobody_else_may_read_the_catalogue_or_its_log(path: Path) -> None:
    db = open_catalogue(path)
    save(db, call())
    files = list(path.parent.glob("catalogue.sqlite*"))
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    db.close()


def test_a_catalogue_is_opened_as_it_should_be(path: Path) -> None:
    db = open_catalogue(path)
    pragmas = {name: db.conn.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
    assert pragmas == PRAGMAS
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), transaction(db) as connection:
        connection.execute(
            "INSERT INTO channels (unique_id, linked_id, name, endpoint, role, started) VALUES (1,2,3,4,5,6)"
        )
    db.close()


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 2000}


def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    db = open_catalogue(path)
    with pytest.raises(ZeroDivisionError), transaction(db) as connection:
        connection.execute("INSERT INTO settings (name, value) VALUES ('a', 'b')")
        raise ZeroDivisionError
    assert setting(db, "a") is None
    set_setting(db, "a", "c")
    db.close()
    reader = open_readonly(path)
    assert setting(reader, "a") == "c"
    reader.close()


def test_a_newer_catalogue_is_refused_with_what_to_do(path: Path) -> None:
    db = open_catalogue(path)
    with transaction(db) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('callwarden', '0099_later', '')"
        )
    db.close()
    for open_it in (open_catalogue, open_readonly):
        with pytest.raises(CatalogueError, match=r"0099_later.*Install that version again"):
            open_it(path)


def test_a_catalogue_that_is_not_there_is_not_made_by_a_reader(path: Path) -> None:
    with pytest.raises(CatalogueError, match="Start the daemon once"):
        open_readonly(path)
    assert not path.exists()


def test_a_catalogue_of_an_older_version_is_not_read_half_understood(path: Path) -> None:
    sqlite3.connect(path).close()
    path.touch()
    with pytest.raises(CatalogueError, match="Restart the daemon"):
        open_readonly(path)


def test_a_file_that_is_no_catalogue_is_refused(path: Path) -> None:
    path.write_text("not a database" * 1000)
    with pytest.raises(CatalogueError, match="cannot be read"):
        open_readonly(path)
    with pytest.raises(CatalogueError, match="cannot be opened"):
        open_catalogue(path)
    assert path.read_text() == "not a database" * 1000


def test_the_region_is_remembered_for_readers(path: Path) -> None:
    open_catalogue(path, "DE").close()
    reader = open_readonly(path)
    assert region(reader) == "DE"
    reader.close()


def test_a_catalogue_knows_its_vault(path: Path) -> None:
    db = open_catalogue(path)
    assert belongs(db, "this one")
    assert belongs(db, "this one")
    assert not belongs(db, "another")
    db.close()


def test_a_key_is_what_it_always_was() -> None:
    """Keys are stored: a change of their form needs a migration."""
    keys = [search_key(text, "GB") for text in ("020 7946 0123", "902079460123", "201", "Anonymous")]
    assert keys == ["321064970244", "321064970209", "102", "anonymous"]


def test_an_old_catalogue_is_searched_by_the_keys_it_has(path: Path) -> None:
    shutil.copy(OLD[0], path)
    db = open_catalogue(path)
    assert (
        len(find_calls(db, number="60123")) == len(find_calls(db, text="smith")) == len(find_calls(db, extension="201"))
    )
    db.close()
