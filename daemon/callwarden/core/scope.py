"""Which channels are recorded: each one, or one for a conversation (``recording.scope``).

With ``one-per-call`` the outside party's channel speaks for the conversation, or the first one while nobody outside
takes part; a transfer may leave it without, and then another one takes over.
"""

from callwarden.core import actions as do
from callwarden.core import card_line, memory, policy, rows, silence
from callwarden.core import recorder as rec
from callwarden.core.book import Book
from callwarden.core.calls import Leg
from callwarden.core.facts import Role
from callwarden.core.recording import OPEN, Signal

Actions = list[do.Action]


def begin(book: Book, leg: Leg, at: float) -> Actions:
    """Record a new channel, or keep it silent if it was born into a card payment."""
    silence.watch(book, leg)
    if not recordable(book, leg):
        return card_line.alarm_if_ungated(book, leg, at)
    recorder = book.recorders.get(leg.unique_id) or memory.new_recorder(book, leg, at)
    if book.blind:
        rows.begin_gap(recorder, at, rec.NOT_RUNNING)
    return [*silence.start(book, recorder, Signal.START, at), *_demote(book, leg, at)]


def recordable(book: Book, leg: Leg) -> bool:
    """Whether this channel is one to be recorded, by the rules and the scope."""
    if not book.is_party(leg) or policy.exemption(leg, book.settings):
        return False
    return book.settings.recording.scope == "each-channel" or _speaks_for_call(book, leg)


def _speaks_for_call(book: Book, leg: Leg) -> bool:
    """``one-per-call``: the outside party's channel, or the first one while nobody outside takes part."""
    others = [one for one in book.calls.call(leg.linked_id) if one is not leg]
    recorded = [one for one in others if one.unique_id in book.recorders]
    return not recorded or (leg.role is Role.OUTSIDE and all(one.role is not Role.OUTSIDE for one in recorded))


def _demote(book: Book, leg: Leg, at: float) -> Actions:
    """``one-per-call``: an outside party joined, so the phone that was recorded for the call no longer is."""
    if book.settings.recording.scope == "each-channel" or leg.role is not Role.OUTSIDE:
        return []
    others = [one.unique_id for one in book.calls.call(leg.linked_id) if one.role is Role.PHONE]
    actions: Actions = []
    for recorder in book.recorders_of(others):
        if recorder.state in OPEN and recorder.exempt == "":
            recorder.exempt = policy.EXEMPT_ONE_PER_CALL
            actions += silence.silence(book, recorder, recorder.exempt, leg.endpoint, at)
    return actions


def ensure_one_recorded(book: Book, hearing: list[Leg], at: float) -> Actions:
    """``one-per-call``: a transfer may have left a conversation without the channel that was recorded for it."""
    if book.settings.recording.scope == "each-channel" or len(hearing) < 2:
        return []
    recorders = list(book.recorders_of(leg.unique_id for leg in hearing))
    if any(one.state in OPEN and not one.exempt for one in recorders):
        return []
    for leg in sorted(hearing, key=lambda leg: (leg.role is not Role.OUTSIDE, leg.started)):
        if book.is_party(leg) and not policy.exemption(leg, book.settings):
            return _record_after_all(book, leg, at)
    return []


def _record_after_all(book: Book, leg: Leg, at: float) -> Actions:
    recorder = book.recorders.get(leg.unique_id)
    if recorder is None:
        recorder = memory.new_recorder(book, leg, at)
        rows.begin_gap(recorder, at if leg.answered is None else leg.answered, policy.EXEMPT_ONE_PER_CALL)
        return silence.start(book, recorder, Signal.START, at)
    recorder.exempt = ""
    return silence.resume_if_free(book, recorder, at)
