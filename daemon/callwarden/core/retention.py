"""How long recordings are kept, what is due to be deleted, and why. Pure: rows, rules and the time in, reasons out.

A recording is kept for a time that is counted from the end of its call, as the catalogue has it, and from nothing
else: a file's own times say when somebody copied it. What falls due is the call as a whole: its recordings, and with
the last of them what the catalogue knows of the people in it.

Which rule counts:

* Of the rules that fit a call the one that keeps it longest: a complaint about an internal call is a complaint.
* The general period counts where no rule fits. A rule may therefore be shorter than it.
* While a change of the rules is pending, a call is kept as long as the old rules or the new ones keep it, whichever is
  longer: what lengthens counts at once, what shortens deletes nothing before its time has come.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

# Months are not equally long, and clocks are moved: two calls may fall due in the other order than they ended, by at
# most the few days by which 31 January is held to 28 February, and an hour.
DISORDER_SECONDS = 4 * 86400.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A call of which something is kept. ``ended``: its end, or its start if nobody saw an end.

    What rules may ask for: ``direction``, ``did`` (the dialled number of a call from outside, as a search key),
    ``extensions`` of ours that took part, ``requests``: the kinds of the approved requests that cover it.
    """

    linked_id: str
    ended: float
    direction: str = ""
    did: str = ""
    extensions: frozenset[str] = frozenset()
    requests: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """``expires`` tells until when something is kept that ended at a given time; ``name`` is how people say it;
    ``fits`` whether it is about a call."""

    name: str
    expires: Callable[[float], float]
    fits: Callable[[Ended], bool] = lambda _: True

    def kept(self, call: Ended) -> "Kept":
        """By this rule alone."""
        return Kept(self.expires(call.ended), self)

    def horizon(self, now: float) -> float:
        """No call that ended later than this is due at ``now``: how far into the catalogue it is worth looking."""
        due, kept = 0.0, now
        if self.expires(kept) <= now:
            return now
        while kept - due > 1:
            middle = (due + kept) / 2
            if self.expires(middle) <= now:
                due = middle
            else:
                kept = middle
        return min(now, kept + DISORDER_SECONDS)


@dataclass(frozen=True, slots=True)
class Kept:
    """Until when a call is kept, and by which rule."""

    until: float
    rule: Rule


class Retention(Protocol):
    """All the rules there are: one, some, or two sets of them."""

    def kept(self, call: Ended) -> Kept:
        """Until when a call is kept, and by which rule."""

    def horizon(self, now: float) -> float:
        """No call that ended later than this is due at ``now``."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The ``general`` rule, and those for some calls."""

    general: Rule
    special: tuple[Rule, ...] = ()

    def kept(self, call: Ended) -> Kept:
        """By the rule that fits and keeps it longest; by the general one where none fits."""
        fitting = [rule for rule in self.special if rule.fits(call)] or [self.general]
        return max((rule.kept(call) for rule in fitting), key=lambda kept: kept.until)

    def horizon(self, now: float) -> float:
        """No call that ended later than this is due at ``now``."""
        return max(rule.horizon(now) for rule in (self.general, *self.special))


@dataclass(frozen=True, slots=True)
class Changing:
    """Rules that are to be followed by others: each call is kept as long as either of them keeps it."""

    old: Rules
    new: Rules

    def kept(self, call: Ended) -> Kept:
        """By the rules that keep it longer."""
        return max(self.old.kept(call), self.new.kept(call), key=lambda kept: kept.until)

    def horizon(self, now: float) -> float:
        """No call that ended later than this is due at ``now``."""
        return min(self.old.horizon(now), self.new.horizon(now))


@dataclass(frozen=True, slots=True)
class Due:
    """A call whose time is over since ``expired``; ``why`` is a sentence without personal data."""

    linked_id: str
    ended: float
    expired: float
    why: str


def choose(calls: Iterable[Ended], retention: Retention, now: float) -> list[Due]:
    """Those of ``calls`` that are due at ``now``, in their order."""
    kept = ((call, retention.kept(call)) for call in calls)
    return [
        Due(call.linked_id, call.ended, by.until, _reason(call, by.rule, by.until))
        for call, by in kept
        if by.until <= now
    ]


def _reason(call: Ended, rule: Rule, expired: float) -> str:
    return f"{rule.name} after the end of the call on {_day(call.ended)}, over on {_day(expired)}"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
