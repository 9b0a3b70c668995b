"""A file of the spool is closed when it was seen closed, and not because time has passed."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callwarden.core import events as ev
from callwarden.storage.spool import Spool, is_written
from peers import eventually

Told = list[ev.Event]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
async def spool(tmp_path: Path, told: Told) -> AsyncIterator[Spool]:
    spool = Spool(tmp_path, told.append)
    spool.start()
    yield spool
    await spool.stop()


def sizes(told: Told) -> list[int]:
    return [event.size for event in told if isinstance(event, ev.SegmentFileClosed)]


async def test_closing_a_file_is_told(spool: Spool, tmp_path: Path, told: Told) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    await eventually(lambda: sizes(told) == [5])


async def test_a_file_that_is_not_there_is_told(spool: Spool, told: Told) -> None:
    spool.inspect("a.wav")
    assert sizes(told) == [-1]


async def test_a_file_that_is_still_written_is_not_closed_however_often_it_is_looked_at(
    spool: Spool, tmp_path: Path, told: Told
) -> None:
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(b"sound")
        file.flush()
        assert is_written(tmp_path / "a.wav")
        spool.inspect("a.wav")
        spool.inspect("a.wav", missing_only=True)
        await asyncio.sleep(1.2)
        assert told == []
    await eventually(lambda: 5 in sizes(told))
    assert not is_written(tmp_path / "a.wav")


async def test_while_the_spool_is_away_no_file_of_it_is_given_up(tmp_path: Path, told: Told) -> None:
    """Moved and put back two seconds later: what was being written goes on, and what was closed meanwhile is told."""
    here, away = tmp_path / "spool", tmp_path / "away"
    here.mkdir()
    spool = Spool(here, told.append)
    spool.start()
    with (here / "a.wav").open("wb") as running, (here / "b.wav").open("wb") as ends:
        here.rename(away)
        spool.inspect("a.wav", missing_only=True)
        ends.write(b"sound")
        ends.close()
        await asyncio.sleep(1.5)
        assert told == []
        away.rename(here)
        await eventually(lambda: sizes(told) == [5])
        await asyncio.sleep(1.2)
        assert sizes(told) == [5]
        running.write(b"much sound")
    await eventually(lambda: sizes(told) == [5, 10])
    spool.inspect("c.wav", missing_only=True)
    assert sizes(told) == [5, 10, -1]
    await spool.stop()


async def test_a_file_that_was_closed_before_anybody_looked_is_told(tmp_path: Path, told: Told) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    os.utime(tmp_path / "a.wav", (1000, 1000))
    spool = Spool(tmp_path, told.append)
    spool.start()
    spool.inspect("a.wav")
    assert told == [ev.SegmentFileClosed(1000, "a.wav", 5)]
    await spool.stop()


async def test_a_file_that_rests_rests(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "new.wav").write_bytes(b"sound")
    (tmp_path / "old.wav").write_bytes(b"sound")
    os.utime(tmp_path / "old.wav", (1000, 1000))
    assert spool.resting(2.0) == ["old.wav"]


async def test_many_files_that_are_closed_together_are_told_each(spool: Spool, tmp_path: Path, told: Told) -> None:
    """Names of every length, among them one as long as there are: the kernel fills each up to its own boundary."""
    every = [f"{'x' * (n % 248)}{n:04}.wav" for n in range(1, 400)]
    for name in every:
        (tmp_path / name).write_bytes(b"sound")
    await eventually(lambda: len(told) == len(every))
    assert [event.file for event in told if isinstance(event, ev.SegmentFileClosed)] == every
