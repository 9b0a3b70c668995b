"""New segments where a running recorder would lose a voice.

Measured on Debian's 22.10 (its patch 2016_opus_plc; 16.28 is free of it): a MixMonitor that has recorded one stream of
RTP, or anything in the channel's own codec (music, what a ``Local`` channel brought), loses the next party in half
the calls, for up to 11 minutes. One that is started afresh loses nothing. So a segment ends and the next begins

* where the channel meets another party than those its recorder has met;
* where music stops, for whoever comes after it;
* where the ``Local`` channel beside which it began is gone: after an attended transfer its beep came through there;
* with ``one-per-call``, at the first party that somebody meets who was answered before: it may have heard a prompt.

Of those who talk with each other one is renewed after the other, so that the moment is in somebody's recording.
"""

from callwarden.core import actions as do
from callwarden.core.book import Book
from callwarden.core.calls import Leg
from callwarden.core.events import MusicStarted, MusicStopped
from callwarden.core.facts import RecordingState
from callwarden.core.recording import SILENT
from callwarden.core.silence import RENEWED, silence

# Seconds: who was answered longer ago than this before meeting anybody has heard a prompt or music.
WAITED_SECONDS = 0.5
_ON_ITS_WAY = SILENT | {RecordingState.STARTING}


def note_recording(book: Book, leg: Leg) -> None:
    """A recorder runs from now on: whom does it meet, and what has it heard?"""
    leg.heard = book.calls.partners(leg)
    leg.through = book.calls.plumbing_beside(leg)
    leg.heard_music = leg.music


def music_started(book: Book, event: MusicStarted) -> list[do.Action]:
    """This channel is played music."""
    leg = book.leg(event.unique_id)
    if leg is not None:
        leg.music = leg.heard_music = True
    return []


def music_stopped(book: Book, event: MusicStopped) -> list[do.Action]:
    """The music is over; a call that was held goes on."""
    leg = book.leg(event.unique_id)
    if leg is None:
        return []
    leg.music = False
    return renew(book, leg, event.at)


def renew_all(book: Book, unique_ids: set[str], at: float) -> list[do.Action]:
    """Look at all of these, the youngest first: whoever came last was told by the beep of a transfer."""
    legs = sorted((book.calls.legs[one] for one in unique_ids), key=lambda leg: (-leg.started, leg.unique_id))
    return [action for leg in legs for action in renew(book, leg, at)]


def renew(book: Book, leg: Leg, at: float) -> list[do.Action]:
    """Begin a new segment, if the running one would lose somebody, unless a partner's is just being begun."""
    recorder = book.recorders.get(leg.unique_id)
    if recorder is None or recorder.state is not RecordingState.RECORDING or not _must(book, leg, at):
        return []
    partners = book.recorders_of(book.calls.hearing(leg.unique_id))
    if any(one.state in _ON_ITS_WAY and one.why == RENEWED for one in partners):
        return []
    return silence(book, recorder, RENEWED, "Callwarden", at)


def _must(book: Book, leg: Leg, at: float) -> bool:
    partners = book.calls.partners(leg)
    if not partners or leg.music:
        return False
    if leg.heard:
        gone = leg.through - book.calls.plumbing_beside(leg)
        return leg.heard_music or bool(gone) or not partners <= leg.heard
    waited = leg.answered is not None and at - leg.answered > WAITED_SECONDS
    if leg.heard_music or (waited and book.settings.recording.scope == "one-per-call"):
        return True
    leg.heard = partners
    return False
