"""A clock that jumped deletes nothing: not within a boot, not over a restart, not by small steps; a person confirms."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callwarden.alarms import Alarms
from callwarden.clock_watch import ClockWatch, boot_id, load, read_clocks
from callwarden.config.retention import Retention
from callwarden.control import Peer
from callwarden.core.period import Period
from callwarden.core.trust import DAY_SECONDS, Reading, Trusted, believed, doubt
from callwarden.housekeeping import LAST, Housekeeping
from callwarden.schedule import trigger
from callwarden.storage.database import open_readonly, set_setting, setting
from callwarden.storage.keeper import Keeper
from cli_world import World
from test_housekeeping import keeper_with, settings_in

LARGEST = 3 * DAY_SECONDS
YEAR = 365 * DAY_SECONDS
NOW = Reading(1_800_000_000.0, 5000.0, "boot-1")


def later(reading: Reading, seconds: float, jump: float = 0.0) -> Reading:
    return replace(reading, wall=reading.wall + seconds + jump, uptime=reading.uptime + seconds)


def rebooted(reading: Reading, seconds: float, boot: str = "boot-2") -> Reading:
    return Reading(reading.wall + seconds, 30.0, boot)


# -- what is a jump: pure -----------------------------------------------------------------------------------------


def test_a_clock_that_keeps_step_is_believed() -> None:
    trusted = believed(None, NOW)
    assert doubt(None, NOW, LARGEST) == ""
    for seconds in (0.0, 60.0, 400 * DAY_SECONDS):
        assert doubt(trusted, later(NOW, seconds), LARGEST) == ""
        assert doubt(trusted, later(NOW, seconds, jump=3600.0), LARGEST) == "", "what NTP puts right"


@pytest.mark.parametrize(
    ("jump", "word"), [(YEAR, "365.0 days ahead"), (-YEAR, "365.0 days back"), (LARGEST + 60, "ahead")]
)
def test_a_jump_within_a_boot_is_told(jump: float, word: str) -> None:
    assert word in doubt(believed(None, NOW), later(NOW, 3600.0, jump), LARGEST)


def test_small_steps_add_up() -> None:
    trusted, reading = believed(None, NOW), NOW
    for _ in range(3):
        reading = later(reading, 60.0, jump=0.9 * DAY_SECONDS)
        assert doubt(trusted, reading, LARGEST) == ""
        trusted = believed(trusted, reading)
    assert doubt(trusted, later(reading, 60.0, jump=0.9 * DAY_SECONDS), LARGEST) != ""


@pytest.mark.parametrize(
    ("seconds", "believable"), [(60, True), (2.9 * DAY_SECONDS, True), (YEAR, False), (-YEAR, False)]
)
def test_after_a_restart_of_the_machine_the_newest_time_known_tells(seconds: float, believable: bool) -> None:
    trusted = believed(believed(None, NOW), later(NOW, 3600.0))
    assert (doubt(trusted, rebooted(later(NOW, 3600.0), seconds), LARGEST) == "") == believable


def test_a_clock_that_stood_wrong_at_the_boot_and_was_put_right_is_believed() -> None:
    trusted = believed(None, NOW)
    at_boot = rebooted(NOW, -YEAR)
    assert doubt(trusted, at_boot, LARGEST)
    assert doubt(trusted, later(at_boot, 20.0, jump=YEAR), LARGEST) == ""


def test_of_a_catalogue_that_was_never_watched_only_a_clock_behind_it_is_wrong() -> None:
    assert doubt(Trusted(None, NOW.wall, floor=True), rebooted(NOW, YEAR), LARGEST) == ""
    assert doubt(Trusted(None, NOW.wall, floor=True), rebooted(NOW, -YEAR), LARGEST) != ""


def test_the_clocks_are_read_from_the_machine() -> None:
    first, second = read_clocks(), read_clocks()
    assert first.boot == second.boot
    assert first.uptime <= second.uptime
    assert abs(first.wall - time.time()) < 5


def test_where_the_boot_cannot_be_told_a_process_is_one(tmp_path: Path) -> None:
    hidden = tmp_path / "boot_id"
    assert boot_id(hidden) == boot_id(hidden)
    assert boot_id(hidden).startswith("process ")


# -- the purge ----------------------------------------------------------------------------------------------------


class Machine:
    """Its clocks, as a test sets them."""

    def __init__(self) -> None:
        self.reading = read_clocks()

    def read(self) -> Reading:
        return self.reading


def daemon(keeper: Keeper, machine: Machine) -> tuple[Housekeeping, Alarms]:
    alarms = Alarms()
    return Housekeeping(keeper, alarms, ClockWatch(keeper, alarms, machine.read)), alarms


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
async def test_a_purge_by_a_clock_that_jumped_deletes_nothing_and_alarms(tmp_path: Path, jump: float) -> None:
    machine, keeper = Machine(), await keeper_with(tmp_path, {"old": 200, "young": 1})
    housekeeping, alarms = daemon(keeper, machine)
    await housekeeping.clock.check()
    machine.reading = later(machine.reading, 3600.0, jump)
    report = await housekeeping.purge()
    assert report.purged == 0
    assert "nothing is purged meanwhile" in report.problems[0]
    assert [alarm.kind for alarm in alarms.open] == ["clock-jumped"]
    assert keeper.vault.exists("2026/01/01/old.wav")
    assert await keeper.on_catalogue(lambda db: setting(db, LAST)) is None

    machine.reading = later(machine.reading, 60.0, -jump)
    assert (await housekeeping.purge()).purged == 1
    assert alarms.open == []
    assert keeper.vault.exists("2026/01/01/young.wav")
    await keeper.stop()


@pytest.mark.parametrize("same_boot", [True, False])
async def test_the_next_daemon_knows_of_the_jump(tmp_path: Path, same_boot: bool) -> None:
    machine, keeper = Machine(), await keeper_with(tmp_path, {"old": 200, "young": 1})
    housekeeping, _ = daemon(keeper, machine)
    await housekeeping.clock.check()
    machine.reading = later(machine.reading, 3600.0, YEAR) if same_boot else rebooted(machine.reading, YEAR)
    again, alarms = daemon(keeper, machine)
    assert (await again.purge()).purged == 0
    assert len(alarms.open) == 1
    assert keeper.vault.exists("2026/01/01/young.wav")
    await keeper.stop()


async def test_a_person_says_that_the_clock_is_right_and_that_is_on_the_record(tmp_path: Path) -> None:
    """The machine was off for a year: what fell due meanwhile goes only then."""
    machine, keeper = Machine(), await keeper_with(tmp_path, {"old": 200})
    housekeeping, alarms = daemon(keeper, machine)
    await housekeeping.clock.check()
    machine.reading = rebooted(machine.reading, YEAR)
    again, alarms = daemon(keeper, machine)
    assert (await again.purge()).purged == 0
    await again.confirm_clock("dana")
    assert alarms.open == []
    assert (await again.purge()).purged == 1
    third, _ = daemon(keeper, machine)
    machine.reading = later(machine.reading, 60.0)
    assert (await third.clock.check())[1] == ""
    db = open_readonly(tmp_path / "catalogue.sqlite")
    acts = db.conn.execute("SELECT who, act FROM audit").fetchall()
    db.close()
    assert ("dana", "clock-confirmed") in acts
    await keeper.stop()


async def test_a_last_purge_that_seems_to_come_yet_is_put_right_when_a_person_confirms(tmp_path: Path) -> None:
    machine, keeper = Machine(), await keeper_with(tmp_path, {"young": 1})
    await keeper.on_catalogue(lambda db: set_setting(db, LAST, repr(machine.reading.wall + YEAR)))
    housekeeping, _ = daemon(keeper, machine)
    assert "back" in (await housekeeping.purge()).problems[0]
    await housekeeping.confirm_clock("dana")
    assert (await housekeeping.purge()).problems == []
    await keeper.stop()


async def test_a_shorter_retention_does_not_come_into_force_by_a_clock_that_jumped(tmp_path: Path) -> None:
    machine, keeper = Machine(), await keeper_with(tmp_path, {"middle": 60})
    housekeeping, _ = daemon(keeper, machine)
    await housekeeping.settle_rules()
    right = machine.reading
    short = Retention(keep=Period(1, "month"))
    keeper.settings = keeper.settings.model_copy(update={"retention": short})
    for seconds in (0.0, 3 * DAY_SECONDS):
        machine.reading = later(right, 60.0 + seconds, YEAR)
        await housekeeping.changed()
    machine.reading = later(right, 120.0 + 3 * DAY_SECONDS)
    assert (await housekeeping.purge()).purged == 0, "it was seen only now, and waits for its day"
    assert keeper.vault.exists("2026/01/01/middle.wav")
    machine.reading = later(right, 120.0 + 6 * DAY_SECONDS)
    assert (await housekeeping.purge()).purged == 1
    await keeper.stop()


async def test_a_next_purge_reckoned_by_a_wrong_clock_is_reckoned_anew(tmp_path: Path) -> None:
    keeper = await keeper_with(tmp_path, {}, "30 2 * * *")
    housekeeping, _ = daemon(keeper, Machine())
    await housekeeping.start()
    housekeeping._scheduler.modify_job("purge", next_run_time=datetime.now(UTC) + timedelta(days=365))
    housekeeping.set_by_the_clock()
    assert housekeeping.next_purge is not None
    assert housekeeping.next_purge - time.time() <= 25 * 3600
    await housekeeping.stop()
    await keeper.stop()


async def test_what_is_believed_is_noted_at_once_and_then_now_and_then(tmp_path: Path) -> None:
    machine, keeper = Machine(), await keeper_with(tmp_path, {})
    housekeeping, _ = daemon(keeper, machine)
    first = machine.reading
    for seconds in (0.0, 60.0, 120.0):
        machine.reading = later(first, seconds)
        await housekeeping.clock.check()
    assert await keeper.on_catalogue(load) == Trusted(first, first.wall)
    machine.reading = later(first, 700.0)
    await housekeeping.clock.check()
    assert await keeper.on_catalogue(load) == Trusted(first, first.wall + 700.0)
    await keeper.stop()


def test_the_command_asks_before_it_says_that_the_clock_is_right(tmp_path: Path) -> None:
    world, asked = World(tmp_path), []

    async def handler(_: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
        asked.append(dict(request))
        return {"dry_run": bool(request["dry_run"]), "due": [], "purged": 0, "forgotten": 0, "problems": []}

    with world.daemon({"purge": handler}):
        assert world.run("purge", "--clock-is-right", input="n\n").exit_code == 1
        assert asked == []
        done = world.run("purge", "--clock-is-right", "--dry-run", input="y\n")
    assert done.exit_code == 0
    assert [request.get("clock_is_right", False) for request in asked] == [True, False]


# -- a vault that cannot be written -------------------------------------------------------------------------------


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """The vault, mounted over itself; ``mount -o remount`` makes it read-only and back."""
    vault = tmp_path / "vault"
    vault.mkdir(mode=0o700)
    subprocess.run(["mount", "--bind", vault, vault], check=True)
    yield vault
    subprocess.run(["umount", "-l", vault], check=True)


def remount(path: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how},bind", path], check=True)


async def test_a_read_only_vault_is_an_alarm_and_the_purge_is_done_when_it_can_be_written(
    tmp_path: Path, read_only: Path
) -> None:
    keeper = await keeper_with(tmp_path, {"old": 200, "young": 1})
    housekeeping, alarms = daemon(keeper, Machine())
    remount(read_only, "ro")
    report = await housekeeping.purge()
    assert (report.purged, report.stuck) == (0, 1)
    assert "Read-only file system" in alarms.open[0].text
    assert keeper.vault.exists("2026/01/01/old.wav")
    assert await keeper.on_catalogue(lambda db: db.execute("SELECT count(*) FROM tombstones").fetchone()[0]) == 0
    remount(read_only, "rw")
    report = await housekeeping.purge()
    assert (report.purged, report.stuck) == (1, 0)
    assert alarms.open == []
    assert not keeper.vault.exists("2026/01/01/old.wav")
    assert keeper.vault.exists("2026/01/01/young.wav")
    await keeper.stop()


# -- the nights when the clocks change ----------------------------------------------------------------------------


def nights(schedule: str, zone: str, first: str, count: int) -> list[datetime]:
    """Every time the schedule is due from a day on, as the scheduler asks for it."""
    due, previous, made = [], None, trigger(schedule, ZoneInfo(zone))
    now = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(zone))
    ends = now + timedelta(days=count)
    while (found := made.get_next_fire_time(previous, now)) is not None and found < ends:
        due.append(found)
        previous, now = found, (found.astimezone(UTC) + timedelta(milliseconds=3)).astimezone(ZoneInfo(zone))
    return due


@pytest.mark.parametrize("schedule", ["30 2 * * *", "30 1 * * *", "0 2 * * *", "0 3 * * *"])
@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/London", "2026-03-27"), ("Europe/London", "2026-10-23"),
        ("Europe/Berlin", "2026-03-27"), ("Europe/Berlin", "2026-10-23"),
        ("America/New_York", "2026-03-06"), ("America/New_York", "2026-10-30"),
        ("Australia/Lord_Howe", "2026-04-03"), ("Australia/Lord_Howe", "2026-10-02"),
    ],
)  # fmt: skip
def test_a_purge_runs_exactly_once_on_every_night_when_the_clocks_change(zone: str, first: str, schedule: str) -> None:
    due = nights(schedule, zone, first, 5)
    assert [moment.date() for moment in due] == [
        datetime.fromisoformat(first).date() + timedelta(days=number) for number in range(5)
    ]


async def test_a_daemon_started_in_the_hour_that_comes_twice_purges_once(tmp_path: Path) -> None:
    """It ran at 02:30 summer time, and was started again at 02:10 winter time."""
    schedule = trigger("30 2 * * *", ZoneInfo("Europe/Berlin"))
    ran = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    due = schedule.get_next_fire_time(None, datetime(2026, 10, 25, 1, 10, tzinfo=UTC))
    assert due is not None
    assert due.date() == ran.date() + timedelta(days=1)
    assert settings_in(tmp_path).purge.schedule == "30 2 * * *"
