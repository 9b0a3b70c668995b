"""One channel's recording, signal by signal: books, names of files, and what an illegal signal leaves behind."""

from copy import deepcopy

import pytest

from callwarden.core import actions as do
from callwarden.core import noted, orders
from callwarden.core import recorder as rec
from callwarden.core.facts import Gap, RecordingState, Segment, SegmentState
from callwarden.core.orders import tell
from callwarden.core.recorder import Recorder, begun, segment_file
from callwarden.core.recording import IllegalSignal, Signal


def new(answered: float | None = 0.0) -> Recorder:
    return Recorder("1795310419.0", "1795310419.0", "PJSIP/trunk-1", 0.0, answered=answered)


def file_of(actions: list[do.Action]) -> str:
    [start] = [action for action in actions if isinstance(action, do.StartRecorder)]
    return start.file


def actions_of(recorder: Recorder, file: str, at: float) -> list[do.Action]:
    return noted.note_started(recorder, file, "0x1", at)


def recording() -> tuple[Recorder, str]:
    recorder = new()
    file = file_of(tell(recorder, Signal.START, 1.0))
    noted.note_started(recorder, file, "0x1", 1.5)
    return recorder, file


@pytest.mark.parametrize("hostile", ["x,c(touch /tmp/x)", "../../etc/passwd", "a b\n", "\x00", "1795.0;1"])
def test_nothing_that_asterisk_could_read_as_an_option_or_a_path_gets_into_a_file_name(hostile: str) -> None:
    name = segment_file(hostile, 1795310419000)
    assert not set(name) & set(",/ ;\n\x00|()")


def test_a_file_name_tells_when_its_recorder_was_started() -> None:
    assert begun("pbx-1.0", segment_file("pbx-1.0", 1795310419123)) == 1795310419.123
    assert begun("pbx-1.0", "pbx-1.0-dialplan1795310419.wav") == 1795310419.0
    assert begun("pbx-1.0", "pbx-1.0-somebody.wav") is None
    assert begun("pbx-1.0", "pbx-2.0-1795310419123.wav") is None


def test_two_segments_never_share_a_file_even_within_a_millisecond() -> None:
    recorder = new()
    names = [file_of(tell(recorder, Signal.START, 1.0))]
    for _ in range(3):
        tell(recorder, Signal.SUSPEND, 1.0)
        names.append(file_of(tell(recorder, Signal.RESUME, 1.0)))
    assert len(set(names)) == 4


def test_an_illegal_signal_changes_nothing() -> None:
    recorder, _ = recording()
    before = deepcopy(recorder)
    with pytest.raises(IllegalSignal):
        tell(recorder, Signal.START, 2.0)
    assert recorder == before


def test_an_overtaken_start_says_nothing_of_the_present() -> None:
    recorder = new()
    first = file_of(tell(recorder, Signal.START, 1.0))
    tell(recorder, Signal.SUSPEND, 1.1)
    second = file_of(tell(recorder, Signal.RESUME, 1.2))
    noted.note_started(recorder, first, "0x1", 1.3)
    states = [recorder.state]
    noted.note_start_failed(recorder, second, "no", 1.4)
    states.append(recorder.state)
    assert states == [RecordingState.STARTING, RecordingState.FAILED]


def test_only_the_answer_was_lost_where_the_file_has_been_seen() -> None:
    recorder = new()
    file = file_of(tell(recorder, Signal.START, 1.0))
    noted.note_hung_up(recorder, 2.0)
    tell(recorder, Signal.HUNG_UP, 2.0)
    noted.note_file_closed(recorder, file, 1000, 2.0)
    assert noted.note_start_failed(recorder, file, "no answer in time", 3.0) == []


def test_the_time_between_the_answer_and_a_slow_start_is_a_gap_with_a_cause() -> None:
    recorder, _ = recording()
    [gap] = recorder.gaps
    assert (gap.started, gap.ended, gap.cause) == (1.0, 1.5, rec.STARTED_LATE)


def test_nothing_is_missing_before_somebody_answers() -> None:
    recorder = new(answered=None)
    file = file_of(tell(recorder, Signal.START, 1.0))
    assert not any(isinstance(one, do.Save) and isinstance(one.fact, Gap) for one in actions_of(recorder, file, 1.5))
    assert noted.note_answered(recorder, 2.0) == []
    [earlier] = noted.note_answered(recorder, 1.2)  # as its file tells later
    assert isinstance(earlier, do.Save)
    assert isinstance(earlier.fact, Gap)
    assert (earlier.fact.started, earlier.fact.ended) == (1.0, 1.5)


def test_an_answer_whose_news_comes_behind_the_recorders_has_its_gap_all_the_same() -> None:
    recorder = new(answered=None)
    actions_of(recorder, file_of(tell(recorder, Signal.START, 1.0)), 1.5)
    [save] = noted.note_answered(recorder, 1.4)
    assert save == do.Save(Gap(unique_id=recorder.unique_id, started=1.0, ended=1.5, cause=rec.STARTED_LATE))


def test_a_gap_is_saved_when_it_ends_so_that_a_crash_does_not_forget_it() -> None:
    recorder, file = recording()
    noted.note_file_closed(recorder, file, 1000, 5.0)
    noted.note_lost(recorder)
    again = file_of(tell(recorder, Signal.LOST, 5.5))
    saved = noted.note_started(recorder, again, "0x1", 5.6)
    assert do.Save(recorder.gaps[-1]) in saved
    assert recorder.gaps[-1].cause == rec.LOST


def test_a_file_that_was_never_seen_makes_its_time_a_gap() -> None:
    recorder, file = recording()
    noted.note_hung_up(recorder, 9.0)
    noted.note_file_closed(recorder, file, -1, 10.0)
    assert (recorder.gaps[-1].started, recorder.gaps[-1].ended) == (1.5, 9.0)
    assert recorder.gaps[-1].cause == rec.NO_FILE


def test_a_monitor_of_the_dialplan_is_adopted_from_when_its_file_says() -> None:
    recorder = new(answered=None)
    noted.adopt(recorder, "1795310419.0-dialplan17.wav", "0x1", rec.NOT_RUNNING, 30.0)
    [segment] = recorder.segments
    assert (segment.started, segment.started_by) == (17.0, "dialplan")
    assert recorder.state is RecordingState.RECORDING
    assert recorder.gaps == []


def test_a_recorder_of_a_daemon_that_died_before_it_could_say_so_is_adopted_and_what_lacks_before_it_is_a_gap() -> None:
    recorder = new()
    noted.note_answered(recorder, 15.0)
    noted.adopt(recorder, "1795310419.0-17500.wav", "0x1", rec.NOT_RUNNING, 30.0)
    [segment] = recorder.segments
    assert (segment.started, segment.started_by) == (17.5, "daemon")
    assert [(gap.started, gap.ended, gap.cause) for gap in recorder.gaps] == [(15.0, 17.5, rec.NOT_RUNNING)]


def test_our_own_monitor_that_runs_after_all_is_taken_back() -> None:
    recorder = new()
    first = file_of(tell(recorder, Signal.START, 1.0))
    noted.note_start_failed(recorder, first, "no answer in time", 3.0)
    tell(recorder, Signal.RETRY, 3.2)
    noted.note_start_failed(recorder, recorder.segments[-1].file, "the link was lost", 3.3)
    noted.adopt_own(recorder, first, 4.0)
    assert recorder.state is RecordingState.RECORDING
    assert recorder.segments[-1].file == first
    assert recorder.missing is None


def test_retries_become_rarer_but_never_end() -> None:
    recorder = new()
    tell(recorder, Signal.START, 0.0)
    delays = []
    for _ in range(6):
        actions = noted.note_start_failed(recorder, recorder.segments[-1].file, "no", 0.0)
        delays += [action.seconds for action in actions if isinstance(action, do.SetTimer)]
        tell(recorder, Signal.RETRY, 0.0)
    assert delays == [0.2, 1.0, 2.0, 5.0, 5.0, 5.0]


def test_finishing_hands_over_everything_but_what_failed() -> None:
    recorder, file = recording()
    recorder.segments.append(Segment(file="x", unique_id="x", number=2, state=SegmentState.FAILED, asked=2.0))
    noted.note_hung_up(recorder, 9.0)
    finished = orders.finishing(recorder)
    assert isinstance(finished, do.FinishRecording)
    assert [segment.file for segment in finished.segments] == [file]
