"""How a recording is advanced: :func:`tell` looks the signal up in :mod:`callwarden.core.recording` and gives orders.

It is the only way a recording changes its state. What happened is kept in its rows before that, by
:mod:`callwarden.core.noted`.
"""

from dataclasses import replace

from callwarden.core import actions as do
from callwarden.core import unseen
from callwarden.core.facts import RecordingState, Segment, SegmentState
from callwarden.core.ledger import UNEXPLAINED, account
from callwarden.core.recorder import (
    NOT_RUNNING,
    OUT_OF_SIGHT,
    SILENCED_LATE,
    STARTED_LATE,
    Recorder,
    begun,
    segment_file,
)
from callwarden.core.recording import Order, Signal, step
from callwarden.core.rows import begin_gap, begin_suspension, change, note_gap, sounds, surely_silent
from callwarden.core.spans import Span

RETRY_SECONDS = (0.2, 1.0, 2.0, 5.0)
STOP_AGAIN_SECONDS = 0.5
FILES_SECONDS = 5.0
FINISH_RETRY_SECONDS = 60.0
# The states of a recording that storage writes itself.
WRITTEN = (RecordingState.STORED, RecordingState.DISCARDED)


def tell(recorder: Recorder, signal: Signal, at: float) -> list[do.Action]:
    """Advance the recording. Raises IllegalSignal, having changed nothing."""
    before = recorder.state
    recorder.state, orders = step(before, signal)
    actions: list[do.Action] = []
    if recorder.state is not before:
        actions.append(do.Report(recorder.fact) if recorder.state in WRITTEN else do.Save(recorder.fact))
    if recorder.state is RecordingState.FAILED and before is not RecordingState.FAILED:
        recorder.attempts += 1
    for order in orders:
        actions += _PERFORMED[order](recorder, at)
    return actions


def _start(recorder: Recorder, at: float) -> list[do.Action]:
    taken = [begun(recorder.unique_id, one.file) or 0.0 for one in recorder.segments]
    milliseconds = max([int(at * 1000) - 1, *(round(one * 1000) for one in taken)]) + 1  # no two files of one name
    segment = Segment(
        file=segment_file(recorder.unique_id, milliseconds),
        unique_id=recorder.unique_id,
        number=len(recorder.segments) + 1,
        state=SegmentState.STARTING,
        asked=at,
    )
    recorder.segments.append(segment)
    if not surely_silent(recorder):
        begin_gap(recorder, at, STARTED_LATE)
    return [do.StartRecorder(recorder.unique_id, recorder.name, segment.file), do.Save(segment)]


def _stop(recorder: Recorder, at: float) -> list[do.Action]:
    recorder.proof += 1
    actions: list[do.Action] = [
        do.StopRecorders(recorder.unique_id, recorder.name, recorder.running, recorder.proof)
    ]
    for segment in recorder.segments:
        if segment.state in (SegmentState.STARTING, SegmentState.RECORDING):
            actions += change(recorder, segment.file, state=SegmentState.STOPPING, stop_asked=at)
    actions += begin_suspension(recorder, at)
    if not sounds(recorder) and not surely_silent(recorder):
        begin_gap(recorder, at, SILENCED_LATE)
    return actions


def _retry_start(recorder: Recorder, _at: float) -> list[do.Action]:
    delay = RETRY_SECONDS[min(recorder.attempts, len(RETRY_SECONDS)) - 1]
    return [do.SetTimer(("retry", recorder.unique_id), delay)]


def _stop_again(recorder: Recorder, _at: float) -> list[do.Action]:
    return [do.SetTimer(("stop", recorder.unique_id), STOP_AGAIN_SECONDS)]


def _await_files(recorder: Recorder, _at: float) -> list[do.Action]:
    late = recorder.unclosed and recorder.end_unseen is None
    failed = tuple(one.file for one in recorder.unclosed if one.state is SegmentState.FAILED)
    look: list[do.Action] = [do.InspectFiles(failed)] if failed else []
    return [do.SetTimer(("files", recorder.unique_id), FILES_SECONDS if late else 0.0), *look]


def _finish(recorder: Recorder, _at: float) -> list[do.Action]:
    actions = unseen.confirmed_late(recorder) + _answer_unseen(recorder)
    if recorder.end_unseen is not None:
        written = unseen.written_last(recorder)
        if written is not None:  # while it rang, perhaps: but it was seen answered
            recorder.ended = max(written, recorder.answered or 0.0)
        actions.append(do.Save(replace(recorder.end_unseen, ended=recorder.ended)))
        if recorder.call_unseen is not None:
            actions.append(do.Save(replace(recorder.call_unseen, ended=recorder.ended)))
    return [*actions, *_out_of_sight(recorder), finishing(recorder)]


def _answer_unseen(recorder: Recorder) -> list[do.Action]:
    """Asterisk was out of sight when the channel ended, or the news of its answer came when it was over: whether
    somebody answered, and when, is told by its files."""
    since = unseen.answer_at_last(recorder)
    if recorder.unsure and recorder.answered is None:
        since = unseen.answer_of(recorder)
    return [] if since is None else unseen.answered_at(recorder, since)


def _out_of_sight(recorder: Recorder) -> list[do.Action]:
    """What nobody accounts for: of a channel that was taken up again it was lost with the daemon that knew of it, and
    behind the end of a file whose recorder's stop was proven much later Asterisk could not be seen."""
    if recorder.answered is None or recorder.ended is None:
        return []
    late = [(s.until, s.stopped) for s in recorder.segments if s.until is not None and s.until != s.stopped]
    if not recorder.taken_up and not late:
        return []
    spans = account(
        recorder.answered, recorder.ended, segments=recorder.segments, suspensions=recorder.suspensions,
        gaps=recorder.gaps,
    )  # fmt: skip
    holes = [span for span in spans if span.why == UNEXPLAINED]
    if not recorder.taken_up:
        holes = [hole for hole in holes if any(a <= hole.started and hole.ended <= (b or a) for a, b in late)]
    return [
        action for hole in holes for action in note_gap(recorder, hole.started, hole.ended, _cause(recorder, hole))
    ]


def _cause(recorder: Recorder, hole: Span) -> str:
    if recorder.taken_up:
        return NOT_RUNNING
    asked = [one for one in recorder.suspensions if one.asked < hole.ended]
    return SILENCED_LATE if any(hole.started < (one.confirmed or hole.ended) for one in asked) else OUT_OF_SIGHT


def finishing(recorder: Recorder) -> do.Action:
    """The order that turns the closed segments into one recording in the vault."""
    assert recorder.ended is not None, "only an ended channel is finished"
    return do.FinishRecording(
        recorder.unique_id,
        recorder.linked_id,
        answered=recorder.answered,
        ended=recorder.ended,
        segments=tuple(s for s in recorder.segments if s.state is not SegmentState.FAILED),
        suspensions=tuple(recorder.suspensions),
    )


def _retry_finish(recorder: Recorder, _at: float) -> list[do.Action]:
    return [do.SetTimer(("finish", recorder.unique_id), FINISH_RETRY_SECONDS)]


_PERFORMED = {
    Order.START: _start,
    Order.STOP: _stop,
    Order.RETRY_START_LATER: _retry_start,
    Order.STOP_AGAIN_LATER: _stop_again,
    Order.AWAIT_FILES: _await_files,
    Order.FINISH: _finish,
    Order.RETRY_FINISH_LATER: _retry_finish,
}
