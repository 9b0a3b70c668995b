"""What the catalogue keeps: one frozen dataclass a table row, saved whole under its key whenever it changes.

Times are UTC epoch seconds. A fact is only what was confirmed: a segment's ``started`` is Asterisk's confirmation,
``stopped`` the proof that no recorder was left, ``closed`` the moment its file was seen closed.
"""

from enum import StrEnum

from callwarden.core.frozen import dataclass

# Seconds: a file is closed some moments before the proof that its recorder has stopped.
CLOSED_EARLIER_SECONDS = 1.0


class Direction(StrEnum):
    """Where a call came from and went to, seen from the organisation."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """Whose channel it is."""

    OUTSIDE = "outside"
    PHONE = "phone"
    CARD_LINE = "card-line"
    PLUMBING = "plumbing"


class SegmentState(StrEnum):
    """One file that a MixMonitor writes."""

    STARTING = "starting"
    RECORDING = "recording"
    STOPPING = "stopping"
    STOPPED = "stopped"
    CLOSED = "closed"
    FAILED = "failed"


class RecordingState(StrEnum):
    """One recording, all the segments of one channel; see :mod:`callwarden.core.recording` for the table."""

    WANTED = "wanted"
    STARTING = "starting"
    RECORDING = "recording"
    SUSPENDING = "suspending"
    SUSPENDED = "suspended"
    FAILED = "failed"
    CLOSING = "closing"
    CLOSED = "closed"
    STORED = "stored"
    DISCARDED = "discarded"
    MISSING = "missing"
    PURGING = "purging"
    PURGED = "purged"


class PlayedBy(StrEnum):
    """Who played an announcement."""

    DAEMON = "daemon"
    WHISPER = "whisper"
    DIALPLAN = "dialplan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call: all the channels of one linked id. Numbers and names exactly as Asterisk gave them."""

    linked_id: str
    direction: Direction
    started: float
    answered: float | None = None
    ended: float | None = None
    caller_number: str = ""
    caller_name: str = ""
    called_number: str = ""
    trunk: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One leg of a call. ``exempt`` names the rule by which it is not recorded, or is empty."""

    unique_id: str
    linked_id: str
    name: str
    endpoint: str
    role: Role
    started: float
    number: str = ""
    party_name: str = ""
    answered: float | None = None
    ended: float | None = None
    exempt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one channel's recording has become, while the call lasts. Storage adds file, hash, duration and expiry."""

    unique_id: str
    linked_id: str
    state: RecordingState
    wanted: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file in the spool, ``file`` relative to it. Key: ``file``."""

    file: str
    unique_id: str
    number: int
    state: SegmentState
    asked: float
    started: float | None = None
    stop_asked: float | None = None
    stopped: float | None = None
    closed: float | None = None
    size: int | None = None
    started_by: str = "daemon"
    monitor_id: str = ""

    @property
    def until(self) -> float | None:
        """When sound came into its file for the last time (UTC epoch seconds): when it was stopped, or when its file
        was closed, if that was seen long before the proof. ``stopped`` stands where unknown has to count as running."""
        if self.stopped is None or not self.size or self.closed is None:
            return self.stopped
        return self.closed if self.closed < self.stopped - CLOSED_EARLIER_SECONDS else self.stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """A span in which one channel was silent for a reason. Key: ``unique_id`` and ``number``.

    ``asked`` is when the stop was ordered, ``confirmed`` when it was proven, ``how`` what proved it,
    ``ended`` when recording was wanted again.
    """

    unique_id: str
    number: int
    why: str
    by: str
    asked: float
    confirmed: float | None = None
    how: str = ""
    ended: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What one party was told. Key: ``unique_id`` and ``number``."""

    unique_id: str
    number: int
    prompt: str
    language: str
    sha256: str
    played_by: PlayedBy
    started: float
    finished: float | None = None
    complete: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Answered time without a recording and with a cause. Key: ``unique_id`` and ``started``."""

    unique_id: str
    started: float
    ended: float
    cause: str


Fact = Call | Channel | Recording | Segment | Suspension | Announcement | Gap


# --- what the dialplan did alone, before it becomes the facts above ---------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An announcement that the dialplan played. ``finished`` is None where it was not heard to the end."""

    prompt: str
    language: str
    started: float
    finished: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One channel's notes. ``way`` is the context it went through: inbound, outbound, internal, reached (the person
    that an outgoing call rang) or rung (a phone, noted when it hung up and no daemon had recorded it). ``files`` and
    ``silent`` with their times; silence without an end lasts. ``ended`` is None while the channel lives, and where
    Asterisk died with it."""

    unique_id: str
    at: float
    linked_id: str
    channel: str
    way: str
    number: str = ""
    name: str = ""
    dialled: str = ""
    answered: float | None = None
    ended: float | None = None
    files: tuple[tuple[float, str], ...] = ()
    told: tuple[Told, ...] = ()
    silent: tuple[tuple[float, float | None], ...] = ()
