"""What goes into a build, and what is left out and why. Pure: what was decided in, entries out.

Rules: only what was included goes in; what nobody decided on stops the build; a recording without a file is left out
and said, and stops nothing. Names of files are numbers: nothing of a caller is in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from callwarden.release.sound import MP3_BYTES_PER_SECOND, Span
from callwarden.storage.reading import FoundRecording

PAPERS_BYTES = 2_000_000  # the cover pages and the manifest, generously
NOT_FOUND = "its recording is not in the catalogue any more"


class Decision(StrEnum):
    """Of the DPO, on one recording."""

    NONE = ""
    INCLUDE = "include"
    EXCLUDE = "exclude"


@dataclass(frozen=True, slots=True)
class Mute:
    """A span that is silenced in what is handed over, and why (never said to the reader beyond ``reason``)."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Item:
    """One recording of a release, with what was decided. ``found`` is None when the catalogue has it no more;
    ``covered``: whether the release's request covers it."""

    unique_id: str
    decision: Decision
    reason: str
    mutes: tuple[Mute, ...]
    found: FoundRecording | None
    covered: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording that goes in, by its number."""

    number: int
    item: Item
    found: FoundRecording

    @property
    def wav(self) -> str:
        """The name of the original, or of its copy with silence."""
        return f"recording-{self.number:03}.wav"

    @property
    def mp3(self) -> str:
        """The name of the one that everybody can play."""
        return f"recording-{self.number:03}.mp3"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recording that does not go in; ``why`` is said to the reader. ``started`` of its call, where it is known."""

    unique_id: str
    started: float | None
    why: str
    decided: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A build."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def bytes(self) -> int:
        """About what it takes on the disk, its work in progress included."""
        files = [entry.found.file for entry in self.entries if entry.found.file is not None]
        audio = sum(file.bytes + file.seconds * MP3_BYTES_PER_SECOND for file in files)
        return int(audio) + PAPERS_BYTES


class CannotBuild(Exception):
    """A release that is not ready to be built; the text says what to do."""


def plan(items: Sequence[Item]) -> Plan:
    """What is in and what is out. Raises CannotBuild."""
    undecided = [item.unique_id for item in items if item.decision is Decision.NONE]
    if undecided:
        named = ", ".join(undecided[:3]) + (" and others" if len(undecided) > 3 else "")
        raise CannotBuild(
            f"{len(undecided)} of its recordings are not decided on yet ({named}): include or exclude them."
        )
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for item in sorted(items, key=_when):
        why = _why_not(item)
        if item.found is not None and not why:
            entries.append(Entry(len(entries) + 1, item, item.found))
        else:
            started = item.found.call.started if item.found is not None else None
            left_out.append(LeftOut(item.unique_id, started, why, item.decision is Decision.EXCLUDE))
    return Plan(tuple(entries), tuple(left_out))


def _when(item: Item) -> tuple[float, str]:
    return (item.found.recording.wanted if item.found is not None else 0.0, item.unique_id)


def _why_not(item: Item) -> str:
    if item.decision is Decision.EXCLUDE:
        return item.reason
    if item.found is None:
        return NOT_FOUND
    if not item.covered:
        return "the request does not cover it"
    if item.found.file is None or item.found.recording.state != "stored":
        return f"it has no recording: {item.found.recording.state}"
    return ""
