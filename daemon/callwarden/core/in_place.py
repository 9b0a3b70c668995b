"""Suspension in place, by an agent's ``*8`` or an operator, and its end: ordered, or after its limit."""

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core import gate, silence
from callwarden.core.book import Book, Gate
from callwarden.core.calls import Leg

Actions = list[do.Action]


def suspend_ordered(book: Book, event: ev.SuspensionOrdered) -> Actions:
    """An operator wants a call silent where it is."""
    legs = [leg for leg in book.calls.call(event.linked_id) if book.is_party(leg)]
    if not legs:
        return [do.ReplyToOperator(event.reply_to, False, "no such call is up")]
    if suspended(book, legs[0]):
        return [do.ReplyToOperator(event.reply_to, True, "suspension is ordered already")]
    waiting = Gate(
        -event.reply_to - 1, legs[0].unique_id, event.at, silence.IN_PLACE, event.by, reply_to=event.reply_to
    )
    return gate.suspend_in_place(book, legs[0], waiting)


def resume_ordered(book: Book, event: ev.ResumptionOrdered) -> Actions:
    """An operator wants a call recorded again."""
    legs = book.calls.call(event.linked_id)
    if not legs:
        return [do.ReplyToOperator(event.reply_to, False, "no such call is up")]
    if not suspended(book, legs[0]):
        return [do.ReplyToOperator(event.reply_to, False, "the call is not suspended in place")]
    done = do.ReplyToOperator(event.reply_to, True, "recording is resumed")
    return [*resume(book, legs[0], event.at), done]


def suspended(book: Book, leg: Leg) -> list[Leg]:
    """Those of the conversation by whom it was suspended in place."""
    members = sorted(book.calls.conversation(leg.unique_id))
    return [book.calls.legs[one] for one in members if book.calls.legs[one].in_place_by]


def resume(book: Book, leg: Leg, at: float) -> Actions:
    """Record the conversation again, unless something else keeps it silent."""
    members = book.calls.conversation(leg.unique_id)
    actions: Actions = gate.resumed_in_place(book, members)
    for one in suspended(book, leg):
        one.in_place_by = ""
        silence.watch(book, one)
        actions.append(do.CancelTimer(("in-place", one.unique_id)))
    for recorder in list(book.recorders_of(members)):
        actions += silence.resume_if_free(book, recorder, at)
    return actions


def time_is_over(book: Book, unique_id: str, at: float) -> Actions:
    """Nobody resumed: it is resumed now."""
    leg = book.leg(unique_id)
    return resume(book, leg, at) if leg is not None and leg.in_place_by else []
