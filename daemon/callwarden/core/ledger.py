"""What every second of an answered channel was: recorded, suspended, exempt or a gap, without a hole or an overlap.

Takes one channel's facts, gives spans that follow one another from answer to end. Where facts overlap, silence wins
over sound: a second that is claimed as recorded and as suspended or missing is shown as what is worse.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from callwarden.core.facts import Gap, Segment, SegmentState, Suspension
from callwarden.core.spans import ONE_PER_CALL, Kind, Span

UNEXPLAINED = "unexplained"


def account(
    answered: float,
    ended: float,
    *,
    segments: Sequence[Segment] = (),
    suspensions: Sequence[Suspension] = (),
    gaps: Sequence[Gap] = (),
    exempt: str = "",
) -> list[Span]:
    """The spans of a channel that was answered and ended at these times (UTC epoch seconds)."""
    claims = [
        *_suspended(suspensions, ended),
        *(Span(gap.started, gap.ended, _kind(gap.cause, Kind.GAP), gap.cause) for gap in gaps),
        *_recorded(segments, ended),
        *([Span(answered, ended, Kind.EXEMPT, exempt)] if exempt else []),
    ]
    return _merged(_strongest(claims, answered, ended))


def _recorded(segments: Iterable[Segment], ended: float) -> list[Span]:
    return [
        Span(segment.started, _end(segment.until, ended), Kind.RECORDED)
        for segment in segments
        if segment.started is not None and segment.state is not SegmentState.FAILED
    ]


def _suspended(suspensions: Iterable[Suspension], ended: float) -> list[Span]:
    return [
        Span(item.confirmed, _end(item.ended, ended), _kind(item.why, Kind.SUSPENDED), item.why, item.by)
        for item in suspensions
        if item.confirmed is not None
    ]


def _kind(why: str, otherwise: Kind) -> Kind:
    """What is left out by a rule is exempt, however the channel came to be silent."""
    return Kind.EXEMPT if why == ONE_PER_CALL else otherwise


def _end(moment: float | None, otherwise: float) -> float:
    return otherwise if moment is None else moment


def _strongest(claims: Sequence[Span], start: float, end: float) -> list[Span]:
    """Cut at every edge; each piece takes the first claim (in the order given) that covers it."""
    edges = sorted({start, end, *(min(max(t, start), end) for c in claims for t in (c.started, c.ended))})
    return [_claimed(claims, a, b) for a, b in pairwise(edges)]


def _claimed(claims: Sequence[Span], a: float, b: float) -> Span:
    for claim in claims:
        if claim.started <= a and claim.ended >= b:
            return Span(a, b, claim.kind, claim.why, claim.by)
    return Span(a, b, Kind.GAP, UNEXPLAINED)


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        last = merged[-1] if merged else None
        if last is not None and (last.kind, last.why, last.by) == (span.kind, span.why, span.by):
            merged[-1] = Span(last.started, span.ended, span.kind, span.why, span.by)
        else:
            merged.append(span)
    return merged
