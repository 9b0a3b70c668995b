"""What the tests of releases share: found recordings, items, a place to copy audio from."""

from pathlib import Path
from typing import IO, Any

from callwarden.core.facts import Call, Channel, Direction, Recording, RecordingState, Role
from callwarden.release.manifest import About
from callwarden.release.plan import Decision, Item, Mute
from callwarden.release.sound import Span
from callwarden.storage.opening import Damaged
from callwarden.storage.reading import FoundRecording, StoredFile
from storage_world import AT

ABOUT = About(7, 3, "subject-access", AT - 86400, AT, "Viv Ward (viv)", "Loughton Surgery", "Ask the DPO.")


def found(unique_id: str, file: Path | None, seconds: float = 2.0, at: float = AT, **changes: Any) -> FoundRecording:
    known: dict[str, Any] = {"direction": Direction.INBOUND, "started": at, "ended": at + seconds}
    call = Call(linked_id=unique_id, **(known | changes))
    channel = Channel(
        unique_id=unique_id,
        linked_id=unique_id,
        name="PJSIP/trunk-1",
        endpoint="PJSIP/trunk",
        role=Role.OUTSIDE,
        started=at,
    )
    state = RecordingState.STORED if file is not None else RecordingState.PURGED
    recording = Recording(unique_id=unique_id, linked_id=unique_id, state=state, wanted=at)
    stored = None
    if file is not None:
        size = file.stat().st_size if file.exists() else 1000
        stored = StoredFile(str(file), "wav", f"sha of {unique_id}", size, seconds, at, None)
    return FoundRecording(recording, call, channel, stored, "")


def item(one: FoundRecording, decision: Decision = Decision.INCLUDE, reason: str = "", **changes: Any) -> Item:
    return Item(one.recording.unique_id, decision, reason, changes.pop("mutes", ()), one, **changes)


def muted(started: float, ended: float, reason: str = "another person's address") -> Mute:
    return Mute(Span(started, ended), reason)


class Copying:
    """Copies files by their path, and counts; a file that is not there is Damaged."""

    def __init__(self) -> None:
        self.copied: list[str] = []

    def __call__(self, stored: StoredFile, out: IO[bytes]) -> None:
        self.copied.append(Path(stored.path).name)
        try:
            out.write(Path(stored.path).read_bytes())
        except FileNotFoundError:
            raise Damaged("its file is missing from the vault") from None
