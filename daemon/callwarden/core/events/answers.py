"""What became of our own requests: recorders, files, redirections, announcements."""

from callwarden.core.facts import Told
from callwarden.core.frozen import dataclass


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
