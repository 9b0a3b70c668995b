"""`archive status` and `archive retry`: what is asked and what is shown."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from callwarden.answers import ArchiveStatus
from callwarden.control import Handler, Peer
from cli_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def answering(**changes: Any) -> Handler:
    known: ArchiveStatus = {
        "url": "sftp://callwarden@backup.example.org/recordings", "trouble": "", "sent": 1200, "waiting": 3,
        "to_delete": 1, "only_there": 800, "problems": [],
        "since_start": {"sent": 12, "bytes": 57_600_000, "deleted": 4, "left_here": 9, "fetched": 1, "failures": 2},
    }  # fmt: skip

    async def handle(_: Peer, __: Mapping[str, object]) -> Mapping[str, object]:
        return {**known, **changes}

    return handle


@pytest.mark.parametrize("columns", [80, 120])
def test_the_status_tells_what_is_there_and_what_waits(world: World, columns: int) -> None:
    with world.daemon({"archive-status": answering()}):
        result = world.run("archive", "status", columns=columns)
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    assert "1200 sent and read back; 800 of them are only there" in shown
    assert "3 to be sent, 1 to be deleted" in shown
    assert "12 sent (57.6 MB), 4 deleted, 9 removed here, 1 fetched, 2 failures" in shown
    assert max(map(len, result.stdout.splitlines())) <= columns


def test_a_store_that_is_away_is_told_first_and_by_the_exit_status(world: World) -> None:
    with world.daemon({"archive-status": answering(trouble="The external store could not be reached: timed out.")}):
        result = world.run("archive", "status")
    assert result.exit_code == 1
    assert result.stdout.startswith("PROBLEM  The external store could not be reached")


def test_no_store_is_no_problem(world: World) -> None:
    with world.daemon({"archive-status": answering(url="")}):
        result = world.run("archive", "status")
    assert (result.exit_code, result.stdout.strip()) == (0, "store  none: [archive] url is empty")


def test_retry_asks_for_another_try(world: World) -> None:
    with world.daemon({"archive-retry": answering()}):
        result = world.run("archive", "retry", "--json")
    assert json.loads(result.stdout)["waiting"] == 3
