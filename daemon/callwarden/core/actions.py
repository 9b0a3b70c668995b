"""What to do: every order the core can give. Twin of :mod:`callwarden.core.events`; names are imperatives.

``service.py`` is the only place that performs them. Performing never waits: what comes of an order comes back as
an event.
"""

from callwarden.core.facts import Fact, Segment, Suspension
from callwarden.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class StartRecorder:
    """Start a MixMonitor writing ``file`` (relative to the spool). Answered by RecorderStarted or -StartFailed."""

    unique_id: str
    name: str
    file: str


@dataclass(frozen=True, slots=True)
class StopRecorders:
    """Stop every MixMonitor on the channel, ours (``monitors`` of them) and any other, until none is left.

    Answered by RecordersProvenStopped or RecordersStopUnproven with the same ``proof``.
    """

    unique_id: str
    name: str
    monitors: int
    proof: int


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """Let the dialplan go on, with these channel variables set, after playing ``prompt`` if there is one."""

    step_id: int
    variables: tuple[tuple[str, str], ...] = ()
    prompt: str = ""
    language: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Whisper:
    """Tell one party of a bridged call something that the others do not hear (ARI snoop channel)."""

    unique_id: str
    prompt: str
    language: str
    number: int


@dataclass(frozen=True, slots=True)
class RedirectChannel:
    """Send a channel to another place of the dialplan (AMI Redirect)."""

    unique_id: str
    name: str
    context: str
    exten: str


@dataclass(frozen=True, slots=True)
class InspectFiles:
    """Look at these files of the spool: a SegmentFileClosed is wanted for each (size -1: there is no such file).

    ``missing_only`` for files that are still being written: something is wanted only of those that are not there.
    """

    files: tuple[str, ...]
    missing_only: bool = False


@dataclass(frozen=True, slots=True)
class SetTimer:
    """TimerExpired(key) is wanted after ``seconds``; a little ``later`` will do where nobody waits for it. The same key
    again replaces the earlier one."""

    key: tuple[str, ...]
    seconds: float
    later: bool = False


@dataclass(frozen=True, slots=True)
class CancelTimer:
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Save:
    """Write a fact into the catalogue."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Report:
    """A fact that is in the catalogue already: storage writes what became of a recording together with its file."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class FinishRecording:
    """Join the closed segments of an ended channel and put them into the vault, or let them go.

    ``answered`` is None for a channel that nobody answered: its files are kept only where the settings say so.
    """

    unique_id: str
    linked_id: str
    answered: float | None
    ended: float
    segments: tuple[Segment, ...]
    suspensions: tuple[Suspension, ...]


@dataclass(frozen=True, slots=True)
class ReplyToOperator:
    reply_to: int
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """An operator should know: ``kind`` is a stable word, ``text`` a sentence without personal data."""

    kind: str
    text: str
    unique_id: str = ""


Action = (
    StartRecorder
    | StopRecorders
    | AnswerStep
    | Whisper
    | RedirectChannel
    | InspectFiles
    | SetTimer
    | CancelTimer
    | Save
    | Report
    | FinishRecording
    | ReplyToOperator
    | RaiseAlarm
)
