"""What became of the answered seconds: each day's, and all of them. Pure: spans in, sums out.

Takes the spans of channels as :func:`callwarden.core.ledger.account` gives them, and what tells the day of a moment.
Rule: a span that goes over midnight counts in each of its days for what lies in that day.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from callwarden.core.ledger import UNEXPLAINED
from callwarden.core.spans import Kind, Span

STILL_UP = "the call is up: not told yet"
OTHER = "other causes"
# Reasons are few, but some hold what Asterisk said; what is more than this is told in one sum.
MOST_REASONS = 200


@dataclass(frozen=True, slots=True)
class Day:
    """A day's name and its beginning and end (UTC epoch seconds); 23 or 25 hours where clocks are moved."""

    name: str
    started: float
    ended: float


@dataclass(slots=True)
class Sums:
    """Seconds by what they were. ``channels`` is how many had an answered second in this time."""

    channels: int = 0
    recorded: float = 0.0
    suspended: Counter[str] = field(default_factory=Counter)
    exempt: Counter[str] = field(default_factory=Counter)
    gap: Counter[str] = field(default_factory=Counter)
    unexplained: float = 0.0

    @property
    def answered(self) -> float:
        """All of them."""
        parts = (self.suspended, self.exempt, self.gap)
        return self.recorded + sum(sum(part.values()) for part in parts) + self.unexplained

    @property
    def explained(self) -> float:
        """The share of the answered seconds that is explained, 0 to 1."""
        return 1 - self.unexplained / self.answered if self.answered else 1.0

    def add(self, span: Span) -> None:
        """Count one span."""
        seconds: float = span.seconds
        if span.kind is Kind.RECORDED:
            self.recorded += seconds
        elif span.kind is Kind.GAP and span.why == UNEXPLAINED:
            self.unexplained += seconds
        else:
            _count(self._of(span.kind), span.why, seconds)

    def _of(self, kind: Kind) -> Counter[str]:
        return {Kind.SUSPENDED: self.suspended, Kind.EXEMPT: self.exempt, Kind.GAP: self.gap}[kind]


@dataclass(slots=True)
class Coverage:
    """``days`` by their names, in order, and the ``total``."""

    days: dict[str, Sums] = field(default_factory=dict)
    total: Sums = field(default_factory=Sums)


def summed(channels: Iterable[Iterable[Span]], from_: float, to: float, day_of: Callable[[float], Day]) -> Coverage:
    """What the channels' seconds between ``from_`` and ``to`` (UTC epoch seconds) were."""
    coverage = Coverage()
    for spans in channels:
        seen: set[str] = set()
        for span in spans:
            for day, piece in _by_day(span, from_, to, day_of):
                sums = coverage.days.setdefault(day.name, Sums())
                sums.add(piece)
                coverage.total.add(piece)
                seen.add(day.name)
        coverage.total.channels += bool(seen)
        for name in seen:
            coverage.days[name].channels += 1
    coverage.days = dict(sorted(coverage.days.items()))
    return coverage


def of_a_live_channel(spans: Iterable[Span]) -> list[Span]:
    """Of a channel that is up, a gap's cause is written when the gap ends: until then nobody need be alarmed."""
    return [
        replace(span, why=STILL_UP) if span.kind is Kind.GAP and span.why == UNEXPLAINED else span for span in spans
    ]


def _by_day(span: Span, from_: float, to: float, day_of: Callable[[float], Day]) -> Iterable[tuple[Day, Span]]:
    at, end = max(span.started, from_), min(span.ended, to)
    while at < end:
        day = day_of(at)
        yield day, replace(span, started=at, ended=min(end, day.ended))
        at = day.ended


def _count(counter: Counter[str], why: str, seconds: float) -> None:
    name = why if why in counter or len(counter) < MOST_REASONS else OTHER
    counter[name] += seconds  # type: ignore[assignment]  # Counter's type says int; seconds add up just as well
