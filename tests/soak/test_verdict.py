"""The soak finds what it claims is not there: each kind of loss, of a leak, of an unexplained second."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from callwarden.core.facts import Direction
from callwarden.core.ledger import UNEXPLAINED
from callwarden.core.spans import Kind, Span
from callwarden.storage.reading import FoundRecording, StoredFile
from soak.accounts import Account
from soak.evidence import Evidence, Witnessed
from soak.faults import Fault
from soak.leaks import Leak
from soak.tones_of import tone_of
from soak.verdict import Finding, findings
from storage_world import AT, call, channel, recording, tone, write_wav

CALLER, DESK = "07700000003", "3020"
CALL = "pbx22-1780000000.7"
CALLER_TONE = tone_of(CALLER) or 0
SECONDS = 10.0


def witnessed(unique_id: str = CALL, name: str = "PJSIP/trunk-1", number: str = CALLER, **more: object) -> Witnessed:
    times = {"created": AT, "answered": AT, "ended": AT + SECONDS} | more
    return Witnessed(unique_id, name, number=number, linked_id=CALL, bridged=True, **times)  # type: ignore[arg-type]


def account(file: Path | None, *spans: Span) -> Account:
    its_channel = channel(unique_id=CALL, linked_id=CALL, answered=AT, ended=AT + SECONDS)
    its_call = call(linked_id=CALL, direction=Direction.INBOUND, caller_number=CALLER, answered=AT)
    found = None
    if file is not None:
        data = file.read_bytes() if file.is_file() else b""
        stored = StoredFile(file.name, "wav", hashlib.sha256(data).hexdigest(), len(data), SECONDS, AT, None)
        found = FoundRecording(recording(unique_id=CALL), its_call, its_channel, stored, "")
    return Account(its_channel, its_call, spans or (Span(AT, AT + SECONDS, Kind.RECORDED),), found, file, 1)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "a.wav", tone(CALLER_TONE, SECONDS))


def found(account: Account | None, *faults: Fault, channel: Witnessed | None = None) -> list[Finding]:
    accounts = {} if account is None else {CALL: account}
    seen = channel or witnessed()
    return findings({seen.unique_id: seen}, accounts, faults, [])


def fault(kind: str, began: float, ended: float) -> Fault:
    return Fault(kind, AT + began, AT + ended, recovered=AT + ended)


def test_a_call_that_was_recorded_and_is_in_its_file_is_no_finding(sound: Path) -> None:
    assert found(account(sound)) == []


def test_a_file_without_the_party_s_tone_is_a_loss(tmp_path: Path) -> None:
    other = write_wav(tmp_path / "a.wav", tone(CALLER_TONE + 80, SECONDS))
    [one] = found(account(other))
    assert one.sort == "lost"
    assert f"0.0 s of its {CALLER_TONE} Hz" in one.what


def test_a_file_that_is_gone_or_another_is_a_loss(sound: Path) -> None:
    known = account(sound)
    sound.write_bytes(sound.read_bytes() + b"\0\0")
    assert ["is not what was stored" in one.what for one in found(known)] == [True]
    sound.unlink()
    assert {one.sort for one in found(known)} == {"lost"}


def test_a_channel_that_is_not_in_the_catalogue_is_a_loss_whatever_went_on() -> None:
    assert [one.sort for one in found(None)] == ["lost"]
    assert [one.sort for one in found(None, fault("daemon killed", -1, 20))] == ["lost"]


def test_whom_a_caller_reached_while_the_daemon_was_away_has_left_a_note_unless_it_died_with_asterisk(
    sound: Path,
) -> None:
    away = fault("daemon killed", -2, 12)

    def judged(*faults: Fault, **desk: object) -> list[str]:
        reached = witnessed("pbx22-1780000000.8", f"PJSIP/{DESK}-2", DESK, dialled=True, **desk)
        both = {CALL: witnessed(), reached.unique_id: reached}
        return [one.sort for one in findings(both, {CALL: account(sound)}, faults, [])]

    assert judged(away) == ["lost"]
    assert judged(away, killed=True) == []
    assert judged(killed=True) == ["lost"]


@pytest.mark.parametrize(
    ("seconds", "killed", "blind", "excused"),
    [(1.8, True, True, True), (3.0, True, True, False), (1.8, False, True, False), (1.8, True, False, False)],
)
def test_an_answer_that_nobody_could_see_may_die_with_asterisk_before_anything_is_written(
    seconds: float, killed: bool, blind: bool, excused: bool
) -> None:
    known = account(None)
    known = replace(
        known, channel=replace(known.channel, answered=None),
        call=replace(known.call, answered=None, direction=Direction.INTERNAL, caller_number=DESK),
    )  # fmt: skip
    caller = witnessed(CALL, f"PJSIP/{DESK}-2", DESK, ended=AT + seconds, killed=killed)
    away = [fault("AMI refused", -3, 1), fault("Asterisk killed", seconds, seconds + 1)] if blind else []
    assert (found(known, *away, channel=caller) == []) is excused


def test_a_gap_needs_a_fault_that_explains_it(sound: Path) -> None:
    gap = Span(AT + 4, AT + 6, Kind.GAP, "Callwarden was not running")
    known = account(sound, Span(AT, AT + 4, Kind.RECORDED), gap, Span(AT + 6, AT + SECONDS, Kind.RECORDED))
    assert [one.sort for one in found(known)] == ["lost"]
    assert found(known, fault("daemon killed", 4.2, 5.5)) == []


def test_an_unexplained_second_is_found(sound: Path) -> None:
    hole = Span(AT + 9, AT + SECONDS, Kind.GAP, UNEXPLAINED)
    [one] = found(account(sound, Span(AT, AT + 9, Kind.RECORDED), hole))
    assert (one.sort, one.seconds) == ("unexplained", 1.0)


@pytest.mark.parametrize(
    ("wrong", "sort"),
    [
        ({"answered": None}, "lost"), ({"answered": AT + 5}, "unexplained"), ({"ended": AT + 5}, "unexplained"),
        ({"ended": AT + 15}, "unexplained"), ({"ended": None}, "unexplained"),
    ],
)  # fmt: skip
def test_a_ledger_that_is_too_short_or_too_long_is_found(
    sound: Path, wrong: dict[str, float | None], sort: str
) -> None:
    known = account(sound)
    known = replace(known, channel=replace(known.channel, **wrong))  # type: ignore[arg-type]
    assert [one.sort for one in found(known)] == [sort]


def test_a_call_that_is_catalogued_as_another_s_is_found(sound: Path) -> None:
    known = account(sound)
    known = replace(known, call=replace(known.call, direction=Direction.INTERNAL, caller_number=DESK))
    assert [one.sort for one in found(known)] == ["other"]


def test_a_leak_is_a_finding(tmp_path: Path) -> None:
    [one] = findings({}, {}, [], [Leak(tmp_path / "a.wav", 1700, ((1.0, 2.0),))])
    assert (one.sort, one.files) == ("leaked", (str(tmp_path / "a.wav"),))


def test_the_card_line_and_unanswered_channels_need_no_recording() -> None:
    assert found(None, channel=witnessed(name="PJSIP/700-1", number="700")) == []
    assert found(None, channel=witnessed(answered=None)) == []


def test_forged_events_make_no_evidence() -> None:
    evidence = Evidence()
    real = {"Event": "Newchannel", "Timestamp": "1.5", "Channel": "PJSIP/trunk-1", "CallerIDNum": CALLER}
    evidence.take(real | {"Uniqueid": CALL, "Linkedid": CALL})
    evidence.take(real | {"Uniqueid": "x"})
    evidence.take({"Event": "Newstate", "Timestamp": "2.5", "Uniqueid": CALL, "ChannelState": "6"})
    evidence.take({"Event": "Hangup", "Timestamp": "4.0", "Uniqueid": CALL})
    [channel] = evidence.channels.values()
    assert (channel.unique_id, channel.seconds, channel.tone) == (CALL, 1.5, CALLER_TONE)
