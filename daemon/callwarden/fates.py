"""What became of one channel's recording, in words: where it is, or why there is none. Pure."""

from datetime import UTC, datetime

from callwarden.core.facts import Channel, RecordingState
from callwarden.storage.evidence import Evidence, Tombstone
from callwarden.storage.reading import FoundRecording, Story

UNDER_WAY = {
    RecordingState.WANTED: "is to be recorded",
    RecordingState.STARTING: "waits for its recorder to start",
    RecordingState.RECORDING: "is being recorded",
    RecordingState.SUSPENDING: "waits for its recorder to stop",
    RecordingState.SUSPENDED: "is silent on purpose now",
    RecordingState.FAILED: "could not be recorded yet, which is tried again",
    RecordingState.CLOSING: "has ended, and its files are being closed",
    RecordingState.CLOSED: "has ended, and waits to be stored",
}


def fate(story: Story, evidence: Evidence, channel: Channel, answered: bool) -> tuple[float, str]:
    """When and what, as a sentence without its end."""
    found = _recording(story, channel)
    last = channel.ended or channel.answered or channel.started
    if found is None:
        return last, _none(channel, answered)
    tombstone = _tombstone(evidence, channel)
    if tombstone is not None:
        note = f" ({tombstone.note})" if tombstone.note else ""
        return tombstone.purged, f"its recording was deleted{note}, because its time was over: {tombstone.why}"
    for mark in evidence.deleting:
        if mark.unique_id == channel.unique_id:
            problem = f", but it is still there: {mark.problem}" if mark.problem else ""
            return mark.marked, f"its recording is being deleted: {mark.why}{problem}"
    return _of_state(found, last)


def short_fate(story: Story, evidence: Evidence, channel: Channel) -> str:
    """In few words."""
    found = _recording(story, channel)
    if found is None:
        return f"was not to be recorded ({channel.exempt})" if channel.exempt else "has no recording"
    if _tombstone(evidence, channel) is not None:
        return "had a recording that was deleted on time"
    state = found.recording.state
    if state is RecordingState.STORED:
        return "is in the vault"
    if state is RecordingState.MISSING:
        return "was recorded, but the recording is lost"
    if state is RecordingState.DISCARDED:
        return f"has none ({found.note or 'nothing was to be kept'})"
    return UNDER_WAY.get(state, str(state))


def _of_state(found: FoundRecording, last: float) -> tuple[float, str]:
    state, file = found.recording.state, found.file
    if state is RecordingState.STORED and file is not None:
        kept = "" if file.expires is None else f", and is kept until {_day(file.expires)}"
        note = f"; noted with it: {'; '.join(found.note.splitlines())}" if found.note else ""
        held = f"{file.seconds:.1f} s of sound ({file.path})"
        return file.stored, f"its recording was put into the vault, {held}{kept}{note}"
    if state is RecordingState.DISCARDED:
        return last, f"no recording was kept: {found.note or 'nothing was to be kept'}"
    if state is RecordingState.MISSING:
        said = found.note or "none of its files was found when the call was over"
        return last, f"its recording is LOST: {said}"
    return last, f"it {UNDER_WAY[state]}" if state in UNDER_WAY else f"its recording is {state}"


def _none(channel: Channel, answered: bool) -> str:
    if channel.exempt:
        return f"no recording, by a rule: {channel.exempt}"
    if not answered:
        return "no recording: it was never answered"
    return "no recording of it was ever begun"


def _recording(story: Story, channel: Channel) -> FoundRecording | None:
    return next((one for one in story.recordings if one.recording.unique_id == channel.unique_id), None)


def _tombstone(evidence: Evidence, channel: Channel) -> Tombstone | None:
    return next((one for one in evidence.tombstones if one.unique_id == channel.unique_id), None)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
