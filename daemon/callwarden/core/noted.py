"""What happened to a recording: kept in its rows first, then, where it is a signal, told to the table.

Each function takes a :class:`Recorder` and the moment, and gives what is to be done about it.
"""

from dataclasses import replace

from callwarden.core import actions as do
from callwarden.core import unseen
from callwarden.core.facts import RecordingState, Segment, SegmentState
from callwarden.core.orders import tell
from callwarden.core.recorder import LOST, NO_FILE, NOT_GROWING, STARTED_LATE, Recorder, begun, begun_by
from callwarden.core.recording import OPEN, SILENT, Signal
from callwarden.core.rows import (
    begin_gap,
    blame,
    change,
    confirm_suspension,
    end_gap,
    end_segment,
    end_suspension,
    note_gap,
    save_gaps,
    segment_of,
    sounds,
    surely_silent,
    withdraw_gaps,
)

SEEN_SECONDS = 1.0


def note_started(recorder: Recorder, file: str, monitor_id: str, at: float) -> list[do.Action]:
    """Asterisk confirmed a segment: sound is on disk from now on, and whatever was missing or silent ends.

    Where the segment was overtaken (a stop is behind it, another one was ordered since) it says nothing of the present.
    """
    segment = segment_of(recorder, file)
    state = SegmentState.RECORDING if segment.state is SegmentState.STARTING else segment.state
    actions = change(recorder, file, state=state, started=at, monitor_id=monitor_id)
    if segment.state is not SegmentState.STARTING:
        return actions
    actions += end_gap(recorder, at) + end_suspension(recorder, at)
    look = do.SetTimer(("seen", recorder.unique_id), SEEN_SECONDS, later=True)
    return [*actions, look, *tell(recorder, Signal.STARTED, at)]


def note_start_failed(recorder: Recorder, file: str, reason: str, at: float) -> list[do.Action]:
    """Asterisk would not start a segment: since it was asked something is missing."""
    segment = segment_of(recorder, file)
    if segment.closed is not None:
        return []  # only the answer was lost: the file has been seen
    actions = change(recorder, file, state=SegmentState.FAILED)
    if segment.state is not SegmentState.STARTING or recorder.state in SILENT:
        return actions
    actions += blame(recorder, segment.asked, reason)
    return actions + tell(recorder, Signal.START_FAILED, at)


def note_proven_stopped(recorder: Recorder, how: str, at: float) -> list[do.Action]:
    """No monitor was left on the channel when Asterisk answered: the suspension is a fact from this moment.

    Where recording was resumed before the proof came, it speaks of the earlier segments only.
    """
    silent = recorder.state in SILENT
    actions: list[do.Action] = []
    for segment in recorder.segments if silent else recorder.segments[:-1]:
        actions += end_segment(recorder, segment, at)
    if silent:
        actions += end_gap(recorder, at) + confirm_suspension(recorder, how, at)
    return actions


def note_file_closed(recorder: Recorder, file: str, size: int, at: float) -> list[do.Action]:
    """A file of this channel was seen closed, or (``size`` -1) was never seen at all. One without a single byte, not
    even its header, was begun on a full disk."""
    segment = segment_of(recorder, file)
    if segment.closed is not None:
        return []
    if segment.state is SegmentState.FAILED:
        return _note_failed_closed(recorder, segment, size, at)
    if size <= 0:
        if recorder.ended is not None:
            recorder.nowhere.add(file)
        begun, ended = _claimed(recorder, segment, at)
        cause = NO_FILE if size < 0 else NOT_GROWING
        failed = change(recorder, file, state=SegmentState.FAILED, closed=None if size < 0 else at)
        if recorder.ended is None and not sounds(recorder) and not surely_silent(recorder):
            begin_gap(recorder, ended, cause)
        return failed + note_gap(recorder, begun, ended, STARTED_LATE if segment.started is None else cause)
    unseen.doubt_end(recorder, segment, at)
    # The file is closed a moment before the proof, the hang-up, that ends the segment: only where nobody saw its end
    # does the file tell it.
    stopped = at if recorder.end_unseen is not None else segment.stopped
    if stopped is None and segment.file != recorder.segments[-1].file:
        stopped = at
    return change(recorder, file, state=SegmentState.CLOSED, closed=at, size=size, stopped=stopped)


def _note_failed_closed(recorder: Recorder, segment: Segment, size: int, at: float) -> list[do.Action]:
    """A recorder that was given up has left sound after all (only the answer was lost, or the spool was away): it is a
    part of the recording like any other, and what was noted as missing meanwhile is not."""
    if recorder.state not in OPEN and recorder.state is not RecordingState.CLOSING:
        return []  # what is being stored already has no room for it: see storage/leftovers
    recorder.nowhere.add(segment.file)
    closed = replace(segment, closed=at, size=size)
    since = unseen.begun(closed) if size > 0 else None
    if since is None:
        return change(recorder, segment.file, closed=at, size=size) if size > 0 else []
    state = SegmentState.CLOSED
    actions = change(recorder, segment.file, state=state, started=since, stopped=at, closed=at, size=size)
    return actions + withdraw_gaps(recorder, since, at)


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
        actions += end_segment(recorder, segment, at)
    return actions + end_gap(recorder, at) + end_suspension(recorder, at)


def last_seen(recorder: Recorder | None, now: float) -> float:
    """When a channel ended whose end nobody saw, or of which was told late: when its file was closed, if that was
    seen, and was not our own doing: a stop that was asked for closes the file as well, proven or not."""
    last = recorder.segments[-1] if recorder is not None and recorder.segments else None
    if last is None or last.stopped is not None or last.closed is None or last.stop_asked is not None:
        return now
    return last.closed


def note_lost(recorder: Recorder) -> list[do.Action]:
    """Somebody else stopped our recorder: its file was closed, nobody hung up. Something is missing since."""
    last = recorder.segments[-1]
    closed = last.closed if last.closed is not None else last.asked
    begin_gap(recorder, closed, LOST)
    return end_segment(recorder, last, closed)


def note_missing(recorder: Recorder, cause: str) -> list[do.Action]:
    """What the segments should hold is nowhere: all of it is a gap."""
    actions: list[do.Action] = []
    for segment in recorder.segments:
        if segment.started is not None and segment.stopped is not None:
            actions += note_gap(recorder, segment.started, segment.stopped, cause)
    return actions


def note_answered(recorder: Recorder, at: float) -> list[do.Action]:
    """Somebody answered. The news may come behind that of a recorder which started after it."""
    recorder.answered = at
    return save_gaps(recorder, recorder.gaps)


def adopt_own(recorder: Recorder, file: str, at: float) -> list[do.Action]:
    """Our own monitor is running, as before Asterisk was out of sight, or although its start was not confirmed."""
    own = segment_of(recorder, file)
    recorder.segments.remove(own)
    recorder.segments.append(own)
    started = own.asked if own.started is None else own.started
    actions = end_gap(recorder, started)
    actions += change(recorder, file, state=SegmentState.RECORDING, stopped=None, started=started)
    return actions + tell(recorder, Signal.ADOPTED, at)


def adopt(recorder: Recorder, file: str, monitor_id: str, before: str, at: float) -> list[do.Action]:
    """A monitor was found running that writes ``file``: it is ours from now on. Its name tells when it began, and who
    began it: the dialplan, or a daemon that died before it could say so. ``before`` is why nothing is known of the time
    from the answer to then."""
    started = begun(recorder.unique_id, file) or at
    if not recorder.segments and recorder.answered is not None:
        begin_gap(recorder, recorder.answered, before)
    recorder.segments.append(
        Segment(
            file=file, unique_id=recorder.unique_id, number=len(recorder.segments) + 1, state=SegmentState.RECORDING,
            asked=started, started=started, started_by=begun_by(recorder.unique_id, file), monitor_id=monitor_id,
        )
    )  # fmt: skip
    gone = end_gap(recorder, started)
    return [*gone, *tell(recorder, Signal.ADOPTED, at), do.Save(recorder.segments[-1])]
