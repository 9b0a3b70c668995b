"""One channel's recording: its state, its segments, its suspensions and its gaps, driven by the table.

:func:`tell` is the only way a recording changes. It looks the signal up in :mod:`callwarden.core.recording`, keeps
the books and gives the orders as actions.
"""

import re
from dataclasses import dataclass, field, replace

from callwarden.core import actions as do
from callwarden.core.facts import Channel, Gap, Recording, RecordingState, Segment, SegmentState, Suspension
from callwarden.core.recording import SILENT, Order, Signal, step

RETRY_SECONDS = (0.2, 1.0, 2.0, 5.0)
FILES_SECONDS = 5.0
FINISH_RETRY_SECONDS = 60.0
NOT_SAFE_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]")
LOST = "somebody else stopped the recorder"
NO_FILE = "Asterisk reported a recording but wrote no file"
EXTENSION_ON_DISK = {"wav": "wav", "wav49": "WAV"}

_RUNNING = (SegmentState.STARTING, SegmentState.RECORDING, SegmentState.STOPPING)


@dataclass(slots=True)
class Recorder:
    """What is known of one channel's recording.

    ``name`` is the channel's present name; ``missing`` since when and why sound is missing now; ``proof`` the number of
    the latest order to stop: only its proof counts; ``why`` and ``by`` the reason of the next suspension;
    ``end_unseen`` the row of a channel whose end nobody saw: its files tell when it was.
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
    why: str = ""
    by: str = ""
    end_unseen: Channel | None = None

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


def segment_file(unique_id: str, at: float, extension: str) -> str:
    """The name of a segment's file: from the unique id and the time in milliseconds, never from what a caller said.

    A comma in it would inject options and a shell command into MixMonitor (asterisk.md 3).
    """
    return f"{NOT_SAFE_IN_A_FILE_NAME.sub('_', unique_id)}-{int(at * 1000)}.{extension}"


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
    """Asterisk confirmed a segment: sound is on disk from now on, and whatever was missing or silent ends."""
    segment = next(s for s in recorder.segments if s.file == file)
    state = SegmentState.RECORDING if segment.state is SegmentState.STARTING else segment.state
    actions = _change(recorder, file, state=state, started=at, monitor_id=monitor_id)
    recorder.attempts = 0
    if recorder.state in SILENT:
        return actions  # the stop behind this start has already overtaken it
    end_gap(recorder, at)
    return actions + _end_suspension(recorder, at)


def note_start_failed(recorder: Recorder, file: str, reason: str, at: float) -> list[do.Action]:
    """Asterisk would not start a segment: from now on something is missing."""
    begin_gap(recorder, at, reason)
    return _change(recorder, file, state=SegmentState.FAILED)


def note_proven_stopped(recorder: Recorder, how: str, at: float) -> list[do.Action]:
    """No monitor was left on the channel when Asterisk answered: the suspension is a fact from this moment.

    Where recording was resumed before the proof came, it speaks of the earlier segments only.
    """
    silent = recorder.state in SILENT
    actions: list[do.Action] = []
    for segment in recorder.segments if silent else recorder.segments[:-1]:
        actions += _end_segment(recorder, segment, at)
    if silent:
        end_gap(recorder, at)
        actions += _confirm_suspension(recorder, how, at)
    return actions


def note_file_closed(recorder: Recorder, file: str, size: int, at: float) -> list[do.Action]:
    """A file of this channel was seen closed, or (``size`` -1) was never seen at all."""
    segment = next(s for s in recorder.segments if s.file == file)
    if segment.closed is not None:
        return []
    if size < 0:
        if segment.started is not None:
            end = segment.stopped or recorder.ended or at
            recorder.gaps.append(_gap(recorder, segment.started, end, NO_FILE))
        return _change(recorder, file, state=SegmentState.FAILED)
    # The file is closed a moment before the proof, the hang-up, that ends the segment: only where nobody saw its end
    # does the file tell it.
    stopped = at if recorder.end_unseen is not None else segment.stopped
    return _change(recorder, file, state=SegmentState.CLOSED, closed=at, size=size, stopped=stopped)


def note_hung_up(recorder: Recorder, at: float) -> list[do.Action]:
    """The channel is gone; nothing of it goes on."""
    recorder.ended = at
    actions: list[do.Action] = []
    for segment in recorder.segments:
        actions += _end_segment(recorder, segment, at)
    end_gap(recorder, at)
    return actions + _end_suspension(recorder, at)


def note_lost(recorder: Recorder) -> list[do.Action]:
    """Somebody else stopped our recorder: its file was closed, nobody hung up. Something is missing since."""
    last = recorder.segments[-1]
    closed = last.closed if last.closed is not None else last.asked
    begin_gap(recorder, closed, LOST)
    return _end_segment(recorder, last, closed)


def note_missing(recorder: Recorder, cause: str) -> None:
    """What the segments should hold is nowhere: all of it is a gap."""
    for segment in recorder.segments:
        if segment.started is not None and segment.stopped is not None:
            recorder.gaps.append(_gap(recorder, segment.started, segment.stopped, cause))


def begin_gap(recorder: Recorder, at: float, cause: str) -> None:
    """Something is missing from now on; an earlier cause stands."""
    if recorder.missing is None:
        recorder.missing = (at, cause)


def end_gap(recorder: Recorder, at: float) -> None:
    """Nothing is missing any more."""
    if recorder.missing is not None:
        (started, cause), recorder.missing = recorder.missing, None
        recorder.gaps.append(_gap(recorder, started, at, cause))


def adopt_own(recorder: Recorder) -> list[do.Action]:
    """Our own monitor is still running, as it was before the daemon was restarted."""
    recorder.state = RecordingState.RECORDING
    last = recorder.segments[-1]
    return _change(recorder, last.file, state=SegmentState.RECORDING, stopped=None, started=last.started or last.asked)


def adopt(recorder: Recorder, file: str, monitor_id: str, started_by: str, at: float) -> list[do.Action]:
    """A monitor was found running that writes ``file``: it is ours from now on."""
    recorder.segments.append(
        Segment(
            file=file, unique_id=recorder.unique_id, number=len(recorder.segments) + 1, state=SegmentState.RECORDING,
            asked=at, started=at, started_by=started_by, monitor_id=monitor_id,
        )
    )  # fmt: skip
    recorder.state = RecordingState.RECORDING
    return [do.Save(recorder.fact), do.Save(recorder.segments[-1])]


# -- orders ---------------------------------------------------------------------------------------------------------


def _start(recorder: Recorder, at: float) -> list[do.Action]:
    segment = Segment(
        file=segment_file(recorder.unique_id, at, recorder.extension),
        unique_id=recorder.unique_id,
        number=len(recorder.segments) + 1,
        state=SegmentState.STARTING,
        asked=at,
    )
    recorder.segments.append(segment)
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
    return actions


def _retry_start(recorder: Recorder, _at: float) -> list[do.Action]:
    delay = RETRY_SECONDS[min(recorder.attempts, len(RETRY_SECONDS)) - 1]
    return [do.SetTimer(("retry", recorder.unique_id), delay)]


def _await_files(recorder: Recorder, _at: float) -> list[do.Action]:
    late = recorder.unclosed and recorder.end_unseen is None
    return [do.SetTimer(("files", recorder.unique_id), FILES_SECONDS if late else 0.0)]


def _finish(recorder: Recorder, _at: float) -> list[do.Action]:
    actions: list[do.Action] = []
    if recorder.end_unseen is not None:
        written = [s.closed for s in recorder.segments if s.closed is not None]
        recorder.ended = max(written, default=recorder.ended)
        actions.append(do.Save(replace(recorder.end_unseen, ended=recorder.ended)))
    return [*actions, *(do.Save(gap) for gap in recorder.gaps), finishing(recorder)]


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


def _gap(recorder: Recorder, started: float, ended: float, cause: str) -> Gap:
    return Gap(unique_id=recorder.unique_id, started=started, ended=ended, cause=cause)
