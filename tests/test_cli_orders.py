"""`status`, `suspend`, `resume`, `purge`: what is asked of a daemon, over a real socket, and what is shown of it."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from callwarden.answers import OpenAlarm, Status
from callwarden.control import ControlError, Handler, Kind, Peer
from cli_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def handler(answer: Mapping[str, Any] | ControlError, seen: list[dict[str, object]] | None = None) -> Handler:
    """A handler that gives ``answer`` and keeps what it was asked."""

    async def handle(_: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
        if seen is not None:
            seen.append(dict(request))
        await asyncio.sleep(0)
        if isinstance(answer, ControlError):
            raise answer
        return answer

    return handle


def status(**changes: Any) -> Status:
    well: Status = {
        "version": "0.1.0",
        "pid": 4711,
        "since": time.time() - 3600,
        "config": "/etc/callwarden/callwarden.toml",
        "asterisk": {"state": "ready", "why": "", "version": "22.10.1"},
        "ari": {"state": "ready", "why": ""},
        "agi": {"listen": "127.0.0.1", "port": 4573},
        "calls": [
            {
                "linked_id": "1763806530.0",
                "direction": "inbound",
                "caller": "***123",
                "called": "***001",
                "since": time.time() - 75,
                "channels": [
                    {"unique_id": "1763806530.0", "endpoint": "PJSIP/trunk", "role": "outside", "state": "recording",
                     "file": "1763806530.0-1.wav"},
                    {"unique_id": "1763806530.1", "endpoint": "PJSIP/202", "role": "phone", "state": "suspended",
                     "file": ""},
                ],
            }
        ],
        "recorders": {"recording": 1, "suspended": 1},
        "catalogue": {"problem": "", "waiting": 0, "lost": 0},
        "spool_files": 2,
        "disk": {"free": 120_000_000_000, "total": 500_000_000_000, "days_left": 91.4},
        "next_purge": time.time() + 3600,
        "last_purge": time.time() - 80_000,
        "problems": [],
        "alarms": [],
    }  # fmt: skip
    return {**well, **changes}  # type: ignore[typeddict-item]


def test_a_daemon_that_is_well_says_so_first(world: World) -> None:
    with world.daemon({"status": handler(status())}):
        result = world.run("status")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "All is well."
    for part in (
        "connected 22.10.1",
        "127.0.0.1:4573",
        "1 recording, 1 suspended",
        "120.0 GB of 500.0 GB free, about 91",
    ):
        assert part in result.stdout
    assert any(line.startswith("1763806530.0  inbound") and "1:15" in line for line in lines)
    assert "PJSIP/202 suspended" in result.stdout
    assert max(map(len, lines)) <= 80


def test_what_is_wrong_comes_first_and_is_status_1(world: World) -> None:
    wrong = status(
        problems=["The disk is full in 2 days. Make room."],
        asterisk={"state": "refused", "why": "Authentication failed", "version": ""},
        catalogue={"problem": "disk I/O error", "waiting": 12, "lost": 0},
        calls=[],
    )
    with world.daemon({"status": handler(wrong)}):
        result = world.run("status")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "PROBLEM  The disk is full in 2 days. Make room."
    assert "refused: Authentication failed" in result.stdout
    assert "disk I/O error (12 facts wait, 0 are lost)" in result.stdout
    assert "No call is up." in result.stdout


def said(kind: str, at: float, count: int = 1, channel: str = "") -> OpenAlarm:
    text = "a conversation could not be proven silent and was not handed over: Asterisk did not answer in time"
    return {"kind": kind, "text": text, "channel": channel, "first": at, "last": at, "count": count}


@pytest.mark.parametrize("columns", [80, 120])
def test_a_flood_of_alarms_is_a_line_a_kind_and_status_1(world: World, columns: int) -> None:
    now = time.time()
    alarms = [said("gate-refused", now - number, 2, f"1.{number}") for number in range(200)]
    with world.daemon({"status": handler(status(alarms=[*alarms, said("store-failed", now + 1)]))}):
        result = world.run("status", columns=columns)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert [line.split()[1] for line in lines if line.startswith("ALARM")] == ["store-failed", "gate-refused"]
    assert "400 times" in result.stdout
    assert "All is well" not in result.stdout
    assert "connected 22.10.1" in result.stdout


def test_status_has_json_whether_the_daemon_runs_or_not(world: World) -> None:
    with world.daemon({"status": handler(status())}):
        told = json.loads(world.run("status", "--json").stdout)
    assert told["running"] is True
    assert set(told) == {"running", *Status.__annotations__}
    result = world.run("status", "--json")
    silent = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (silent["running"], len(silent["problems"])) == (False, 1)


def test_a_daemon_that_does_not_run_is_told_with_how_to_start_it(world: World) -> None:
    for command in (("status",), ("suspend", "1.2"), ("resume", "1.2"), ("purge", "--yes"), ("purge", "--dry-run")):
        result = world.run(*command)
        assert result.exit_code == 1
        assert "systemctl start callwarden" in result.output.replace("\n", "")


@pytest.mark.parametrize("verb", ["suspend", "resume"])
def test_an_order_names_the_call_and_tells_what_came_of_it(world: World, verb: str) -> None:
    seen: list[dict[str, object]] = []
    with world.daemon({verb: handler({"done": True, "message": "2 recorders are stopped"}, seen)}):
        result = world.run(verb, "1763806530.0")
        assert json.loads(world.run(verb, "1763806530.0", "--json").stdout)["done"] is True
    assert (result.exit_code, result.stdout) == (0, "2 recorders are stopped\n")
    assert seen == [{"call": "1763806530.0"}] * 2


@pytest.mark.parametrize(
    ("answer", "status_code", "sentence"),
    [
        ({"done": False, "message": "no such call is up"}, 1, "no such call is up"),
        (ControlError("No such call.", Kind.NOT_FOUND), 1, "No such call."),
        (ControlError("You may not.", Kind.NOT_ALLOWED), 3, "You may not."),
    ],
)
def test_an_order_that_was_not_done_is_a_failure(world: World, answer: Any, status_code: int, sentence: str) -> None:
    with world.daemon({"suspend": handler(answer)}):
        result = world.run("suspend", "1763806530.0")
    assert result.exit_code == status_code
    assert sentence in result.output


DUE = [
    {"recording": "1763806530.0", "call": "1763806530.0", "path": "2025/11/22/x.wav", "bytes": 1_600_000,
     "why": "6 months after the end of the call on 2025-11-22, over on 2026-05-22"},
    {"recording": "1763806530.1", "call": "1763806530.0", "path": None, "bytes": None, "why": "6 months"},
]  # fmt: skip


def purging(seen: list[dict[str, object]], problems: list[str] | None = None) -> Handler:
    async def handle(_: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
        seen.append(dict(request))
        await asyncio.sleep(0)
        if request["dry_run"]:
            return {"dry_run": True, "due": DUE, "purged": 0, "forgotten": 0, "waiting": 0, "problems": []}
        return {"dry_run": False, "due": [], "purged": 2, "forgotten": 1, "waiting": 3, "problems": problems or []}

    return handle


def test_a_dry_run_prints_exactly_what_would_go_and_asks_for_nothing_else(world: World) -> None:
    seen: list[dict[str, object]] = []
    with world.daemon({"purge": purging(seen)}):
        result = world.run("purge", "--dry-run")
        assert json.loads(world.run("purge", "--dry-run", "--json").stdout)["due"] == DUE
    assert result.exit_code == 0
    assert "1763806530.0" in result.stdout
    assert "1763806530.1" in result.stdout
    assert result.stdout.rstrip().endswith("2 recordings, 1.6 MB, would be deleted.")
    assert seen == [{"dry_run": True}] * 2


def test_a_purge_asks_first_and_no_is_no(world: World) -> None:
    seen: list[dict[str, object]] = []
    with world.daemon({"purge": purging(seen)}):
        refused = world.run("purge", input="n\n")
        assert seen == [{"dry_run": True}]
        done = world.run("purge", input="y\n")
    assert refused.exit_code == 1
    assert done.exit_code == 0
    assert "Delete 2 recordings, 1.6 MB for ever?" in done.stderr
    assert "2 recordings deleted; personal data of 1 calls forgotten." in done.stdout
    assert "3 recordings deleted here; done when gone from the external store too." in done.stdout


def test_a_purge_that_leaves_something_is_a_failure(world: World) -> None:
    with world.daemon({"purge": purging([], ["1763806530.1 cannot be deleted: Read-only file system"])}):
        result = world.run("purge", "--yes")
    assert result.exit_code == 1
    assert "Read-only file system" in result.stderr


def test_live_calls_are_completed(world: World) -> None:
    from click.testing import CliRunner

    from callwarden.cli import main

    environ = {
        "CALLWARDEN_CONFIG": str(world.config), "_CALLWARDEN_COMPLETE": "zsh_complete",
        "COMP_WORDS": "callwarden suspend ", "COMP_CWORD": "2",
    }  # fmt: skip
    with world.daemon({"status": handler(status())}):
        result = CliRunner().invoke(main, [], env=environ, prog_name="callwarden")
    assert "1763806530.0" in result.output
