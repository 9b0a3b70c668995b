"""The catalogue against Asterisk's own call detail records, and against the disk: what does not fit. Pure.

A CDR knows whole seconds; Local channels, transfers and queues make several CDRs of one call, and the catalogue has
one call for several linked ids. So calls are compared as wholes: a CDR is answered for by any channel of its call.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from callwarden.core.facts import RecordingState
from callwarden.core.spans import Kind, Span

# Seconds. What is shorter may be nothing but a CDR's rounding: it counts 10.9 to 11.1 as a second.
SHORTEST_CALL = 2.0
# Seconds by which audio may differ from what the catalogue says: a block of GSM, and rounding.
MEDIA_SECONDS = 0.1
NAMED_AT_MOST = 3  # causes in a sentence
KEPT = frozenset(
    {
        RecordingState.STORED, RecordingState.PURGING, RecordingState.PURGED,
        RecordingState.WANTED, RecordingState.STARTING, RecordingState.RECORDING, RecordingState.SUSPENDING,
        RecordingState.SUSPENDED, RecordingState.FAILED, RecordingState.CLOSING, RecordingState.CLOSED,
    }
)  # fmt: skip


class Kinds(StrEnum):
    """What can be found."""

    CALL_UNKNOWN = "call-unknown"
    CALL_WITHOUT_RECORDING = "call-without-recording"
    RECORDING_WITHOUT_CALL = "recording-without-call"
    FILE_WITHOUT_ROW = "file-without-row"
    ROW_WITHOUT_FILE = "row-without-file"
    SPOOL_FILE_WITHOUT_ROW = "spool-file-without-row"
    SPOOL_FILE_LEFT = "spool-file-left"
    DURATION_DISAGREES = "duration-disagrees"


OF_CDRS = (Kinds.CALL_UNKNOWN, Kinds.CALL_WITHOUT_RECORDING, Kinds.RECORDING_WITHOUT_CALL)
OF_NAMES = (Kinds.FILE_WITHOUT_ROW, Kinds.ROW_WITHOUT_FILE, Kinds.SPOOL_FILE_WITHOUT_ROW, Kinds.SPOOL_FILE_LEFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """One record; ``where`` it stands, times in UTC epoch seconds, ``billed`` the answered seconds. ``answered`` is
    None for a call that nobody answered."""

    where: str
    unique_id: str
    linked_id: str
    channel: str
    to_channel: str
    started: float
    answered: float | None
    ended: float
    billed: float

    @property
    def plumbing(self) -> bool:
        """Whether only halves of Local channels took part: their parties have CDRs of their own."""
        return all(not name or name.startswith("Local/") for name in (self.channel, self.to_channel))

    @property
    def counts(self) -> bool:
        """Whether it tells of a conversation that must have a recording."""
        return self.answered is not None and self.billed >= SHORTEST_CALL and not self.plumbing


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue has of a call: the states of its recordings, and each channel's ledger."""

    linked_id: str
    states: Sequence[RecordingState]
    spans: Sequence[Sequence[Span]]


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """What the catalogue says of a file in the vault: ``bytes`` of the file, ``seconds`` of audio; ``sealed`` ones can
    be judged by their size alone."""

    bytes: int
    seconds: float
    sealed: bool


@dataclass(frozen=True, slots=True)
class SeenMedia:
    """What is on the disk: ``seconds`` by the size of the audio, ``header_seconds`` as its header has it; ``problem``
    where it cannot be read."""

    bytes: int
    seconds: float
    header_seconds: float
    problem: str = ""


def unrecorded(cdr: Cdr, known: Known | None) -> tuple[Kinds, str] | None:
    """Why this record's call is a finding, or None."""
    if not cdr.counts:
        return None
    if known is None:
        said = f"Asterisk has a record of a call of {cdr.billed:.0f} s that the catalogue knows nothing of"
        return Kinds.CALL_UNKNOWN, f"{said}: was it made while Callwarden and its dialplan were away"
    if any(state in KEPT for state in known.states):
        return None
    spans = [span for channel in known.spans for span in channel]
    missing = [span for span in spans if span.kind in (Kind.GAP, Kind.RECORDED)]
    if spans and sum(span.seconds for span in missing) < SHORTEST_CALL:
        return None  # silent on purpose, or by a rule
    return Kinds.CALL_WITHOUT_RECORDING, f"a call of {cdr.billed:.0f} s has no recording: {_causes(known, missing)}"


def disagreement(said: StoredMedia, seen: SeenMedia) -> str:
    """What is wrong with a file, or an empty string."""
    if seen.bytes != said.bytes:
        return f"it has {seen.bytes} bytes, the catalogue says {said.bytes}"
    if said.sealed:
        return ""
    if seen.problem:
        return f"it cannot be read: {seen.problem}"
    for seconds, what in ((seen.seconds, "it holds"), (seen.header_seconds, "its header says")):
        if abs(seconds - said.seconds) > MEDIA_SECONDS:
            return f"{what} {seconds:.1f} s, the catalogue says {said.seconds:.1f} s"
    return ""


def differences(names: set[str], rows: set[str]) -> Iterator[tuple[Kinds, str]]:
    """One day's files against one day's rows."""
    yield from ((Kinds.FILE_WITHOUT_ROW, name) for name in sorted(names - rows))
    yield from ((Kinds.ROW_WITHOUT_FILE, name) for name in sorted(rows - names))


def in_sentences(counts: "dict[str, int]", plural: Callable[[int], str] = lambda n: "" if n == 1 else "s") -> str:
    """``2 calls without recording, 1 file without row`` for an alarm."""
    words = []
    for kind, count in counts.items():
        first, _, rest = kind.replace("-", " ").partition(" ")
        words.append(f"{count} {first}{plural(count)} {rest}".strip())
    return ", ".join(words)


def _causes(known: Known, missing: Sequence[Span]) -> str:
    if not known.states and not missing:
        return "the catalogue says that nobody answered it"
    causes = list(dict.fromkeys(span.why for span in missing if span.kind is Kind.GAP and span.why))
    if causes:
        more = f" and {len(causes) - NAMED_AT_MOST} more" if len(causes) > NAMED_AT_MOST else ""
        return "; ".join(causes[:NAMED_AT_MOST]) + more
    if RecordingState.MISSING in known.states:
        return "it was recorded, and the recording is lost"
    return "nobody knows why"
