"""Who meets whom: bridges, ``Local`` halves and dials, and what follows when somebody comes or goes."""

from callwarden.core import actions as do
from callwarden.core import announcing, card_line, renewal, scope, silence
from callwarden.core import events as ev
from callwarden.core.book import Book
from callwarden.core.calls import Leg
from callwarden.core.facts import Role

Actions = list[do.Action]


def entered(book: Book, event: ev.BridgeEntered) -> Actions:
    """Somebody joins a bridge: silence, whispers and new segments follow from who meets whom."""
    leg = book.leg(event.unique_id)
    if leg is None:
        return []
    left = book.calls.hearing(event.unique_id)
    book.calls.enter(leg, event.bridge, event.holding, event.conference)
    hearing = [book.calls.legs[one] for one in sorted(book.calls.hearing(event.unique_id))]
    _note_phones(book, hearing)
    actions = silence.review(book, left | {event.unique_id}, event.at)
    for one in hearing:
        actions += announcing.whisper_to(book, one, event.at)
    actions += renewal.renew_all(book, {one.unique_id for one in hearing}, event.at)
    return actions + scope.ensure_one_recorded(book, hearing, event.at)


def _note_phones(book: Book, hearing: list[Leg]) -> None:
    for leg in hearing:
        phones = [one.endpoint for one in hearing if one is not leg and one.role is Role.PHONE]
        if phones and book.is_party(leg):
            book.last_phone[leg.unique_id] = phones[0]


def left(book: Book, event: ev.BridgeLeft) -> Actions:
    """Somebody leaves a bridge."""
    leg = book.leg(event.unique_id)
    if leg is None:
        return []
    others = book.calls.hearing(event.unique_id)
    book.calls.leave(leg, event.bridge)
    return silence.review(book, others, event.at)


def paired(book: Book, event: ev.LocalPaired) -> Actions:
    """Two channels are the halves of one ``Local`` channel."""
    book.calls.pair(event.one, event.two)
    return silence.review(book, [event.one, event.two], event.at)


def dial_begun(book: Book, event: ev.DialBegun) -> Actions:
    """Somebody rings somebody; whoever the card gate let ring is a card line."""
    leg = book.leg(event.destination)
    if leg is None:
        return []
    leg.dialled_by, leg.dial_string = event.caller, event.dial_string
    actions = card_line.note_dialled(book, leg, event)
    return actions + silence.review(book, [leg.unique_id], event.at)
