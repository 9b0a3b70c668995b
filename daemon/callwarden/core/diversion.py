"""Ways to the card line that lead nowhere: a gate that is not proven in time, a caller who never arrives."""

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core import gate, silence
from callwarden.core.book import Book
from callwarden.core.calls import CardStage, Leg

Actions = list[do.Action]


def gate_timed_out(book: Book, key: str, at: float) -> Actions:
    """The proofs did not come in time: the gate stays shut."""
    waiting = book.gates.get(int(key))
    if waiting is None:
        return []
    return gate.refuse(book, waiting, "Asterisk did not confirm the stop in time", at)


def redirect_failed(book: Book, event: ev.RedirectFailed) -> Actions:
    """Asterisk would not send the caller to the card line."""
    leg = book.leg(event.unique_id)
    if leg is None:
        return []
    alarm = do.RaiseAlarm("divert-failed", f"a caller could not be diverted: {event.reason}", leg.unique_id)
    return [alarm, *_away_from_card_line(book, leg, event.at)]


def divert_timed_out(book: Book, unique_id: str, at: float) -> Actions:
    """The caller was sent to the card line and never asked at its gate."""
    leg = book.leg(unique_id)
    at_gate = any(waiting.unique_id == unique_id for waiting in book.gates.values())
    if leg is None or leg.card is not CardStage.ASKING or at_gate:
        return []
    return _away_from_card_line(book, leg, at)


def _away_from_card_line(book: Book, leg: Leg, at: float) -> Actions:
    leg.card = CardStage.NONE
    silence.watch(book, leg)
    return silence.review(book, [leg.unique_id], at)
