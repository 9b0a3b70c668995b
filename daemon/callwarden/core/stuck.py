"""A recording that should grow and does not: said once a call, and begun again for as long as the call lasts."""

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core import rows, silence
from callwarden.core.book import Book
from callwarden.core.facts import RecordingState
from callwarden.core.recorder import NOT_GROWING


def not_growing(book: Book, event: ev.RecorderStuck) -> list[do.Action]:
    """Its recorder is stopped and another one started. What is missing is missing since the file last grew."""
    recorder = book.recorders.get(event.unique_id)
    if recorder is None or recorder.state is not RecordingState.RECORDING:
        return []
    last = recorder.segments[-1]
    if last.file != event.file:
        return []
    since = max(event.since, last.started if last.started is not None else last.asked, recorder.answered or 0.0)
    actions = silence.silence(book, recorder, silence.RENEWED, "Callwarden", event.at)
    actions += rows.end_segment(recorder, rows.segment_of(recorder, event.file), since)
    rows.begin_gap(recorder, since, NOT_GROWING)
    if recorder.stuck:
        return actions
    recorder.stuck = True
    text = "a recording does not grow although there is sound, and is begun again: is the spool's disk full?"
    return [do.RaiseAlarm("recording-stuck", text, event.unique_id), *actions]
