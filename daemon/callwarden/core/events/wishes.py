"""What somebody wants of us: the dialplan by a step, an operator, the clock."""

from dataclasses import dataclass, field
from enum import StrEnum


class Step(StrEnum):
    """A step that a call waits for: the name is the path of its FastAGI address in ``dialplan/callwarden.conf``."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    ANNOUNCE_OUTBOUND = "announce-outbound"
    CARD_GATE = "card-gate"
    CARD_LEFT = "card-left"
    DIVERT = "divert"
    SUSPEND = "suspend"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAsked:
    """The dialplan waits in a FastAGI step; ``step_id`` names the connection to answer on."""

    at: float
    step_id: int
    step: Step
    unique_id: str
    name: str = ""
    arguments: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class SuspensionOrdered:
    """An operator (``by``) wants the call of ``linked_id`` silent; ``reply_to`` names whom to answer."""

    at: float
    linked_id: str
    by: str
    reply_to: int


@dataclass(frozen=True, slots=True)
class ResumptionOrdered:
    at: float
    linked_id: str
    by: str
    reply_to: int


@dataclass(frozen=True, slots=True)
class TimerExpired:
    """A timer that an action set; ``key`` is what was set."""

    at: float
    key: tuple[str, ...]
