"""The audit chain: what is in it, and that nothing in it can be changed, removed or moved without being named."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from callwarden.custody import audit
from callwarden.custody.audit import BEGINNING, COLUMNS, EMPTY, Head, append, entries, hash_of, head, verify
from callwarden.custody.head import HeadFile, parse, text_of
from callwarden.storage.database import open_catalogue, open_readonly, transaction

AT = 1_780_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.sqlite"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    opened = open_catalogue(path)
    yield opened
    opened.close()


def fill(db: Database, count: int) -> None:
    with transaction(db):
        for n in range(1, count + 1):
            append(db, AT + n, "Jas Larh (jas)", "listen", f"recording-{n}", {"request": n})


def forge(db: Database, *statements: str) -> None:
    """What somebody with the file and a shell can do."""
    db.conn.execute("DROP TRIGGER IF EXISTS audit_is_not_changed")
    db.conn.execute("DROP TRIGGER IF EXISTS audit_is_not_deleted")
    with transaction(db) as connection:
        for statement in statements:
            connection.execute(statement)


def faults(db: Database, *kept: Head) -> list[str]:
    return [fault.what for fault in verify(db, kept).faults]


def test_an_empty_chain_is_whole(db: Database) -> None:
    assert verify(db) == audit.Verdict(0, EMPTY, ())


def test_each_entry_holds_the_hash_of_the_one_before(db: Database, path: Path) -> None:
    fill(db, 3)
    reader = open_readonly(path)
    one, two, three = entries(reader)
    assert (one.before, two.before, three.before) == (BEGINNING, one.hash, two.hash)
    assert verify(reader) == audit.Verdict(3, Head(3, three.hash), ())
    assert three.details == {"request": 3}
    reader.close()


def test_an_entry_belongs_to_the_transaction_of_the_deed(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), transaction(db):
        append(db, AT, "daemon", "purge", "", {})
        raise ZeroDivisionError
    assert head(db) == EMPTY


def test_numbers_are_masked_and_nothing_breaks_the_json(db: Database) -> None:
    detail = {"number": "+44 7700 900123", "reason": 'rang 07700900123 "\udcff\x00', "id": "1780000000.7"}
    entry = append(db, AT, "uid 1\udcff", "browse", "1780000000.7", detail)
    assert entry.details["number"] == "***123"
    assert entry.details["reason"] == 'rang ***123 "\\udcff\\x00'
    assert entry.details["id"] == entry.about == "1780000000.7"
    assert "900123" not in entry.detail
    assert entry.detail.isascii()
    assert faults(db) == []


def test_what_json_has_no_word_for_is_refused(db: Database) -> None:
    with pytest.raises(TypeError, match="bytes"):
        append(db, AT, "daemon", "x", "", {"audio": b"RIFF"})
    with pytest.raises(ValueError, match="JSON"):
        append(db, AT, "daemon", "x", "", {"nan": float("nan")})
    assert head(db) == EMPTY


def test_the_catalogue_refuses_to_change_or_delete_an_entry(db: Database) -> None:
    fill(db, 1)
    for statement in ("UPDATE audit SET who = 'me'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
            db.conn.execute(statement)
        db.conn.rollback()


@pytest.mark.parametrize("column", [name for name in COLUMNS.split(", ") if name != "number"])
def test_a_change_in_any_column_is_found_and_named(db: Database, column: str) -> None:
    fill(db, 9)
    forge(db, f"UPDATE audit SET {column} = '5' WHERE number = 5")
    assert any("entry 5" in what for what in faults(db))
    assert all("entry 5 " in what or "entry 6 does" in what for what in faults(db))


def test_removed_entries_are_named(db: Database) -> None:
    fill(db, 9)
    forge(db, "DELETE FROM audit WHERE number IN (1, 4, 5)")
    assert faults(db) == ["entry 1 is missing", "entries 4 to 5 are missing"]


def test_a_gap_that_was_closed_up_is_found(db: Database) -> None:
    fill(db, 9)
    forge(db, "DELETE FROM audit WHERE number = 4", "UPDATE audit SET number = number - 1 WHERE number > 4")
    assert faults(db)[0].startswith("entry 4 does not follow entry 3")


def test_re_ordered_entries_are_found_and_named(db: Database) -> None:
    fill(db, 9)
    forge(
        db,
        "UPDATE audit SET number = 100 WHERE number = 4",
        "UPDATE audit SET number = 4 WHERE number = 5",
        "UPDATE audit SET number = 5 WHERE number = 100",
    )
    told = faults(db)
    assert "entry 4 was changed, or belongs elsewhere" in told
    assert "entry 5 was changed, or belongs elsewhere" in told


def test_a_forged_entry_with_a_fitting_hash_does_not_fit_the_next(db: Database) -> None:
    fill(db, 9)
    (row,) = db.conn.execute(f"SELECT {COLUMNS} FROM audit WHERE number = 5").fetchall()
    forged = hash_of(row[0], row[1], "somebody else", *row[3:7])
    forge(db, f"UPDATE audit SET who = 'somebody else', hash = '{forged}' WHERE number = 5")
    assert faults(db) == ["entry 6 does not follow entry 5: one of them was put there later"]


def test_an_end_cut_off_is_known_by_the_head_that_was_kept(db: Database) -> None:
    fill(db, 9)
    kept = head(db)
    forge(db, "DELETE FROM audit WHERE number > 6")
    assert faults(db) == []
    assert faults(db, kept) == ["entries 7 to 9 are missing at the end"]


def test_a_chain_rewritten_to_its_end_is_known_by_the_head_that_was_kept(db: Database) -> None:
    fill(db, 9)
    kept = head(db)
    forge(db, "DELETE FROM audit WHERE number > 4")
    for n in range(5, 13):
        append(db, AT + n, "Jas Larh (jas)", "listen", "another", {"request": n})
    assert faults(db) == []
    assert faults(db, kept) == ["entry 9 is not the one that was kept: it or one before it was rewritten"]


def test_entries_are_found_by_who_act_about_and_time(db: Database) -> None:
    fill(db, 5)
    append(db, AT + 6, "Viv Ward (viv)", "approve", "request-1", {})
    assert [entry.number for entry in entries(db, who="VIV")] == [6]
    assert [entry.number for entry in entries(db, act="listen", limit=2)] == [4, 5]
    assert [entry.number for entry in entries(db, about="recording-3")] == [3]
    assert [entry.number for entry in entries(db, from_=AT + 2, to=AT + 4)] == [2, 3]


def test_the_head_is_kept_in_a_file_of_its_own(db: Database, tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "audit-head")
    assert file.kept() == EMPTY
    fill(db, 2)
    file.follow(db)
    assert file.kept() == head(db)
    assert (file.path.stat().st_mode & 0o777) == 0o600
    assert file.lost(db) is None


def test_a_head_that_the_chain_does_not_hold_is_put_aside_and_told(db: Database, tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "audit-head")
    fill(db, 4)
    file.follow(db)
    kept = file.kept()
    forge(db, "DELETE FROM audit WHERE number > 2")
    assert file.lost(db) == kept
    assert (tmp_path / "audit-head.lost-4").read_text() == f"{text_of(kept)}\n"
    assert file.lost(db) is None
    file.path.write_text("rubbish")
    assert file.lost(db) is not None


def test_a_head_behind_the_chain_is_a_crash_and_no_loss(db: Database, tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "audit-head")
    fill(db, 4)
    file.follow(db)
    fill(db, 3)
    assert file.lost(db) is None


def test_a_head_that_cannot_be_written_stops_nothing(db: Database, tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "gone" / "audit-head")
    fill(db, 1)
    file.follow(db)
    file.path.parent.mkdir()
    file.follow(db)
    assert file.kept() == head(db)


@pytest.mark.parametrize("text", ["", "1", "1:ab", "x:" + "a" * 64, "1:" + "g" * 64, "-1:" + "a" * 64])
def test_what_is_no_head_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        parse(text)


def test_a_hundred_thousand_entries_are_verified_in_two_seconds(db: Database) -> None:
    fill(db, 100_000)
    begun = time.process_time()
    verdict = verify(db)
    assert (verdict.count, verdict.faults) == (100_000, ())
    assert time.process_time() - begun < 2.0
