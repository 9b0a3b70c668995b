"""What the reading commands print with `--json`: a promise to scripts, so nothing here is renamed or removed.

Takes what `storage.reading` gives. Times are ISO 8601 in UTC with milliseconds, or null; lengths are in seconds;
numbers and names are exactly as they were given, `e164` where it could be told.
"""

from typing import Any

from callwarden.cli.text import iso
from callwarden.core.facts import Announcement, Call, Channel, Gap, Segment, Suspension
from callwarden.core.spans import Span
from callwarden.storage.reading import FoundCall, FoundRecording, StoredFile

Shape = dict[str, Any]


def of_found_call(found: FoundCall) -> Shape:
    """A call as a search finds it."""
    shape = of_call(found.call)
    shape["caller"]["e164"], shape["called"]["e164"] = found.caller_e164, found.called_e164
    return {**shape, "notes": found.notes, "recordings": found.recordings, "forgotten": iso(found.forgotten)}


def of_call(call: Call) -> Shape:
    """The call alone."""
    return {
        "id": call.linked_id,
        "direction": str(call.direction),
        "started": iso(call.started),
        "answered": iso(call.answered),
        "ended": iso(call.ended),
        "seconds": seconds(call.answered, call.ended),
        "caller": {"number": call.caller_number, "name": call.caller_name},
        "called": {"number": call.called_number},
        "trunk": call.trunk,
        "language": call.language,
    }


def of_channel(channel: Channel) -> Shape:
    """One leg of it."""
    return {
        "id": channel.unique_id,
        "name": channel.name,
        "endpoint": channel.endpoint,
        "role": str(channel.role),
        "number": channel.number,
        "party_name": channel.party_name,
        "started": iso(channel.started),
        "answered": iso(channel.answered),
        "ended": iso(channel.ended),
        "exempt": channel.exempt,
    }


def of_recording(found: FoundRecording) -> Shape:
    """A recording as a search finds it."""
    return {
        "id": found.recording.unique_id,
        "state": str(found.recording.state),
        "reason": found.recording.reason,
        "call": of_call(found.call),
        "channel": of_channel(found.channel),
        "file": None if found.file is None else of_file(found.file),
        "note": found.note,
    }


def of_file(file: StoredFile) -> Shape:
    """The file in the vault."""
    return {
        "path": file.path,
        "format": file.format,
        "sha256": file.sha256,
        "bytes": file.bytes,
        "seconds": round(file.seconds, 3),
        "stored": iso(file.stored),
        "expires": iso(file.expires),
    }


def of_span(span: Span) -> Shape:
    """One line of the ledger."""
    return {
        "started": iso(span.started),
        "ended": iso(span.ended),
        "seconds": round(span.seconds, 3),
        "kind": str(span.kind),
        "why": span.why,
        "by": span.by,
    }


def of_announcement(told: Announcement) -> Shape:
    """What the party was told."""
    return {
        "prompt": told.prompt,
        "language": told.language,
        "sha256": told.sha256,
        "played_by": str(told.played_by),
        "started": iso(told.started),
        "finished": iso(told.finished),
        "complete": told.complete,
        "reason": told.reason,
    }


def of_segment(segment: Segment) -> Shape:
    """One file that a recorder wrote into the spool."""
    return {
        "file": segment.file,
        "number": segment.number,
        "state": str(segment.state),
        "asked": iso(segment.asked),
        "started": iso(segment.started),
        "stop_asked": iso(segment.stop_asked),
        "stopped": iso(segment.stopped),
        "closed": iso(segment.closed),
        "bytes": segment.size,
        "started_by": segment.started_by,
    }


def of_suspension(suspension: Suspension) -> Shape:
    """A silence, by whom, and what proved it."""
    return {
        "number": suspension.number,
        "why": suspension.why,
        "by": suspension.by,
        "asked": iso(suspension.asked),
        "confirmed": iso(suspension.confirmed),
        "how": suspension.how,
        "ended": iso(suspension.ended),
    }


def of_gap(gap: Gap) -> Shape:
    """Answered time without a recording."""
    return {"started": iso(gap.started), "ended": iso(gap.ended), "cause": gap.cause}


def seconds(started: float | None, ended: float | None) -> float | None:
    """How long it lasted, if both ends are known."""
    return None if started is None or ended is None else round(ended - started, 3)
