"""The card time, checked again when a call is over: what of a file may have been heard after the hand-over. Pure.

Takes the suspensions of a channel and, for each of its files, when its recorder ran, when it was last written and how
much it holds; gives the stretches of the file that may stay.

What a file tells of time: it was written in order and never faster than real time, so the sound at ``x`` seconds was
heard at ``started + x`` at the earliest (nothing is written while no sound comes) and ``written - seconds + x`` at the
latest. Unknown counts as heard: whatever may have been heard while a card was read out goes. A file that holds no more
than its recorder ran, and was closed soon after the proof that it had stopped, is what it says it is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from callwarden.core.facts import Segment, Suspension
from callwarden.core.silence import CARD_LINE, IN_PLACE

SEEN_GONE = "the dialplan saw the recorder gone"
# As the dialplan names what it starts itself: see ``recorder.begun``.
BY_DIALPLAN_ITSELF = re.compile(r"-dialplan[0-9]{9,14}\.", re.ASCII)
CUT = "cut out: it may hold what was said after the hand-over"
# Seconds. Asterisk closes a file some moments after its recorder was stopped, on a busy machine rather later; and a
# recorder starts some frames before its confirmation comes.
LATE_SECONDS = 1.0
MORE_SECONDS = 0.5
# Seconds: the dialplan's clock has no smaller unit.
DIALPLAN_GRAIN = 1.0
# A stop that was never proven, because the caller hung up while it was asked for, is no payment.
UNPROVEN_SECONDS = 1.0
# Between the order to record again and its confirmation.
RESUMING_SECONDS = 0.25
SHORTEST = 0.02  # seconds; less is the rounding of clocks


@dataclass(frozen=True, slots=True)
class Written:
    """A file: its recorder ran from ``started`` to ``ended``, it was last written at ``written`` (all UTC epoch
    seconds) and holds ``seconds``."""

    started: float
    ended: float
    written: float
    seconds: float


@dataclass(frozen=True, slots=True)
class CardTime:
    """A stretch of time in which nothing may have been recorded; ``grain``: how exactly it is known, in seconds. One
    that is not ``proven`` begins with a stop that was asked for and never confirmed: usually the gate was refused, and
    nobody reached a card line."""

    started: float
    ended: float
    why: str
    grain: float = 0.0
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a file, in its own seconds."""

    start: float
    end: float


def card_times(suspensions: Iterable[Suspension], ended: float, segments: Iterable[Segment] = ()) -> list[CardTime]:
    """When a card may have been read out on a channel that ended at ``ended``. A stop that was never proven counts from
    the moment it was asked for. Where the daemon was away when the payment ended, the dialplan's own recorder tells:
    the channel's dialplan starts it when it goes on after the card line, and cannot before."""
    segments = list(segments)
    back = sorted(one.asked for one in segments if BY_DIALPLAN_ITSELF.search(one.file))
    again = [one.asked for one in segments]
    times = [_card_time(one, _end(one, ended, back, again)) for one in suspensions if one.why in (CARD_LINE, IN_PLACE)]
    return sorted((one for one in times if one is not None), key=lambda one: one.started)


def leaks(file: Written, times: Sequence[CardTime]) -> list[Stretch]:
    """What of the file may have been heard in a card time; empty for a file as it should be."""
    found = [_leak(file, time) for time in times]
    return _joined(sorted((one for one in found if one is not None), key=lambda one: one.start))


def reached(times: Iterable[CardTime], card_lines: Sequence[tuple[float, float]]) -> list[CardTime]:
    """``times``, the unproven ones only as far as a card line was up: ``card_lines`` tells from when to when each was.
    Whose payment it was is not asked: a stop that nobody confirmed may belong to any of them."""
    found: list[CardTime] = []
    for one in times:
        if one.proven:
            found.append(one)
            continue
        spans = ((max(one.started, begun), min(one.ended, ended)) for begun, ended in card_lines)
        found += [replace(one, started=begun, ended=ended) for begun, ended in spans if ended > begun]
    return sorted(found, key=lambda one: one.started)


def kept(seconds: float, leaked: Sequence[Stretch]) -> list[Stretch]:
    """What is left of a file of so many seconds."""
    starts = [0.0, *(one.end for one in leaked)]
    ends = [*(one.start for one in leaked), seconds]
    return [Stretch(a, b) for a, b in zip(starts, ends, strict=True) if b - a > SHORTEST]


def stray(file: Written, times: Sequence[CardTime]) -> bool:
    """Whether a file of which nobody knows when its recorder ran may hold anything of a card time."""
    first = file.written - file.seconds
    return any(file.written > one.started + LATE_SECONDS and first < one.ended for one in times)


def _end(suspension: Suspension, ended: float, back: Sequence[float], again: Sequence[float]) -> float:
    """When it ended, as far as anybody knows. It is written down when recording was confirmed, and ended when that was
    asked for (``again``), some milliseconds before: the party was away from the card line by then."""
    begun = suspension.asked if suspension.confirmed is None else suspension.confirmed
    until = ended if suspension.ended is None else min(suspension.ended, ended)
    until = min([until, *(one for one in again if 0 < until - one <= RESUMING_SECONDS)])
    return min([until, *(one for one in back if one > begun + DIALPLAN_GRAIN)])


def _card_time(suspension: Suspension, until: float) -> CardTime | None:
    if suspension.confirmed is None:
        long = until - suspension.asked > UNPROVEN_SECONDS
        return CardTime(suspension.asked, until, suspension.why, proven=False) if long else None
    grain = DIALPLAN_GRAIN if suspension.how == SEEN_GONE else 0.0
    begun = suspension.confirmed + grain
    return CardTime(begun, until - grain, suspension.why, grain) if until - grain > begun else None


def _leak(file: Written, time: CardTime) -> Stretch | None:
    last = _last_heard(file, time.grain)
    if last <= time.started:
        return None
    start = max(0.0, file.seconds - (last - time.started))
    end = min(file.seconds, time.ended - file.started)
    return Stretch(start, end) if end - start > SHORTEST else None


def _last_heard(file: Written, grain: float) -> float:
    """When its last sound may have been heard."""
    more = file.seconds > file.ended - file.started + MORE_SECONDS + grain
    late = file.written > file.ended + LATE_SECONDS + grain
    if more or late:
        return max(file.written, file.started + file.seconds)
    return min(file.written, file.ended)


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for one in stretches:
        if joined and one.start <= joined[-1].end:
            joined[-1] = Stretch(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return joined
