"""A recorder's rows: its segments, its suspensions and its gaps, each saved whole when it changes.

Takes a :class:`Recorder`, gives the actions that save what was changed in it. Nothing here asks for its state.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from callwarden.core import actions as do
from callwarden.core.facts import Gap, Segment, SegmentState, Suspension
from callwarden.core.recorder import RUNNING, Recorder


def change(recorder: Recorder, file: str, **changes: object) -> list[do.Action]:
    """Change the row of a segment, if there is one of this file."""
    for index, segment in enumerate(recorder.segments):
        if segment.file == file:
            recorder.segments[index] = replace(segment, **changes)  # type: ignore[arg-type]
            return [do.Save(recorder.segments[index])]
    return []


def segment_of(recorder: Recorder, file: str) -> Segment:
    """The segment that writes this file."""
    return next(segment for segment in recorder.segments if segment.file == file)


def end_segment(recorder: Recorder, segment: Segment, at: float) -> list[do.Action]:
    """No more sound comes into this segment's file."""
    if segment.stopped is not None or segment.state is SegmentState.FAILED:
        return []
    state = segment.state if segment.state is SegmentState.CLOSED else SegmentState.STOPPED
    return change(recorder, segment.file, state=state, stopped=at)


def sounds(recorder: Recorder) -> bool:
    """Whether a confirmed recorder still runs, which accounts for the time."""
    return any(s.state in RUNNING and s.started is not None for s in recorder.segments)


def surely_silent(recorder: Recorder) -> bool:
    """Whether a proven suspension goes on, which accounts for the time."""
    last = recorder.suspensions[-1] if recorder.suspensions else None
    return last is not None and last.ended is None and last.confirmed is not None


def begin_gap(recorder: Recorder, at: float, cause: str) -> None:
    """Something is missing from now on; an earlier cause stands."""
    if recorder.missing is None:
        recorder.missing = (at, cause)


def blame(recorder: Recorder, at: float, cause: str) -> list[do.Action]:
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
    return note_gap(recorder, started, at, cause)


def note_gap(recorder: Recorder, started: float, ended: float, cause: str) -> list[do.Action]:
    """One row for each beginning."""
    if not started < ended:
        return []
    known = next((gap for gap in recorder.gaps if gap.started == started), None)
    if known is not None:
        recorder.gaps.remove(known)
        cause, ended = (cause, ended) if ended > known.ended else (known.cause, known.ended)
    recorder.gaps.append(Gap(unique_id=recorder.unique_id, started=started, ended=ended, cause=cause))
    return save_gaps(recorder, recorder.gaps[-1:])


def save_gaps(recorder: Recorder, gaps: Iterable[Gap]) -> list[do.Action]:
    """Those that are rows; the others are remembered, for the answer may have been before it was told of."""
    return [do.Save(gap) for gap in gaps if is_row(recorder, gap)]


def is_row(recorder: Recorder, gap: Gap) -> bool:
    """Whether this gap is kept: not one that ended before somebody answered, for a recorder starts while it rings."""
    return recorder.answered is not None and gap.ended > recorder.answered


def without(gap: Gap, at: float, until: float) -> Iterator[Gap]:
    """What is left of a gap where there is sound between these two moments."""
    if gap.ended <= at or gap.started >= until:
        yield gap
        return
    if gap.started < at:
        yield replace(gap, ended=at)
    if gap.ended > until:
        yield replace(gap, started=until)


def withdraw_gaps(recorder: Recorder, at: float, until: float) -> list[do.Action]:
    """There is sound of this time after all: what was noted as missing in it is not. A gap of no length is none."""
    actions: list[do.Action] = []
    for gap in tuple(recorder.gaps):
        left = list(without(gap, at, until))
        if left != [gap]:
            recorder.gaps.remove(gap)
            recorder.gaps += left
            gone = [] if left and left[0].started == gap.started else [replace(gap, ended=gap.started)]
            if is_row(recorder, gap):
                actions += [do.Save(one) for one in (*gone, *left)]
    if recorder.missing is not None and at <= recorder.missing[0] < until:
        recorder.missing = (until, recorder.missing[1])
    return actions


def begin_suspension(recorder: Recorder, at: float) -> list[do.Action]:
    """Silence is ordered: a new row, unless the present suspension goes on for the same reason."""
    last = recorder.suspensions[-1] if recorder.suspensions else None
    if last is not None and last.ended is None and last.why == recorder.why:
        return []
    actions = end_suspension(recorder, at)
    number = len(recorder.suspensions) + 1
    recorder.suspensions.append(
        Suspension(unique_id=recorder.unique_id, number=number, why=recorder.why, by=recorder.by, asked=at)
    )
    return [*actions, do.Save(recorder.suspensions[-1])]


def confirm_suspension(recorder: Recorder, how: str, at: float) -> list[do.Action]:
    """The silence is proven."""
    last = recorder.suspensions[-1]
    if last.confirmed is not None:
        return []
    recorder.suspensions[-1] = replace(last, confirmed=at, how=how)
    return [do.Save(recorder.suspensions[-1])]


def end_suspension(recorder: Recorder, at: float) -> list[do.Action]:
    """Sound is wanted, or there, again."""
    if not recorder.suspensions or recorder.suspensions[-1].ended is not None:
        return []
    recorder.suspensions[-1] = replace(recorder.suspensions[-1], ended=at)
    return [do.Save(recorder.suspensions[-1])]
