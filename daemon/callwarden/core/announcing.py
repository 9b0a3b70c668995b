"""Who is told that the call is recorded: before connecting, or by a whisper once they talk.

Each announcement is a row from the moment it is ordered; "heard to the end" is only what was played to the end.
"""

from collections.abc import Iterable
from dataclasses import replace

from callwarden.core import actions as do
from callwarden.core import facts, policy
from callwarden.core.book import Book
from callwarden.core.calls import Leg
from callwarden.core.events import (
    AnnouncementFinished,
    AnnouncementStarted,
    StepAsked,
    ToldByDialplan,
    WhispersPossible,
)
from callwarden.core.facts import Announcement, Call, PlayedBy
from callwarden.core.policy import Told
from callwarden.core.silence import reason

BROKEN_OFF = "not heard to the end"
DONE = (("CALLWARDEN_STEP", "done"),)


def before_connecting(book: Book, leg: Leg, asked: StepAsked, told: Told | None) -> list[do.Action]:
    """Answer a step that waits to announce: with the prompt to play, or at once where nothing is due."""
    if told is None or leg.told:
        return [do.AnswerStep(asked.step_id, DONE)]
    leg.told = True
    fact = _note(book, leg, told, PlayedBy.DAEMON, asked.at)
    answer = do.AnswerStep(asked.step_id, DONE, told.prompt, told.language, fact.number)
    return [*_put_on_record(book, leg), do.Save(fact), answer]


def whisper_to(book: Book, leg: Leg, at: float) -> list[do.Action]:
    """Tell this party now, if it talks with somebody, was not told, and no card is being read out."""
    if leg.told or not book.calls.talks(leg):
        return []
    if book.watched and reason(book, leg.unique_id) is not None:
        return []
    told = policy.whisper(leg, book.calls.call(leg.linked_id), book.settings)
    if told is None:
        return []
    leg.told = True
    fact = _note(book, leg, told, PlayedBy.WHISPER, at)
    return [do.Save(fact), do.Whisper(leg.unique_id, told.prompt, told.language, fact.number)]


def whisper_again(book: Book, event: WhispersPossible) -> list[do.Action]:
    """Whoever talks and was not told while nobody could be whispered to is told now. Out of sight of Asterisk nobody
    is: the snapshot shows who talks."""
    legs = [] if book.blind else list(book.calls.legs.values())
    return [action for leg in legs for action in whisper_to(book, leg, event.at)]


def note_started(book: Book, event: AnnouncementStarted) -> list[do.Action]:
    """A prompt began to play."""
    return _change(book, event.unique_id, event.number, started=event.at, sha256=event.sha256)


def note_finished(book: Book, event: AnnouncementFinished) -> list[do.Action]:
    """A prompt ended. Whoever did not hear it to the end counts as not told, and is told at the next occasion."""
    leg = book.leg(event.unique_id)
    if leg is not None and not event.complete:
        leg.told = False
    actions = _change(
        book, event.unique_id, event.number, finished=event.at, complete=event.complete, reason=event.reason
    )
    if leg is None:
        note_gone(book, event.unique_id)
    return actions


def note_told(book: Book, event: ToldByDialplan) -> list[do.Action]:
    """The dialplan announced in our place: once, however often its note is read; it may have been read too early."""
    leg = book.leg(event.unique_id)
    if leg is None:
        return []
    known = book.announcements.setdefault(event.unique_id, [])
    before = noted_before(known, event.told)
    if before is not None and (before.complete or event.told.finished is None):
        return []
    number = len(known) + 1 if before is None else before.number
    row = by_dialplan(leg.unique_id, number, event.told, event.sha256)
    known[:] = [*(one for one in known if one is not before), row]
    leg.told = leg.told or row.complete
    return [*_put_on_record(book, leg), do.Save(row)]


def _put_on_record(book: Book, leg: Leg) -> list[do.Action]:
    """Asterisk's own plumbing has no row, unless something is told to it. It accounts for no second of its own."""
    if leg.party or leg.on_record:
        return []
    leg.on_record = True
    actions: list[do.Action] = []
    if leg.linked_id not in book.facts:
        call = Call(linked_id=leg.linked_id, direction=policy.direction(leg, []), started=leg.started)
        book.facts[leg.linked_id] = call
        actions = [do.Save(call)]
    return [*actions, do.Save(replace(book.channel_row(leg), answered=None))]


def noted_before(known: Iterable[Announcement], told: facts.Told) -> Announcement | None:
    """The row of this announcement of the dialplan, if there is one."""
    return next((one for one in known if one.played_by is PlayedBy.DIALPLAN and one.started == told.started), None)


def by_dialplan(unique_id: str, number: int, told: facts.Told, sha256: str) -> Announcement:
    """The row of an announcement that the dialplan played."""
    heard = told.finished is not None
    return Announcement(
        unique_id=unique_id, number=number, prompt=told.prompt, language=told.language, sha256=sha256,
        played_by=PlayedBy.DIALPLAN, started=told.started, finished=told.finished if heard else told.started,
        complete=heard, reason="" if heard else BROKEN_OFF,
    )  # fmt: skip


def note_gone(book: Book, unique_id: str) -> None:
    """A party hung up. How much of a prompt it heard may still be on its way to us."""
    if all(one.finished is not None for one in book.announcements.get(unique_id, ())):
        book.announcements.pop(unique_id, None)


def _note(book: Book, leg: Leg, told: Told, played_by: PlayedBy, at: float) -> Announcement:
    known = book.announcements.setdefault(leg.unique_id, [])
    fact = Announcement(
        unique_id=leg.unique_id, number=len(known) + 1, prompt=told.prompt, language=told.language, sha256="",
        played_by=played_by, started=at,
    )  # fmt: skip
    known.append(fact)
    return fact


def _change(book: Book, unique_id: str, number: int, **changes: object) -> list[do.Action]:
    known = book.announcements.get(unique_id, [])
    if not 1 <= number <= len(known):
        return []
    known[number - 1] = replace(known[number - 1], **changes)  # type: ignore[arg-type]
    return [do.Save(known[number - 1])]
