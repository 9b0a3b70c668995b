"""What the catalogue remembers for a daemon that starts."""

from pathlib import Path

from callwarden.core.facts import Direction, RecordingState
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue
from callwarden.storage.remembered import OPEN_CALLS, OVER, known_trunks, remembered
from storage_world import AT, call, channel, recording


def test_the_endpoints_that_calls_came_in_through_are_trunks(tmp_path: Path) -> None:
    db = open_catalogue(tmp_path / "catalogue.sqlite")
    came_in = [call("1.1", trunk="PJSIP/provider"), call("1.2", trunk="PJSIP/provider"), call("1.3", trunk="SIP/old")]
    others = [call("1.4"), call("1.5", direction=Direction.OUTBOUND, trunk="PJSIP/202")]
    save_all(db, [*came_in, *others])
    assert known_trunks(db, AT).endpoints == {"PJSIP/provider", "SIP/old"}
    db.close()


def test_calls_under_way_are_found_without_a_look_at_every_call_there_was(tmp_path: Path) -> None:
    """A start with a million recordings looked through all of them for half a second."""
    db = open_catalogue(tmp_path / "catalogue.sqlite")
    plan = [row[3] for row in db.conn.execute("EXPLAIN QUERY PLAN " + OPEN_CALLS)]
    assert [step for step in plan if "SCAN" in step] == [
        "SCAN channels USING INDEX channels_open",
        "SCAN recordings USING INDEX recordings_open",
    ]
    db.close()


def test_a_start_is_told_of_what_has_not_ended_or_is_not_finished(tmp_path: Path) -> None:
    db = open_catalogue(tmp_path / "catalogue.sqlite")
    save_all(db, [call("1.1"), channel("1.1", "1.1"), recording("1.1", "1.1", state=RecordingState.RECORDING)])
    for n, state in enumerate(RecordingState, start=2):
        uid = f"1.{n}"
        save_all(db, [call(uid), channel(uid, uid, ended=AT + 9), recording(uid, uid, state=state)])
    found = remembered(db, AT + 10, tmp_path)
    assert {one.recording.state for one in found if one.recording} == set(RecordingState) - set(OVER)
    assert [one.channel.unique_id for one in found if one.channel.ended is None] == ["1.1"]
    db.close()
