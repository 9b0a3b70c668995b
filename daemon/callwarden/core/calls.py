"""Who is with whom: channels, bridges, ``Local`` halves, devices and linked ids, as Asterisk's events tell them.

Takes events, gives conversations. A conversation is everybody whose audio may reach one another, now or by one more
press of a key: members of a bridge, the two halves of a ``Local`` channel, channels of one linked id, and the
channels of one phone (a second call of the same phone is a consultation: its held call belongs to it). A trunk is
no phone: its channels are strangers to each other. Holding bridges (parking) connect nobody.

No transfer event is used (asterisk.md 2: redirects, queues and IVRs send none).
"""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from callwarden.core.facts import Role

# Channel technologies of Asterisk's own making: they carry somebody else's audio and are never a party.
PLUMBING = frozenset(
    {
        "Local", "Snoop", "Announcer", "Recorder", "CBAnn", "CBRec", "ConfBridgeRecorder", "Surrogate", "AsyncGoto",
        "Bridge", "Message", "MulticastRTP", "UnicastRTP", "Parked", "Phone", "WebSocket", "AudioSocket",
    }
)  # fmt: skip
# Asterisk's unique ids: [system name-]seconds of the channel's birth.counter
BIRTH = re.compile(r"(?:^|-)(\d{9,10})\.\d+$", re.ASCII)


class CardStage(Enum):
    """Where a channel stands with a card line it asked for."""

    NONE = auto()
    ASKING = auto()
    CLEARED = auto()


@dataclass(slots=True)
class Leg:
    """One live channel.

    ``sent_by`` is the phone by whose doing it stands at a card line; ``party`` whether somebody is, or was, at its far
    end (a card line behind a ``Local`` channel is none); ``told`` whether its party has been told that the call is
    recorded; ``heard`` the parties that its running recorder has met, ``through`` the plumbing beside which that began,
    ``heard_music`` whether it heard any, ``music`` whether there is any now; ``on_record`` whether this plumbing has a
    row of its own, for something was told to it; ``ungated`` whether it was said that this card line was dialled past
    the gate; ``proof`` the number of the latest order to stop recorders on a channel that has no recorder of ours.
    """

    unique_id: str
    linked_id: str
    name: str
    started: float
    number: str = ""
    party_name: str = ""
    context: str = ""
    exten: str = ""
    role: Role = Role.PHONE
    answered: float | None = None
    bridge: str = ""
    dialled_by: str = ""
    dial_string: str = ""
    card: CardStage = CardStage.NONE
    sent_by: str = ""
    in_place_by: str = ""
    party: bool = False
    told: bool = False
    on_record: bool = False
    ungated: bool = False
    proof: int = 0
    heard: set[str] = field(default_factory=set)
    through: set[str] = field(default_factory=set)
    music: bool = False
    heard_music: bool = False

    @property
    def endpoint(self) -> str:
        """``PJSIP/202`` of ``PJSIP/202-00000001``."""
        return endpoint_of(self.name)


@dataclass(slots=True)
class Bridge:
    """``holding`` bridges connect nobody; into a ``conference`` anybody may come."""

    holding: bool = False
    conference: bool = False
    members: set[str] = field(default_factory=set)


def endpoint_of(name: str) -> str:
    """The endpoint in a channel's name: ``PJSIP/202`` of ``PJSIP/202-00000001``."""
    head, dash, _ = name.rpartition("-")
    return head if dash else name


def born(unique_id: str) -> float | None:
    """When this channel began, to the second before (UTC epoch seconds), by its unique id; None where that is no
    Asterisk's."""
    found = BIRTH.search(unique_id)
    return float(found[1]) if found else None


def technology_of(name: str) -> str:
    """``PJSIP`` of ``PJSIP/202-00000001``."""
    return name.partition("/")[0]


class Calls:
    """The mirror of Asterisk's channels. Every method is one fact being taken in, or one question."""

    def __init__(self) -> None:
        self.legs: dict[str, Leg] = {}
        self.bridges: dict[str, Bridge] = {}
        self._halves: dict[str, str] = {}
        self._of_linked_id: defaultdict[str, set[str]] = defaultdict(set)
        self._of_endpoint: defaultdict[str, set[str]] = defaultdict(set)

    # -- taking in --------------------------------------------------------------------------------------------

    def add(self, leg: Leg) -> None:
        """A channel exists."""
        leg.party = technology_of(leg.name) not in PLUMBING
        self.legs[leg.unique_id] = leg
        self._of_linked_id[leg.linked_id].add(leg.unique_id)
        self._of_endpoint[leg.endpoint].add(leg.unique_id)

    def remove(self, unique_id: str) -> None:
        """A channel is gone."""
        leg = self.legs.pop(unique_id)
        self.leave(leg)
        _discard(self._of_linked_id, leg.linked_id, unique_id)
        _discard(self._of_endpoint, leg.endpoint, unique_id)
        half = self._halves.pop(unique_id, None)
        if half is not None:
            self._halves.pop(half, None)

    def rename(self, leg: Leg, name: str) -> None:
        """A masquerade gave the channel another name, and so perhaps another phone, or a party behind it."""
        leg.party = leg.party or technology_of(name) not in PLUMBING
        _discard(self._of_endpoint, leg.endpoint, leg.unique_id)
        leg.name = name
        self._of_endpoint[leg.endpoint].add(leg.unique_id)

    def relink(self, leg: Leg, linked_id: str) -> None:
        """The channel was merged into another call."""
        _discard(self._of_linked_id, leg.linked_id, leg.unique_id)
        leg.linked_id = linked_id
        self._of_linked_id[linked_id].add(leg.unique_id)

    def pair(self, one: str, two: str) -> None:
        """These are the two halves of a ``Local`` channel."""
        if one in self.legs and two in self.legs:
            self._halves[one], self._halves[two] = two, one

    def bridge(self, bridge: str, holding: bool = False, conference: bool = False) -> Bridge:
        """The bridge of this id, made if it was not known."""
        found = self.bridges.setdefault(bridge, Bridge())
        found.holding = found.holding or holding
        found.conference = found.conference or conference
        return found

    def enter(self, leg: Leg, bridge: str, holding: bool = False, conference: bool = False) -> None:
        """The channel is in this bridge now, and in no other."""
        self.leave(leg)
        leg.bridge = bridge
        self.bridge(bridge, holding, conference).members.add(leg.unique_id)

    def leave(self, leg: Leg, bridge: str = "") -> None:
        """The channel is in no bridge (or not in the one named: a late event about an earlier one changes nothing).
        A bridge that nobody is in is none."""
        if bridge and leg.bridge != bridge:
            return
        known = self.bridges.get(leg.bridge)
        if known is not None:
            known.members.discard(leg.unique_id)
            if not known.members:
                del self.bridges[leg.bridge]
        leg.bridge = ""

    # -- questions ----------------------------------------------------------------------------------------------

    def call(self, linked_id: str) -> list[Leg]:
        """The live channels of one linked id, the eldest first."""
        legs = [self.legs[unique_id] for unique_id in self._of_linked_id.get(linked_id, ())]
        return sorted(legs, key=lambda leg: (leg.started, leg.unique_id))

    def conversation(self, unique_id: str) -> set[str]:
        """Everybody whose audio may reach this channel now or by one more key press, itself included."""
        return self._closure(unique_id, self._neighbours)

    def hearing(self, unique_id: str) -> set[str]:
        """Everybody this channel exchanges audio with right now, itself included: bridges and ``Local`` halves only."""
        return self._closure(unique_id, self._connected)

    def half(self, leg: Leg) -> Leg | None:
        """The other half of a ``Local`` channel."""
        return self.legs.get(self._halves.get(leg.unique_id, ""))

    def conferring(self) -> set[str]:
        """Everybody in the conversations of those who are in a conference."""
        members = {one for bridge in self.bridges.values() if bridge.conference for one in bridge.members}
        return {one for member in members for one in self.conversation(member)}

    def with_nobody_known(self, leg: Leg) -> bool:
        """Whether it is a card line, or on its way to one, in a conversation in which nobody else is."""
        members = [self.legs[one] for one in self.conversation(leg.unique_id)]
        return self.at_card_line(leg) and all(one.role in (Role.CARD_LINE, Role.PLUMBING) for one in members)

    def talks(self, leg: Leg) -> bool:
        """Whether somebody else is in its bridge."""
        known = self.bridges.get(leg.bridge)
        return known is not None and not known.holding and len(known.members) > 1

    def partners(self, leg: Leg) -> set[str]:
        """The parties that this channel exchanges audio with right now, plumbing left out."""
        hearing = self.hearing(leg.unique_id) - {leg.unique_id}
        return {one for one in hearing if self.legs[one].role is not Role.PLUMBING}

    def plumbing_beside(self, leg: Leg) -> set[str]:
        """The ``Local`` halves and the like in its bridge."""
        known = self.bridges.get(leg.bridge)
        return {one for one in known.members if self.legs[one].role is Role.PLUMBING} if known is not None else set()

    def at_card_line(self, leg: Leg) -> bool:
        """Whether it is a card line, asks for one, or was let through to one and is with nobody else since."""
        if leg.role is Role.CARD_LINE or leg.card is CardStage.ASKING:
            return True
        if leg.card is CardStage.NONE:
            return False
        return not self.talks(leg) or any(
            self.legs[member].role is Role.CARD_LINE for member in self.hearing(leg.unique_id)
        )

    def _closure(self, start: str, neighbours: Callable[[Leg], set[str]]) -> set[str]:
        seen = {start} & self.legs.keys()
        frontier = list(seen)
        while frontier:
            fresh = neighbours(self.legs[frontier.pop()]) - seen
            seen |= fresh
            frontier.extend(fresh)
        return seen

    def _connected(self, leg: Leg) -> set[str]:
        known = self.bridges.get(leg.bridge)
        met = set(known.members) if known is not None and not known.holding else set()
        half = self.half(leg)
        if half is not None:
            met.add(half.unique_id)
        return met

    def _neighbours(self, leg: Leg) -> set[str]:
        met = self._connected(leg) | self._of_linked_id[leg.linked_id]
        if leg.role is Role.PHONE:
            met |= self._of_endpoint[leg.endpoint]
        return met


def _discard(index: defaultdict[str, set[str]], key: str, value: str) -> None:
    members = index[key]
    members.discard(value)
    if not members:
        del index[key]
