"""The heart: one event in, the actions it calls for out.

:meth:`Warden.decide` looks the event's handler up in one table; the handlers stand in the modules of the same words:
:mod:`channels`, :mod:`bridges`, :mod:`outcomes`, :mod:`sight`, :mod:`steps`, :mod:`in_place`, :mod:`diversion`,
:mod:`renewal`, :mod:`announcing`. Each moves the mirror of the calls (:mod:`calls`), advances recordings (:mod:`noted`,
:mod:`orders`), and then lets :mod:`silence` look at everybody who was moved. No clock and no I/O: time comes with the
events.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import announcing, bridges, channels, diversion, in_place, outcomes, renewal, sight, steps, stuck
from callwarden.core import events as ev
from callwarden.core.book import Book

Actions = list[do.Action]


def _created(book: Book, event: ev.ChannelCreated) -> Actions:
    """A step may have overtaken the news of its own channel: it is taken up now."""
    return channels.created(book, event) + steps.was_early(book, event.unique_id, event.at)


def _timer(book: Book, event: ev.TimerExpired) -> Actions:
    kind, subject = event.key
    return TIMERS[kind](book, subject, event.at)


TIMERS: dict[str, Callable[[Book, str, float], Actions]] = {
    "gate": diversion.gate_timed_out,
    "divert": diversion.divert_timed_out,
    "settle": outcomes.settled,
    "retry": outcomes.retry,
    "stop": outcomes.stop_again,
    "seen": outcomes.seen,
    "lost": outcomes.lost,
    "files": outcomes.files_awaited,
    "finish": outcomes.finish_again,
    "in-place": in_place.time_is_over,
    "return": steps.return_timed_out,
    "early": steps.early_in_vain,
}

HANDLERS: dict[type[ev.Event], Callable[[Book, Any], Actions]] = {
    ev.ChannelCreated: _created,
    ev.ChannelAnswered: channels.answered,
    ev.ChannelRenamed: channels.renamed,
    ev.CallerIdentified: channels.identified,
    ev.LinkedIdChanged: channels.relinked,
    ev.ChannelHungUp: channels.hung_up,
    ev.ChannelRemembered: channels.remembered,
    ev.TrunksRemembered: channels.trunks_remembered,
    ev.BridgeEntered: bridges.entered,
    ev.BridgeLeft: bridges.left,
    ev.LocalPaired: bridges.paired,
    ev.DialBegun: bridges.dial_begun,
    ev.MusicStarted: renewal.music_started,
    ev.MusicStopped: renewal.music_stopped,
    ev.SnapshotTaken: sight.snapshot,
    ev.LinkLost: sight.link_lost,
    ev.NewsDelayed: sight.news_delayed,
    ev.ForeignRecorderStarted: outcomes.foreign_recorder,
    ev.RecorderStarted: outcomes.recorder_started,
    ev.RecorderStartFailed: outcomes.recorder_start_failed,
    ev.RecordersProvenStopped: outcomes.proven_stopped,
    ev.RecordersStopUnproven: outcomes.unproven,
    ev.RecorderStuck: stuck.not_growing,
    ev.SegmentFileClosed: outcomes.file_closed,
    ev.RecordingStored: outcomes.stored,
    ev.RecordingDiscarded: outcomes.discarded,
    ev.RecordingStoreFailed: outcomes.store_failed,
    ev.RedirectFailed: diversion.redirect_failed,
    ev.AnnouncementStarted: announcing.note_started,
    ev.AnnouncementFinished: announcing.note_finished,
    ev.WhispersPossible: announcing.whisper_again,
    ev.ToldByDialplan: announcing.note_told,
    ev.StepAsked: steps.take,
    ev.SuspensionOrdered: in_place.suspend_ordered,
    ev.ResumptionOrdered: in_place.resume_ordered,
    ev.TimerExpired: _timer,
}


class Warden:
    """Decides. ``book`` is all it remembers."""

    def __init__(self, settings: Settings) -> None:
        self.book = Book(settings)

    def decide(self, event: ev.Event) -> Actions:
        """What this event calls for, in the order in which it is to be done."""
        return HANDLERS[type(event)](self.book, event)


def unexpected(value: NoReturn) -> NoReturn:
    """Proves to the type checker, and at run time, that every kind was dealt with."""
    raise AssertionError(f"nothing deals with {value!r}")
