"""A manager connection of the benchmark's own: what Asterisk itself says about a channel, with Asterisk's times.

Takes a logged-in connection whose events bear a Timestamp (`timestampevents`); gives, for each channel, when it
came, when its recorder was started and when it was answered. The daemon's clock and catalogue have no part in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.ami import Message

UP = "6"
EVENTS = ("Newchannel", "MixMonitorStart", "Newstate", "FullyBooted")


@dataclass(slots=True)
class Seen:
    """One channel; times are UTC epoch seconds."""

    name: str
    began: float
    recorded: float | None = None
    answered: float | None = None


def channels(events: Iterable[Message], since: float = 0) -> dict[str, Seen]:
    """By unique id, those that came after `since`; only the first recorder and the first answer of each count."""
    seen: dict[str, Seen] = {}
    for event in events:
        unique_id, at = event.get("Uniqueid", ""), float(event.get("Timestamp", "0"))
        if event["Event"] == "Newchannel" and at >= since:
            answered = at if event["ChannelState"] == UP else None
            seen[unique_id] = Seen(event["Channel"], at, answered=answered)
        elif unique_id in seen:
            _note(seen[unique_id], event, at)
    return seen


def _note(one: Seen, event: Message, at: float) -> None:
    if event["Event"] == "MixMonitorStart" and one.recorded is None:
        one.recorded = at
    elif event["Event"] == "Newstate" and event["ChannelState"] == UP and one.answered is None:
        one.answered = at


def until_recorded(seen: Iterable[Seen]) -> Sequence[float]:
    return [one.recorded - one.began for one in seen if one.recorded is not None]


def before_answer(seen: Iterable[Seen]) -> Sequence[float]:
    """How long before its answer each channel was already being recorded; less than 0: too late."""
    return [
        one.answered - one.recorded for one in seen if one.recorded is not None and one.answered is not None
    ]
