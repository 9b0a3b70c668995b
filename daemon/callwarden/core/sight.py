"""Asterisk comes into sight and goes out of it: snapshots, and the loss of the link.

While Asterisk is out of sight nothing is started and no gate opens; a snapshot makes up for what was missed.
"""

from callwarden.core import actions as do
from callwarden.core import channels, gate, memory, outcomes, rows, scope, silence, unseen
from callwarden.core import events as ev
from callwarden.core.book import Book
from callwarden.core.calls import CardStage, Leg
from callwarden.core.facts import RecordingState, Role

Actions = list[do.Action]


def snapshot(book: Book, event: ev.SnapshotTaken) -> Actions:
    """The whole picture is there: end what is gone, then begin what is not yet recorded."""
    book.blind = False
    actions: Actions = []
    gone = [leg.unique_id for leg in book.calls.legs.values() if leg.started < event.since]
    for unique_id in [one for one in gone if one not in event.alive]:
        actions += channels.hung_up(book, ev.ChannelHungUp(event.at, unique_id, seen=False))
    for known in book.remembered.values():
        actions += memory.bury(book, known, event.at)
    book.remembered.clear()
    _mark_card_lines(book)
    for leg in list(book.calls.legs.values()):
        actions += _take_in_hand(book, leg, event.at)
    for linked_id in tuple(book.facts):
        actions += channels.maybe_end_call(book, linked_id, event.at)
    return actions + silence.review(book, list(book.calls.legs), event.at)


def _take_in_hand(book: Book, leg: Leg, at: float) -> Actions:
    """What could not be done for a channel while Asterisk was out of sight."""
    recorder = book.recorders.get(leg.unique_id)
    if recorder is None or recorder.state is RecordingState.WANTED:
        return _begin_late(book, leg, at)
    if recorder.state is RecordingState.SUSPENDING:
        return outcomes.stop_again(book, leg.unique_id, at)
    return outcomes.retry(book, leg.unique_id, at) + outcomes.lost(book, leg.unique_id, at)


def _mark_card_lines(book: Book) -> None:
    """Whoever talks with a channel that stands in the card line's context is a card line, if none is known there: its
    phone was rung before the dialplan left word of that."""
    for leg in list(book.calls.legs.values()):
        partners = book.calls.partners(leg)
        known = any(book.calls.legs[one].role is Role.CARD_LINE for one in partners)
        if leg.card is CardStage.CLEARED and not known:
            for one in partners:
                book.calls.legs[one].role = Role.CARD_LINE
                silence.watch(book, book.calls.legs[one])


def _begin_late(book: Book, leg: Leg, at: float) -> Actions:
    recorder = book.recorders.get(leg.unique_id)
    if recorder is None and scope.recordable(book, leg):
        recorder = memory.new_recorder(book, leg, leg.started)
    if recorder is not None and not recorder.taken_up:
        rows.begin_gap(recorder, leg.started if leg.answered is None else leg.answered, memory.blindness(book))
    return scope.begin(book, leg, at)


def link_lost(book: Book, event: ev.LinkLost) -> Actions:
    """Nothing is known any more: no gate may open on what was known."""
    if not book.blind:  # said again with every attempt to connect
        book.blind, book.blind_since = True, event.at
    actions: Actions = []
    for waiting in tuple(book.gates.values()):
        actions += gate.refuse(book, waiting, f"the link to Asterisk was lost: {event.reason}", event.at)
    return actions


def news_delayed(book: Book, event: ev.NewsDelayed) -> Actions:
    """An answer that is told of now was since then, and one that was told of meanwhile, too: its file may tell when."""
    book.delayed = (event.since, event.at)
    for recorder in book.recorders.values():
        unseen.doubt_answer(recorder, book.delayed)
    return []
