"""`calls` and `recordings`: what is found, how it is shown, and what a hostile name can do to a terminal: nothing."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from cli_world import HOSTILE, STARTED, World, card_call


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.save(*card_call(), *card_call("1763892930.0", "Ann Other", STARTED + 86400))
    return made


def shape(value: Any) -> Any:
    """The names and the kinds of what a command prints."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None if value is None else type(value).__name__


CALL = {
    "id": "str", "direction": "str", "started": "str", "answered": "str", "ended": "str", "seconds": "float",
    "caller": {"number": "str", "name": "str"}, "called": {"number": "str"}, "trunk": "str", "language": "str",
}  # fmt: skip
CHANNEL = {
    "id": "str", "name": "str", "endpoint": "str", "role": "str", "number": "str", "party_name": "str",
    "started": "str", "answered": "str", "ended": "str", "exempt": "str",
}  # fmt: skip
RECORDING = {
    "id": "str", "state": "str", "reason": "str", "call": CALL, "channel": CHANNEL, "file": None, "note": "str",
}  # fmt: skip


def test_calls_are_listed_newest_first(world: World) -> None:
    result = world.run("calls")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert next(line for line in lines if line.startswith(("Saturday", "Sunday"))).startswith("Sunday 2025-11-23, ")
    assert [re.split(r"\s{2,}", line)[-1].strip() for line in lines if line.startswith("10:15:30")] == [
        "1763892930.0",
        "1763806530.0",
    ]
    assert "07700900123" in result.stdout
    assert " 1:40 " in result.stdout


def test_the_json_of_calls_keeps_its_shape(world: World) -> None:
    result = world.run("calls", "--json", "--to", "2025-11-22")
    found = json.loads(result.stdout)
    party = {"number": "str", "name": "str", "e164": "str"}
    found_call = {
        **CALL, "caller": party, "called": {"number": "str", "e164": "str"}, "notes": "str", "recordings": "int",
        "forgotten": None,
    }  # fmt: skip
    assert shape(found) == {"calls": [found_call]}
    assert found["calls"][0]["caller"] == {"number": "07700900123", "name": "Jane Caller", "e164": "+447700900123"}
    assert found["calls"][0]["seconds"] == 100


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ((), 2),
        (("07700 900 123",), 2),
        (("+44 7700 900123",), 2),
        (("00447700900123",), 2),
        (("900123",), 2),
        (("02079460001",), 2),
        (("07700900124",), 0),
        (("--extension", "202"), 2),
        (("-e", "PJSIP/202"), 2),
        (("-e", "203"), 0),
        (("--direction", "inbound"), 2),
        (("-d", "outbound"), 0),
        (("--text", "jan"), 1),
        (("-t", "caller jane"), 1),
        (("-t", "nobody"), 0),
        (("--from", "2025-11-23"), 1),
        (("--from", "23/11/2025"), 1),
        (("--to", "2025-11-22"), 1),
        (("--from", "2025-11", "--to", "2025-11"), 2),
        (("--from", "2025-11-22 10:15", "--to", "2025-11-22T10:15"), 1),
        (("--from", "2025-11-22 10:16", "--to", "2025-11-22"), 0),
        (("--from", "yesterday"), 0),
        (("--limit", "1"), 1),
    ],
)
def test_calls_and_recordings_are_found_by_whatever_is_known(
    world: World, arguments: tuple[str, ...], count: int
) -> None:
    for command, key, each in ((("calls",), "calls", 1), (("recordings", "search"), "recordings", 2)):
        result = world.run(*command, "--json", *arguments)
        expected = min(count * each, 1) if "--limit" in arguments else count * each
        assert len(json.loads(result.stdout)[key]) == expected
        assert result.exit_code == (0 if count else 1)


def test_nothing_found_is_said_and_is_status_1(world: World) -> None:
    for command in (("calls",), ("recordings", "search")):
        result = world.run(*command, "99999999")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("No ")


def test_a_time_that_cannot_be_read_is_told_with_what_can(world: World) -> None:
    result = world.run("calls", "--from", "the day before yesterday")
    assert result.exit_code == 2
    assert '"the day before yesterday" is no time: write a date (2025-11-22)' in result.stderr


def test_the_story_of_a_recording_tells_what_every_second_was(world: World) -> None:
    result = world.run("recordings", "show", "1763806530.0")
    assert result.exit_code == 0
    told = re.sub(r" +", " ", result.stdout)
    assert "In short: announced, recorded, suspended: card line, recorded." in told
    assert re.search(r"10:15:31 10:16:11 40\.0 s recorded", told)
    assert re.search(r"10:16:11 10:16:41 30\.0 s suspended card line, by PJSIP/202", told)
    assert re.search(r"10:16:41 10:17:11 30\.0 s recorded", told)
    assert re.search(r"10:15:31 en/inbound daemon to the end", told)
    assert "Other recordings of this call: 1763806530.1" in told
    assert re.search(r"began 2025-11-22 10:15:30 \w+", told)


def test_a_gap_is_told_with_its_cause(world: World) -> None:
    told = world.run("recordings", "show", "1763806530.1").stdout
    assert "In short: gap: disk full." in told
    assert "none to this party" in told


def test_a_calls_id_shows_all_its_recordings(world: World, tmp_path: Path) -> None:
    facts = [fact for fact in card_call("1700000000.0") if getattr(fact, "unique_id", "") != "1700000000.0"]
    world.save(*facts)
    result = world.run("recordings", "show", "1700000000.0", "--json")
    assert [each["id"] for each in json.loads(result.stdout)["recordings"]] == ["1700000000.1"]


def test_the_json_of_a_story_keeps_its_shape(world: World) -> None:
    found = json.loads(world.run("recordings", "show", "1763806530.0", "--json").stdout)
    span = {"started": "str", "ended": "str", "seconds": "float", "kind": "str", "why": "str", "by": "str"}
    announcement = {
        "prompt": "str", "language": "str", "sha256": "str", "played_by": "str", "started": "str", "finished": "str",
        "complete": "bool", "reason": "str",
    }  # fmt: skip
    segment = {
        "file": "str", "number": "int", "state": "str", "asked": "str", "started": "str", "stop_asked": "str",
        "stopped": "str", "closed": "str", "bytes": "int", "started_by": "str",
    }  # fmt: skip
    suspension = {
        "number": "int", "why": "str", "by": "str", "asked": "str", "confirmed": "str", "how": "str", "ended": "str",
    }  # fmt: skip
    told = {
        **RECORDING, "ledger": [span], "announcements": [announcement], "segments": [segment],
        "suspensions": [suspension], "gaps": [], "damage": "str", "other_recordings": ["str"],
    }  # fmt: skip
    assert shape(found) == {"recordings": [told]}
    kinds = [(each["kind"], each["why"], each["seconds"]) for each in found["recordings"][0]["ledger"]]
    assert kinds == [("recorded", "", 40.0), ("suspended", "card line", 30.0), ("recorded", "", 30.0)]


def test_an_id_that_is_not_known_is_status_1(world: World) -> None:
    assert world.run("recordings", "show", "nobody'; DROP TABLE calls").exit_code == 1
    assert world.run("calls").exit_code == 0


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("command", [("calls",), ("recordings", "search"), ("recordings", "show", "1763806530.0")])
def test_a_hostile_name_is_shown_harmless_and_tables_fit(
    tmp_path: Path, command: tuple[str, ...], columns: int
) -> None:
    world = World(tmp_path)
    world.save(*card_call(name=HOSTILE))
    result = world.run(*command, columns=columns)
    assert result.exit_code == 0
    whole = result.stdout.replace("\n", "")
    assert not [character for character in whole if not character.isprintable()]
    assert max(map(len, result.stdout.splitlines())) <= columns
    squeezed = re.sub(r"\s", "", whole)
    if command[0] == "recordings" and command[1] == "show":
        assert r"\x1b[31m[bold]red[/bold]\u202e\x00\r\n" in squeezed
        assert ":smile:" in squeezed
        assert r"\udcff" in squeezed


@pytest.mark.parametrize(
    "linked_id", ["pbx22-1763892930.1048", "a-pbx-with-a-long-name-1763892930.1048", "x" * 60 + ".0"]
)
def test_an_id_is_never_cut(tmp_path: Path, linked_id: str) -> None:
    world = World(tmp_path)
    world.save(*card_call(linked_id))
    for command in (("calls",), ("recordings", "search")):
        lines = world.run(*command, columns=80).stdout.splitlines()
        assert max(map(len, lines)) <= 80
        column = lines[1].index("Call" if command == ("calls",) else "Recording")
        found = "".join(line[column:].strip() for line in lines[3:])
        assert found.startswith(linked_id)


def test_a_name_of_10_kilobytes_does_not_fill_the_screen(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.save(*card_call(name="x" * 10_000))
    for command in (("calls",), ("recordings", "search"), ("recordings", "show", "1763806530.0")):
        assert len(world.run(*command).stdout) < 4000
    assert len(json.loads(world.run("calls", "--json").stdout)["calls"][0]["caller"]["name"]) == 10_000


def test_json_is_plain_ascii_and_keeps_the_name_as_given(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.save(*card_call(name=HOSTILE))
    result = world.run("calls", "--json")
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout
    assert json.loads(result.stdout)["calls"][0]["caller"]["name"] == HOSTILE


def test_a_number_that_means_too_many_is_refused_with_what_to_do(tmp_path: Path) -> None:
    world = World(tmp_path)
    facts = [card_call(f"17000{n:05}.0") for n in range(301)]
    for n, call in enumerate(facts):
        object.__setattr__(call[0], "caller_number", f"0208{n:03}12345")
    world.save(*(call[0] for call in facts))
    result = world.run("calls", "12345")
    assert result.exit_code == 1
    assert "Give more digits" in result.stderr


def test_without_a_catalogue_the_daemon_is_named(tmp_path: Path) -> None:
    result = World(tmp_path).run("calls")
    assert result.exit_code == 2
    assert "There is no catalogue" in result.stderr


def test_a_catalogue_that_is_no_database_is_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.catalogue.write_text("rubbish " * 1000)
    result = world.run("calls")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


def test_reading_does_not_open_the_catalogue_to_others(world: World) -> None:
    world.run("calls")
    assert stat.S_IMODE(world.catalogue.stat().st_mode) == 0o600
