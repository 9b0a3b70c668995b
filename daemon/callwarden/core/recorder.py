"""One channel's recording: its state, its segments, its suspensions and its gaps, driven by the table.

:func:`tell` is the only way a recording changes. It looks the signal up in :mod:`callwarden.core.recording`, keeps
the books and gives the orders as actions.
"""

import re
from dataclasses import dataclass, field, replace

from callwarden.core import actions as do
from callwarden.core.facts import Call, Channel, Gap, Recording, RecordingState, Segment, SegmentState, Suspension
from callwarden.core.ledger import UNEXPLAINED, account
from callwarden.core.recording import SILENT, Order, Signal, step

RETRY_SECONDS = (0.2, 1.0, 2.0, 5.0)
STOP_AGAIN_SECONDS = 0.5
SEEN_SECONDS = 1.0
FILES_SECONDS = 5.0
FINISH_RETRY_SECONDS = 60.0
NOT_SAFE_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]")
LOST = "somebody else stopped the recorder"
BY_DIALPLAN = "dialplan"
STARTED_LATE = "the recorder was being started"
SILENCED_LATE = "the silence was not proven yet"
NOT_RUNNING = "Callwarden was not running"
NO_FILE = "Asterisk reported a recording but wrote no file"
EXTENSION_ON_DISK = {"wav": "wav", "wav49": "WAV"}

_RUNNING = (SegmentState.STARTING, SegmentState.RECORDING, SegmentState.STOPPING)


@dataclass(slots=True)
class Recorder:
    """What is known of one channel's recording.

    ``name`` is the channel's present name; ``missing`` since when and why sound is missing now; ``proof`` the number of
    the latest order to stop: only its proof counts; ``why`` and ``by`` the reason of the next suspension;
    ``end_unseen`` the row of a channel, ``call_unseen`` of a call, whose end nobody saw: the files tell when it was;
    ``taken_up`` whether it was begun by an earlier daemon.
    """

    unique_id: str
    linked_id: str
    name: str
    wanted: float
    extension: str = "wav"
    state: RecordingState = RecordingState.WANTED
    answered: float | None = None
    ended: float | None = None
    exempt: str = ""
    segments: list[Segment] = field(default_factory=list)
    suspensions: list[Suspension] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    missing: tuple[float, str] | None = None
    attempts: int = 0
    proof: int = 0
    unproven: bool = False
    why: str = ""
    by: str = ""
    end_unseen: Channel | None = None
    call_unseen: Call | None = None
    taken_up: bool = False

    @property
    def fact(self) -> Recording:
        """Its row."""
        return Recording(
            unique_id=self.unique_id, linked_id=self.linked_id, state=self.state, wanted=self.wanted, reason=self.exempt
        )

    @property
    def running(self) -> int:
        """How many of our own monitors may be running."""
        return sum(segment.state in _RUNNING for segment in self.segments)

    @property
    def unclosed(self) -> list[Segment]:
        """Segments whose file was not yet seen closed."""
        return [s for s in self.segments if s.closed is None and s.state is not SegmentState.FAILED]


def segment_file(unique_id: str, milliseconds: int, extension: str) -> str:
    """The name of a segment's file: from the unique id and the time it is asked for, never from what a caller said.

    A comma in it would inject options and a shell command into MixMonitor (asterisk.md 3).
    """
    return f"{NOT_SAFE_IN_A_FILE_NAME.sub('_', unique_id)}-{milliseconds}.{extension}"


def begun(unique_id: str, file: str) -> float | None:
    """When the recorder that writes this file was started: as :func:`segment_file` has it, in milliseconds, or as the
    dialplan does, in seconds (``<unique id>-dialplan<epoch>.wav``)."""
    ours = NOT_SAFE_IN_A_FILE_NAME.sub("_", unique_id) + "-"
    stamp = file.removeprefix(ours).partition(".")[0] if file.startswith(ours) else ""
    if stamp.startswith(BY_DIALPLAN):
        stamp = stamp.removeprefix(BY_DIALPLAN) + "000"
    return int(stamp) / 1000 if stamp.isdecimal() else None


def tell(recorder: Recorder, signal: Signal, at: float) -> list[do.Action]:
    """Advance the recording. Raises IllegalSignal, having changed nothing."""
    before = recorder.state
    recorder.state, orders = step(before, signal)
    actions: list[do.Action] = [do.Save(recorder.fact)] if recorder.state is not before else []
    if recorder.state is RecordingState.FAILED and before is not RecordingState.FAILED:
        recorder.attempts += 1
    for order in orders:
        actions += _PERFORMED[order](recorder, at)
    return actions


# -- what happened, kept in the books before the table is told ---------------------------------------------------


def note_started(recorder: Recorder, file: str, monitor_id: str, at: float) -> list[do.Action]:
    """Asterisk confirmed a segment: sound is on disk from now on, and whatever was missing or silent ends.

    Where the segment was overtaken (a stop is behind it, another one was ordered since) it says nothing of the present.
    """
    segment = _segment(recorder, file)
    state = SegmentState.RECORDING if segment.state is SegmentState.STARTING else segment.state
    actions = _change(recorder, file, state=state, started=at, monitor_id=monitor_id)
    if segment.state is not SegmentState.STARTING:
        return actions
    actions += end_gap(recorder, at) + _end_suspension(recorder, at)
    look = do.SetTimer(("seen", recorder.unique_id), SEEN_SECONDS)
    return [*actions, look, *tell(recorder, Signal.STARTED, at)]


def note_start_failed(recorder: Recorder, file: str, reason: str, at: float) -> list[do.Action]:
    """Asterisk would not start a segment: since it was asked something is missing."""
    segment = _segment(recorder, file)
    if segment.closed is not None:
        return []  # only the answer was lost: the file has been seen
    actions = _change(recorder, file, state=SegmentState.FAILED)
    if segment.state is not SegmentState.STARTING or recorder.state in SILENT:
        return actions
    actions += _blame(recorder, segment.asked, reason)
    return actions + tell(recorder, Signal.START_FAILED, at)


def note_proven_stopped(recorder: Recorder, how: str, at: float) -> list[do.Action]:
    """No monitor was left on the channel when Asterisk answered: the suspension is a fact from this moment.

    Where recording was resumed before the proof came, it speaks of the earlier segments only.
    """
    silent = recorder.state in SILENT
    actions: list[do.Action] = []
    for segment in recorder.segments if silent else recorder.segments[:-1]:
        actions += _end_segment(recorder, segment, at)
    if silent:
        actions += end_gap(recorder, at) + _confirm_suspension(recorder, how, at)
    return actions


def note_file_closed(recorder: Recorder, file: str, size: int, at: float) -> list[do.Action]:
    """A file of this channel was seen closed, or (``size`` -1) was never seen at all."""
    segment = _segment(recorder, file)
    if segment.closed is not None:
        return []
    if size < 0:
        if segment.state is SegmentState.FAILED:
            return []
        begun, ended = _claimed(recorder, segment, at)
        failed = _change(recorder, file, state=SegmentState.FAILED)
        if recorder.ended is None and not _sounds(recorder) and not _surely_silent(recorder):
            begin_gap(recorder, ended, NO_FILE)
        return failed + _note_gap(recorder, begun, ended, STARTED_LATE if segment.started is None else NO_FILE)
    # The file is closed a moment before the proof, the hang-up, that ends the segment: only where nobody saw its end
    # does the file tell it.
    stopped = at if recorder.end_unseen is not None else segment.stopped
    if stopped is None and segment.file != recorder.segments[-1].file:
        stopped = at
    return _change(recorder, file, state=SegmentState.CLOSED, closed=at, size=size, stopped=stopped)


def _claimed(recorder: Recorder, segment: Segment, at: float) -> tuple[float, float]:
    """The time that only this segment accounts for: until it was stopped, the next was asked for, or now."""
    following = recorder.segments[recorder.segments.index(segment) + 1 :]
    unseen = following[0].asked if following else recorder.ended if recorder.ended is not None else at
    begun = segment.asked if segment.started is None else segment.started
    return begun, unseen if segment.stopped is None else segment.stopped


def note_hung_up(recorder: Recorder, at: float) -> list[do.Action]:
    """The channel is gone; nothing of it goes on."""
    recorder.ended = at
    actions: list[do.Action] = []
    for segment in recorder.segments:
        actions += _end_segment(recorder, segment, at)
    return actions + end_gap(recorder, at) + _end_suspension(recorder, at)


def last_seen(recorder: Recorder | None, now: float) -> float:
    """When a channel ended whose end nobody saw: when its file was closed, if that was seen."""
    last = recorder.segments[-1] if recorder is not None and recorder.segments else None
    return last.closed if last is not None and last.stopped is None and last.closed is not None else now


def note_lost(recorder: Recorder) -> list[do.Action]:
    """Somebody else stopped our recorder: its file was closed, nobody hung up. Something is missing since."""
    last = recorder.segments[-1]
    closed = last.closed if last.closed is not None else last.asked
    begin_gap(recorder, closed, LOST)
    return _end_segment(recorder, last, closed)


def note_missing(recorder: Recorder, cause: str) -> list[do.Action]:
    """What the segments should hold is nowhere: all of it is a gap."""
    actions: list[do.Action] = []
    for segment in recorder.segments:
        if segment.started is not None and segment.stopped is not None:
            actions += _note_gap(recorder, segment.started, segment.stopped, cause)
    return actions


def begin_gap(recorder: Recorder, at: float, cause: str) -> None:
    """Something is missing from now on; an earlier cause stands."""
    if recorder.missing is None:
        recorder.missing = (at, cause)


def _blame(recorder: Recorder, at: float, cause: str) -> list[do.Action]:
    """A better reason for what is missing: it holds from ``at`` on."""
    if recorder.missing is not None and recorder.missing[1] == cause:
        return []
    actions = end_gap(recorder, at)
    begin_gap(recorder, at, cause)
    return actions


def end_gap(recorder: Recorder, at: float) -> list[do.Action]:
    """Nothing is missing any more."""
    if recorder.missing is None:
        return []
    (started, cause), recorder.missing = recorder.missing, None
    return _note_gap(recorder, started, at, cause)


def _note_gap(recorder: Recorder, started: float, ended: float, cause: str) -> list[do.Action]:
    """One row for each beginning; none for what ended before somebody answered: a recorder starts while it rings."""
    if not started < ended or (recorder.answered is not None and ended <= recorder.answered):
        return []
    known = next((gap for gap in recorder.gaps if gap.started == started), None)
    if known is not None:
        recorder.gaps.remove(known)
        cause, ended = (cause, ended) if ended > known.ended else (known.cause, known.ended)
    recorder.gaps.append(Gap(unique_id=recorder.unique_id, started=started, ended=ended, cause=cause))
    return [do.Save(recorder.gaps[-1])] if recorder.answered is not None else []


def note_answered(recorder: Recorder, at: float) -> list[do.Action]:
    """Somebody answered. The news may come behind that of a recorder which started after it."""
    recorder.answered = at
    recorder.gaps = [gap for gap in recorder.gaps if gap.ended > at]
    return [do.Save(gap) for gap in recorder.gaps]


def adopt_own(recorder: Recorder, file: str, at: float) -> list[do.Action]:
    """Our own monitor is running, as before Asterisk was out of sight, or although its start was not confirmed."""
    own = _segment(recorder, file)
    recorder.segments.remove(own)
    recorder.segments.append(own)
    started = own.asked if own.started is None else own.started
    actions = end_gap(recorder, started)
    actions += _change(recorder, file, state=SegmentState.RECORDING, stopped=None, started=started)
    return actions + tell(recorder, Signal.ADOPTED, at)


def adopt(recorder: Recorder, file: str, monitor_id: str, started_by: str, at: float) -> list[do.Action]:
    """A monitor was found running that writes ``file``: it is ours from now on. Its name may tell when it began."""
    started = begun(recorder.unique_id, file) or at
    recorder.segments.append(
        Segment(
            file=file, unique_id=recorder.unique_id, number=len(recorder.segments) + 1, state=SegmentState.RECORDING,
            asked=started, started=started, started_by=started_by, monitor_id=monitor_id,
        )
    )  # fmt: skip
    gone = end_gap(recorder, started)
    return [*gone, *tell(recorder, Signal.ADOPTED, at), do.Save(recorder.segments[-1])]


# -- orders ---------------------------------------------------------------------------------------------------------


def _start(recorder: Recorder, at: float) -> list[do.Action]:
    taken = [begun(recorder.unique_id, one.file) or 0.0 for one in recorder.segments]
    milliseconds = max([int(at * 1000) - 1, *(round(one * 1000) for one in taken)]) + 1  # no two files of one name
    segment = Segment(
        file=segment_file(recorder.unique_id, milliseconds, recorder.extension),
        unique_id=recorder.unique_id,
        number=len(recorder.segments) + 1,
        state=SegmentState.STARTING,
        asked=at,
    )
    recorder.segments.append(segment)
    if not _surely_silent(recorder):
        begin_gap(recorder, at, STARTED_LATE)
    return [do.StartRecorder(recorder.unique_id, recorder.name, segment.file), do.Save(segment)]


def _stop(recorder: Recorder, at: float) -> list[do.Action]:
    recorder.proof += 1
    actions: list[do.Action] = [
        do.StopRecorders(recorder.unique_id, recorder.name, recorder.running, recorder.proof)
    ]
    for segment in recorder.segments:
        if segment.state in (SegmentState.STARTING, SegmentState.RECORDING):
            actions += _change(recorder, segment.file, state=SegmentState.STOPPING, stop_asked=at)
    last = recorder.suspensions[-1] if recorder.suspensions else None
    if last is None or last.ended is not None or last.why != recorder.why:
        actions += _end_suspension(recorder, at)
        number = len(recorder.suspensions) + 1
        recorder.suspensions.append(
            Suspension(unique_id=recorder.unique_id, number=number, why=recorder.why, by=recorder.by, asked=at)
        )
        actions.append(do.Save(recorder.suspensions[-1]))
    if not _sounds(recorder) and not _surely_silent(recorder):
        begin_gap(recorder, at, SILENCED_LATE)
    return actions


def _retry_start(recorder: Recorder, _at: float) -> list[do.Action]:
    delay = RETRY_SECONDS[min(recorder.attempts, len(RETRY_SECONDS)) - 1]
    return [do.SetTimer(("retry", recorder.unique_id), delay)]


def _stop_again(recorder: Recorder, _at: float) -> list[do.Action]:
    return [do.SetTimer(("stop", recorder.unique_id), STOP_AGAIN_SECONDS)]


def _await_files(recorder: Recorder, _at: float) -> list[do.Action]:
    late = recorder.unclosed and recorder.end_unseen is None
    return [do.SetTimer(("files", recorder.unique_id), FILES_SECONDS if late else 0.0)]


def _finish(recorder: Recorder, _at: float) -> list[do.Action]:
    actions: list[do.Action] = []
    if recorder.end_unseen is not None:
        written = [s.closed for s in recorder.segments if s.closed is not None]
        recorder.ended = max(written, default=recorder.ended)
        actions.append(do.Save(replace(recorder.end_unseen, ended=recorder.ended)))
        if recorder.call_unseen is not None:
            actions.append(do.Save(replace(recorder.call_unseen, ended=recorder.ended)))
    return [*actions, *_out_of_sight(recorder), finishing(recorder)]


def _out_of_sight(recorder: Recorder) -> list[do.Action]:
    """What nobody accounts for of a channel that was taken up again was lost with the daemon that knew of it."""
    if not recorder.taken_up or recorder.answered is None or recorder.ended is None:
        return []
    spans = account(
        recorder.answered, recorder.ended, segments=recorder.segments, suspensions=recorder.suspensions,
        gaps=recorder.gaps,
    )  # fmt: skip
    holes = [span for span in spans if span.why == UNEXPLAINED]
    return [action for hole in holes for action in _note_gap(recorder, hole.started, hole.ended, NOT_RUNNING)]


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


# -- the books ------------------------------------------------------------------------------------------------------


def _change(recorder: Recorder, file: str, **changes: object) -> list[do.Action]:
    for index, segment in enumerate(recorder.segments):
        if segment.file == file:
            recorder.segments[index] = replace(segment, **changes)  # type: ignore[arg-type]
            return [do.Save(recorder.segments[index])]
    return []


def _end_segment(recorder: Recorder, segment: Segment, at: float) -> list[do.Action]:
    """No more sound comes into this segment's file."""
    if segment.stopped is not None or segment.state is SegmentState.FAILED:
        return []
    state = segment.state if segment.state is SegmentState.CLOSED else SegmentState.STOPPED
    return _change(recorder, segment.file, state=state, stopped=at)


def _sounds(recorder: Recorder) -> bool:
    """Whether a confirmed recorder still runs, which accounts for the time."""
    return any(s.state in _RUNNING and s.started is not None for s in recorder.segments)


def _surely_silent(recorder: Recorder) -> bool:
    """Whether a proven suspension goes on, which accounts for the time."""
    last = recorder.suspensions[-1] if recorder.suspensions else None
    return last is not None and last.ended is None and last.confirmed is not None


def _segment(recorder: Recorder, file: str) -> Segment:
    return next(segment for segment in recorder.segments if segment.file == file)


def _confirm_suspension(recorder: Recorder, how: str, at: float) -> list[do.Action]:
    last = recorder.suspensions[-1]
    if last.confirmed is not None:
        return []
    recorder.suspensions[-1] = replace(last, confirmed=at, how=how)
    return [do.Save(recorder.suspensions[-1])]


def _end_suspension(recorder: Recorder, at: float) -> list[do.Action]:
    if not recorder.suspensions or recorder.suspensions[-1].ended is not None:
        return []
    recorder.suspensions[-1] = replace(recorder.suspensions[-1], ended=at)
    return [do.Save(recorder.suspensions[-1])]
