"""When a recording that does not grow is found: what its file and its channel's packets say together."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from callwarden import growth
from callwarden.asterisk.ami import AmiLink, LinkState
from callwarden.core import events as ev
from callwarden.core.unseen import HEADER_BYTES
from callwarden.growth import Growth, Watched, missing_since
from peers import FakeAmi, Fields, Message, eventually
from scenes import Scene

FULL, ROOMY = 0, 10**9
WRITTEN = 32768


class Watch:
    """A call from trunk-1 to 202-1 is recorded; ``looks`` moves the clock, the files and the packets."""

    def __init__(self, link: AmiLink, spool: Path, scene: Scene) -> None:
        self.told: list[ev.RecorderStuck] = []
        self.packets = 0
        self.spool, self.scene = spool, scene
        self.growth = Growth(link, spool, scene.book, self._receive)
        self.files = {who: spool / scene.book.recorders[who].segments[-1].file for who in ("trunk-1", "202-1")}
        self.now = 100.0

    def _receive(self, event: ev.Event) -> None:
        assert isinstance(event, ev.RecorderStuck)
        self.told.append(event)

    def size(self, size: int, who: str = "") -> None:
        for file in [self.files[who]] if who else self.files.values():
            file.write_bytes(bytes(size))
            os.utime(file, (self.now, self.now))

    async def looks(self, seconds: float, packets_a_second: int = 50) -> None:
        for _ in range(round(seconds / growth.LOOK_SECONDS)):
            self.now += growth.LOOK_SECONDS
            self.packets += round(packets_a_second * growth.LOOK_SECONDS)
            await self.growth.look(self.now)

    def answer(self, fields: Fields) -> Sequence[Message]:
        value = f"ssrc=1;themssrc=2;lp=0;rxjitter=0.0;rxcount={self.packets};txjitter=0.0;txcount={self.packets // 2};"
        reply = {"Response": "Success", "ActionID": fields["ActionID"], "Variable": fields["Variable"]}
        return [reply | {"Value": value}]


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[Watch]:
    scene = Scene()
    scene.talking()
    async with FakeAmi() as ami:
        link = AmiLink("127.0.0.1", ami.port, "cw", "s3cret", on_event=lambda *_: None, on_state=lambda *_: None)
        watch = Watch(link, folder, scene)
        ami.answers["Getvar"] = watch.answer
        link.start()
        await eventually(lambda: link.state is LinkState.READY)
        yield watch
        await link.stop()


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes are free, in a list of one."""
    free, real = [ROOMY], os.statvfs

    def statvfs(path: Path) -> os.statvfs_result:
        values = list(real(path))
        values[1], values[4] = 1, free[0]
        return os.statvfs_result(values)

    monkeypatch.setattr(os, "statvfs", statvfs)
    return free


async def test_what_grows_as_asterisk_writes_is_never_told_and_what_stops_is(tmp_path: Path) -> None:
    buffered, latest = 2.0, 8.0
    async with watching(tmp_path) as watch:
        for written in range(4):
            watch.size(HEADER_BYTES + written * WRITTEN)
            await watch.looks(buffered)
        assert not watch.told
        stopped = watch.now - buffered
        while not watch.told and watch.now < stopped + 60:
            await watch.looks(growth.LOOK_SECONDS)
        assert watch.now - stopped < latest
        assert {event.unique_id for event in watch.told} == {"trunk-1", "202-1"}
        assert [event.since for event in watch.told] == pytest.approx([stopped] * 2)


async def test_on_a_full_disk_nothing_is_waited_for(tmp_path: Path, disk: list[int]) -> None:
    async with watching(tmp_path) as watch:
        watch.size(HEADER_BYTES)
        await watch.looks(1)
        disk[0] = FULL
        await watch.looks(5)
        assert len(watch.told) == 2


@pytest.mark.parametrize("free", [FULL, ROOMY])
async def test_where_no_packets_flow_nothing_is_wrong(tmp_path: Path, free: int, disk: list[int]) -> None:
    disk[0] = free
    async with watching(tmp_path) as watch:
        watch.size(HEADER_BYTES)
        await watch.looks(60, packets_a_second=0)
        assert not watch.told


async def test_a_file_without_its_header_is_given_up_as_soon_as_there_is_room(tmp_path: Path, disk: list[int]) -> None:
    disk[0] = FULL
    async with watching(tmp_path) as watch:
        watch.size(0)
        await watch.looks(2, packets_a_second=0)
        assert not watch.told
        disk[0] = ROOMY
        await watch.looks(1, packets_a_second=0)
        assert len(watch.told) == 2


async def test_one_of_two_is_told_and_told_once(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        for written in range(5):
            watch.size(HEADER_BYTES + written * WRITTEN, "202-1")
            watch.size(HEADER_BYTES, "trunk-1")
            await watch.looks(1.9)
        assert [event.unique_id for event in watch.told] == ["trunk-1"]


async def test_a_spool_that_is_away_says_nothing(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        await watch.looks(60)
        assert not watch.told


@pytest.mark.parametrize(
    ("watched", "since"),
    [
        (Watched(44 + 3 * WRITTEN, 100.0, seen=True), 100.0),
        (Watched(44 + 3 * WRITTEN, 100.0, seen=False), 97.95),
        (Watched(44 + 3 * WRITTEN + WRITTEN // 2, 100.0, seen=True), 98.975),
    ],
    ids=["all of it was written", "nobody saw it written", "half of it was written"],
)
def test_since_when_sound_is_missing(watched: Watched, since: float) -> None:
    assert missing_since(watched) == pytest.approx(since)


async def test_while_there_is_room_a_file_is_looked_at_when_it_may_have_grown_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at, real = list[str](), Growth._rests

    def rests(self: Growth, file: str, *other: Any) -> bool:
        looked_at.append(file)
        return real(self, file, *other)

    monkeypatch.setattr(Growth, "_rests", rests)
    async with watching(tmp_path) as watch:
        for written in range(10):
            watch.size(HEADER_BYTES + written * WRITTEN)
            await watch.looks(2)
        assert 20 <= len(looked_at) <= 40, "of two files in 20 seconds; 80 if they were looked at each time"
        assert not watch.told
