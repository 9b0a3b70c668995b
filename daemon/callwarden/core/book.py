"""Everything the core remembers between two events: the calls, the recorders, the gates that wait."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import policy
from callwarden.core.calls import Calls, Leg
from callwarden.core.events import ChannelRemembered, StepAsked
from callwarden.core.facts import Announcement, Call, Channel
from callwarden.core.recorder import Recorder


@dataclass(slots=True)
class Gate:
    """Somebody waits until a conversation is proven silent: a step of the dialplan or an operator.

    ``why`` and ``by`` are what the suspension will say; ``waiting`` maps a unique id to the number of the proof that is
    awaited from it; ``redirect`` is the channel to send to the card line once all is silent.
    """

    key: int
    unique_id: str
    asked: float
    why: str
    by: str
    step_id: int | None = None
    reply_to: int | None = None
    redirect: str = ""
    waiting: dict[str, int] = field(default_factory=dict)
    proven: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Book:
    """``blind`` is whether nothing is known of Asterisk now, and since ``blind_since``; ``delayed`` from when to when
    news were late the last time; ``remembered`` are channels that the catalogue knew at the start and that no snapshot
    has shown yet; ``learned_trunks`` are endpoints that came through callwarden-inbound; ``last_phone`` is the phone a
    party last talked with; ``early`` are steps that overtook the news of their channel; ``returning`` are steps that
    wait until a channel is recorded again; ``watched`` are channels that have to do with a card line or are silent:
    while there are none, no conversation has to be looked at; ``card_alone`` is whether the last review found a card
    line with nobody that we know, who may join any conference; ``past`` are the calls that ended last, for a transfer
    may take all channels out of one and bring some back.
    """

    settings: Settings
    blind: bool = True
    blind_since: float | None = None
    delayed: tuple[float, float] | None = None
    remembered: dict[str, ChannelRemembered] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)
    facts: dict[str, Call] = field(default_factory=dict)
    past: dict[str, Call] = field(default_factory=dict)
    recorders: dict[str, Recorder] = field(default_factory=dict)
    gates: dict[int, Gate] = field(default_factory=dict)
    announcements: dict[str, list[Announcement]] = field(default_factory=dict)
    learned_trunks: frozenset[str] = frozenset()
    last_phone: dict[str, str] = field(default_factory=dict)
    early: dict[str, StepAsked] = field(default_factory=dict)
    returning: dict[str, int] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    card_alone: bool = False

    def leg(self, unique_id: str) -> Leg | None:
        """The live channel of this unique id."""
        return self.calls.legs.get(unique_id)

    def recorders_of(self, unique_ids: Iterable[str]) -> Iterator[Recorder]:
        """The recorders of these channels, in a stable order."""
        for unique_id in sorted(unique_ids):
            recorder = self.recorders.get(unique_id)
            if recorder is not None:
                yield recorder

    def channel_fact(self, leg: Leg, ended: float | None = None) -> do.Save:
        """The order to save the row of a channel."""
        return do.Save(self.channel_row(leg, ended))

    def channel_row(self, leg: Leg, ended: float | None = None) -> Channel:
        """The row of a channel."""
        recorder = self.recorders.get(leg.unique_id)
        rule = recorder.exempt if recorder else policy.not_recorded(leg, self.settings)
        return Channel(
            unique_id=leg.unique_id, linked_id=leg.linked_id, name=leg.name, endpoint=leg.endpoint, role=leg.role,
            started=leg.started, number=leg.number, party_name=leg.party_name, answered=leg.answered, ended=ended,
            exempt=rule,
        )  # fmt: skip

    def change_call(self, linked_id: str, **changes: object) -> list[do.Action]:
        """Change a call's row, if the call is known and the change is one."""
        known = self.facts.get(linked_id)
        if known is None:
            return []
        changed = replace(known, **changes)  # type: ignore[arg-type]
        if changed == known:
            return []
        self.facts[linked_id] = changed
        return [do.Save(changed)]

    def is_party(self, leg: Leg) -> bool:
        """Whether somebody is at its far end (not Asterisk's own plumbing)."""
        return leg.party
