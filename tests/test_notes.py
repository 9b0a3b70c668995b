"""The dialplan's notes: read from AstDB, become facts once, and hold nothing but data."""

import os
import struct
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from callwarden.asterisk.notes import parse
from callwarden.core import recorder as rec
from callwarden.core.facts import (
    Call,
    Channel,
    Direction,
    Note,
    PlayedBy,
    Recording,
    RecordingState,
    Role,
    Segment,
    SegmentState,
    Suspension,
    Told,
)
from callwarden.core.ledger import account
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue
from callwarden.storage.noted import Unseen, take_in
from callwarden.storage.reading import ledger_rows, story
from storage_world import tone, write_wav

UID = "pbx-100.7"
UNSEEN = Unseen(since=190.0)
ROWS = {
    "at": "100.250",
    "call": UID,
    "channel": "PJSIP/trunk-00000001",
    "way": "inbound",
    "number": "07700900123",
    "name": "%22Ann%22%20%0D%0AEvent%3A%20Hangup",
    "dialled": "02079460001",
    "file-100.250": f"{UID}-dialplan100.wav",
    "file-130.000": f"{UID}-dialplan130.wav",
    "told-100.300": "callwarden/en_GB/inbound",
    "heard-100.300": "106.500",
    "silent-110.000": "card line",
    "loud-110.000": "129.900",
}


def keys(rows: dict[str, str], unique_id: str = UID) -> dict[str, str]:
    return {f"/callwarden/{unique_id}/{key}": value for key, value in rows.items()}


def sha256(prompt: str, language: str) -> str:
    return f"hash of {language}/{prompt}"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    catalogue = open_catalogue(tmp_path / "catalogue.sqlite")
    yield catalogue
    catalogue.close()


def note(**changes: str) -> Note:
    [only] = parse(keys({**ROWS, **changes}))
    return only


def test_a_channel_s_keys_are_one_note() -> None:
    found = note()
    assert (found.unique_id, found.linked_id, found.way, found.number) == (UID, UID, "inbound", "07700900123")
    assert found.name == '"Ann" \r\nEvent: Hangup'
    assert found.files == ((100.25, f"{UID}-dialplan100.wav"), (130.0, f"{UID}-dialplan130.wav"))
    assert found.told == (Told(prompt="inbound", language="en_GB", started=100.3, finished=106.5),)
    assert found.silent == ((110.0, 129.9),)


def test_notes_come_in_the_order_of_time() -> None:
    rows = {**keys({**ROWS, "at": "300"}, "late"), **keys({**ROWS, "at": "200"}, "early")}
    assert [one.unique_id for one in parse(rows)] == ["early", "late"]


@pytest.mark.parametrize(
    "broken", [{"at": "yesterday"}, {"file-soon": "x.wav"}, {"told-100.3": "inbound", "heard-100.3": "?"}]
)
def test_what_cannot_be_understood_is_left_alone_and_stops_nothing(
    broken: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    rows = {**keys({**ROWS, **broken}), **keys(ROWS, "good"), "/callwarden/lonely": "1", "/other/x/y": "2", "": ""}
    assert [one.unique_id for one in parse(rows)] == ["good"]
    assert UID in caplog.text


def test_a_note_without_its_channel_is_left_alone() -> None:
    assert parse(keys({"told-100.3": "callwarden/en/inbound"})) == []


def test_a_call_that_nobody_saw_is_catalogued_with_every_second(db: Database, tmp_path: Path) -> None:
    [remembered] = take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN)
    assert remembered.channel.role is Role.OUTSIDE
    assert remembered.recording is not None
    assert [one.state for one in remembered.segments] == [SegmentState.STOPPED, SegmentState.RECORDING]
    known = story(db, UID)
    assert known is not None
    call = known.call.call
    assert (call.direction, call.caller_number, call.called_number) == (
        Direction.INBOUND, "07700900123", "02079460001",
    )  # fmt: skip
    [told] = known.announcements
    assert (told.played_by, told.complete, told.sha256) == (PlayedBy.DIALPLAN, True, "hash of en_GB/inbound")
    rows = ledger_rows(db, UID)
    assert rows is not None
    spans = account(100.25, 150.0, segments=rows.segments, suspensions=rows.suspensions)
    assert [(span.why or str(span.kind), round(span.seconds, 2)) for span in spans] == [
        ("recorded", 9.75), ("card line", 19.9), ("unexplained", 0.1), ("recorded", 20.0),
    ]  # fmt: skip


def test_taken_in_again_it_changes_nothing(db: Database, tmp_path: Path) -> None:
    first = take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN)
    before = everything(db)
    assert take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN) == first
    assert everything(db) == before


def everything(db: Database) -> list[object]:
    tables = ("calls", "channels", "recordings", "segments", "suspensions", "announcements")
    return [row for table in tables for row in db.conn.execute(f"SELECT * FROM {table}").fetchall()]


def test_a_finished_recording_is_not_opened_again(db: Database, tmp_path: Path) -> None:
    take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN)
    with db.conn:
        db.conn.execute("UPDATE recordings SET state = 'stored'")
        db.conn.execute("UPDATE channels SET ended = 150")
    assert take_in(db, note(**{"file-140.0": "late.wav"}), tmp_path, sha256, 300.0, UNSEEN) == []
    (state,) = db.conn.execute("SELECT state FROM recordings").fetchone()
    assert state == RecordingState.STORED


def test_an_announcement_that_was_not_heard_to_the_end_says_so(db: Database, tmp_path: Path) -> None:
    [only] = parse(keys({key: value for key, value in ROWS.items() if not key.startswith("heard")}))
    take_in(db, only, tmp_path, sha256, 200.0, UNSEEN)
    known = story(db, UID)
    assert known is not None
    assert [(one.complete, one.reason) for one in known.announcements] == [(False, "not heard to the end")]


def test_an_announcement_whose_note_was_read_too_early_was_heard_to_the_end_all_the_same(
    db: Database, tmp_path: Path
) -> None:
    """The daemon came back in its middle. Found by a soak."""
    [early] = parse(keys({key: value for key, value in ROWS.items() if not key.startswith("heard")}))
    take_in(db, early, tmp_path, sha256, 200.0, UNSEEN)
    for _ in range(2):
        take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN)
    known = story(db, UID)
    assert known is not None
    assert [(one.number, one.complete, one.finished) for one in known.announcements] == [(1, True, 106.5)]


def test_only_what_the_dialplan_told_is_new_of_a_channel_that_the_daemon_saw(db: Database, tmp_path: Path) -> None:
    take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN)
    with db.conn:
        db.conn.execute("UPDATE recordings SET state = 'stored'")
        db.conn.execute("UPDATE channels SET ended = 150")
    later = note(**{"told-140.0": "callwarden/en/inbound", "heard-140.0": "146.0"})
    assert take_in(db, later, tmp_path, sha256, 200.0, UNSEEN) == []
    known = story(db, UID)
    assert known is not None
    assert [one.number for one in known.announcements] == [1, 2]


def test_a_phone_s_call_was_answered_where_its_file_begins_to_sound(db: Database, tmp_path: Path) -> None:
    silent = parse(keys({**ROWS, "way": "outbound"}, "silent"))[0]
    assert take_in(db, silent, tmp_path, sha256, 200.0, UNSEEN)[0].channel.answered is None
    file = tmp_path / f"{UID}-dialplan100.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(struct.pack("<h", 0) * 8000)
    os.utime(file, (120, 120))
    found = take_in(db, note(way="outbound"), tmp_path, sha256, 200.0, UNSEEN)[0].channel
    assert (found.role, found.answered) == (Role.PHONE, 119.0)


def test_a_silence_that_a_killed_daemon_had_asked_for_is_proven_by_the_dialplan(db: Database, tmp_path: Path) -> None:
    asked = Suspension(unique_id=UID, number=1, why="card line", by="PJSIP/202", asked=109.9)
    save_all(db, [asked])
    for _ in range(2):
        take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN)
        rows = ledger_rows(db, UID)
        assert rows is not None
        assert rows.suspensions == (
            replace(asked, confirmed=110.0, how="the dialplan saw the recorder gone", ended=129.9),
        )


def test_a_silence_that_a_killed_daemon_had_proven_ends_when_the_dialplan_records_again(
    db: Database, tmp_path: Path
) -> None:
    """Found by a soak: the rest of the call was taken for a card payment, and destroyed."""
    by_daemon = {key: value for key, value in ROWS.items() if not key.startswith(("silent", "loud"))}
    proven = Suspension(unique_id=UID, number=1, why="card line", by="PJSIP/202", asked=109.9, confirmed=110.0, how="x")
    save_all(db, [proven])
    [only] = parse(keys(by_daemon))
    for _ in range(2):
        take_in(db, only, tmp_path, sha256, 200.0, UNSEEN)
        rows = ledger_rows(db, UID)
        assert rows is not None
        assert rows.suspensions == (replace(proven, ended=130.0),)


def test_a_call_of_which_only_the_rung_desk_was_seen_is_its_callers(db: Database, tmp_path: Path) -> None:
    """The daemon came back while the desk rang, and the caller hung up before it could look. Found by a soak."""
    save_all(db, [Call(linked_id=UID, direction=Direction.INTERNAL, started=101.2, ended=101.3, caller_number="202")])
    take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN)
    known = story(db, UID)
    assert known is not None
    row = known.call.call
    assert (row.direction, row.caller_number, row.trunk) == (Direction.INBOUND, "07700900123", "PJSIP/trunk")
    assert (row.started, row.answered, row.ended) == (100.25, 100.25, 101.3)


PHONE = "pbx-100.9"
RUNG = {
    "at": "102.000",
    "call": UID,
    "channel": "PJSIP/202-00000002",
    "way": "rung",
    "number": "202",
    "name": "Reception",
    "answered": "103.250000",
    "ended": "130.500",
}


def rung(**changes: str) -> Note:
    [only] = parse(keys({**RUNG, **changes}, PHONE))
    return only


@pytest.mark.parametrize(("since", "cause"), [(131.0, rec.NOT_RUNNING), (90.0, rec.OUT_OF_SIGHT)])
def test_a_phone_that_nobody_saw_is_missing_with_its_cause(
    db: Database, tmp_path: Path, since: float, cause: str
) -> None:
    for _ in range(2):
        take_in(db, note(), tmp_path, sha256, 200.0, UNSEEN)
        assert take_in(db, rung(), tmp_path, sha256, 200.0, Unseen(since)) == []
    rows = ledger_rows(db, PHONE)
    assert rows is not None
    channel = rows.channel
    assert (channel.role, channel.endpoint, channel.number) == (Role.PHONE, "PJSIP/202", "202")
    assert (channel.started, channel.answered, channel.ended) == (102.0, 103.25, 130.5)
    [span] = account(103.25, 130.5, gaps=rows.gaps)
    assert span.why == cause
    assert len(everything(db)) == len(set(map(str, everything(db))))


def test_a_phone_whose_answer_asterisk_does_not_tell_counts_from_its_ringing(db: Database, tmp_path: Path) -> None:
    [only] = parse(keys({key: value for key, value in RUNG.items() if key != "answered"}, PHONE))
    take_in(db, only, tmp_path, sha256, 200.0, UNSEEN)
    rows = ledger_rows(db, PHONE)
    assert rows is not None
    assert [(gap.started, gap.ended) for gap in rows.gaps] == [(102.0, 130.5)]


def test_a_phone_that_was_not_to_be_recorded_is_exempt_by_its_rule(db: Database, tmp_path: Path) -> None:
    take_in(db, rung(), tmp_path, sha256, 200.0, Unseen(190.0, "exempt endpoint"))
    rows = ledger_rows(db, PHONE)
    assert rows is not None
    assert (rows.channel.exempt, rows.gaps) == ("exempt endpoint", ())


def test_a_phone_of_a_call_that_nobody_else_tells_of_has_one_all_the_same(db: Database, tmp_path: Path) -> None:
    take_in(db, rung(), tmp_path, sha256, 200.0, UNSEEN)
    known = story(db, UID)
    assert known is not None
    assert (known.call.call.direction, known.call.call.ended) == (Direction.UNKNOWN, 130.5)


def test_a_phone_that_the_dialplan_recorded_in_the_end_is_finished_like_a_caller(db: Database, tmp_path: Path) -> None:
    only = rung(**{"file-120.000": f"{PHONE}-dialplan120.wav"})
    [remembered] = take_in(db, only, tmp_path, sha256, 200.0, UNSEEN)
    assert (remembered.channel.answered, remembered.channel.ended, remembered.gaps) == (103.25, 130.5, ())
    assert [one.file for one in remembered.segments] == [f"{PHONE}-dialplan120.wav"]


def test_a_phone_that_the_daemon_knew_changes_nothing(db: Database, tmp_path: Path) -> None:
    seen = Channel(
        unique_id=PHONE, linked_id=UID, name="PJSIP/202-00000002", endpoint="PJSIP/202", role=Role.PHONE,
        started=102.1, answered=103.3, ended=130.4,
    )  # fmt: skip
    call = Call(linked_id=UID, direction=Direction.INBOUND, started=100.0, answered=103.3, ended=130.4)
    save_all(db, [call, seen])
    before = everything(db)
    assert take_in(db, rung(), tmp_path, sha256, 200.0, UNSEEN) == []
    assert everything(db) == before


@pytest.mark.parametrize("told", [(135.0, 135.0, 135.0), (135.0, None, 135.0), (102.3, 135.0, 135.02)])
def test_a_phone_whose_answer_and_end_were_told_in_one_moment_has_the_notes_times(
    db: Database, tmp_path: Path, told: tuple[float, float | None, float]
) -> None:
    """A link that had stalled. Found by a soak: a phone that talked was in the catalogue with no length."""
    call = Call(linked_id=UID, direction=Direction.INBOUND, started=100.0, answered=100.0, ended=140.0)
    started, answered, ended = told
    late = Channel(
        unique_id=PHONE, linked_id=UID, name="PJSIP/202-00000002", endpoint="PJSIP/202", role=Role.PHONE,
        started=started, answered=answered, ended=ended,
    )  # fmt: skip
    save_all(db, [call, late])
    for _ in range(2):
        take_in(db, rung(), tmp_path, sha256, 200.0, UNSEEN)
        rows = ledger_rows(db, PHONE)
        assert rows is not None
        assert (rows.channel.started, rows.channel.answered, rows.channel.ended) == (102.0, 103.25, 130.5)
        [span] = account(103.25, 130.5, gaps=rows.gaps)
        assert span.why == rec.NOT_RUNNING


def test_the_end_of_a_channel_whose_daemon_had_died_is_the_note_s(db: Database, tmp_path: Path) -> None:
    """Where it left no file that could tell, its call would last until the daemon was back."""
    take_in(db, note(ended="140.125"), tmp_path, sha256, 900.0, UNSEEN)
    rows = ledger_rows(db, UID)
    assert rows is not None
    assert rows.channel.ended == 140.125


def test_a_channel_that_the_daemon_was_recording_when_it_died_is_finished_from_its_files(
    db: Database, tmp_path: Path
) -> None:
    """Its answer is in the file, not in the note. Found by a soak: taken for unanswered, its recording was let go."""
    call = Call(linked_id=UID, direction=Direction.OUTBOUND, started=100.0)
    known = Channel(
        unique_id=PHONE, linked_id=UID, name="PJSIP/trunk-00000002", endpoint="PJSIP/trunk", role=Role.OUTSIDE,
        started=102.0,
    )  # fmt: skip
    begun = Recording(unique_id=PHONE, linked_id=UID, state=RecordingState.RECORDING, wanted=102.0)
    segment = Segment(
        file=f"{PHONE}-102000.wav", unique_id=PHONE, number=1, state=SegmentState.RECORDING, asked=102.0, started=102.1
    )
    save_all(db, [call, known, begun, segment])
    write_wav(tmp_path / segment.file, tone(440, 2))
    reached = rung(way="reached", channel=known.name)
    [remembered] = take_in(db, reached, tmp_path, sha256, 200.0, UNSEEN)
    assert (remembered.channel.answered, remembered.channel.ended) == (None, None)
    assert remembered.sounded is not None
    assert remembered.recording == begun


@pytest.mark.parametrize("heard", [True, False])
def test_an_answer_that_only_the_dialplan_saw_was_when_the_card_line_was_let_ring(
    db: Database, tmp_path: Path, heard: bool
) -> None:
    """It was silent for the card line all the time. Found by a soak: taken for unanswered."""
    call = Call(linked_id=UID, direction=Direction.INTERNAL, started=100.0)
    seen = Channel(
        unique_id=UID, linked_id=UID, name="PJSIP/203-00000001", endpoint="PJSIP/203", role=Role.PHONE, started=100.0
    )
    begun = Recording(unique_id=UID, linked_id=UID, state=RecordingState.SUSPENDED, wanted=100.0)
    silent = Suspension(unique_id=UID, number=1, why="card line", by="PJSIP/203", asked=100.1, confirmed=100.1, how="x")
    save_all(db, [call, seen, begun, silent])
    file = f"{UID}-dialplan104.wav"
    write_wav(tmp_path / file, tone(440, 2 if heard else 0))
    rows = {"at": "104.0", "call": UID, "channel": seen.name, "way": "", "file-104.0": file, "answered": "101.2"}
    [left] = parse(keys({**rows, "ended": "104.1"}))
    [remembered] = take_in(db, left, tmp_path, sha256, 200.0, UNSEEN)
    known = story(db, UID)
    assert known is not None
    answered = None if heard else 100.1
    assert (remembered.channel.answered, known.call.call.answered) == (answered, answered)
    assert (remembered.sounded is not None) == heard


@pytest.mark.parametrize("loud", [True, False])
def test_a_card_time_of_which_a_stalled_link_told_nothing_is_in_the_ledger_of_what_is_stored(
    db: Database, tmp_path: Path, loud: bool
) -> None:
    """The daemon heard of the channel after that, and had it in the vault before it read the note. Found by a soak."""
    call = Call(linked_id=UID, direction=Direction.INBOUND, started=100.0, answered=100.0, ended=140.0)
    seen = Channel(
        unique_id=UID, linked_id=UID, name="PJSIP/trunk-00000001", endpoint="PJSIP/trunk", role=Role.OUTSIDE,
        started=100.0, answered=100.0, ended=140.0,
    )  # fmt: skip
    stored = Recording(unique_id=UID, linked_id=UID, state=RecordingState.STORED, wanted=100.0)
    later = Suspension(
        unique_id=UID, number=1, why="card line", by="", asked=132.0, confirmed=132.0, how="x", ended=133.0
    )
    save_all(db, [call, seen, stored, later])
    told = note() if loud else parse(keys({key: value for key, value in ROWS.items() if key != "loud-110.000"}))[0]
    for _ in range(2):
        assert take_in(db, told, tmp_path, sha256, 200.0, UNSEEN) == []
        rows = ledger_rows(db, UID)
        assert rows is not None
        assert [(one.number, one.asked, one.ended) for one in rows.suspensions] == [
            (1, 132.0, 133.0), (2, 110.0, 129.9 if loud else 140.0)
        ]  # fmt: skip
    (state,) = db.conn.execute("SELECT state FROM recordings").fetchone()
    assert state == RecordingState.STORED
