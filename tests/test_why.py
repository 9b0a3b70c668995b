"""`callwarden why`: whatever became of a recording, there is a sentence that says so, and none gives a number away."""

import json
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from callwarden.core.facts import Call, Channel, Direction, Fact, Recording, RecordingState, Role
from callwarden.core.retention import Rule
from callwarden.storage.database import open_catalogue, transaction
from callwarden.storage.forgetting import forget
from callwarden.storage.purge import purge
from callwarden.storage.vault import Vault
from cli_world import HOSTILE, STARTED, World, card_call

LINKED = "1763806530.0"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.save(*card_call())
    return made


def told(world: World, identity: str = LINKED, columns: int = 200) -> str:
    result = world.run("why", identity, columns=columns)
    assert result.exit_code == 0
    return " ".join(result.stdout.split())


def test_the_story_is_told_in_the_order_of_time(world: World) -> None:
    story = json.loads(world.run("why", LINKED, "--json").stdout)["story"]
    assert [one["at"] for one in story] == sorted(one["at"] for one in story)
    assert story[0]["text"] == "An inbound call from ***123 to ***001 began through PJSIP/trunk."
    assert "The call was over, 1 min 41 s after it began." in [one["text"] for one in story]


def test_every_second_is_told_with_who_and_how(world: World) -> None:
    said = told(world)
    assert '(PJSIP/trunk) was told "inbound" (en) by Callwarden and heard it to the end, 6.0 s.' in said
    assert (
        "was not recorded on purpose for 30.0 s: card line, by PJSIP/202; that every recorder had stopped was proven "
        "0 ms after it was asked for (no recorder is left)."
    ) in said
    assert "Our phone (PJSIP/202) was NOT recorded, against the policy, for 32.0 s: disk full." in said


def test_no_number_is_told(world: World) -> None:
    for result in (world.run("why", LINKED), world.run("why", LINKED, "--json")):
        assert "07700900123" not in result.stdout
        assert "Jane" not in result.stdout


def test_a_recordings_id_names_its_call(world: World) -> None:
    assert told(world, "1763806530.1") == told(world)
    result = world.run("why", "nonsense")
    assert (result.exit_code, result.stdout) == (1, "")


def test_a_call_of_which_no_channel_is_known(world: World) -> None:
    world.save(Call(linked_id="8.0", direction=Direction.UNKNOWN, started=STARTED))
    assert "Call 8.0" in told(world, "8.0")


def test_a_call_that_nobody_answered(world: World) -> None:
    at = STARTED
    world.save(
        Call(linked_id="9.0", direction=Direction.INBOUND, started=at, ended=at + 9, caller_number="07700900123"),
        Channel(
            unique_id="9.0", linked_id="9.0", name="PJSIP/trunk-9", endpoint="PJSIP/trunk", role=Role.OUTSIDE,
            started=at, ended=at + 9,
        ),
        Recording(unique_id="9.0", linked_id="9.0", state=RecordingState.DISCARDED, wanted=at),
    )  # fmt: skip
    said = told(world, "9.0")
    assert "Nobody has answered this call, so there is nothing that could have been recorded." in said
    assert "was never connected: it stopped ringing" in said


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RecordingState.MISSING, "its recording is LOST: none of its files"),
        (RecordingState.DISCARDED, "no recording was kept: nothing was to be kept"),
        (RecordingState.CLOSED, "has ended, and waits to be stored"),
        (RecordingState.RECORDING, "is being recorded"),
    ],
)
def test_what_became_of_a_recording_has_its_words(world: World, state: RecordingState, words: str) -> None:
    world.save(Recording(unique_id=LINKED, linked_id=LINKED, state=state, wanted=STARTED))
    assert words in told(world)


def replaced(facts: Iterable[Fact], **changes: str) -> list[Fact]:
    return [fact for fact in facts if type(fact).__name__ not in changes]


def test_every_state_there_is_can_be_told(world: World) -> None:
    for state in RecordingState:
        world.save(Recording(unique_id=LINKED, linked_id=LINKED, state=state, wanted=STARTED))
        assert "There " in told(world)


def test_nothing_announced_is_said_with_the_reason(world: World) -> None:
    (world.folder / "other").mkdir()
    other = World(world.folder / "other")
    other.save(*replaced(card_call(), Announcement=""))
    assert "Nothing was announced to the outside party (PJSIP/trunk): no announcement to it is on" in told(other)
    other.configure('[announce]\ninbound = "off"\n')
    assert "announcements of inbound calls are off in the configuration (announce.inbound)" in told(other)


def test_what_was_deleted_is_told_with_the_rule_and_when(world: World) -> None:
    db = open_catalogue(world.catalogue)
    with transaction(db) as connection:
        connection.execute("UPDATE recordings SET state = 'stored', path = '2025/11/22/' || unique_id")
    rule = Rule("6 months", lambda at: at + 1)
    report = purge(lambda work: work(db), Vault(world.folder / "vault"), rule, time.time())
    assert report.purged == 2
    forget(db, [LINKED], time.time())
    db.close()
    said = told(world)
    assert "There is no recording of this call in the vault" in said
    assert "The outside party: its recording was deleted (the file was gone already), because its time was over" in said
    assert "6 months after the end of the call on 2025-11-22" in said
    assert "between people whose numbers are forgotten by now" in said


def test_findings_and_alarms_about_the_call_are_part_of_its_story(world: World) -> None:
    db = open_catalogue(world.catalogue)
    with transaction(db) as connection:
        connection.execute(
            "INSERT INTO findings (source, kind, subject, linked_id, text, at, found, seen, resolved) "
            "VALUES ('card time', 'card-audio-cut', ?, ?, 'two seconds were cut out.', 1, 2, 2, 3)",
            [LINKED, LINKED],
        )
        connection.execute(
            "INSERT INTO alarms (kind, about, text, first, last, count, lasting) VALUES ('stop-unproven', ?, "
            "'a recorder could not be proven stopped', 5, 5, 1, 0)",
            [LINKED],
        )
    db.close()
    said = told(world)
    assert "Finding (card-audio-cut): two seconds were cut out. It is over by now." in said
    assert "Alarm (stop-unproven): a recorder could not be proven stopped." in said


def test_a_hostile_name_does_nothing_to_the_terminal_and_fits_80_columns(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.save(*card_call(name=HOSTILE))
    db = open_catalogue(world.catalogue)
    with transaction(db) as connection:
        connection.execute("UPDATE gaps SET cause = ?", ["\x1b[31m" + "x" * 9000])
    db.close()
    result = world.run("why", LINKED)
    assert "\x1b" not in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
