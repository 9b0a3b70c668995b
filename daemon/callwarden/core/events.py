"""What happened: everything the core is ever told, each with its time (UTC epoch seconds).

Twin of :mod:`callwarden.core.actions`. Names are past participles. Channels are named by their unique id, which
survives transfers and masquerades; the channel's name is only carried where Asterisk wants it back.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from callwarden.core.facts import Announcement, Call, Channel, Gap, Recording, Segment, Suspension, Told


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


# --- channels and bridges, from AMI ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCreated:
    """A channel exists (``Newchannel``), or was found in a snapshot (``found``): with the monitor of ours that runs on
    it, and whether ``[callwarden-card-line]`` rang it."""

    at: float
    unique_id: str
    linked_id: str
    name: str
    caller_number: str = ""
    caller_name: str = ""
    context: str = ""
    exten: str = ""
    answered: bool = False
    found: bool = False
    monitor_id: str = ""
    file: str = ""
    card_phone: bool = False


@dataclass(frozen=True, slots=True)
class ChannelAnswered:
    """``Newstate`` to Up."""

    at: float
    unique_id: str


@dataclass(frozen=True, slots=True)
class ChannelRenamed:
    """``Rename``: a masquerade or a pickup gave the channel another name."""

    at: float
    unique_id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallerIdentified:
    """``NewCallerid``: who is at this channel's far end, as given."""

    at: float
    unique_id: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkedIdChanged:
    """The channel was merged into another call; seen in whatever event carries the new linked id first."""

    at: float
    unique_id: str
    linked_id: str


@dataclass(frozen=True, slots=True)
class ChannelHungUp:
    """``Hangup``. ``seen`` is False where a snapshot only showed that the channel had gone."""

    at: float
    unique_id: str
    seen: bool = True


@dataclass(frozen=True, slots=True)
class BridgeCreated:
    """``holding`` bridges (parking, music) hold parties who do not hear each other; a ``conference`` is open to whoever
    comes."""

    at: float
    bridge: str
    holding: bool
    conference: bool = False


@dataclass(frozen=True, slots=True)
class BridgeDestroyed:
    at: float
    bridge: str


@dataclass(frozen=True, slots=True)
class BridgeEntered:
    at: float
    bridge: str
    unique_id: str
    holding: bool = False
    conference: bool = False


@dataclass(frozen=True, slots=True)
class BridgeLeft:
    at: float
    bridge: str
    unique_id: str


@dataclass(frozen=True, slots=True)
class LocalPaired:
    """``LocalBridge``: the two halves of a ``Local/`` channel pass each other's audio on."""

    at: float
    one: str
    two: str


@dataclass(frozen=True, slots=True)
class DialBegun:
    """``caller`` (empty when originated) rings ``destination`` with ``dial_string`` ("700", "09098790001@trunk");
    ``context`` is where the caller is in the dialplan."""

    at: float
    caller: str
    destination: str
    dial_string: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class DialEnded:
    at: float
    caller: str
    destination: str
    status: str


@dataclass(frozen=True, slots=True)
class MusicStarted:
    """``MusicOnHoldStart``: this channel is played music, on hold or in a queue."""

    at: float
    unique_id: str


@dataclass(frozen=True, slots=True)
class MusicStopped:
    """``MusicOnHoldStop``."""

    at: float
    unique_id: str


@dataclass(frozen=True, slots=True)
class ForeignRecorderStarted:
    """A MixMonitor that we did not ask for was started on a channel (``MixMonitorStart``)."""

    at: float
    unique_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRemembered:
    """When the daemon stopped, this channel had not ended, or its recording was not finished. ``sounded``: since when
    its files hold sound, where nobody saw it answered."""

    at: float
    call: Call
    channel: Channel
    recording: Recording | None = None
    segments: tuple[Segment, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    gaps: tuple[Gap, ...] = ()
    sounded: float | None = None


@dataclass(frozen=True, slots=True)
class TrunksRemembered:
    """The catalogue knows these endpoints as trunks: calls came in through them before."""

    at: float
    endpoints: frozenset[str]


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """All that lived at ``since`` was reported as ``ChannelCreated(found=True)``; ``alive`` are its unique ids."""

    at: float
    since: float
    alive: frozenset[str]


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The AMI link is gone: from now on nothing is known until the next snapshot."""

    at: float
    reason: str


# --- answers to our own requests -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecorderStarted:
    """Asterisk confirmed the MixMonitor of this segment."""

    at: float
    unique_id: str
    file: str
    monitor_id: str


@dataclass(frozen=True, slots=True)
class RecorderStartFailed:
    """``unanswered`` where no reply came: it may run all the same."""

    at: float
    unique_id: str
    file: str
    reason: str
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class RecordersProvenStopped:
    """Asterisk answered that no monitor is left on the channel, or that there is no such channel (``how``).

    ``foreign`` counts recorders that were not ours and were stopped on the way.
    """

    at: float
    unique_id: str
    proof: int
    how: str
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class RecordersStopUnproven:
    """No proof came: the recorder must be taken as running."""

    at: float
    unique_id: str
    proof: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecorderStuck:
    """This file has not grown since ``since``, although the channel carried sound."""

    at: float
    unique_id: str
    file: str
    since: float


@dataclass(frozen=True, slots=True)
class SegmentFileClosed:
    """The spool showed this file closed by its writer at ``at``; ``size`` in bytes, -1 where no such file is seen."""

    at: float
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class RecordingStored:
    at: float
    unique_id: str


@dataclass(frozen=True, slots=True)
class RecordingDiscarded:
    at: float
    unique_id: str


@dataclass(frozen=True, slots=True)
class RecordingStoreFailed:
    """The joined file could not be put into the vault; what was in the spool is still there.

    ``final`` where another try cannot help: the files are gone.
    """

    at: float
    unique_id: str
    reason: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class RedirectFailed:
    """The channel could not be sent to the card line; it is where it was."""

    at: float
    unique_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnnouncementStarted:
    """A prompt begins to play; ``sha256`` of exactly that prompt."""

    at: float
    unique_id: str
    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AnnouncementFinished:
    at: float
    unique_id: str
    number: int
    complete: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WhispersPossible:
    """ARI is there, for the first time or again."""

    at: float


@dataclass(frozen=True, slots=True)
class ToldByDialplan:
    """The dialplan's notes show what it played to a live channel in our place; ``sha256`` of that prompt."""

    at: float
    unique_id: str
    told: Told
    sha256: str


# --- steps a call waits for, the operator, the clock -------------------------------------------------------------


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


Event = (
    ChannelCreated
    | ChannelAnswered
    | ChannelRenamed
    | CallerIdentified
    | LinkedIdChanged
    | ChannelHungUp
    | BridgeCreated
    | BridgeDestroyed
    | BridgeEntered
    | BridgeLeft
    | LocalPaired
    | DialBegun
    | DialEnded
    | MusicStarted
    | MusicStopped
    | ForeignRecorderStarted
    | ChannelRemembered
    | TrunksRemembered
    | SnapshotTaken
    | LinkLost
    | RecorderStarted
    | RecorderStartFailed
    | RecordersProvenStopped
    | RecordersStopUnproven
    | RecorderStuck
    | SegmentFileClosed
    | RecordingStored
    | RecordingDiscarded
    | RecordingStoreFailed
    | RedirectFailed
    | AnnouncementStarted
    | AnnouncementFinished
    | WhispersPossible
    | ToldByDialplan
    | StepAsked
    | SuspensionOrdered
    | ResumptionOrdered
    | TimerExpired
)
