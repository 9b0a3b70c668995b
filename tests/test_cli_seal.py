"""`seal keygen`, `seal status`, `seal rotate`: what is asked, what is shown, and what never is."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519

from callwarden.answers import SealStatus
from callwarden.control import Handler, Peer
from cli_world import World
from sealed_world import Holder

DPO = Holder()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def answering(answer: Mapping[str, Any]) -> Handler:
    async def handle(_: Peer, __: Mapping[str, object]) -> Mapping[str, object]:
        return answer

    return handle


def status(**changes: Any) -> SealStatus:
    known: SealStatus = {
        "enabled": True, "recipients": [DPO.recipient], "stored": 120, "sealed": 100, "left": 20, "running": True,
        "done": 7, "problems": [],
    }  # fmt: skip
    return {**known, **changes}  # type: ignore[typeddict-item]


def test_a_key_is_made_for_its_owner_and_its_recipient_printed(world: World, tmp_path: Path) -> None:
    path = tmp_path / "key"
    result = world.run("seal", "keygen", str(path))
    assert result.exit_code == 0
    identity = x25519.Identity.from_str(path.read_text().splitlines()[1])
    assert result.stdout.strip() == str(identity.to_public())
    assert str(identity) not in result.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    again = world.run("seal", "keygen", str(path))
    assert (again.exit_code, path.read_text()) == (1, before)
    assert "is there already" in again.stderr


def test_the_status_says_who_can_open_and_how_far_it_is(world: World) -> None:
    with world.daemon({"seal-status": answering(status())}):
        shown = world.run("seal", "status")
        as_json = world.run("seal", "status", "--json")
    assert shown.exit_code == 0
    assert DPO.recipient in shown.stdout
    assert "20 of 120 are still to be sealed with these keys; 7 done so far" in shown.stdout.replace("\n", " ")
    assert json.loads(as_json.stdout)["left"] == 20


def test_a_problem_is_told_first_and_by_the_exit_status(world: World) -> None:
    with world.daemon({"seal-status": answering(status(problems=["There is no key at /x."]))}):
        result = world.run("seal", "status")
    assert result.exit_code == 1
    assert result.stdout.startswith("PROBLEM  There is no key at /x.")


def test_rotate_reads_the_configuration_again_first(world: World) -> None:
    with world.daemon({"reload": answering({"problems": []}), "seal-rotate": answering(status())}):
        assert world.run("seal", "rotate").exit_code == 0
    with world.daemon({"reload": answering({"problems": ["seal.recipients: wrong"]})}):
        result = world.run("seal", "rotate")
    assert result.exit_code == 2
    assert "seal.recipients: wrong" in result.stderr
