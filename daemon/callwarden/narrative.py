"""What a log tells of each call, in a few lines: facts in, sentences out. Pure.

Only what happened once is told: a fact is saved each time it changes, and most changes are nobody's business.
Numbers are masked here already; keyed digits never come this far.
"""

from callwarden.core.facts import (
    Announcement,
    Call,
    Channel,
    Fact,
    Gap,
    Recording,
    RecordingState,
    Segment,
    Suspension,
)
from callwarden.core.numbers import mask

QUIET = (Channel, Segment)
"""Of these, half of all facts, nothing is ever told."""

TOLD_STATES = {
    RecordingState.STORED: "recording is in the vault",
    RecordingState.DISCARDED: "nothing was to be kept",
    RecordingState.MISSING: "recording is lost",
}


def sentence(fact: Fact) -> str:
    """What to tell of a fact that was just saved, or an empty string."""
    match fact:
        case Call():
            return _of_call(fact)
        case Suspension():
            return _of_suspension(fact)
        case Announcement(finished=float()):
            how = "to the end" if fact.complete else f"not to the end ({fact.reason})"
            return f"told {fact.language}/{fact.prompt} ({fact.played_by}), heard {how}"
        case Gap():
            return f"gap of {fact.ended - fact.started:.1f} s: {fact.cause}"
        case Recording():
            return TOLD_STATES.get(fact.state, "")
    return ""


def _of_call(call: Call) -> str:
    if call.ended is not None:
        return f"call ended after {max(0.0, call.ended - call.started):.0f} s"
    if call.answered is None:
        return f"{call.direction} call from {mask(call.caller_number)} to {mask(call.called_number)}"
    return ""


def _of_suspension(suspension: Suspension) -> str:
    by = f" by {suspension.by}" if suspension.by else ""
    if suspension.ended is not None:
        return f"recording goes on after {suspension.ended - suspension.asked:.1f} s ({suspension.why})"
    if suspension.confirmed is not None:
        took = (suspension.confirmed - suspension.asked) * 1000
        return f"silent: {suspension.why}{by}, proven after {took:.1f} ms ({suspension.how})"
    return ""


def channel_of(fact: Fact) -> str:
    """The unique id of the channel that a fact is about; empty for a call."""
    return "" if isinstance(fact, Call) else fact.unique_id


def call_of(fact: Fact) -> str:
    """The linked id of the call that a fact is about, where the fact itself tells it."""
    return getattr(fact, "linked_id", "")
