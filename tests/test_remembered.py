"""What the catalogue remembers for a daemon that starts."""

from pathlib import Path

from callwarden.core.facts import Direction, RecordingState
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue
from callwarden.storage.remembered import OPEN_CALLS, OVER, known_trunks, remembered, remembered_of
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


def test_one_channel_is_remembered_without_a_look_at_the_others(tmp_path: Path) -> None:
    """After an hour without the daemon there is a note for each of a hundred calls: each looked at all of them."""
    db = open_catalogue(tmp_path / "catalogue.sqlite")
    for uid in ("1.1", "1.2"):
        save_all(db, [call(uid), channel(uid, uid), recording(uid, uid, state=RecordingState.RECORDING)])
        save_all(db, [channel(f"{uid}5", uid), recording(f"{uid}5", uid, state=RecordingState.RECORDING)])
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    found = remembered_of(db, ["1.1", "9.9"], AT + 10, tmp_path)
    db.conn.set_trace_callback(None)
    assert found == [one for one in remembered(db, AT + 10, tmp_path) if one.channel.unique_id == "1.1"] != []
    assert "1.2" not in " ".join(asked)
    assert OPEN_CALLS not in asked
    db.close()
