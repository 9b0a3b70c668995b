"""The purge comes by itself: at its time, after a time it missed, and only for what is due. Real SQLite, real files."""

import asyncio
import time
from pathlib import Path

from callwarden.alarms import Alarms
from callwarden.config import Settings, settings_from
from callwarden.core.facts import Call, Channel, Direction, Recording, RecordingState, Role
from callwarden.housekeeping import LAST, Housekeeping
from callwarden.storage.database import set_setting
from callwarden.storage.keeper import Keeper

DAY = 86400.0


def settings_in(folder: Path, schedule: str = "30 2 * * *") -> Settings:
    return settings_from(
        f'[vault]\npath = "{folder}/vault"\n[catalogue]\npath = "{folder}/catalogue.sqlite"\n'
        f'[spool]\npath = "{folder}/spool"\n[purge]\nschedule = "{schedule}"\n',
        {},
    )


async def keeper_with(folder: Path, ended_days_ago: dict[str, float], schedule: str = "30 2 * * *") -> Keeper:
    """A started keeper whose catalogue has one stored recording a call."""
    keeper = Keeper(settings_in(folder, schedule), lambda _: None, Alarms())
    await keeper.start()
    for unique_id, days in ended_days_ago.items():
        ended = time.time() - days * DAY
        keeper.save(Call(linked_id=unique_id, direction=Direction.INBOUND, started=ended - 60, ended=ended))
        keeper.save(
            Channel(
                unique_id=unique_id, linked_id=unique_id, name="PJSIP/trunk-1", endpoint="PJSIP/trunk",
                role=Role.OUTSIDE, started=ended - 60, answered=ended - 60, ended=ended,
            )
        )  # fmt: skip
        keeper.save(
            Recording(unique_id=unique_id, linked_id=unique_id, state=RecordingState.STORED, wanted=ended - 60)
        )
        with keeper.vault.put(f"2026/01/01/{unique_id}.wav") as out:
            out.write(b"sound")
        await keeper.on_catalogue(
            lambda db, one=unique_id: db.execute(  # type: ignore[misc]
                "UPDATE recordings SET path = ?, sha256 = 'x', bytes = 5 WHERE unique_id = ?",
                [f"2026/01/01/{one}.wav", one],
            )
        )
    return keeper


async def until_purged(keeper: Keeper, unique_id: str, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while keeper.vault.exists(f"2026/01/01/{unique_id}.wav"):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def test_only_what_is_due_goes_and_a_dry_run_says_so_before(tmp_path: Path) -> None:
    keeper = await keeper_with(tmp_path, {"old": 200, "young": 100})
    housekeeping = Housekeeping(keeper, Alarms())
    assert [due.unique_id for due in await housekeeping.due()] == ["old"]
    report = await housekeeping.purge()
    assert (report.purged, report.forgotten, report.problems) == (1, 1, [])
    assert not keeper.vault.exists("2026/01/01/old.wav")
    assert keeper.vault.exists("2026/01/01/young.wav")
    await keeper.stop()


async def test_a_purge_that_was_missed_is_made_up_for_at_the_start(tmp_path: Path) -> None:
    keeper = await keeper_with(tmp_path, {"old": 200})
    await keeper.on_catalogue(lambda db: set_setting(db, LAST, repr(time.time() - 2 * DAY)))
    housekeeping = Housekeeping(keeper, Alarms())
    await housekeeping.start()
    assert await until_purged(keeper, "old")
    await housekeeping.stop()
    await keeper.stop()


async def test_a_start_soon_after_the_last_purge_purges_nothing(tmp_path: Path) -> None:
    keeper = await keeper_with(tmp_path, {"old": 200}, "0 0 1 1 *")
    await keeper.on_catalogue(lambda db: set_setting(db, LAST, repr(time.time() - 60)))
    housekeeping = Housekeeping(keeper, Alarms())
    await housekeeping.start()
    assert not await until_purged(keeper, "old", 0.5)
    assert housekeeping.next_purge is not None
    await housekeeping.stop()
    await keeper.stop()


async def test_another_schedule_counts_from_its_reload_on(tmp_path: Path) -> None:
    keeper = await keeper_with(tmp_path, {}, "0 0 1 1 *")
    housekeeping = Housekeeping(keeper, Alarms())
    await housekeeping.start()
    before = housekeeping.next_purge
    keeper.settings = settings_in(tmp_path, "* * * * *")
    housekeeping.reschedule()
    after = housekeeping.next_purge
    assert before is not None
    assert after is not None
    assert after - time.time() <= 60 < before - time.time()
    await housekeeping.stop()
    await keeper.stop()
