"""Every recording goes to the external store, checked; is fetched back; goes from there when it is purged, and no
purge is confirmed before that. The store being away stops nothing and loses nothing. Real servers, SQLite, files."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.answers import ArchiveStatus
from callwarden.archiver import Archiver
from callwarden.config import Settings, settings_from
from callwarden.control import ControlError, Kind, Peer
from callwarden.core.facts import RecordingState
from callwarden.custody.door import Door
from callwarden.housekeeping import Housekeeping
from callwarden.sealer import Sealer
from callwarden.storage import copies, holds
from callwarden.storage.database import open_readonly, transaction
from callwarden.storage.keeper import Keeper
from callwarden.storage.opening import opened
from callwarden.storage.reading import recording as found_recording
from callwarden.storage.vault import name_of
from s3_server import S3Server
from sealed_world import Holder, decrypted
from sftp_server import SftpServer
from storage_world import call, channel, recording

DAY = 86400.0
DAEMON, DPO, NEXT_DPO = Holder(), Holder(), Holder()
US = Peer(os.getpid(), 0, 0, "root")
MARK = ".callwarden-store"


class Told(Alarms):
    """Alarms, kept."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def sound(self, kind: str, text: str, unique_id: str = "") -> None:
        self.texts.append(text)

    def begin(self, kind: str, text: str, about: str = "") -> None:
        self.texts.append(text)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    (tmp_path / "server").mkdir()
    made = SftpServer(tmp_path / "server")
    yield made
    made.close()


def sftp(server: SftpServer, **options: Any) -> str:
    known = {"url": server.url, "key": str(server.key), "known_hosts": str(server.known_hosts), "timeout": 2}
    return toml(known | options)


def toml(options: dict[str, Any]) -> str:
    return "[archive]\n" + "".join(
        f"{name} = {value}\n" if isinstance(value, int) else f'{name} = "{value}"\n' for name, value in options.items()
    )


def sealed_to(folder: Path, holder: Holder) -> str:
    path = DAEMON.write(folder / "identity")
    return f'[seal]\nenabled = true\nidentity = "{path}"\nrecipients = ["{holder.recipient}"]\n'


def settings_in(folder: Path, *more: str) -> Settings:
    places = (
        f'[vault]\npath = "{folder}/vault"\n[catalogue]\npath = "{folder}/catalogue.sqlite"\n'
        f'[spool]\npath = "{folder}/spool"\n[retention]\nkeep = "7 days"\n'
    )
    return settings_from(places + "".join(more), {})


def sound_of(number: int) -> bytes:
    return f"sound of {number}".encode() * 20_000


class World:
    """A daemon's storage: its keeper, purge, sealer and archiver."""

    def __init__(self, settings: Settings) -> None:
        self.alarms = Told()
        self.keeper = Keeper(settings, lambda _: None, self.alarms)
        self.housekeeping = Housekeeping(self.keeper, self.alarms)
        self.archiver = Archiver(self.keeper, self.alarms, self.housekeeping.finish_purge)
        self.sealer = Sealer(self.keeper, self.alarms)

    async def stored(self, number: int, days_ago: float = 1) -> str:
        """A recording of some days ago, not sealed."""
        unique_id, ended, sound = f"1780000000.{number}", time.time() - days_ago * DAY, sound_of(number)
        for fact in (call(unique_id, started=ended - 60, ended=ended), channel(unique_id, unique_id)):
            self.keeper.save(fact)
        self.keeper.save(recording(unique_id, unique_id, state=RecordingState.STORED))
        name = name_of(unique_id, "wav")
        with self.keeper.vault.put(name) as out:
            out.write(sound)
        values = [name, hashlib.sha256(sound).hexdigest(), len(sound), time.time(), unique_id]
        await self.keeper.on_catalogue(
            lambda db: db.execute(
                "UPDATE recordings SET path = ?, sha256 = ?, bytes = ?, format = 'wav', seconds = 1, stored = ? "
                "WHERE unique_id = ?",
                values,
            )
        )
        return unique_id

    async def until(self, true: Callable[[ArchiveStatus], bool], seconds: float = 60) -> ArchiveStatus:
        deadline = time.monotonic() + seconds
        while not true(status := await self.status()):
            assert time.monotonic() < deadline, (status, self.alarms.texts)
            await asyncio.sleep(0.05)
        return status

    async def status(self) -> ArchiveStatus:
        return await self.archiver.handlers()["archive-status"](US, {})  # type: ignore[return-value]

    def heard(self, unique_id: str) -> bytes:
        db = open_readonly(self.keeper.settings.catalogue.path)
        row = found_recording(db, unique_id)
        db.close()
        assert row is not None and row.file is not None
        with opened(self.keeper.vault, row.file) as file:
            return file.read()

    def rows(self, sql: str) -> list[Any]:
        db = open_readonly(self.keeper.settings.catalogue.path)
        rows = db.conn.execute(sql).fetchall()
        db.close()
        return rows

    def local(self) -> list[str]:
        return sorted(path.name for path in self.keeper.vault.root.rglob("*.wav*"))


@asynccontextmanager
async def world_with(settings: Settings) -> AsyncIterator[World]:
    world = World(settings)
    await world.keeper.start()
    try:
        yield world
    finally:
        await world.archiver.stop()
        await world.sealer.stop()
        await world.keeper.stop()


def all_sent(count: int) -> Callable[[ArchiveStatus], bool]:
    return lambda status: status["sent"] == count and not status["waiting"]


async def test_every_recording_is_copied_and_the_copies_are_whole(tmp_path: Path, server: SftpServer) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        ids = [await world.stored(number) for number in range(5)]
        world.archiver.start()
        status = await world.until(all_sent(5))
        assert server.names() == [MARK, *sorted(name_of(one, "wav") for one in ids)]
        for number, one in enumerate(ids):
            assert (server.files / name_of(one, "wav")).read_bytes() == sound_of(number)
        assert status["since_start"]["bytes"] == sum(len(sound_of(number)) for number in range(5))
        assert world.alarms.texts == []


async def test_the_same_over_s3_to_the_last_deletion(tmp_path: Path) -> None:
    server = S3Server(tmp_path)
    known = {"url": server.url, "server": server.address, "access_key": "k", "secret": "s", "timeout": 5}
    try:
        async with world_with(settings_in(tmp_path, toml(known))) as world:
            one, old = await world.stored(1), await world.stored(2, days_ago=30)
            world.archiver.start()
            await world.until(all_sent(2))
            assert name_of(old, "wav") in server.listing()
            await world.housekeeping.purge()
            world.archiver.wake()
            await world.until(lambda status: not status["to_delete"])
            assert name_of(old, "wav") not in server.listing()
            assert name_of(one, "wav") in server.listing()
            world.keeper.vault.remove(name_of(one, "wav"))
            assert await asyncio.to_thread(world.heard, one) == sound_of(1)
    finally:
        server.close()


async def test_what_is_sealed_is_copied_sealed_and_a_rotation_replaces_the_copy(
    tmp_path: Path, server: SftpServer
) -> None:
    async with world_with(settings_in(tmp_path, sftp(server), sealed_to(tmp_path, DPO))) as world:
        one = await world.stored(1)
        world.archiver.start()
        await asyncio.sleep(0.5)
        assert server.names() == []
        world.sealer.start()
        await until_sealed(world)
        world.archiver.wake()
        await world.until(all_sent(1))
        (_, first) = server.names()
        assert decrypted(server.files / first, DPO, tmp_path) == sound_of(1)

        world.keeper.settings = settings_in(tmp_path, sftp(server), sealed_to(tmp_path, NEXT_DPO))
        world.sealer.done = 0
        world.sealer.wake()
        await until_sealed(world)
        world.archiver.wake()
        await world.until(lambda status: status["sent"] == 1 and not status["waiting"] and not status["to_delete"])
        await until(lambda: len(server.names()) == 2)
        (_, second) = server.names()
        assert second != first
        assert decrypted(server.files / second, NEXT_DPO, tmp_path) == sound_of(1)
        assert await asyncio.to_thread(world.heard, one) == sound_of(1)


async def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def until_sealed(world: World) -> None:
    """With the present keys."""
    await until(lambda: world.sealer.done == 1 and not world.sealer.running)


async def test_the_local_copy_goes_after_its_days_and_the_recording_is_fetched_back(
    tmp_path: Path, server: SftpServer
) -> None:
    async with world_with(settings_in(tmp_path, sftp(server, keep_local=3))) as world:
        old, young = await world.stored(1), await world.stored(2)
        world.archiver.start()
        await world.until(all_sent(2))
        await sent_days_ago(world, old, 4)
        world.archiver.wake()
        await world.until(lambda status: status["only_there"] == 1)
        assert world.local() == [Path(name_of(young, "wav")).name]
        assert await asyncio.to_thread(world.heard, old) == sound_of(1)
        assert world.local() == [Path(name_of(young, "wav")).name]


async def sent_days_ago(world: World, unique_id: str, days: float) -> None:
    await world.keeper.on_catalogue(
        lambda db: db.execute(
            "UPDATE external_copies SET sent = ? WHERE unique_id = ?", [time.time() - days * DAY, unique_id]
        )
    )


async def test_the_local_copy_stays_when_the_store_has_lost_its_own(tmp_path: Path, server: SftpServer) -> None:
    async with world_with(settings_in(tmp_path, sftp(server, keep_local=3))) as world:
        one = await world.stored(1)
        world.archiver.start()
        await world.until(all_sent(1))
        (server.files / name_of(one, "wav")).write_bytes(b"cut")
        await sent_days_ago(world, one, 4)
        world.archiver.wake()
        status = await world.until(lambda status: bool(status["problems"]))
        assert "lost or changed it" in status["problems"][0]
        assert len(world.local()) == 1


async def test_a_purge_is_confirmed_only_when_the_store_has_deleted_it_too(tmp_path: Path, server: SftpServer) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        old, young = await world.stored(1, days_ago=30), await world.stored(2)
        world.archiver.start()
        await world.until(all_sent(2))
        server.stop()
        report = await world.housekeeping.purge()
        assert (report.purged, report.waiting, report.stuck, report.forgotten) == (0, 1, 0, 0)
        assert world.local() == [Path(name_of(young, "wav")).name]
        assert world.rows("SELECT * FROM tombstones") == []
        assert world.rows(f"SELECT state FROM recordings WHERE unique_id = '{old}'") == [("purging",)]
        world.archiver.wake()
        await world.until(lambda status: bool(status["trouble"]))
        await world.housekeeping.purge()
        assert world.rows("SELECT * FROM tombstones") == []

        server.start()
        world.archiver.wake()
        await until(lambda: bool(world.rows("SELECT 1 FROM tombstones")))
        assert server.names() == [MARK, name_of(young, "wav")]
        note = world.rows("SELECT unique_id, note FROM tombstones")
        assert note == [(old, "deleted from the external store too")]
        await until(lambda: world.rows("SELECT count(*) FROM calls WHERE forgotten IS NOT NULL") == [(1,)])
        assert world.rows("SELECT count(*) FROM purge_marks") == [(0,)]


async def test_a_store_that_is_away_stops_nothing_and_loses_nothing(tmp_path: Path, server: SftpServer) -> None:
    server.stop()
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        ids = [await world.stored(number) for number in range(3)]
        world.archiver.start()
        status = await world.until(lambda status: bool(status["trouble"]))
        assert (status["sent"], status["waiting"]) == (0, 3)
        world.archiver.wake()
        await asyncio.sleep(0.3)
        assert len(world.alarms.texts) == 1, "an alarm once, not for each try"
        assert await asyncio.to_thread(world.heard, ids[0]) == sound_of(0)

        server.start()
        world.archiver.wake()
        await world.until(lambda status: status["sent"] == 3 and status["trouble"] == "")


async def test_a_store_that_hangs_does_not_hold_up_the_event_loop(tmp_path: Path, server: SftpServer) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        await world.stored(1)
        server.freeze()
        world.archiver.start()
        longest, last = 0.0, time.monotonic()
        while time.monotonic() - last < 5 and not world.archiver.away:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
        assert world.archiver.away
        assert longest < 1.5  # it waits 2 s for the store


async def test_an_empty_folder_is_not_the_store_and_proves_no_deletion(tmp_path: Path, server: SftpServer) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        await world.stored(1, days_ago=30)
        world.archiver.start()
        await world.until(all_sent(1))
        server.files.rename(server.files.with_name("unmounted"))
        server.files.mkdir()
        await world.housekeeping.purge()
        world.archiver.wake()
        status = await world.until(lambda status: bool(status["trouble"]))
        assert "not the one that recordings were copied to" in status["trouble"]
        assert world.rows("SELECT * FROM tombstones") == []


async def test_a_copy_that_a_crash_broke_off_is_sent_again(tmp_path: Path, server: SftpServer) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        one = await world.stored(1)
        half = server.files / name_of(one, "wav")
        half.parent.mkdir(parents=True)
        half.write_bytes(sound_of(1)[:100])
        (server.files / MARK).write_text(world.keeper.vault.identity)

        def begun(db: Any) -> None:
            with transaction(db) as connection:
                connection.execute(
                    "INSERT INTO external_copies (unique_id, path, state) VALUES (?, ?, 'sending')",
                    [one, name_of(one, "wav")],
                )

        await world.keeper.on_catalogue(begun)
        world.archiver.start()
        await world.until(all_sent(1))
        assert half.read_bytes() == sound_of(1)


async def test_a_purge_of_a_recording_that_is_half_sent_deletes_the_half_copy_too(
    tmp_path: Path, server: SftpServer
) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        old = await world.stored(1, days_ago=30)
        half = server.files / name_of(old, "wav")
        await being_sent(world, old)
        half_way(world, half)
        server.freeze()
        world.archiver.start()
        await world.until(lambda status: bool(status["trouble"]))
        report = await world.housekeeping.purge()
        assert (report.purged, report.waiting) == (0, 1)
        assert world.local() == []
        assert half.exists() and world.rows("SELECT * FROM tombstones") == []
        server.stop()
        server.start()
        world.archiver.wake()
        await until(lambda: bool(world.rows("SELECT 1 FROM tombstones")))
        assert server.names() == [MARK]


def half_way(world: World, half: Path) -> None:
    """The daemon died while it sent the recording: the store has the beginning."""
    half.parent.mkdir(parents=True)
    half.write_bytes(sound_of(1)[:100])
    (half.parents[3] / MARK).write_text(world.keeper.vault.identity)


async def being_sent(world: World, unique_id: str) -> None:
    one = copies.Wanted(unique_id, name_of(unique_id, "wav"), hashlib.sha256(sound_of(1)).hexdigest(), 0)
    assert await world.keeper.on_catalogue(lambda db: copies.begin(db, one))


async def test_the_parts_of_a_broken_off_upload_go_with_the_purge(tmp_path: Path) -> None:
    server = S3Server(tmp_path)
    known = {"url": server.url, "server": server.address, "access_key": "k", "secret": "s", "timeout": 20}
    try:
        async with world_with(settings_in(tmp_path, toml(known))) as world:
            young, old = await world.stored(2), await world.stored(1, days_ago=30)
            await being_sent(world, old)
            server.put(f"clinic/{MARK}", world.keeper.vault.identity.encode())
            server.begin_upload(f"clinic/{name_of(old, 'wav')}", sound_of(1)[:100])
            assert name_of(old, "wav") in server.listing("uploads")
            report = await world.housekeeping.purge()
            assert (report.purged, report.waiting) == (0, 1)
            world.archiver.start()
            await until(lambda: bool(world.rows("SELECT 1 FROM tombstones")))
            assert name_of(old, "wav") not in server.listing("uploads") + server.listing()
            await world.until(all_sent(1))
            assert name_of(young, "wav") in server.listing()
    finally:
        server.close()


async def test_a_half_copy_is_not_taken_for_a_recording_that_a_hold_came_too_late_for(
    tmp_path: Path, server: SftpServer
) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        old = await world.stored(1, days_ago=30)
        half = server.files / name_of(old, "wav")
        await being_sent(world, old)
        half_way(world, half)
        await world.housekeeping.purge()
        await put_on_hold(world, old)
        world.archiver.start()
        await world.until(lambda status: not status["to_delete"] and not status["trouble"])
        report = await world.housekeeping.purge()
        assert (report.purged, report.waiting) == (0, 1)
        assert half.exists(), "whatever there is stays while the hold lasts"
        assert world.rows("SELECT state FROM recordings") == [("purging",)], "nobody was told that it is there"


async def test_a_damaged_file_is_not_copied_over_and_the_others_are(tmp_path: Path, server: SftpServer) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        damaged, missing, well = [await world.stored(number) for number in range(3)]
        (world.keeper.vault.root / name_of(damaged, "wav")).write_bytes(b"something else")
        world.keeper.vault.remove(name_of(missing, "wav"))
        world.archiver.start()
        status = await world.until(lambda status: status["sent"] == 1 and len(status["problems"]) == 2)
        assert server.names() == [MARK, name_of(well, "wav")]
        assert "is not what was stored" in " ".join(status["problems"])
        assert "missing from the vault" in " ".join(status["problems"])


async def test_what_is_put_on_hold_while_the_store_is_away_is_not_deleted_there(
    tmp_path: Path, server: SftpServer
) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        one = await world.stored(1, days_ago=30)
        world.archiver.start()
        await world.until(all_sent(1))
        server.stop()
        await world.housekeeping.purge()
        await put_on_hold(world, one)
        server.start()
        world.archiver.wake()
        await world.until(lambda status: not status["to_delete"] and not status["trouble"])
        report = await world.housekeeping.purge()
        assert (report.purged, report.waiting) == (0, 0)
        assert world.rows("SELECT state FROM recordings") == [("stored",)]
        assert await asyncio.to_thread(world.heard, one) == sound_of(1)


async def put_on_hold(world: World, linked_id: str) -> None:
    def place(db: Database) -> None:
        with transaction(db) as connection:
            holds.place_on_call(connection, linked_id, "a complaint", "dpo", time.time())

    await world.keeper.on_catalogue(place)


async def test_only_who_may_operate_orders_another_try_and_a_rotation(tmp_path: Path, server: SftpServer) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        stranger = Peer(os.getpid(), 65533, 65533, "somebody")
        handlers = Door(world.keeper).guarded(world.archiver.handlers() | world.sealer.handlers())
        for verb in ("archive-retry", "seal-rotate"):
            with pytest.raises(ControlError) as refused:
                await handlers[verb](stranger, {})
            assert refused.value.kind is Kind.NOT_ALLOWED
        await handlers["seal-rotate"](US, {})
        assert world.rows("SELECT act FROM audit ORDER BY rowid") == [("refused",), ("refused",), ("seal-rotate",)]


async def test_an_external_store_that_is_named_no_more_keeps_the_purge_open_and_is_told(
    tmp_path: Path, server: SftpServer
) -> None:
    async with world_with(settings_in(tmp_path, sftp(server))) as world:
        await world.stored(1, days_ago=30)
        world.archiver.start()
        await world.until(all_sent(1))
        world.keeper.settings = settings_in(tmp_path)
        report = await world.housekeeping.purge()
        assert (report.purged, report.waiting) == (0, 1)
        assert "[archive] url is empty" in report.problems[0]
        assert world.rows("SELECT * FROM tombstones") == []
