"""What is in the vault is sealed in the background: when sealing is switched on, when the keys change, after a stop."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from callwarden.alarms import Alarms
from callwarden.answers import SealStatus
from callwarden.config import Settings, settings_from
from callwarden.control import Peer
from callwarden.core.facts import RecordingState
from callwarden.sealer import Sealer
from callwarden.storage.keeper import Keeper
from callwarden.storage.vault import name_of
from sealed_world import Holder, decrypted
from storage_world import call, channel, recording

DAEMON, DPO, NEXT_DPO = Holder(), Holder(), Holder()
COUNT = 5
US = Peer(os.getpid(), 0, 0, "root")


def settings_in(folder: Path, *recipients: Holder, enabled: bool = True) -> Settings:
    listed = ", ".join(f'"{holder.recipient}"' for holder in recipients)
    return settings_from(
        f'[vault]\npath = "{folder}/vault"\n[catalogue]\npath = "{folder}/catalogue.sqlite"\n'
        f'[spool]\npath = "{folder}/spool"\n[seal]\nenabled = {str(enabled).lower()}\n'
        f'identity = "{folder}/identity"\nrecipients = [{listed}]\n',
        {},
    )


class Told(Alarms):
    """Alarms, kept."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def sound(self, kind: str, text: str, unique_id: str = "") -> None:
        self.texts.append(text)


def sound_of(number: int) -> bytes:
    return f"sound of {number}".encode() * 1000


async def keeper_with(settings: Settings, folder: Path) -> Keeper:
    """A started keeper with recordings from before sealing."""
    if not (folder / "identity").exists():
        DAEMON.write(folder / "identity")
    keeper = Keeper(settings, lambda _: None, Alarms())
    await keeper.start()
    for number in range(COUNT):
        unique_id = f"1780000000.{number}"
        facts = (call(unique_id), channel(unique_id, unique_id))
        for fact in facts:
            keeper.save(fact)
        keeper.save(recording(unique_id, unique_id, state=RecordingState.STORED))
        name = name_of(unique_id, "wav")
        with keeper.vault.put(name) as out:
            out.write(sound_of(number))
        values = [name, hashlib.sha256(sound_of(number)).hexdigest(), len(sound_of(number)), unique_id]
        await keeper.on_catalogue(
            lambda db, values=values: db.execute(  # type: ignore[misc]
                "UPDATE recordings SET path = ?, sha256 = ?, bytes = ? WHERE unique_id = ?", values
            )
        )
    return keeper


async def until(sealer: Sealer, true: Callable[[SealStatus], bool]) -> SealStatus:
    deadline = time.monotonic() + 20
    while not true(status := await sealer.handlers()["seal-status"](US, {})):  # type: ignore[arg-type]
        assert time.monotonic() < deadline, status
        await asyncio.sleep(0.02)
    return status  # type: ignore[return-value]


def finished(status: SealStatus) -> bool:
    return not status["left"] and not status["running"]


async def test_recordings_from_before_are_sealed_when_sealing_is_switched_on(tmp_path: Path) -> None:
    keeper = await keeper_with(settings_in(tmp_path, DPO, enabled=False), tmp_path)
    sealer = Sealer(keeper, Alarms())
    sealer.start()
    status = await until(sealer, lambda status: not status["running"])
    assert (status["stored"], status["sealed"], status["left"]) == (COUNT, 0, 0)

    keeper.settings = settings_in(tmp_path, DPO)
    sealer.wake()
    status = await until(sealer, finished)
    assert (status["stored"], status["sealed"], status["problems"]) == (COUNT, COUNT, [])
    assert list(keeper.vault.root.rglob("*.wav")) == []
    opened = {decrypted(path, DPO, tmp_path) for path in keeper.vault.root.rglob("*.wav.age")}
    assert opened == {sound_of(number) for number in range(COUNT)}
    await sealer.stop()
    await keeper.stop()


async def test_a_rotation_goes_on_after_a_stop_where_it_was(tmp_path: Path) -> None:
    keeper = await keeper_with(settings_in(tmp_path, DPO), tmp_path)
    sealer = Sealer(keeper, Alarms())
    sealer.start()
    await until(sealer, lambda status: status["left"] < COUNT)
    await sealer.stop()
    await keeper.stop()

    keeper = Keeper(settings_in(tmp_path, NEXT_DPO), lambda _: None, Alarms())
    await keeper.start()
    sealer = Sealer(keeper, Alarms())
    sealer.start()
    await until(sealer, finished)
    files = list(keeper.vault.root.rglob("*.wav*"))
    assert {decrypted(path, NEXT_DPO, tmp_path) for path in files} == {sound_of(number) for number in range(COUNT)}
    assert len(files) == COUNT
    await sealer.stop()
    await keeper.stop()


async def test_one_recording_that_is_damaged_is_told_and_stops_no_other(tmp_path: Path) -> None:
    keeper = await keeper_with(settings_in(tmp_path, DPO), tmp_path)
    damaged, missing = (keeper.vault.root / name_of(f"1780000000.{number}", "wav") for number in (1, 3))
    damaged.write_bytes(b"something else")
    missing.unlink()
    alarms = Told()
    sealer = Sealer(keeper, alarms)
    sealer.start()
    status = await until(sealer, lambda status: status["sealed"] == COUNT - 2 and not status["running"])
    assert (status["left"], len(status["problems"]), len(alarms.texts)) == (2, 2, 2)
    assert "SHA-256 is another" in status["problems"][0]
    assert "missing from the vault" in status["problems"][1]
    assert damaged.read_bytes() == b"something else"
    await sealer.stop()
    await keeper.stop()


async def test_a_key_that_cannot_be_read_is_told_once_and_nothing_is_changed(tmp_path: Path) -> None:
    keeper = await keeper_with(settings_in(tmp_path, DPO), tmp_path)
    (tmp_path / "identity").chmod(0o644)
    alarms = Told()
    sealer = Sealer(keeper, alarms)
    sealer.start()
    status = await until(sealer, lambda status: bool(alarms.texts))
    assert "Others can read the key" in status["problems"][0]
    sealer.wake()
    await asyncio.sleep(0.1)
    assert len(alarms.texts) == 1

    (tmp_path / "identity").chmod(0o600)
    sealer.wake()
    await until(sealer, finished)
    await sealer.stop()
    await keeper.stop()
