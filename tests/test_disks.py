"""Room for recordings: the alarm comes in days' time, ends clearly above it, and nothing is deleted to make room."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callwarden.alarms import Alarms
from callwarden.config import Settings, settings_from
from callwarden.core.facts import Call, Channel, Direction, Recording, RecordingState, Role
from callwarden.core.room import Room, growth, short
from callwarden.health.disks import Disks, rooms, sentence
from callwarden.housekeeping import Housekeeping
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue, transaction
from callwarden.storage.growing import bytes_a_second
from callwarden.storage.keeper import Keeper
from callwarden.storage.vault import name_of
from storage_world import call, channel

DAY = 86400.0
GB = 1_000_000_000


def room(free: int = 100 * GB, days: float | None = None) -> Room:
    return Room("vault", "/vault", free, 500 * GB, days)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", mounted], check=True)
    yield mounted
    subprocess.run(["umount", "-l", mounted], check=True)


def settings_in(folder: Path, vault: Path, more: str = "") -> Settings:
    (folder / "spool").mkdir(exist_ok=True)
    return settings_from(
        f'[vault]\npath = "{vault}"\n[catalogue]\npath = "{folder}/catalogue.sqlite"\n'
        f'[spool]\npath = "{folder}/spool"\n{more}',
        {},
    )


# -- when it is short: pure ---------------------------------------------------------------------------------------


def test_it_is_short_by_days_or_by_bytes() -> None:
    assert not short(room(days=15), False, 14, GB)
    assert short(room(days=13), False, 14, GB)
    assert short(room(free=GB // 2), False, 14, GB)
    assert not short(room(free=2 * GB, days=None), False, 14, GB)
    assert not short(room(days=0.1), False, 0, 0)


def test_it_ends_clearly_above_the_threshold() -> None:
    assert short(room(days=15), True, 14, GB)
    assert not short(room(days=17), True, 14, GB)
    assert short(room(free=GB + 1), True, 14, GB)
    assert not short(room(free=2 * GB), True, 14, GB)


def test_what_is_purged_as_fast_as_it_comes_fills_nothing() -> None:
    assert growth(7 * GB, 7 * GB, 7 * DAY) == 0
    assert growth(7 * GB, 0, 7 * DAY) * DAY == pytest.approx(GB)
    assert growth(1, 5, DAY) == 0


def test_the_sentence_says_how_much_and_that_nothing_is_deleted() -> None:
    told = sentence(room(free=3_200_000_000, days=5.24))
    assert "3.2 GB free, enough for about 5.2 days" in told
    assert "nothing that must be kept is deleted" in told


# -- the rate -----------------------------------------------------------------------------------------------------


def stored(path: Path, days_ago: dict[str, float], purged: str = "") -> None:
    db = open_catalogue(path)
    now = time.time()
    for unique_id, days in days_ago.items():
        at = now - days * DAY
        save_all(db, [call(unique_id, started=at, ended=at + 60), channel(unique_id, unique_id)])
        save_all(db, [Recording(unique_id=unique_id, linked_id=unique_id, state=RecordingState.STORED, wanted=at)])
        with transaction(db) as connection:
            connection.execute("UPDATE recordings SET bytes = ? WHERE unique_id = ?", [GB, unique_id])
    if purged:
        with transaction(db) as connection:
            connection.execute("INSERT INTO tombstones VALUES (?, 'x', ?, 'why', '')", [purged, now - DAY])
    db.close()


def test_the_rate_is_that_of_the_last_week(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    stored(path, {"1.1": 300, "1.2": 6, "1.3": 1})
    assert bytes_a_second(path, time.time()) * 7 * DAY == pytest.approx(2 * GB)


def test_a_new_catalogue_counts_from_its_first_call(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    stored(path, {"1.2": 2, "1.3": 1})
    assert bytes_a_second(path, time.time()) * DAY == pytest.approx(GB, rel=0.01)
    empty = tmp_path / "empty.sqlite"
    stored(empty, {})
    assert bytes_a_second(empty, time.time()) == 0


def test_what_was_purged_makes_room(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    stored(path, {"1.1": 300, "1.2": 6, "1.3": 1}, purged="1.1")
    assert bytes_a_second(path, time.time()) * 7 * DAY == pytest.approx(GB)


# -- the alarm ----------------------------------------------------------------------------------------------------


async def test_an_alarm_begins_when_it_is_short_and_ends_when_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    stored(tmp_path / "catalogue.sqlite", {"1.2": 2, "1.3": 1})
    alarms = Alarms()
    settings = settings_in(tmp_path, tmp_path / "vault", "[disk]\nleast_free_mb = 9999999\n")
    disks = Disks(lambda: settings, alarms)
    await disks.look()
    await disks.look()
    (alarm,) = alarms.open
    assert (alarm.kind, alarm.count, alarm.lasting) == ("disk-vault", 2, True)
    assert "vault and spool" in alarm.text
    assert disks.rooms[0].days == pytest.approx(disks.rooms[0].free / GB, rel=0.01)
    settings = settings_in(tmp_path, tmp_path / "vault", "[disk]\nleast_free_mb = 0\nalarm_days = 0\n")
    await disks.look()
    assert alarms.open == []


async def test_the_spools_disk_is_looked_at_too(tmp_path: Path, small: Path) -> None:
    (tmp_path / "vault").mkdir()
    (small / "spool").mkdir()
    stored(tmp_path / "catalogue.sqlite", {})
    settings = settings_from(
        f'[vault]\npath = "{tmp_path}/vault"\n[catalogue]\npath = "{tmp_path}/catalogue.sqlite"\n'
        f'[spool]\npath = "{small}/spool"\n[disk]\nleast_free_mb = 10\n', {},
    )  # fmt: skip
    assert [one.holds for one in rooms(settings, 0)] == ["vault", "spool"]
    alarms = Alarms()
    await Disks(lambda: settings, alarms).look()
    assert [alarm.kind for alarm in alarms.open] == ["disk-spool"]


async def test_a_disk_that_is_full_costs_nothing_that_must_be_kept(tmp_path: Path, small: Path) -> None:
    """A vault that is really full: what is due goes, because it is due; what is not stays, whatever comes in."""
    settings = settings_in(tmp_path, small / "vault", "[disk]\nleast_free_mb = 3\n")
    alarms = Alarms()
    keeper = Keeper(settings, lambda _: None, alarms)
    await keeper.start()
    for unique_id, days in {"1780000000.1": 1.0, "1780000000.2": 300.0}.items():
        await _keep(keeper, unique_id, days)
    filler = small / "filler"
    with pytest.raises(OSError, match="No space left"), filler.open("wb") as file:
        while True:
            file.write(bytes(100_000))
            file.flush()
    with pytest.raises(OSError, match="No space left"), keeper.vault.put(name_of("1780000000.3", "wav")) as new:
        new.write(bytes(1_000_000))
    await Disks(lambda: settings, alarms).look()
    assert [alarm.kind for alarm in alarms.open] == ["disk-vault"]
    assert keeper.vault.exists(name_of("1780000000.1", "wav"))
    report = await Housekeeping(keeper, alarms).purge()
    assert (report.purged, report.problems) == (1, [])
    assert keeper.vault.exists(name_of("1780000000.1", "wav"))
    assert not keeper.vault.exists(name_of("1780000000.2", "wav"))
    assert not keeper.vault.exists(name_of("1780000000.3", "wav"))
    await keeper.stop()


async def _keep(keeper: Keeper, unique_id: str, days: float) -> None:
    ended = time.time() - days * DAY
    keeper.save(Call(linked_id=unique_id, direction=Direction.INBOUND, started=ended - 60, ended=ended))
    keeper.save(
        Channel(
            unique_id=unique_id, linked_id=unique_id, name="PJSIP/trunk-1", endpoint="PJSIP/trunk", role=Role.OUTSIDE,
            started=ended - 60, answered=ended - 60, ended=ended,
        )
    )  # fmt: skip
    keeper.save(Recording(unique_id=unique_id, linked_id=unique_id, state=RecordingState.STORED, wanted=ended - 60))
    name = name_of(unique_id, "wav")
    with keeper.vault.put(name) as file:
        file.write(bytes(500_000))
    sql = "UPDATE recordings SET path = ?, sha256 = 'x', bytes = 500000 WHERE unique_id = ?"
    await keeper.on_catalogue(lambda db: db.execute(sql, [name, unique_id]))
