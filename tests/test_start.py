"""A start: calls are looked after first, then the back office opens; nobody and nothing is lost in between."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from callwarden.asking import ask
from callwarden.config import load
from callwarden.core import actions as do
from callwarden.core.facts import Call, Direction
from callwarden.health.counting import GATE_STEPS
from callwarden.health.uncounted import Uncounted
from callwarden.service import Service
from callwarden.storage.database import open_readonly
from callwarden.unattended import Unattended
from cli_world import World
from peers import FakeAmi, FakeAri, eventually
from ports import free_port

SECONDS = 20.0


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    """An Asterisk without calls."""
    async with FakeAmi(secret="x") as made:
        made.answers = {"Status": nothing, "BridgeList": nothing, "DBGetTree": no_notes}
        yield made


def nothing(fields: Mapping[str, str]) -> list[dict[str, str]]:
    asked = {"ActionID": fields["ActionID"]}
    begins = {"Response": "Success", "EventList": "start", **asked}
    return [begins, {"Event": f"{fields['Action']}Complete", "EventList": "Complete", "ListItems": "0", **asked}]


def no_notes(fields: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Response": "Error", "Message": "Database entry not found", "ActionID": fields["ActionID"]}]


def service_of(world: World, ami: FakeAmi, **options: Mapping[str, object]) -> Service:
    """A daemon beside ``ami``; ``options`` by section."""
    settings = load(world.config)
    changes: dict[str, Mapping[str, object]] = {
        "ami": {"port": ami.port, "secret": SecretStr("x")}, "agi": {"port": free_port()}, **options,
    }  # fmt: skip
    changed = {name: getattr(settings, name).model_copy(update=change) for name, change in changes.items()}
    return Service(settings.model_copy(update=changed), str(world.config))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_who_asks_before_the_back_office_is_open_waits_for_the_answer(world: World, ami: FakeAmi) -> None:
    service = service_of(world, ami)
    await service.start()
    async with asyncio.timeout(SECONDS):
        await service.ready()
    asked = asyncio.create_task(asyncio.to_thread(ask, world.socket, "status"))
    await asyncio.sleep(0.2)
    assert not asked.done()
    await service.open_office()
    told = await asked
    await service.stop()
    assert (told["pid"], told["asterisk"]["state"]) == (os.getpid(), "ready")
    assert not world.socket.exists()


async def test_a_daemon_that_is_stopped_before_its_back_office_opens_leaves_no_socket(
    world: World, ami: FakeAmi
) -> None:
    service = service_of(world, ami)
    await service.start()
    assert world.socket.exists()
    await service.stop()
    assert not world.socket.exists()


async def test_an_alarm_that_is_sounded_before_there_is_a_way_out_for_it_is_sent_and_kept(
    world: World, ami: FakeAmi
) -> None:
    sent, hook = world.folder / "sent", world.folder / "hook"
    hook.write_text(f"#!/bin/sh\ncat >> {sent}\n")
    hook.chmod(0o700)
    service = service_of(world, ami, alarms={"hook": (str(hook),)})
    await service.start()
    service.alarms.sound("gate-refused", "The card line did not ring.", "1.1")
    await service.open_office()
    await eventually(lambda: sent.exists() and "gate-refused" in sent.read_text())
    await service.stop()
    db = open_readonly(world.catalogue)
    assert db.conn.execute("SELECT kind, about, sent IS NOT NULL FROM alarms").fetchall() == [
        ("gate-refused", "1.1", 1)
    ]
    db.close()


async def test_who_is_to_be_whispered_to_before_the_back_office_is_open_is_whispered_to_then(
    world: World, ami: FakeAmi
) -> None:
    async with FakeAri() as ari:
        login = {"url": ari.url, "username": "cw", "password": SecretStr("s3cret")}
        service = service_of(world, ami, ari=login)
        await service.start()
        service.perform(do.Whisper("1.1", "outbound", "en", 1))
        await asyncio.sleep(0.1)
        assert not ari.requests
        await service.open_office()
        await eventually(lambda: ari.asked("POST", "/channels/1.1/snoop"))
        await service.stop()


async def test_a_reload_before_the_back_office_opens_counts_and_is_entered(world: World, ami: FakeAmi) -> None:
    service = service_of(world, ami)
    await service.start()
    purge = service.settings.purge.model_copy(update={"schedule": "1 1 * * *"})
    service.apply(service.settings.model_copy(update={"purge": purge}))
    await service.open_office()
    assert service.office.housekeeping.next_purge is not None
    due = time.localtime(service.office.housekeeping.next_purge)
    await service.stop()
    assert (due.tm_hour, due.tm_min) == (1, 1)
    db = open_readonly(world.catalogue)
    entries = db.conn.execute("SELECT act, detail FROM audit ORDER BY number").fetchall()
    db.close()
    assert [act for act, _ in entries][:2] == ["start", "configuration"]
    assert json.loads(entries[1][1])["changed"] == ["purge.schedule"]


async def test_a_reload_while_the_back_office_opens_counts(world: World, ami: FakeAmi) -> None:
    service = service_of(world, ami)
    await service.start()
    opening = asyncio.create_task(service.open_office())
    await eventually(lambda: service._office is not None)
    purge = service.settings.purge.model_copy(update={"schedule": "1 1 * * *"})
    service.apply(service.settings.model_copy(update={"purge": purge}))
    await opening
    due = time.localtime(service.office.housekeeping.next_purge)
    await service.stop()
    assert (due.tm_hour, due.tm_min) == (1, 1)


async def test_systemd_is_told_when_asterisk_has_told_all_its_calls_and_the_back_office_opens_after_that(
    world: World, ami: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def hear(text: str) -> None:
        if "READY=1" in text:
            asked = [fields["Action"] for actions in ami.received for fields in actions]
            said.append(f"ready after {asked.count('Status')} looks")

    monkeypatch.setattr("callwarden.unattended.notify", hear)
    service = service_of(world, ami)
    opening = service.open_office

    async def open_office() -> None:
        said.append("opening")
        await opening()
        stop.set()

    monkeypatch.setattr(service, "open_office", open_office)
    unattended = Unattended(world.config, service.settings, service, service.apply, service.ready)
    stop = unattended._stop
    async with asyncio.timeout(SECONDS):
        await unattended.run()
    assert said == ["ready after 2 looks", "opening"]


OPENING = """
import asyncio, sys
from callwarden.config import load
from callwarden.service import Service, _import_the_rest

async def main():
    service = Service(load(sys.argv[1]))
    await service.start()
    await asyncio.to_thread(_import_the_rest)
    before = set(sys.modules)
    await service.open_office()
    print("opened", *set(sys.modules) - before)
    await service.stop()

asyncio.run(main())
"""


def test_the_loop_imports_nothing_of_the_back_office_itself(world: World) -> None:
    """A gate would wait for it."""
    mail = 'mail_to = ["a@b.example"]\nmail_from = "c@b.example"\nsmtp_host = "127.0.0.1"\n'
    world.agi_port = free_port()
    world.configure(f'[alarms]\nhook = ["/bin/true"]\n{mail}')
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(world.config)],
        env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    opened, *imported = done.stdout.split() or [""]
    assert opened == "opened", done.stderr
    packages = {name.partition(".")[0] for name in imported}
    assert not {"callwarden", "aiohttp", "aiosmtplib", "prometheus_client", "email"} & packages


def test_what_happened_before_anybody_counted_is_counted() -> None:
    class Counted:
        def __init__(self) -> None:
            self.told: list[Any] = []

        def fact(self, fact: object) -> None:
            self.told.append(fact)

        def step(self, *step: object) -> None:
            self.told.append(step)

    uncounted, counted = Uncounted(), Counted()
    early, late = (Call(linked_id=uid, direction=Direction.INBOUND, started=1.0) for uid in ("1.1", "2.2"))
    gate = (GATE_STEPS[0], 0.01, None)
    uncounted.fact(early)
    uncounted.step(*gate)
    uncounted.counted_by(counted)
    uncounted.fact(late)
    uncounted.step(*gate)
    assert counted.told == [early, gate, late, gate]
