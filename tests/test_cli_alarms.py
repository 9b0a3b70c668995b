"""`callwarden alarms`: what it shows in a terminal, and what it asks the daemon."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from callwarden.config import settings_from
from callwarden.config.problems import ConfigError
from callwarden.control import Peer
from callwarden.core.alarm import Alarm
from callwarden.storage.alarm_rows import save_alarms
from callwarden.storage.database import open_catalogue
from cli_world import STARTED, World, card_call

REFUSED = Alarm(
    kind="gate-refused", about="1763806530.0", text="a conversation could not be proven silent \x1b[31m",
    first=STARTED, last=STARTED + 60, count=2,
)  # fmt: skip
DISK = Alarm(
    kind="disk", about="", text="the disk is nearly full", first=STARTED - 100, last=STARTED - 50, count=7,
    lasting=True, ended=STARTED, acknowledged=STARTED - 10, acknowledged_by="dana",
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.save(*card_call())
    db = open_catalogue(made.catalogue)
    save_alarms(db, [REFUSED, DISK])
    db.close()
    return made


@pytest.mark.parametrize("columns", [80, 120])
def test_what_is_open_is_listed_with_its_call(world: World, columns: int) -> None:
    shown = world.run("alarms", columns=columns)
    assert shown.exit_code == 1
    words = " ".join(shown.stdout.split())
    assert "gate-refused: a conversation" in words
    assert "1763806530.0" in words
    assert "disk" not in words
    assert "\x1b" not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= columns


def test_all_are_listed_with_who_has_seen_them(world: World) -> None:
    words = " ".join(world.run("alarms", "--all").stdout.split())
    assert "acknowledged by dana" in words
    assert "over since 2025-11-22" in words


def test_for_scripts_it_is_json(world: World) -> None:
    (alarm,) = json.loads(world.run("alarms", "--json").stdout)["alarms"]
    assert (alarm["kind"], alarm["count"], alarm["channel"], alarm["call"]) == (
        "gate-refused", 2, "1763806530.0", "1763806530.0",
    )  # fmt: skip
    assert alarm["acknowledged"] is None


def test_no_alarm_is_exit_status_0(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.save(*card_call())
    assert (world.run("alarms").exit_code, world.run("alarms").stdout) == (0, "No alarm.\n")


def test_acknowledging_asks_the_daemon(world: World) -> None:
    asked: list[object] = []

    async def handler(_: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
        asked.append(request["ids"])
        return {"acknowledged": 1 if request["ids"] != [99] else 0}

    with world.daemon({"alarms-acknowledge": handler}):
        assert world.run("alarms", "acknowledge", "1").stdout == "1 alarm acknowledged.\n"
        assert world.run("alarms", "acknowledge", "--all").exit_code == 0
        assert world.run("alarms", "acknowledge", "99").exit_code == 1
        assert world.run("alarms", "acknowledge").exit_code == 2
    assert asked == [[1], None, [99]]


def test_a_test_tells_what_came_of_each_way(world: World) -> None:
    async def handler(_: Peer, _request: Mapping[str, object]) -> Mapping[str, object]:
        return {"ways": {"hook": "", "mail": "localhost:25: nobody answers"}}

    with world.daemon({"alarms-test": handler}):
        shown = world.run("alarms", "test")
    assert shown.exit_code == 1
    assert shown.stdout == "log: written.\nhook: sent.\nmail: localhost:25: nobody answers.\n"


def test_mail_needs_a_server_and_a_sender_and_a_hook_a_full_path() -> None:
    with pytest.raises(ConfigError) as caught:
        settings_from('[alarms]\nmail_to = ["a@example.org"]\nhook = ["page"]\n', {})
    told = str(caught.value)
    for option in ("alarms.mail_from", "alarms.smtp_host", "alarms.hook"):
        assert option in told


def test_the_password_of_the_mail_server_may_come_from_the_environment() -> None:
    settings = settings_from("", {"CALLWARDEN_SMTP_PASSWORD": "of the environment"})
    assert settings.alarms.smtp_password.get_secret_value() == "of the environment"
    assert "of the environment" not in repr(settings)


@pytest.mark.parametrize("address", ["nobody", "a@b\nBcc: c@d", "a b@c", "@example.org", "a@"])
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="mail address"):
        settings_from(f"[alarms]\nmail_to = [{json.dumps(address)}]\n", {})
