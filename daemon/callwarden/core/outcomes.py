"""What came of our own orders, and of the files: recorders that started, stopped, failed, were lost, were stored."""

from itertools import chain

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core import gate, noted, renewal, silence, steps
from callwarden.core.book import Book
from callwarden.core.facts import RecordingState
from callwarden.core.orders import tell
from callwarden.core.recorder import Recorder
from callwarden.core.recording import OPEN, Signal

Actions = list[do.Action]
LOST_SECONDS = 0.5


def foreign_recorder(book: Book, event: ev.ForeignRecorderStarted) -> Actions:
    """Somebody else records: none of our business, unless the channel has to be silent."""
    recorder = book.recorders.get(event.unique_id)
    leg = book.leg(event.unique_id)
    why = silence.reason(book, event.unique_id) if leg is not None and book.watched else None
    if leg is None or why is None:
        return []
    alarm = do.RaiseAlarm(
        "foreign-recorder", "a recorder that is not ours was started on a silent call and is stopped", leg.unique_id
    )
    gate.doubt(book, leg.unique_id)
    if recorder is None:
        return [gate.stop_foreign(leg, 1), alarm]
    return [*silence.silence(book, recorder, *why, event.at), alarm]


def recorder_started(book: Book, event: ev.RecorderStarted) -> Actions:
    """Asterisk confirmed a recorder; a caller who waits for that may go on."""
    recorder = book.recorders.get(event.unique_id)
    if recorder is None:
        return []
    actions = noted.note_started(recorder, event.file, event.monitor_id, event.at)
    leg = book.leg(event.unique_id)
    if leg is None or recorder.state is not RecordingState.RECORDING:
        return actions
    renewal.note_recording(book, leg)
    actions += renewal.renew_all(book, book.calls.hearing(leg.unique_id), event.at)
    return actions + steps.release_returning(book, event.unique_id)


def recorder_start_failed(book: Book, event: ev.RecorderStartFailed) -> Actions:
    """Asterisk would not start a recorder: an alarm now, a retry later."""
    recorder = book.recorders.get(event.unique_id)
    if recorder is None:
        return []
    recorder.unanswered = event.unanswered and not book.blind  # else a snapshot tells what runs
    actions = noted.note_start_failed(recorder, event.file, event.reason, event.at)
    if recorder.state in OPEN:
        text = f"recording could not be started: {event.reason}"
        actions.append(do.RaiseAlarm("recorder-start-failed", text, event.unique_id))
    return actions + _closed_if_all_are(book, recorder, event.at)


def proven_stopped(book: Book, event: ev.RecordersProvenStopped) -> Actions:
    """A channel is proven silent."""
    actions: Actions = []
    recorder = book.recorders.get(event.unique_id)
    if recorder is not None and event.proof == recorder.proof and recorder.state in OPEN:
        recorder.unproven = False
        actions += noted.note_proven_stopped(recorder, event.how, event.at)
        actions += tell(recorder, Signal.PROVEN_STOPPED, event.at)
        if recorder.why == silence.RENEWED:
            actions += silence.review(book, [event.unique_id], event.at)
    actions = gate.note_proven(book, event) + actions
    if event.foreign:
        text = f"{event.foreign} recorder(s) that are not ours were stopped before the card line"
        actions.append(do.RaiseAlarm("foreign-recorder", text, event.unique_id))
    return actions


def unproven(book: Book, event: ev.RecordersStopUnproven) -> Actions:
    """A stop was not proven: an alarm, and the gates that wait stay shut."""
    text = f"a recorder could not be proven stopped: {event.reason}"
    recorder = book.recorders.get(event.unique_id)
    actions: Actions = []
    if recorder is None or not recorder.unproven:  # said once: it is tried again for as long as the call lasts
        actions.append(do.RaiseAlarm("stop-unproven", text, event.unique_id))
    if recorder is not None and recorder.state in OPEN:
        recorder.unproven = True
        actions += tell(recorder, Signal.UNPROVEN, event.at)
    return actions + gate.note_unproven(book, event)


def file_closed(book: Book, event: ev.SegmentFileClosed) -> Actions:
    """One of the spool's files was closed by its writer."""
    recorder = _owner(book, event.file)
    if recorder is None:
        return []
    actions = noted.note_file_closed(recorder, event.file, event.size, event.at)
    running = recorder.segments[-1].file == event.file and recorder.state is RecordingState.RECORDING
    if running and event.size < 0:
        return actions + _nothing_written(recorder, event.at)
    if running:
        # the hang-up that explains it may be a moment behind
        actions.append(do.SetTimer(("lost", recorder.unique_id), LOST_SECONDS, later=True))
    return actions + _closed_if_all_are(book, recorder, event.at)


def _nothing_written(recorder: Recorder, at: float) -> Actions:
    """Asterisk said Success and wrote no file (asterisk.md 3): said once, and tried again while the call lasts."""
    first = recorder.attempts == 0
    text = "Asterisk reports a recording and writes no file: may its user write the spool, and is the disk not full?"
    alarm = [do.RaiseAlarm("nothing-written", text, recorder.unique_id)] if first else []
    return [*alarm, *tell(recorder, Signal.NOTHING_WRITTEN, at)]


def seen(book: Book, unique_id: str, _at: float) -> Actions:
    """By now the file of a recorder that was confirmed must be there."""
    recorder = book.recorders.get(unique_id)
    if recorder is None or recorder.state is not RecordingState.RECORDING:
        return []
    return [do.InspectFiles((recorder.segments[-1].file,), missing_only=True)]


def _owner(book: Book, file: str) -> Recorder | None:
    """Usually the channel that the file is named after; a name may also hold what was not safe in a unique id."""
    named_after = book.recorders.get(file.rpartition("-")[0])
    likely = [named_after] if named_after is not None else []
    for recorder in chain(likely, book.recorders.values()):
        if any(segment.file == file for segment in recorder.segments):
            return recorder
    return None


def _closed_if_all_are(book: Book, recorder: Recorder, at: float) -> Actions:
    """Nothing is waited for any more once every file of an ended channel was seen closed, or will never be."""
    if recorder.state is not RecordingState.CLOSING or recorder.unclosed:
        return []
    return [do.CancelTimer(("files", recorder.unique_id)), *_files_closed(book, recorder, at)]


def _files_closed(book: Book, recorder: Recorder, at: float) -> Actions:
    return tell(recorder, Signal.FILES_CLOSED, at)


def stored(book: Book, event: ev.RecordingStored) -> Actions:
    """The recording is in the vault."""
    return _finished(book, event.unique_id, Signal.STORED, event.at)


def discarded(book: Book, event: ev.RecordingDiscarded) -> Actions:
    """The recording was let go."""
    return _finished(book, event.unique_id, Signal.DISCARDED, event.at)


def _finished(book: Book, unique_id: str, signal: Signal, at: float) -> Actions:
    recorder = book.recorders.pop(unique_id, None)
    return tell(recorder, signal, at) if recorder is not None else []


def store_failed(book: Book, event: ev.RecordingStoreFailed) -> Actions:
    """The recording is not in the vault: tried again, unless its files are nowhere."""
    recorder = book.recorders.get(event.unique_id)
    if recorder is None:
        return []
    if event.final:
        book.recorders.pop(event.unique_id)
        alarm = do.RaiseAlarm("recording-missing", f"a recording is lost: {event.reason}", event.unique_id)
        return [alarm, *noted.note_missing(recorder, event.reason), *tell(recorder, Signal.GIVEN_UP, event.at)]
    text = f"a recording could not be put into the vault and stays in the spool: {event.reason}"
    alarm = do.RaiseAlarm("store-failed", text, event.unique_id)
    return [alarm, *tell(recorder, Signal.STORE_FAILED, event.at)]


def settled(book: Book, unique_id: str, at: float) -> Actions:
    """A party has been away from the card line for long enough."""
    recorder = book.recorders.get(unique_id)
    if recorder is None or book.leg(unique_id) is None:
        return []
    return silence.resume_if_free(book, recorder, at)


def stop_again(book: Book, unique_id: str, at: float) -> Actions:
    """The stop was not proven, so the recorder may be running: it is stopped until it is proven."""
    recorder = book.recorders.get(unique_id)
    if book.blind or recorder is None or recorder.state is not RecordingState.SUSPENDING:
        return []
    return silence.silence(book, recorder, recorder.why, recorder.by, at)


def retry(book: Book, unique_id: str, at: float) -> Actions:
    """It is time to try again to start a failed recorder; one that may run after all is stopped first."""
    recorder = book.recorders.get(unique_id)
    if recorder is None or recorder.state is not RecordingState.FAILED:
        return []
    if recorder.unanswered and not book.blind:
        recorder.unanswered = False
        why = silence.reason(book, unique_id) if book.watched else None
        return silence.silence(book, recorder, *(why or (silence.RENEWED, "Callwarden")), at)
    return silence.start(book, recorder, Signal.RETRY, at)


def lost(book: Book, unique_id: str, at: float) -> Actions:
    """The file was closed while it should grow, and nobody hung up: not our doing."""
    recorder = book.recorders.get(unique_id)
    if book.blind or recorder is None or recorder.state is not RecordingState.RECORDING:
        return []
    if recorder.segments[-1].closed is None:
        return []
    alarm = do.RaiseAlarm("recorder-lost", "somebody else stopped a recorder; it is started again", unique_id)
    return [*noted.note_lost(recorder), *silence.start(book, recorder, Signal.LOST, at), alarm]


def files_awaited(book: Book, unique_id: str, at: float) -> Actions:
    """The files of an ended channel should be closed by now."""
    recorder = book.recorders.get(unique_id)
    if recorder is None or recorder.state is not RecordingState.CLOSING:
        return []
    if recorder.unclosed:
        return [do.InspectFiles(tuple(segment.file for segment in recorder.unclosed))]
    return _files_closed(book, recorder, at)


def finish_again(book: Book, unique_id: str, at: float) -> Actions:
    """It is time to try again to put a recording into the vault."""
    recorder = book.recorders.get(unique_id)
    if recorder is None or recorder.state is not RecordingState.CLOSED:
        return []
    return tell(recorder, Signal.FILES_CLOSED, at)
