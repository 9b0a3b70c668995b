"""Which channels are a card line: by their endpoint, by the outside number they ring, or because somebody whom the gate
let through rings them.

A card line may be rung through ``Local`` channels. They are optimised away once it answers, and leave the caller alone
with a phone of which nobody ever said anything: so whatever such a channel rings is the card line too.
"""

from callwarden.core import actions as do
from callwarden.core import policy
from callwarden.core.book import Book
from callwarden.core.calls import CardStage, Leg
from callwarden.core.events import DialBegun
from callwarden.core.facts import Role
from callwarden.core.silence import review, watch

CARD_CONTEXT = "callwarden-card-line"
STEP_CONTEXT = "callwarden-ask"  # where a channel stands while a step of ours is served, the card gate's own too
UNGATED = "the card line was dialled past the gate: dial it through callwarden-card-line"


def note_dialled(book: Book, leg: Leg, event: DialBegun) -> list[do.Action]:
    """Somebody rings this channel."""
    caller = book.leg(event.caller)
    if caller is not None and caller.card is CardStage.CLEARED and event.context not in ("", CARD_CONTEXT):
        # sent on by the card line itself, or the dialplan went on without the daemon
        caller.card = CardStage.NONE
        watch(book, caller)
    if _is_rung_there(book, caller) or policy.is_card_number(event.dial_string, book.settings):
        return become(book, leg, event.at)
    return []


def stage_of(leg: Leg, context: str) -> CardStage:
    """Where a channel that we know stands with the card line, now that a snapshot shows it in this context of the
    dialplan. In a step (its prompt may be playing) it stands where it stood."""
    if context == STEP_CONTEXT:
        return leg.card
    return CardStage.CLEARED if context == CARD_CONTEXT else CardStage.NONE


def become(book: Book, leg: Leg, at: float) -> list[do.Action]:
    """This channel is a card line, and so is whatever its other half rings."""
    leg.role = Role.CARD_LINE
    watch(book, leg)
    actions: list[do.Action] = [book.channel_fact(leg)] if book.is_party(leg) else []
    actions += alarm_if_ungated(book, leg, at)
    half = book.calls.half(leg)
    for rung in [one for one in book.calls.legs.values() if half is not None and one.dialled_by == half.unique_id]:
        if rung.role is not Role.CARD_LINE:
            actions += become(book, rung, at)
    return [*actions, *review(book, [leg.unique_id], at)]


def alarm_if_ungated(book: Book, leg: Leg, at: float) -> list[do.Action]:
    """A card line rings although nobody of its conversation came through the gate: said once."""
    conversation = [book.calls.legs[one] for one in book.calls.conversation(leg.unique_id)]
    gated = any(one.card is CardStage.CLEARED for one in conversation)
    if leg.role is not Role.CARD_LINE or len(conversation) == 1 or gated or leg.ungated:
        return []
    leg.ungated = True
    return [*review(book, [leg.unique_id], at), do.RaiseAlarm("card-line-ungated", UNGATED, leg.unique_id)]


def _is_rung_there(book: Book, caller: Leg | None) -> bool:
    if caller is None:
        return False
    half = book.calls.half(caller)
    return caller.card is CardStage.CLEARED or (half is not None and half.role is Role.CARD_LINE)
