"""What nobody saw of a channel, read off its files: when it was answered, and when it ended.

A link that was down, or a daemon that hung, learns of an end late or of an answer never. Asterisk writes to a file from
the answer on, and closes it in the moment of the hang-up.
"""

from callwarden.core.facts import Segment
from callwarden.core.recorder import Recorder

LATE_SECONDS = 1.0  # a hang-up is told within milliseconds of its file's end; one told later was read late
SHORTEST = 0.2  # seconds of sound: less is no conversation
# Bytes before the sound, and bytes of a second of it, by the extension on disk.
LAYOUT = {"wav": (44, 16000.0), "WAV": (60, 1625.0)}


def doubt_end(recorder: Recorder, segment: Segment, closed: float) -> None:
    """A file that was closed long before the hang-up was told of: the file is right."""
    if recorder.ended is None or segment.stopped != recorder.ended:
        return
    if closed < recorder.ended - LATE_SECONDS:
        recorder.end_unseen = recorder.end_unseen or recorder.row


def sound_since(recorder: Recorder) -> float | None:
    """When a channel was answered of which nobody saw it: since when its files hold sound."""
    begun = (_begun(recorder, segment) for segment in recorder.segments)
    return min((at for at in begun if at is not None), default=None)


def _begun(recorder: Recorder, segment: Segment) -> float | None:
    header, rate = LAYOUT[recorder.extension]
    if segment.closed is None or segment.size is None or segment.size < header + SHORTEST * rate:
        return None
    return max(segment.asked, segment.closed - (segment.size - header) / rate)
