"""After a restart of the daemon: what the catalogue remembers, joined with what a snapshot of Asterisk shows.

A channel that still lives goes on where it was: its answer, its announcements, its segments, a suspension that is still
open. One that has gone meanwhile is finished from the files it left; when it ended is read off them.
"""

from dataclasses import replace

from callwarden.core import actions as do
from callwarden.core import noted
from callwarden.core import recorder as rec
from callwarden.core.book import Book
from callwarden.core.calls import Leg
from callwarden.core.card_line import stage_of
from callwarden.core.events import ChannelCreated, ChannelRemembered
from callwarden.core.facts import Announcement, Call, Channel, Gap, RecordingState, Role, SegmentState
from callwarden.core.orders import tell
from callwarden.core.recorder import Recorder
from callwarden.core.recording import Signal
from callwarden.core.silence import CARD_LINE, IN_PLACE, watch


def greet(book: Book, leg: Leg, event: ChannelCreated) -> list[do.Action]:
    """A snapshot shows this channel: take up what is remembered of it, adopt the monitor that runs on it."""
    leg.card = stage_of(leg, event.context)
    known = book.remembered.pop(leg.unique_id, None)
    known, resumed = _resumed(known) if known is not None else (None, [])
    before = book.facts.get(leg.linked_id)
    recorder = _take_up(book, leg, known) if known is not None else None
    call = book.facts.get(leg.linked_id)
    kept = before if before is not None else known.call if known is not None else None
    changed = [do.Save(call)] if call is not None and call != kept and kept is not None else []
    watch(book, leg)
    limit = do.SetTimer(("in-place", leg.unique_id), book.settings.card.in_place_limit)
    told: list[do.Action] = [do.Save(one) for one in book.announcements.get(leg.unique_id, ())]
    adopted = adopt_running(book, leg, recorder, event)
    return [*changed, *told, *resumed, *([limit] if leg.in_place_by else []), *adopted]


def adopt_running(book: Book, leg: Leg, recorder: Recorder | None, event: ChannelCreated) -> list[do.Action]:
    """The monitor that a snapshot shows is ours, if we know of none that runs; files without one are looked at."""
    if recorder is None and (not event.file or leg.role in (Role.CARD_LINE, Role.PLUMBING)):
        return []
    recorder = recorder or new_recorder(book, leg, event.at)
    ended = [s.file for s in recorder.segments if s.stopped is None and s.closed is None and s.file != event.file]
    look: list[do.Action] = [do.InspectFiles(tuple(ended))] if ended else []
    if not event.file or recorder.state not in (RecordingState.WANTED, RecordingState.FAILED):
        return look
    if any(segment.file == event.file for segment in recorder.segments):
        return look + noted.adopt_own(recorder, event.file, event.at)
    return look + noted.adopt(recorder, event.file, event.monitor_id, blindness(book), event.at)


def blindness(book: Book) -> str:
    """Why it is seen only now. A daemon that never had the picture was not there to have it."""
    return rec.NOT_RUNNING if book.blind_since is None else rec.OUT_OF_SIGHT


def bury(book: Book, known: ChannelRemembered, at: float) -> list[do.Action]:
    """A remembered channel is not among the living: finish what it left behind."""
    known, resumed = _resumed(_answered_unseen(known))
    goes_on = known.call.ended is not None or known.call.linked_id in book.facts
    channel = known.channel
    ended = channel.ended if channel.ended is not None else at
    call: list[do.Action] = [] if goes_on else [do.Save(replace(known.call, ended=ended))]
    call += [do.Save(_broken_off(one, known.at)) for one in known.announcements if one.finished is None]
    if known.recording is None:
        if channel.ended is not None:
            return call
        return [*call, do.Save(replace(channel, ended=at)), *_never_recorded(channel, at)]
    recorder = _recorder_of(known)
    book.recorders[recorder.unique_id] = recorder
    if channel.answered is None:  # as far as was known when it was remembered: its files tell, once they are closed
        recorder.row, recorder.unsure = channel, True
    if channel.ended is None:
        recorder.end_unseen = channel
        recorder.call_unseen = None if goes_on else known.call
    at_once = do.SetTimer(("files", recorder.unique_id), 0.0)
    return [*call, *resumed, *noted.note_hung_up(recorder, ended), *tell(recorder, Signal.HUNG_UP, ended), at_once]


def _never_recorded(channel: Channel, ended: float) -> list[do.Action]:
    """Whom a call reached while nobody but the dialplan looked after it: its caller's recording has both."""
    if channel.answered is None or channel.answered >= ended or channel.exempt or channel.role is Role.CARD_LINE:
        return []
    return [
        do.Save(Gap(unique_id=channel.unique_id, started=channel.answered, ended=ended, cause=rec.NOT_RUNNING))
    ]


def _answered_unseen(known: ChannelRemembered) -> ChannelRemembered:
    """Nobody saw the answer, but the files hold sound: somebody spoke. Where it was silent for a card line there is
    none, and unknown counts as answered."""
    channel, call, sounded = known.channel, known.call, known.sounded
    last = known.suspensions[-1] if known.suspensions else None
    if sounded is None and last is not None and last.why == CARD_LINE and last.ended is None:
        sounded = last.confirmed
    if channel.answered is not None or sounded is None:
        return known
    answered = call.answered if call.answered is not None else sounded
    return replace(known, channel=replace(channel, answered=sounded), call=replace(call, answered=answered))


def new_recorder(book: Book, leg: Leg, at: float) -> Recorder:
    """A recorder for a channel that has none."""
    recorder = Recorder(leg.unique_id, leg.linked_id, leg.name, at, answered=leg.answered, proof=leg.proof)
    book.recorders[leg.unique_id] = recorder
    return recorder


def _take_up(book: Book, leg: Leg, known: ChannelRemembered) -> Recorder | None:
    if leg.answered is not None:
        known = _answered_unseen(known)
    leg.answered = known.channel.answered if known.channel.answered is not None else leg.answered
    leg.started = known.channel.started
    leg.told = any(one.complete for one in known.announcements)
    leg.on_record = not leg.party
    book.announcements[leg.unique_id] = [_broken_off(one, known.at) for one in known.announcements]
    _call_again(book, known.call)
    if known.channel.role in (Role.CARD_LINE, Role.OUTSIDE):
        leg.role = known.channel.role
    if known.recording is None:
        return None
    recorder = _recorder_of(known)
    recorder.answered, recorder.linked_id = leg.answered, leg.linked_id
    book.recorders[leg.unique_id] = recorder
    last = recorder.suspensions[-1] if recorder.suspensions else None
    if last is not None and last.ended is None and last.why == IN_PLACE:
        leg.in_place_by = last.by
    return recorder


def _call_again(book: Book, call: Call) -> None:
    """The call goes on; what this daemon has found out about its beginning meanwhile stands."""
    present = book.facts.get(call.linked_id)
    if present is None or call.started < present.started:
        book.facts[call.linked_id] = call


def _broken_off(told: Announcement, at: float) -> Announcement:
    """What was being played when the daemon stopped was not heard to the end, as far as anybody knows."""
    return told if told.finished is not None else replace(told, finished=at, reason=rec.NOT_RUNNING)


def _recorder_of(known: ChannelRemembered) -> Recorder:
    assert known.recording is not None, "asked only of a channel with a recording"
    recorder = Recorder(
        known.channel.unique_id, known.channel.linked_id, known.channel.name, known.recording.wanted,
        answered=known.channel.answered, exempt=known.recording.reason, taken_up=True,
    )  # fmt: skip
    recorder.segments = [
        one if one.stopped is not None else replace(one, stopped=one.closed)
        for one in known.segments
    ]
    recorder.suspensions, recorder.gaps = list(known.suspensions), list(known.gaps)
    return recorder


def _resumed(known: ChannelRemembered) -> tuple[ChannelRemembered, list[do.Action]]:
    """A suspension that was over, although the daemon died before it could say so: it had asked for a recorder again,
    and not for its stop since. What that recorded is nobody's card payment."""
    last = known.suspensions[-1] if known.suspensions else None
    if last is None or last.ended is not None:
        return known, []
    wanted = [one for one in known.segments if one.state is not SegmentState.FAILED and one.stop_asked is None]
    begun = (one.asked if one.started is None else one.started for one in wanted if one.asked > last.asked)
    since = min(begun, default=None)
    if since is None:
        return known, []
    over = replace(last, ended=since)
    return replace(known, suspensions=(*known.suspensions[:-1], over)), [do.Save(over)]
