"""The writer: never in the way of the loop, never out of order, and nothing lost while the disk is in trouble."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from callwarden.core.facts import Fact, Segment, Suspension
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import CatalogueError, open_readonly
from callwarden.storage.search import find_calls
from callwarden.storage.writer import Writer, WriterState
from storage_world import AT, call, segment

Reports = list[WriterState]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.sqlite"


@pytest.fixture
def reports() -> Reports:
    return []


@pytest.fixture
async def writer(path: Path, reports: Reports) -> AsyncIterator[Writer]:
    made = await asyncio.to_thread(Writer, path, reports.append, "GB")
    yield made
    await made.close(patience=0.5)


def rows(path: Path, sql: str = "SELECT linked_id FROM calls ORDER BY linked_id") -> list[tuple[object, ...]]:
    db = open_readonly(path)
    found = db.conn.execute(sql).fetchall()
    db.close()
    return found


def locked(path: Path) -> sqlite3.Connection:
    """Somebody else writes and does not stop."""
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    return other


async def until(true: Callable[[], object]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came true")


async def test_what_was_saved_is_there_after_a_flush(writer: Writer, path: Path) -> None:
    writer.save(call("1.1"), call("1.2"))
    await writer.flush()
    assert rows(path) == [("1.1",), ("1.2",)]


async def test_what_was_saved_is_there_soon_without_a_flush(writer: Writer, path: Path) -> None:
    writer.save(call("1.1"))
    await until(lambda: rows(path) == [("1.1",)])


async def test_facts_wait_for_the_disk_once_a_second_proofs_and_jobs_always(
    writer: Writer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As SQLite has it: 2 is FULL, a commit waits; 1 is NORMAL, it does not."""
    found: list[int] = []

    def synchronous(db: Database) -> int:
        return int(db.conn.execute("PRAGMA synchronous").fetchone()[0])

    def noted(db: Database, facts: list[Fact], dialled_in: str) -> None:
        found.append(synchronous(db))
        save_all(db, facts, dialled_in)

    monkeypatch.setattr("callwarden.storage.writer.save_all", noted)
    for fact in (call("1.1"), call("1.2"), Suspension(unique_id="1.1", number=1, why="card line", by="", asked=AT)):
        writer.save(fact)
        assert writer.run(synchronous).result() == 2
    monkeypatch.setattr("callwarden.storage.writer.SYNC_SECONDS", 0.0)
    writer.save(call("1.3"))
    await writer.flush()
    assert found == [2, 1, 2, 2]
    assert len(rows(path)) == 3


async def test_states_of_one_thing_that_wait_together_are_written_as_the_last(writer: Writer, path: Path) -> None:
    for ended in range(1000):
        writer.save(call("1.1", ended=float(ended)))
    assert writer.state.waiting <= 2
    await writer.flush()
    assert rows(path, "SELECT ended FROM calls") == [(999.0,)]


async def test_a_job_sees_all_that_was_saved_before_it_and_nothing_later(writer: Writer, path: Path) -> None:
    writer.save(call("1.1"))
    seen = writer.run(lambda db: len(find_calls(db)))
    writer.save(call("1.2"))
    assert await asyncio.wrap_future(seen) == 1
    assert await asyncio.to_thread(writer.wait, lambda db: len(find_calls(db))) == 2


async def test_what_goes_wrong_in_a_job_is_told_to_who_asked_for_it(writer: Writer, reports: Reports) -> None:
    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(writer.run(lambda _: 1 / 0))
    writer.save(call("1.1"))
    await writer.flush()
    assert reports == []


async def test_a_locked_catalogue_costs_nothing_and_is_told_once(writer: Writer, path: Path, reports: Reports) -> None:
    writer.run(lambda db: db.conn.execute("PRAGMA busy_timeout = 10")).result()
    other = locked(path)
    writer.save(call("1.1"))
    await until(lambda: reports)
    before = time.perf_counter()
    for n in range(100):
        writer.save(call(f"2.{n}"))
    assert time.perf_counter() - before < 0.5
    other.close()
    await writer.flush()
    assert len(rows(path)) == 101
    assert [bool(state.problem) for state in reports] == [True, False]
    assert "locked" in reports[0].problem
    assert reports[1].lost == writer.state.waiting == 0


async def test_what_came_while_the_catalogue_was_locked_waits_no_longer_for_more_of_the_same(
    writer: Writer, path: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callwarden.storage.writer.LINGER", 1.0)
    writer.run(lambda db: db.conn.execute("PRAGMA busy_timeout = 10")).result()
    other = locked(path)
    writer.save(call("1.1"))
    await until(lambda: reports)
    writer.save(call("2.1"))
    await asyncio.sleep(1.1)
    other.close()
    await until(lambda: rows(path))
    seen = time.monotonic()
    await until(lambda: len(rows(path)) == 2)
    assert time.monotonic() - seen < 0.5


async def test_a_full_disk_costs_nothing(writer: Writer, path: Path, reports: Reports) -> None:
    pages = writer.run(lambda db: db.conn.execute("PRAGMA page_count").fetchone()[0]).result()
    writer.run(lambda db: db.conn.execute(f"PRAGMA max_page_count = {pages}").fetchone()).result()
    writer.save(*(call(f"1.{n}", caller_name="x" * 5000) for n in range(50)))
    await writer.flush()
    assert len(rows(path)) == 50
    assert [state.problem for state in reports] == ["database or disk is full", ""]


async def test_more_than_the_memory_allows_is_counted_as_lost(path: Path, reports: Reports) -> None:
    writer = await asyncio.to_thread(Writer, path, reports.append, "GB", 10)
    writer.run(lambda db: db.conn.execute("PRAGMA busy_timeout = 10")).result()
    other = locked(path)
    writer.save(call("0.0"))
    await until(lambda: reports)
    for n in range(12):
        writer.save(call(f"1.{n}"))
    writer.save(call("1.5", ended=AT))
    assert writer.state.lost == 3
    other.close()
    await writer.flush()
    assert len(rows(path)) == 10
    assert rows(path, "SELECT ended FROM calls WHERE linked_id = '1.5'") == [(AT,)]
    assert (await writer.close()).lost == 3


async def test_one_impossible_fact_does_not_keep_the_others(writer: Writer, path: Path, reports: Reports) -> None:
    impossible: Segment = replace(segment("a.wav", AT, AT + 1), number=2**70)
    writer.save(call("1.1"), impossible, call("1.2"))
    await writer.flush()
    assert len(rows(path, "SELECT * FROM calls WHERE linked_id LIKE '1.%' AND direction = 'inbound'")) == 2
    assert reports[0].problem == "A Segment could not be saved and was given up (OverflowError)."
    assert reports[0].lost == 1


async def test_a_reporter_that_fails_does_not_stop_the_writer(path: Path) -> None:
    def broken(state: WriterState) -> None:
        raise RuntimeError("the loop is closed")

    writer = await asyncio.to_thread(Writer, path, broken)
    writer.save(replace(segment("a.wav", AT, AT + 1), number=2**70), call("1.1"))
    await writer.flush()
    assert ("1.1",) in rows(path)
    await writer.close()


async def test_closing_writes_what_waits(path: Path, reports: Reports) -> None:
    writer = await asyncio.to_thread(Writer, path, reports.append)
    writer.save(*(call(f"1.{n}") for n in range(2000)))
    assert await writer.close() == WriterState("", 0, 0)
    assert len(rows(path)) == 2000
    with pytest.raises(RuntimeError, match="closed"):
        writer.run(lambda _: None)


async def test_closing_does_not_wait_for_ever_for_a_locked_catalogue(path: Path, reports: Reports) -> None:
    writer = await asyncio.to_thread(Writer, path, reports.append)
    writer.run(lambda db: db.conn.execute("PRAGMA busy_timeout = 10")).result()
    other = locked(path)
    writer.save(call("1.1"))
    await until(lambda: reports)
    state = await writer.close(patience=0.2)
    assert (state.lost, bool(state.problem)) == (1, True)
    other.close()


async def test_a_catalogue_that_cannot_be_opened_is_told_at_once(tmp_path: Path, reports: Reports) -> None:
    with pytest.raises(CatalogueError, match="No such file"):
        Writer(tmp_path / "missing" / "catalogue.sqlite", reports.append)
    (tmp_path / "text.sqlite").write_text("this is not a database, whatever its name says" * 100)
    with pytest.raises(CatalogueError, match="not a database"):
        Writer(tmp_path / "text.sqlite", reports.append)
