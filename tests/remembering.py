"""A catalogue in memory: facts as storage keeps them, and what it remembers of them after a restart."""

from collections.abc import Iterator
from typing import Any

from callwarden.core import events as ev
from callwarden.core import facts
from callwarden.core.ledger import account
from callwarden.core.spans import Span


class Catalogue:
    """Facts as storage keeps them: whole rows under their keys."""

    def __init__(self) -> None:
        self.rows: dict[tuple[object, ...], facts.Fact] = {}

    def save(self, fact: facts.Fact) -> None:
        self.rows[_key(fact)] = fact
        if isinstance(fact, facts.Gap) and fact.ended <= fact.started:
            del self.rows[_key(fact)]

    def of(self, kind: type[Any], unique_id: str) -> list[Any]:
        found = [row for row in self.rows.values() if isinstance(row, kind) and row.unique_id == unique_id]
        return sorted(found, key=lambda row: getattr(row, "number", 0) or getattr(row, "started", 0))

    @property
    def channels(self) -> list[facts.Channel]:
        return [row for row in self.rows.values() if isinstance(row, facts.Channel)]

    @property
    def calls(self) -> list[facts.Call]:
        return [row for row in self.rows.values() if isinstance(row, facts.Call)]

    def ledger(self, channel: facts.Channel) -> list[Span]:
        """Every second of an ended channel that was answered."""
        assert channel.answered is not None, f"{channel.unique_id} was not answered"
        assert channel.ended is not None, f"{channel.unique_id} has not ended"
        mine = channel.unique_id
        return account(
            channel.answered, channel.ended, segments=self.of(facts.Segment, mine), gaps=self.of(facts.Gap, mine),
            suspensions=self.of(facts.Suspension, mine), exempt=channel.exempt,
        )  # fmt: skip

    def remembered(self, at: float) -> Iterator[ev.ChannelRemembered]:
        """What ``storage/remembered.py`` makes of it."""
        over = ("stored", "discarded", "missing")
        for channel in self.channels:
            mine = channel.unique_id
            recording = next((one for one in self.of(facts.Recording, mine) if one.state not in over), None)
            call = self.rows.get((facts.Call, channel.linked_id))
            if (channel.ended is None or recording is not None) and isinstance(call, facts.Call):
                yield ev.ChannelRemembered(
                    at=at, call=call, channel=channel, recording=recording,
                    segments=tuple(self.of(facts.Segment, mine)), suspensions=tuple(self.of(facts.Suspension, mine)),
                    announcements=tuple(self.of(facts.Announcement, mine)), gaps=tuple(self.of(facts.Gap, mine)),
                )  # fmt: skip


def _key(fact: facts.Fact) -> tuple[object, ...]:
    match fact:
        case facts.Call():
            return facts.Call, fact.linked_id
        case facts.Segment():
            return facts.Segment, fact.file
        case facts.Suspension() | facts.Announcement():
            return type(fact), fact.unique_id, fact.number
        case facts.Gap():
            return facts.Gap, fact.unique_id, fact.started
        case _:
            return type(fact), fact.unique_id
