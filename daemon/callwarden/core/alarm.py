"""One alarm: said once or many times, about one thing, until a person has seen it or it is over. Pure.

Times are UTC epoch seconds. An alarm is something that happened (it stays open until a person acknowledges it) or, if
``lasting``, a state of things (open until it ends; acknowledged, it is only not sent again).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """``about`` is a channel's unique id, or empty; ``text`` the newest of ``count``; ``sent``: last handed to the
    ways, None when never in this alarm's life."""

    kind: str
    about: str
    text: str
    first: float
    last: float
    count: int = 1
    lasting: bool = False
    sent: float | None = None
    ended: float | None = None
    acknowledged: float | None = None
    acknowledged_by: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.about

    @property
    def open(self) -> bool:
        """Whether somebody still has to look at it."""
        return self.ended is None and self.acknowledged is None

    @property
    def over(self) -> bool:
        """Whether the next time it is said is another alarm."""
        return self.ended is not None or (self.acknowledged is not None and not self.lasting)


class News(StrEnum):
    """Why something is sent."""

    RAISED = "raised"
    ENDED = "ended"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a way is given."""

    news: News
    alarm: Alarm

    def as_json(self, host: str) -> dict[str, Any]:
        """For a hook: a promise to scripts, so nothing here is renamed or removed."""
        alarm = self.alarm
        return {
            "news": str(self.news),
            "kind": alarm.kind,
            "text": alarm.text,
            "channel": alarm.about,
            "first": alarm.first,
            "last": alarm.last,
            "count": alarm.count,
            "host": host,
        }


def said(known: Alarm | None, alarm: Alarm) -> Alarm:
    """What is known of it once it was said (again)."""
    if known is None or known.over:
        return alarm
    return replace(known, text=alarm.text, last=alarm.last, count=known.count + 1, lasting=alarm.lasting)


def to_send(alarm: Alarm, last_sent: float | None, now: float, repeat_after: float) -> bool:
    """Whether somebody is to be told now. ``last_sent``: of anything of this kind about this, in an earlier life too.

    An alarm that was told is told again only when it was said since, so a lasting one is a reminder.
    """
    if not alarm.open:
        return False
    if alarm.sent is not None and alarm.last <= alarm.sent:
        return False
    return last_sent is None or not 0 <= now - last_sent < repeat_after
