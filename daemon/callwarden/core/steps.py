"""The steps that the dialplan waits in: one function a step, each ends in an answer, now or later."""

from collections.abc import Callable
from dataclasses import replace

from callwarden.core import actions as do
from callwarden.core import announcing, channels, gate, in_place, policy, silence
from callwarden.core import events as ev
from callwarden.core.book import Book, Gate
from callwarden.core.calls import CardStage, Leg
from callwarden.core.facts import Direction, Role
from callwarden.core.recording import SILENT

Actions = list[do.Action]
EARLY_SECONDS = 0.5
RETURN_SECONDS = 1.0


def take(book: Book, asked: ev.StepAsked) -> Actions:
    """Nothing is promised while Asterisk is out of sight: the dialplan does the work itself, the gate is shut."""
    if book.blind:
        return [do.AnswerStep(asked.step_id, gate.SHUT if asked.step is ev.Step.CARD_GATE else ())]
    leg = book.leg(asked.unique_id)
    if leg is None:
        # FastAGI and AMI are two connections: the step has overtaken the news of its own channel.
        book.early[asked.unique_id] = asked
        return [do.SetTimer(("early", asked.unique_id), EARLY_SECONDS)]
    linked_id = asked.arguments[0] if asked.arguments else leg.linked_id
    actions = channels.relinked(book, ev.LinkedIdChanged(asked.at, leg.unique_id, linked_id))
    return actions + STEPS[asked.step](book, leg, asked)


def was_early(book: Book, unique_id: str, at: float) -> Actions:
    """The news of a channel has come whose step overtook it: take the step now."""
    asked = book.early.pop(unique_id, None)
    if asked is None:
        return []
    return [do.CancelTimer(("early", unique_id)), *take(book, replace(asked, at=at))]


def early_in_vain(book: Book, unique_id: str, _at: float) -> Actions:
    """The news of the channel did not come: the dialplan does the work itself, the gate is shut."""
    asked = book.early.pop(unique_id, None)
    if asked is None:
        return []
    return [do.AnswerStep(asked.step_id, gate.SHUT if asked.step is ev.Step.CARD_GATE else ())]


def inbound(book: Book, leg: Leg, asked: ev.StepAsked) -> Actions:
    """A call comes in: its endpoint is a trunk, and its caller is told."""
    actions: Actions = []
    if leg.role is Role.PHONE:
        book.learned_trunks |= {leg.endpoint}
        leg.role = Role.OUTSIDE
        actions += [
            book.channel_fact(leg),
            *book.change_call(leg.linked_id, direction=Direction.INBOUND, trunk=leg.endpoint),
        ]
    told = policy.inbound_announcement(leg.exten, book.settings)
    if told is not None:
        actions += book.change_call(leg.linked_id, language=told.language)
    return actions + announcing.before_connecting(book, leg, asked, told)


def no_announcement(book: Book, _leg: Leg, asked: ev.StepAsked) -> Actions:
    """A call of one of our own phones: nothing has to be played."""
    return [do.AnswerStep(asked.step_id, gate.DONE)]


def announce_outbound(book: Book, leg: Leg, asked: ev.StepAsked) -> Actions:
    """The person we rang has answered and is told before being connected."""
    told = policy.outbound_announcement(book.settings)
    return announcing.before_connecting(book, leg, asked, told)


def card_left(book: Book, leg: Leg, asked: ev.StepAsked) -> Actions:
    """The card line's Dial has ended: whoever it rang is gone; the caller goes on when it is recorded again."""
    leg.card = CardStage.NONE
    silence.watch(book, leg)
    recorder = book.recorders.get(leg.unique_id)
    if recorder is None:
        return [do.AnswerStep(asked.step_id, gate.DONE)]
    if recorder.state not in SILENT or recorder.exempt:
        return [do.AnswerStep(asked.step_id, gate.DONE), *silence.review(book, [leg.unique_id], asked.at)]
    book.returning[leg.unique_id] = asked.step_id
    timer = do.SetTimer(("return", leg.unique_id), RETURN_SECONDS)
    return [timer, *silence.review(book, [leg.unique_id], asked.at)]


def release_returning(book: Book, unique_id: str, prompt: bool = True) -> Actions:
    """Let a caller go on who waits until it is recorded again."""
    step_id = book.returning.pop(unique_id, None)
    if step_id is None:
        return []
    play = policy.PROMPT_RESUMED if prompt and book.settings.card.resumed_prompt else ""
    answer = do.AnswerStep(step_id, gate.DONE, play, book.settings.announce.language)
    return [do.CancelTimer(("return", unique_id)), answer]


def return_timed_out(book: Book, unique_id: str, _at: float) -> Actions:
    """The caller has waited for long enough; recording is still tried."""
    return release_returning(book, unique_id, prompt=False)


def suspend(book: Book, leg: Leg, asked: ev.StepAsked) -> Actions:
    """``*8``: suspend in place, or resume what was suspended in place. Only a phone, and only where allowed."""
    if not book.settings.card.in_place or leg.role is not Role.PHONE:
        return [do.AnswerStep(asked.step_id, gate.REFUSED)]
    if in_place.suspended(book, leg):
        return [*in_place.resume(book, leg, asked.at), do.AnswerStep(asked.step_id, gate.DONE)]
    waiting = Gate(asked.step_id, leg.unique_id, asked.at, silence.IN_PLACE, leg.endpoint, step_id=asked.step_id)
    return gate.suspend_in_place(book, leg, waiting)


STEPS: dict[ev.Step, Callable[[Book, Leg, ev.StepAsked], Actions]] = {
    ev.Step.INBOUND: inbound,
    ev.Step.OUTBOUND: no_announcement,
    ev.Step.INTERNAL: no_announcement,
    ev.Step.ANNOUNCE_OUTBOUND: announce_outbound,
    ev.Step.CARD_GATE: gate.ask,
    ev.Step.CARD_LEFT: card_left,
    ev.Step.DIVERT: gate.divert,
    ev.Step.SUSPEND: suspend,
}
