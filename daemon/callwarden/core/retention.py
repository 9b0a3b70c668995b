"""What is due to be deleted, and why. Pure: rows, a rule and the time in; one reason a row out.

A recording is kept for a time that is counted from the end of its call, as the catalogue has it, and from nothing
else: a file's own times say when somebody copied it. What falls due is the call as a whole: its recordings, and with
the last of them what the catalogue knows of the people in it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

# Months are not equally long, and clocks are moved: two calls may fall due in the other order than they ended, by at
# most the few days by which 31 January is held to 28 February, and an hour.
DISORDER_SECONDS = 4 * 86400.0


@dataclass(frozen=True, slots=True)
class Rule:
    """``expires`` tells until when something is kept that ended at a given time; ``name`` is how people say it."""

    name: str
    expires: Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Ended:
    """A call of which something is kept. ``ended``: its end, or its start if nobody saw an end."""

    linked_id: str
    ended: float


@dataclass(frozen=True, slots=True)
class Due:
    """A call whose time is over since ``expired``; ``why`` is a sentence without personal data."""

    linked_id: str
    ended: float
    expired: float
    why: str


def choose(calls: Iterable[Ended], rule: Rule, now: float) -> list[Due]:
    """Those of ``calls`` that are due at ``now``, in their order."""
    dated = ((call, rule.expires(call.ended)) for call in calls)
    return [
        Due(call.linked_id, call.ended, expired, _reason(call, rule, expired))
        for call, expired in dated
        if expired <= now
    ]


def horizon(rule: Rule, now: float) -> float:
    """No call that ended later than this is due at ``now``: how far into the catalogue it is worth looking."""
    due, kept = 0.0, now
    if rule.expires(kept) <= now:
        return now
    while kept - due > 1:
        middle = (due + kept) / 2
        if rule.expires(middle) <= now:
            due = middle
        else:
            kept = middle
    return min(now, kept + DISORDER_SECONDS)


def _reason(call: Ended, rule: Rule, expired: float) -> str:
    return f"{rule.name} after the end of the call on {_day(call.ended)}, over on {_day(expired)}"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
