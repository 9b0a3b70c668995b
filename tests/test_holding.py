"""`callwarden holds` on a running daemon: by whom, on what, and that the purge obeys."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from running import ANN, BOB, Running, daemon

DAY = 86400.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Running]:
    with daemon(tmp_path) as running:
        yield running


def ended(days_ago: float) -> float:
    return time.time() - days_ago * DAY


def test_a_person_is_held_by_any_spelling_until_the_dpo_lifts_it(world: Running) -> None:
    held, free = world.recorded("1.1", ended(300)), world.recorded("1.2", ended(300), number=BOB, name="Bob")
    added = world.run("holds", "add", "--number", "+44 20 7946 0123", "--name", "Ann Smith", "--reason", "claim 12")
    assert (added.exit_code, added.stdout) == (
        0,
        "Hold 1 is in force: 1 recording of 1 call, 1 of them due.\n",
    )
    world.as_("admin")
    assert world.run("purge", "--yes").stdout.startswith("1 recording deleted")
    assert (held.exists(), free.exists()) == (True, False)

    world.as_("director")
    refused = world.run("holds", "lift", "1", "--reason", "settled", "--yes")
    assert refused.exit_code == 3
    assert "it is for: dpo." in refused.stderr

    world.as_("dpo")
    listed = json.loads(world.run("holds", "list", "--json").stdout)["holds"]
    assert [(one["hold"], one["kind"], one["numbers"], one["recordings"], one["waiting"]) for one in listed] == [
        (1, "person", ["+44 20 7946 0123"], 1, 1)
    ]
    lifted = world.run("holds", "lift", "1", "--reason", "settled", "--yes")
    assert lifted.stdout == "Hold 1 is lifted. 1 recording it kept is due.\n"
    assert world.run("holds", "list").exit_code == 1
    world.as_("admin")
    world.run("purge", "--yes")
    assert not held.exists()
    acts = world.acts()
    for act in (("hold-placed", "hold 1"), ("refused", "hold 1"), ("hold-lifted", "hold 1")):
        assert act in acts
    told = world.rows("SELECT detail FROM audit WHERE act = 'hold-placed'")[0][0]
    assert "0123" not in told
    assert "***123" in told


def test_a_call_and_a_request_are_held(world: Running) -> None:
    kept = [world.recorded("1.1", ended(300)), world.recorded("1.2", ended(300), number=BOB, name="Bob")]
    gone = world.recorded("1.3", ended(300), number="02079460999", name="Cyd")
    world.write(
        lambda db: db.execute(
            "INSERT INTO requests (kind, reason, number, received, opened, opened_by, state) "
            "VALUES ('complaint', 'rude', '07700 900 123', 1, 1, 'x', 'open')"
        )
    )
    assert world.run("holds", "add", "--call", "1.1", "--reason", "a claim").exit_code == 0
    assert world.run("holds", "add", "--request", "1", "--reason", "a complaint").exit_code == 0
    world.as_("admin")
    world.run("purge", "--yes")
    assert [path.exists() for path in kept] == [True, True]
    assert not gone.exists()


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--call", "9.9"], 1, "There is no call 9.9"),
        (["--request", "9"], 1, "There is no request 9"),
        ([], 1, "Say who"),
        (["--number", "123"], 1, "too short"),
        (["--call", "9.9", "--number", ANN], 1, "name one of them"),
    ],
)
def test_what_cannot_be_held_is_said(world: Running, arguments: list[str], status: int, sentence: str) -> None:
    result = world.run("holds", "add", *arguments, "--reason", "a claim")
    assert result.exit_code == status
    assert sentence in result.stderr
    assert world.rows("SELECT * FROM holds") == []


@pytest.mark.parametrize("roles", [(), ("monitor",), ("admin",)])
def test_who_may_not_hold_is_refused_and_audited(world: Running, roles: tuple[str, ...]) -> None:
    world.as_(*roles)
    for command in (["add", "--number", ANN, "--reason", "x"], ["list"], ["lift", "1", "--reason", "x", "--yes"]):
        assert world.run("holds", *command).exit_code == 3
    refused = [act for act, _ in world.acts()].count("refused")
    assert refused == 3, "each of the three once; the same refusal once more within a minute is no entry of its own"


def test_the_list_fits_a_narrow_terminal(world: Running) -> None:
    world.recorded("1.1", ended(300))
    world.run("holds", "add", "--number", ANN, "--name", "Ann Smith", "--reason", "claim 12 of the insurers")
    shown = world.run("holds", "list")
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "Ann Smith" in shown.stdout
    assert shown.stdout.rstrip().endswith("Waiting: due, and kept because of the hold.")
