"""What nobody saw of a channel, read off its files: when it was answered, and when it ended.

A link that was down, or a daemon that hung, learns of an end late or of an answer never. Asterisk writes to a file from
the answer on, and closes it in the moment of the hang-up. A link that stalls tells of a recorder's start, and of an
answer, when it no longer does.
"""

from dataclasses import replace

from callwarden.core import actions as do
from callwarden.core.facts import Segment, SegmentState
from callwarden.core.recorder import Recorder
from callwarden.core.rows import change, save_gaps, withdraw_gaps
from callwarden.core.spans import CARD_LINE

LATE_SECONDS = 1.0  # a hang-up is told within milliseconds of its file's end; one told later was read late
SLOW_SECONDS = 0.1  # a reply takes some milliseconds, on a busy machine more
TOGETHER_SECONDS = 0.1  # what a link that had stalled tells at once
SHORTEST = 0.2  # seconds of sound: less is no conversation
HEADER_BYTES = 44  # before the sound of a file in the spool
BYTES_A_SECOND = 16000.0


def doubt_end(recorder: Recorder, segment: Segment, closed: float) -> None:
    """A file that was closed long before the hang-up was told of: the file is right, unless it was we who asked for
    its recorder's stop."""
    if recorder.ended is None or segment.stopped != recorder.ended or segment.stop_asked is not None:
        return
    if closed < recorder.ended - LATE_SECONDS:
        recorder.end_unseen = recorder.end_unseen or recorder.row


def sound_since(recorder: Recorder) -> float | None:
    """When a channel was answered of which nobody saw it: since when its files hold sound."""
    found = (begun(segment) for segment in recorder.segments)
    return min((at for at in found if at is not None), default=None)


def confirmed_late(recorder: Recorder) -> list[do.Action]:
    """Starts that were told of later than they were: the file tells since when its recorder ran, and what was noted as
    missing meanwhile is not. An answer that was told of in the same moment was no later than the file's first sound."""
    actions: list[do.Action] = []
    for segment in tuple(recorder.segments):
        since, told = begun(segment), segment.started
        if told is None or since is None or segment.state is SegmentState.FAILED or told - since < SLOW_SECONDS:
            continue
        actions += change(recorder, segment.file, started=since) + withdraw_gaps(recorder, since, told)
        answered = recorder.answered
        if answered is not None and since < answered and abs(told - answered) < TOGETHER_SECONDS:
            actions += answered_at(recorder, since)
    return actions


def answer_of(recorder: Recorder) -> float | None:
    """When a channel was answered of which nobody saw it: since when its files hold sound. Where it was silent for a
    card line, and no file since then tells that nobody spoke, unknown counts as answered."""
    since = sound_since(recorder)
    last = next((one for one in reversed(recorder.suspensions) if one.why == CARD_LINE), None)
    if since is not None or last is None:
        return since
    told = any(one.asked > last.asked and one.state is not SegmentState.FAILED for one in recorder.segments)
    return None if told else last.confirmed


def doubt_answer(recorder: Recorder, delayed: tuple[float, float]) -> None:
    """Remember that the answer may have been before it was told of, if it was told of while news were late."""
    since, until = delayed
    if recorder.answered is not None and since < recorder.answered <= until + TOGETHER_SECONDS:
        recorder.answer_late = since if recorder.answer_late is None else min(since, recorder.answer_late)


def answer_at_last(recorder: Recorder) -> float | None:
    """When a channel was answered really whose answer was told of late: since its file holds sound."""
    since = sound_since(recorder)
    if since is None or recorder.answered is None:
        return None
    if told_too_late(recorder):
        return since
    if recorder.answer_late is None:
        return None
    since = max(since, recorder.answer_late)
    return since if since < recorder.answered - SLOW_SECONDS else None


def told_too_late(recorder: Recorder) -> bool:
    """Whether the answer was told of when the file that ran to the end was closed already: it was before."""
    last = recorder.segments[-1] if recorder.segments else None
    if last is None or last.closed is None or last.stop_asked is not None or recorder.answered is None:
        return False
    return last.closed < recorder.answered


def written_last(recorder: Recorder) -> float | None:
    """When the last file was closed that nobody had asked to be."""
    return max((s.closed for s in recorder.segments if s.closed is not None and s.stop_asked is None), default=None)


def answered_at(recorder: Recorder, at: float) -> list[do.Action]:
    """Nobody saw the answer when it was; it was then."""
    recorder.answered = at
    recorder.end_unseen = recorder.end_unseen and replace(recorder.end_unseen, answered=at)
    if recorder.call_unseen is not None and recorder.call_unseen.answered is None:
        recorder.call_unseen = replace(recorder.call_unseen, answered=at)
    if recorder.row is None:
        return []
    recorder.row = replace(recorder.row, answered=at)
    return [do.Save(recorder.row), *save_gaps(recorder, recorder.gaps)]


def begun(segment: Segment) -> float | None:
    """When the sound of a closed file begins, at the latest; None where it holds none."""
    if segment.closed is None or segment.size is None or segment.size < HEADER_BYTES + SHORTEST * BYTES_A_SECOND:
        return None
    return max(segment.asked, segment.closed - (segment.size - HEADER_BYTES) / BYTES_A_SECOND)
