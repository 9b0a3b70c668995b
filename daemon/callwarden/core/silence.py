"""Who must be silent now, and who may be recorded again: the same review after everything that moves anybody.

Silent is every conversation in which somebody is with a card line or asks for one (promise 2), or that an agent or an
operator suspended in place. Going silent happens at once; recording comes back only when the reason has been away
for ``card.settle`` seconds, because a transfer tears conversations apart for a moment before it joins them again.

A card line with which nobody is that we know (a script rings it, its phone makes a call) may join any conference, and
does so without another word: as long as it is alone, all conferences are silent.
"""

from collections.abc import Iterable

from callwarden.core import actions as do
from callwarden.core.book import Book
from callwarden.core.calls import CardStage, Leg
from callwarden.core.facts import Role
from callwarden.core.orders import tell
from callwarden.core.recorder import Recorder
from callwarden.core.recording import SILENT, Signal
from callwarden.core.spans import CARD_LINE as CARD_LINE

IN_PLACE = "suspended in place"
RENEWED = "recorder renewed"
# Asterisk frees a channel's audiohooks at its next frame; a recorder started before that inherits the fault (measured:
# 20 ms will do, 50 ms were once too short on a machine under full load).
RENEW_SECONDS = 0.12


def watch(book: Book, leg: Leg) -> None:
    """Keep the books on whether this channel makes any review necessary."""
    recorder = book.recorders.get(leg.unique_id)
    silent = recorder is not None and recorder.state in SILENT
    if silent or leg.role is Role.CARD_LINE or leg.card is not CardStage.NONE or leg.in_place_by:
        book.watched.add(leg.unique_id)
    else:
        book.watched.discard(leg.unique_id)


def reason(book: Book, unique_id: str) -> tuple[str, str] | None:
    """Why this channel must be silent and by whose doing, or None."""
    legs = [book.calls.legs[member] for member in book.calls.conversation(unique_id)]
    with_card = [leg for leg in legs if book.calls.at_card_line(leg)]
    if with_card:
        return CARD_LINE, _by(with_card)
    if card_alone(book) and not book.calls.conferring().isdisjoint(leg.unique_id for leg in legs):
        return CARD_LINE, ""
    for leg in legs:
        if leg.in_place_by:
            return IN_PLACE, leg.in_place_by
    return None


def card_alone(book: Book) -> bool:
    """Whether there is a card line with which nobody is that we know."""
    legs = (book.leg(unique_id) for unique_id in book.watched)
    return any(leg is not None and book.calls.with_nobody_known(leg) for leg in legs)


def review(book: Book, unique_ids: Iterable[str], at: float) -> list[do.Action]:
    """Bring everybody in these channels' conversations to where they belong; those in conferences, too, once a card
    line is alone, and once it no longer is."""
    if not book.watched and not book.card_alone:
        return []
    members = {member for unique_id in unique_ids for member in book.calls.conversation(unique_id)}
    if book.card_alone is not (alone := card_alone(book)):
        book.card_alone = alone
        members |= book.calls.conferring()
    actions: list[do.Action] = []
    for recorder in book.recorders_of(members):
        actions += _review_one(book, recorder, at)
    return actions


def start(book: Book, recorder: Recorder, signal: Signal, at: float) -> list[do.Action]:
    """The one door to every start of a recorder. Out of sight of Asterisk it is shut: the next snapshot begins again
    what should run. Where the conversation must be silent it leads to silence."""
    if book.blind:
        return []
    why = reason(book, recorder.unique_id) if book.watched else None
    if why is not None:
        return silence(book, recorder, *why, at) if recorder.state not in SILENT else []
    actions = tell(recorder, signal, at)
    watch(book, book.calls.legs[recorder.unique_id])
    return actions


def resume_if_free(book: Book, recorder: Recorder, at: float) -> list[do.Action]:
    """Record again, if nothing speaks against it any more."""
    if recorder.state not in SILENT or recorder.exempt:
        return []
    return start(book, recorder, Signal.RESUME, at)


def silence(book: Book, recorder: Recorder, why: str, by: str, at: float) -> list[do.Action]:
    """Order this channel's recorders stopped, whatever is believed to run."""
    recorder.why, recorder.by = why, by
    actions = tell(recorder, Signal.SUSPEND, at)
    watch(book, book.calls.legs[recorder.unique_id])
    return actions


def _review_one(book: Book, recorder: Recorder, at: float) -> list[do.Action]:
    why = reason(book, recorder.unique_id)
    if why is None:
        if recorder.state not in SILENT:
            return []
        if recorder.unique_id in book.returning:
            return resume_if_free(book, recorder, at)
        seconds = RENEW_SECONDS if recorder.why == RENEWED else book.settings.card.settle
        return [do.SetTimer(("settle", recorder.unique_id), seconds)]
    if recorder.state in SILENT and recorder.why != RENEWED:
        return []
    return silence(book, recorder, *why, at)


def _by(with_card: list[Leg]) -> str:
    """The phone that sent the caller there, or whoever asked for the card line."""
    askers = [leg for leg in with_card if leg.card is not CardStage.NONE]
    return min((leg.sent_by or leg.endpoint for leg in askers), default="")
