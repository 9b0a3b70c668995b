"""What is seen of Asterisk: channels, bridges, monitors, snapshots, and what the catalogue remembers of them."""

from callwarden.core.facts import Announcement, Call, Channel, Gap, Recording, Segment, Suspension
from callwarden.core.frozen import dataclass


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
class BridgeEntered:
    """``holding`` bridges (parking, music) hold parties who do not hear each other; a ``conference`` is open to whoever
    comes."""

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


@dataclass(frozen=True, slots=True)
class NewsDelayed:
    """The link stalled, or the daemon hung: what is told of at ``at`` may have been at any moment since ``since``."""

    at: float
    since: float
