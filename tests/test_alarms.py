"""Alarms: the log line always, then the catalogue, the hook and the mail; a real mail server, real commands."""

import asyncio
import json
import logging
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.alarms.mail import TOLD
from callwarden.config.alarms import Alarms as Options
from callwarden.core.alarm import Alarm, said, to_send
from callwarden.storage.alarm_rows import KEPT_SECONDS, FoundAlarm, find_alarms, forget_alarms, save_alarms
from callwarden.storage.database import open_catalogue, open_readonly
from mail_world import PASSWORD, USER, MailServer, text_of
from peers import eventually

T = TypeVar("T")
HOOK = """#!/bin/sh
{body}
"""


class World:
    """A catalogue, and as many daemons' alarms after one another as a test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "catalogue.sqlite"
        self.db = open_catalogue(self.path)
        self.broken = False

    async def on_catalogue(self, work: Callable[[Database], T]) -> T:
        if self.broken:
            raise sqlite3.OperationalError("disk I/O error")
        return work(self.db)

    async def started(self, **options: Any) -> Alarms:
        alarms = Alarms(Options(**options), gather=0.05, apart=0.05)
        await alarms.start(self.on_catalogue)
        return alarms

    def rows(self, only_open: bool = False) -> list[FoundAlarm]:
        """As somebody else reads them."""
        db = open_readonly(self.path)
        found = find_alarms(db, only_open=only_open, limit=5000)
        db.close()
        return found

    def hook(self, body: str) -> tuple[str, ...]:
        path = self.folder / "hook"
        path.write_text(HOOK.format(body=body))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return (str(path), "an argument; touch /tmp/never")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.db.close()


def mail_options(server: MailServer, **changed: Any) -> dict[str, Any]:
    return {
        "mail_to": ("admin@example.org", "director@example.org"), "mail_from": "callwarden@example.org",
        "smtp_host": "localhost", "smtp_port": server.port, "smtp_security": "none", **changed,
    }  # fmt: skip


def alarm(**changed: Any) -> Alarm:
    return Alarm(**{"kind": "k", "about": "", "text": "t", "first": 100.0, "last": 100.0, **changed})


# -- what is worth sending: pure ----------------------------------------------------------------------------------


def test_what_is_said_again_is_counted_until_somebody_has_seen_it() -> None:
    again = said(alarm(), alarm(first=200.0, last=200.0, text="newer"))
    assert (again.first, again.last, again.count, again.text) == (100.0, 200.0, 2, "newer")
    assert said(alarm(acknowledged=150.0), alarm(first=200.0, last=200.0)).first == 200.0
    assert said(alarm(acknowledged=150.0, lasting=True), alarm(first=200.0, last=200.0, lasting=True)).first == 100.0
    assert said(alarm(ended=150.0, lasting=True), alarm(first=200.0, last=200.0)).first == 200.0


def test_the_same_is_sent_once_in_its_time_and_again_only_if_it_was_said_since() -> None:
    assert to_send(alarm(), None, 100.0, 60.0)
    assert not to_send(alarm(sent=100.0, last=130.0), 100.0, 130.0, 60.0)
    assert to_send(alarm(sent=100.0, last=130.0), 100.0, 161.0, 60.0)
    assert not to_send(alarm(sent=100.0, last=100.0), 100.0, 500.0, 60.0)
    assert not to_send(alarm(first=120.0, last=120.0), 100.0, 120.0, 60.0), "another life of it, within the time"
    assert not to_send(alarm(acknowledged=110.0), None, 120.0, 60.0)
    assert to_send(alarm(sent=5000.0, last=5001.0), 5000.0, 100.0, 60.0), "the clock went back"


# -- the log and the catalogue ------------------------------------------------------------------------------------


async def test_an_alarm_is_a_log_line_and_a_row(world: World, caplog: pytest.LogCaptureFixture) -> None:
    alarms = await world.started()
    alarms.sound("gate-refused", "a hand-over was refused for 07700900123", "1763806530.1")
    alarms.sound("gate-refused", "it was refused again", "1763806530.1")
    assert [record.message for record in caplog.records if "ALARM gate-refused" in record.message][1:]
    await alarms.stop()
    (found,) = world.rows(only_open=True)
    assert (found.alarm.count, found.alarm.about, found.alarm.text) == (2, "1763806530.1", "it was refused again")
    assert alarms.counts == {"gate-refused": 2}


async def test_no_full_number_gets_into_the_catalogue(world: World) -> None:
    alarms = await world.started()
    alarms.sound("k", "the caller 07700900123\nrang")
    await alarms.stop()
    assert world.rows()[0].alarm.text == "the caller ***123\\nrang"


async def test_what_is_said_before_the_start_or_without_a_catalogue_is_not_lost(world: World) -> None:
    alarms = Alarms(Options())
    alarms.sound("early", "said before anything was opened")
    await alarms.start(world.on_catalogue)
    await eventually(world.rows)
    world.broken = True
    alarms.sound("late", "said while the disk was away")
    await asyncio.sleep(0.4)
    world.broken = False
    await alarms.stop()
    assert {one.alarm.kind for one in world.rows()} == {"early", "late"}


async def test_a_state_ends_by_itself_even_after_a_restart(world: World, caplog: pytest.LogCaptureFixture) -> None:
    first = await world.started()
    first.begin("disk", "the disk is full")
    first.begin("disk", "the disk is fuller")
    await first.stop()
    assert [r.message for r in caplog.records if r.levelno == logging.WARNING] == ["ALARM disk: the disk is full"]
    second = await world.started()
    assert [(one.kind, one.count) for one in second.open] == [("disk", 2)]
    second.end("disk")
    second.end("disk")
    second.end("never-begun")
    assert second.open == []
    second.begin("disk", "full again")
    await second.stop()
    assert [one.alarm.ended is None for one in world.rows()] == [True, False]


async def test_a_person_acknowledges_and_what_happens_then_is_another_alarm(world: World) -> None:
    alarms = await world.started()
    alarms.sound("gate-refused", "refused", "1.1")
    alarms.begin("disk", "full")
    assert await alarms.acknowledge(None, "dana") == 2
    assert world.rows(only_open=True) == []
    assert {one.alarm.acknowledged_by for one in world.rows()} == {"dana"}
    alarms.begin("disk", "still full")
    alarms.sound("gate-refused", "refused again", "1.1")
    assert [one.text for one in alarms.open] == ["refused again"]
    alarms.end("disk")
    await alarms.stop()
    (row,) = world.rows(only_open=True)
    assert await (await world.started()).acknowledge([row.id], "erin") == 1
    assert {one.alarm.kind: one.alarm.ended is not None for one in world.rows()}["disk"]


def test_old_alarms_that_nobody_has_to_look_at_are_removed(world: World) -> None:
    now = 1_800_000_000.0
    old = now - KEPT_SECONDS - 1
    rows = [alarm(kind="open", last=old), alarm(kind="seen", last=old, acknowledged=old), alarm(kind="new", last=now)]
    save_alarms(world.db, rows)
    assert forget_alarms(world.db, now) == 1
    assert {one.alarm.kind for one in world.rows()} == {"open", "new"}


async def test_a_flood_stays_within_its_memory_and_is_in_the_catalogue(world: World) -> None:
    alarms = await world.started()
    alarms.begin("disk", "said before the flood")
    for number in range(3000):
        alarms.sound("gate-refused", "refused", f"1763806530.{number}")
        if number % 500 == 0:
            await asyncio.sleep(0.3)
    assert len(alarms.open) == 1000
    alarms.end("disk")
    await alarms.stop()
    assert len(world.rows()) == 3001
    assert [one.alarm.kind for one in world.rows() if one.alarm.ended is not None] == ["disk"]


# -- the mail -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_a_mail_says_what_it_is_about(world: World, tmp_path: Path, security: str) -> None:
    async with MailServer(tmp_path, security, password=security == "starttls") as server:
        ca = str(server.ca) if security != "none" else ""
        login = {"smtp_username": USER, "smtp_password": PASSWORD} if security == "starttls" else {}
        options = mail_options(server, smtp_security=security, smtp_ca=ca, **login)
        alarms = await world.started(**options)
        alarms.sound("gate-refused", "a hand-over was refused", "1763806530.1")
        await eventually(lambda: server.mails)
        await alarms.stop()
    (mail,) = server.mails
    assert "ALARM gate-refused" in mail["Subject"]
    assert mail["To"] == "admin@example.org, director@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "a hand-over was refused\nChannel: 1763806530.1" in text_of(mail)
    assert world.rows()[0].alarm.sent is not None


async def test_a_server_with_a_wrong_certificate_gets_no_mail(world: World, tmp_path: Path) -> None:
    async with MailServer(tmp_path, "starttls") as server:
        alarms = await world.started(**mail_options(server, smtp_security="starttls"))
        assert "certificate" in (await alarms.test("dana"))["mail"].lower()
        await alarms.stop()
    assert server.mails == []


async def test_a_server_without_starttls_gets_no_mail_and_no_password(world: World, tmp_path: Path) -> None:
    async with MailServer(tmp_path, "none") as server:
        login = {"smtp_username": USER, "smtp_password": PASSWORD}
        alarms = await world.started(**mail_options(server, smtp_security="starttls", **login))
        assert "STARTTLS" in (await alarms.test("dana"))["mail"]
        await alarms.stop()
    assert server.mails == []


async def test_a_wrong_password_is_told_without_it(world: World, tmp_path: Path) -> None:
    async with MailServer(tmp_path, "starttls", password=True) as server:
        login = {"smtp_username": USER, "smtp_password": "not-the-right-one"}
        options = mail_options(server, smtp_security="starttls", smtp_ca=str(server.ca), **login)
        alarms = await world.started(**options)
        trouble = (await alarms.test("dana"))["mail"]
        await alarms.stop()
    assert "535" in trouble or "uthentication" in trouble
    assert "not-the-right-one" not in trouble


async def test_a_flood_becomes_one_mail(world: World, tmp_path: Path) -> None:
    async with MailServer(tmp_path) as server:
        alarms = await world.started(**mail_options(server))
        for number in range(300):
            alarms.sound("gate-refused", f"refusal number {number}", f"1763806530.{number}")
        await eventually(lambda: server.mails)
        await asyncio.sleep(0.3)
        await alarms.stop()
    (mail,) = server.mails
    assert "and 299 more" in mail["Subject"]
    assert text_of(mail).count("refusal number") == TOLD
    assert f"And {300 - TOLD} more" in text_of(mail)


async def test_what_is_said_again_and_again_is_one_mail(world: World, tmp_path: Path) -> None:
    async with MailServer(tmp_path) as server:
        alarms = await world.started(**mail_options(server))
        for _ in range(20):
            alarms.begin("disk", "the disk is full")
            await asyncio.sleep(0.02)
        await eventually(lambda: server.mails)
        await asyncio.sleep(0.3)
        alarms.end("disk")
        await eventually(lambda: len(server.mails) == 2)
        alarms.begin("disk", "the disk is full")
        alarms.end("disk")
        await asyncio.sleep(0.3)
        await alarms.stop()
    assert [mail["Subject"].rpartition(": ")[2] for mail in server.mails] == ["ALARM disk", "over disk"]


async def test_a_mail_server_that_is_away_gets_the_mail_when_it_is_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callwarden.alarms.ways.FIRST_RETRY", 0.05)
    server = MailServer(tmp_path)
    await server.start()
    options = mail_options(server)
    await server.stop()
    alarms = await world.started(**options)
    alarms.sound("gate-refused", "refused", "1.1")
    await asyncio.sleep(0.3)
    alarms.sound("disk", "full")
    await server.start()
    await eventually(lambda: server.mails)
    await alarms.stop()
    await server.stop()
    assert "and 1 more" in server.mails[0]["Subject"]


async def test_a_server_that_refuses_is_asked_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callwarden.alarms.ways.FIRST_RETRY", 0.05)
    async with MailServer(tmp_path) as server:
        server.refuses = "451 come back later"
        alarms = await world.started(**mail_options(server))
        alarms.sound("disk", "full")
        await asyncio.sleep(0.3)
        server.refuses = ""
        await eventually(lambda: server.mails)
        await alarms.stop()


async def test_what_could_not_be_mailed_is_mailed_by_the_next_daemon(world: World, tmp_path: Path) -> None:
    server = MailServer(tmp_path)
    await server.start()
    options = mail_options(server)
    await server.stop()
    alarms = await world.started(**options)
    alarms.sound("gate-refused", "refused", "1.1")
    await asyncio.sleep(0.3)
    await alarms.stop()
    assert world.rows()[0].alarm.sent is None
    async with server:
        alarms = await world.started(**options)
        await eventually(lambda: server.mails)
        await alarms.stop()
        alarms = await world.started(**options)
        await asyncio.sleep(0.3)
        await alarms.stop()
    assert len(server.mails) == 1


async def test_a_mail_server_that_says_nothing_holds_nobody_up(world: World) -> None:
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    alarms = await world.started(
        mail_to=("a@example.org",), mail_from="b@example.org", smtp_host="127.0.0.1", smtp_port=port
    )
    begun = time.monotonic()
    alarms.sound("disk", "full")
    await asyncio.sleep(0.3)
    await alarms.stop()
    silent.close()
    for writer in held:
        writer.close()
        await writer.wait_closed()
    assert time.monotonic() - begun < 10
    assert world.rows()[0].alarm.sent is None


async def test_other_settings_count_for_what_still_waits(world: World, tmp_path: Path) -> None:
    async with MailServer(tmp_path) as server:
        alarms = await world.started(**mail_options(server, smtp_port=1))
        alarms.sound("disk", "full")
        await asyncio.sleep(0.2)
        await alarms.apply(Options(**mail_options(server)))
        await eventually(lambda: server.mails)
        await alarms.stop()


# -- the hook -----------------------------------------------------------------------------------------------------


async def test_the_hook_gets_the_alarm_and_none_of_our_secrets(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLWARDEN_AMI_SECRET", "ami-secret-of-tests")
    told = world.folder / "told"
    alarms = await world.started(hook=world.hook(f'cat > {told}.json; env > {told}.env; echo "$1" > {told}'))
    alarms.sound("gate-refused", 'refused "; rm -rf /', "1763806530.1")
    await eventually(lambda: told.exists() and told.read_text())
    await alarms.stop()
    given = json.loads(told.with_suffix(".json").read_text())
    assert (given["news"], given["kind"], given["channel"]) == ("raised", "gate-refused", "1763806530.1")
    environ = told.with_suffix(".env").read_text()
    assert "CALLWARDEN_KIND=gate-refused\n" in environ
    assert 'CALLWARDEN_TEXT=refused "; rm -rf /\n' in environ
    assert "ami-secret-of-tests" not in environ
    assert told.read_text() == "an argument; touch /tmp/never\n"


async def test_a_hook_that_hangs_is_killed_with_all_it_started(world: World, caplog: pytest.LogCaptureFixture) -> None:
    pids = world.folder / "pids"
    hook = world.hook(f"sleep 300 & echo $$ $! > {pids}; wait")
    alarms = await world.started(hook=hook, hook_timeout=1.0)
    alarms.sound("disk", "full")
    await eventually(lambda: "took longer than 1 s and was killed" in caplog.text)
    await alarms.stop()
    for pid in pids.read_text().split():
        await eventually(partial(_gone, int(pid)))


async def test_a_hook_that_fails_is_a_log_line_with_what_it_said(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    alarms = await world.started(hook=world.hook("echo no such pager >&2; exit 3"))
    alarms.sound("disk", "full")
    await eventually(lambda: "ended with status 3: no such pager" in caplog.text)
    assert await alarms.test("dana") == {"hook": "ended with status 3: no such pager"}
    await alarms.stop()


async def test_a_hook_that_writes_without_end_or_reads_nothing_is_no_harm(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    alarms = await world.started(hook=world.hook("exec 0<&-; head -c 50000000 /dev/zero | tr '\\0' x; exit 1"))
    alarms.sound("disk", "full")
    await eventually(lambda: "ended with status 1: xxx" in caplog.text, 20)
    await alarms.stop()
    assert max(len(record.message) for record in caplog.records) < 1000


async def test_a_hook_that_is_not_there_is_a_log_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    alarms = await world.started(hook=("/nowhere/hook",))
    alarms.sound("disk", "full")
    await eventually(lambda: "could not be run: /nowhere/hook: No such file" in caplog.text)
    await alarms.stop()


async def test_the_loop_turns_while_hook_and_mail_hang(world: World) -> None:
    alarms = await world.started(hook=world.hook("sleep 300"), hook_timeout=1.0)
    late = 0.0
    for number in range(50):
        begun = time.monotonic()
        alarms.sound("gate-refused", "refused", f"1.{number}")
        await asyncio.sleep(0.01)
        late = max(late, time.monotonic() - begun - 0.01)
    assert late < 0.5
    await alarms.stop()


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return True
    return state == "Z"
