"""The scrub finds what is no longer what was stored, says so once, and goes on where it was; the daily head is sent."""

import hashlib
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.config import Settings, settings_from
from callwarden.core.facts import Fact
from callwarden.custody import audit
from callwarden.custody.auditing import Auditing
from callwarden.custody.browsing import Browsing
from callwarden.custody.door import Door
from callwarden.custody.scrubbing import PLACE, Scrub
from callwarden.storage import requested
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import set_setting, setting, transaction
from callwarden.storage.keeper import Keeper
from storage_world import call, channel, recording

IDS = ("1780000000.1", "1780000000.2", "1780000000.3")
STORED = (
    "UPDATE recordings SET state = 'stored', path = ?, format = 'wav', sha256 = ?, bytes = ?, seconds = 1, "
    "stored = 1 WHERE unique_id = ?"
)
AUDIO = b"RIFF" + b"sound" * 1000


class Ears(Alarms):
    """Keeps what was sounded."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def sound(self, kind: str, text: str, unique_id: str = "") -> None:
        self.heard.append((kind, unique_id))


def settings_in(folder: Path, more: str = "") -> Settings:
    return settings_from(
        f'[vault]\npath = "{folder}/vault"\n[catalogue]\npath = "{folder}/catalogue.sqlite"\n'
        f'[spool]\npath = "{folder}/spool"\n[scrub]\nmegabytes_per_second = 10000\n{more}',
        {},
    )


class House:
    """A keeper with three stored recordings, and what custody does on schedule."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.ears = Ears()
        self.keeper = Keeper(settings_in(folder, more), lambda _: None, self.ears)
        door = Door(self.keeper)
        self.auditing = Auditing(door, self.keeper, Browsing(door, self.keeper), self.ears)
        self.scrub = Scrub(self.keeper, self.ears, self.auditing)

    async def furnish(self) -> None:
        await self.keeper.start()
        for one in IDS:
            with self.keeper.vault.put(self.path(one)) as out:
                out.write(AUDIO)
            facts: list[Fact] = [call(one), channel(one, one), recording(one, one)]
            await self.keeper.on_catalogue(partial(save_all, facts=facts))
            values = [self.path(one), hashlib.sha256(AUDIO).hexdigest(), len(AUDIO), one]
            await self.keeper.on_catalogue(partial(Database.execute, sql=STORED, parameters=values))

    @staticmethod
    def path(unique_id: str) -> str:
        return f"2026/05/28/{unique_id}.wav"

    def file(self, unique_id: str) -> Path:
        return self.keeper.vault.root / self.path(unique_id)

    async def entered(self, act: str) -> list[str]:
        found = await self.keeper.on_catalogue(lambda db: audit.entries(db, act=act))
        return [entry.about for entry in found]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, f'[audit]\nhead_command = ["/usr/bin/tee", "{tmp_path}/mailed"]\n')
    await made.furnish()
    yield made
    await made.keeper.stop()


async def test_whole_recordings_are_no_news(house: House) -> None:
    seen = await house.scrub.run()
    assert (seen.checked, seen.damaged) == (3, 0)
    assert house.ears.heard == []
    assert len(await house.entered("scrub")) == 1


async def test_what_is_damaged_is_marked_entered_and_sounded_once(house: House) -> None:
    os.truncate(house.file(IDS[0]), 100)
    house.file(IDS[2]).unlink()
    for _ in range(2):
        seen = await house.scrub.run()
        assert (seen.checked, seen.damaged) == (1, 2)
    assert house.ears.heard == [("recording-damaged", IDS[0]), ("recording-damaged", IDS[2])]
    assert await house.entered("damaged") == [IDS[0], IDS[2]]
    assert "100 bytes" in await house.keeper.on_catalogue(lambda db: requested.damage(db, IDS[0]))


async def test_a_file_that_is_put_back_is_mended(house: House) -> None:
    house.file(IDS[1]).write_bytes(b"x")
    await house.scrub.run()
    house.file(IDS[1]).write_bytes(AUDIO)
    assert (await house.scrub.run()).damaged == 0
    assert await house.entered("mended") == [IDS[1]]
    assert await house.keeper.on_catalogue(lambda db: requested.damage(db, IDS[1])) == ""


async def test_what_only_the_external_store_has_is_not_fetched_to_be_looked_at(house: House) -> None:
    copy = "INSERT INTO external_copies (unique_id, path, state, local_removed) VALUES (?, ?, 'sent', ?)"
    for one, removed in ((IDS[0], 1.0), (IDS[1], None)):
        values = [one, house.path(one), removed]
        await house.keeper.on_catalogue(partial(Database.execute, sql=copy, parameters=values))
    house.file(IDS[0]).unlink()
    seen = await house.scrub.run()
    assert (seen.checked, seen.damaged, seen.unreadable) == (2, 0, 0)
    assert house.ears.heard == []


async def test_a_scrub_goes_on_where_it_was(house: House) -> None:
    await house.keeper.on_catalogue(lambda db: set_setting(db, PLACE, "2"))
    assert (await house.scrub.run()).checked == 1
    assert await house.keeper.on_catalogue(lambda db: setting(db, PLACE)) == ""


async def test_a_scrub_verifies_the_audit_chain_too(house: House) -> None:
    await house.scrub.run()

    def forge(db: Database) -> None:
        db.execute("DROP TRIGGER audit_is_not_changed")
        with transaction(db) as connection:
            connection.execute("UPDATE audit SET who = 'me' WHERE number = 1")

    await house.keeper.on_catalogue(forge)
    await house.scrub.run()
    assert house.ears.heard == [("audit-chain", "")]


async def test_the_head_is_given_to_the_command(house: House, tmp_path: Path) -> None:
    await house.scrub.run()
    head = house.keeper.head.path.read_text().strip()
    await house.auditing.send_head()
    assert (tmp_path / "mailed").read_text() == f"Callwarden audit head {head}\n"
    assert len(await house.entered("audit-head-sent")) == 1


async def test_a_command_that_fails_is_an_alarm(tmp_path: Path) -> None:
    for command in ("/bin/false", f"{tmp_path}/none"):
        house = House(tmp_path, f'[audit]\nhead_command = ["{command}"]\n')
        await house.keeper.start()
        await house.auditing.send_head()
        assert house.ears.heard == [("audit-head", "")]
        await house.keeper.stop()
