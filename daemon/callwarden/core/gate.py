"""The card gate: the card line does not ring until every recorder of the conversation is proven stopped.

A gate orders every channel of the conversation silent, the plumbing too, each with a proof of its own, and answers
"clear" only when all proofs are there and the conversation has not grown meanwhile. What it cannot prove in time it
refuses. The same gate serves the card line's own step, the feature code that diverts a caller there, and
suspension in place.
"""

from callwarden.core import actions as do
from callwarden.core.book import Book, Gate
from callwarden.core.calls import CardStage, Leg
from callwarden.core.events import RecordersProvenStopped, RecordersStopUnproven, StepAsked
from callwarden.core.facts import RecordingState, Role
from callwarden.core.policy import PROMPT_NOT_RECORDED
from callwarden.core.silence import CARD_LINE, IN_PLACE, reason, review, silence, watch

DONE = (("CALLWARDEN_STEP", "done"),)
REFUSED = (("CALLWARDEN_STEP", "refused"),)
CLEAR = ("CALLWARDEN_GATE", "clear")
SHUT = (("CALLWARDEN_GATE", "refused"),)
DIVERT_SECONDS = 5.0


def ask(book: Book, leg: Leg, asked: StepAsked) -> list[do.Action]:
    """A channel stands before the card line."""
    leg.card = CardStage.ASKING
    watch(book, leg)
    leg.sent_by = _sender(book, leg)
    gate = Gate(asked.step_id, leg.unique_id, asked.at, CARD_LINE, leg.sent_by, step_id=asked.step_id)
    return [*_overtaken(book, leg), *_open(book, gate)]


def _sender(book: Book, leg: Leg) -> str:
    """By whose doing it stands there: the phone it talked with last, itself, or whoever consults behind a ``Local``."""
    sender = book.last_phone.get(leg.unique_id)
    if sender is not None or leg.party:
        return sender or leg.endpoint
    members = (book.calls.legs[one] for one in book.calls.conversation(leg.unique_id))
    phones = [(one.started, one.endpoint) for one in members if one.role is Role.PHONE]
    return max(phones)[1] if phones else leg.endpoint


def divert(book: Book, leg: Leg, asked: StepAsked) -> list[do.Action]:
    """An agent's phone sends the caller it talks with to the card line."""
    caller = _whom_to_divert(book, leg)
    if caller is None or not book.settings.card.line:
        return [do.AnswerStep(asked.step_id, REFUSED)]
    caller.card, caller.sent_by = CardStage.ASKING, leg.endpoint
    book.last_phone[caller.unique_id] = leg.endpoint
    watch(book, caller)
    gate = Gate(
        asked.step_id, leg.unique_id, asked.at, CARD_LINE, leg.endpoint, step_id=asked.step_id,
        redirect=caller.unique_id,
    )  # fmt: skip
    return [*_overtaken(book, caller), *_open(book, gate)]


def suspend_in_place(book: Book, leg: Leg, gate: Gate) -> list[do.Action]:
    """An agent or an operator wants this call silent where it is."""
    leg.in_place_by = gate.by
    watch(book, leg)
    limit = do.SetTimer(("in-place", leg.unique_id), book.settings.card.in_place_limit)
    return [limit, *_open(book, gate)]


def resumed_in_place(book: Book, members: set[str]) -> list[do.Action]:
    """A call is resumed before its suspension was proven: whoever waits for that is told."""
    actions: list[do.Action] = []
    for gate in tuple(book.gates.values()):
        if gate.why == IN_PLACE and gate.unique_id in members:
            actions += [*_close(book, gate), *_answer(gate, REFUSED, "recording was resumed meanwhile")]
    return actions


def doubt(book: Book, unique_id: str) -> None:
    """What was proven of this channel may no longer be so: a recorder came to it."""
    for gate in book.gates.values():
        gate.proven.discard(unique_id)


def note_proven(book: Book, event: RecordersProvenStopped) -> list[do.Action]:
    """A channel is proven silent: which gates open?"""
    actions: list[do.Action] = []
    for gate in tuple(book.gates.values()):
        if gate.waiting.get(event.unique_id, event.proof + 1) <= event.proof:
            del gate.waiting[event.unique_id]
            gate.proven.add(event.unique_id)
            actions += _maybe_clear(book, gate, event.at)
    return actions


def note_unproven(book: Book, event: RecordersStopUnproven) -> list[do.Action]:
    """A channel could not be proven silent: the gates that wait for it stay shut."""
    actions: list[do.Action] = []
    for gate in tuple(book.gates.values()):
        if event.unique_id in gate.waiting:
            actions += refuse(book, gate, event.reason, event.at)
    return actions


def note_gone(book: Book, unique_id: str, at: float) -> list[do.Action]:
    """A channel hung up: nothing of it can be recorded any more; a gate that it asked for is nobody's."""
    actions: list[do.Action] = []
    for gate in tuple(book.gates.values()):
        if gate.unique_id == unique_id and not gate.redirect:
            actions += _close(book, gate)
        elif gate.waiting.pop(unique_id, None) is not None:
            actions += _maybe_clear(book, gate, at)
    return actions


def refuse(book: Book, gate: Gate, why: str, at: float) -> list[do.Action]:
    """The gate stays shut; the caller is told and goes back; recording resumes once that has settled."""
    closed = _close(book, gate)
    leg = book.leg(gate.redirect or gate.unique_id)
    if leg is not None and gate.why == IN_PLACE:
        leg.in_place_by = ""
        watch(book, leg)
    elif leg is not None and leg.card is CardStage.ASKING:
        leg.card = CardStage.NONE
        watch(book, leg)
    text = f"a conversation could not be proven silent and was not handed over: {why}"
    return [
        *closed,
        do.RaiseAlarm("gate-refused", text, gate.unique_id),
        *_answer(gate, SHUT + REFUSED + _way_back(book, gate.unique_id), text),
        *(review(book, [leg.unique_id], at) if leg is not None else []),
    ]


def _overtaken(book: Book, leg: Leg) -> list[do.Action]:
    """What this channel asked for before is nobody's any more; its time-out must not undo what comes now."""
    actions: list[do.Action] = []
    for gate in tuple(book.gates.values()):
        if gate.why == CARD_LINE and leg.unique_id == (gate.redirect or gate.unique_id):
            actions += [*_close(book, gate), *_answer(gate, SHUT + REFUSED, "asked again")]
    return actions


def _close(book: Book, gate: Gate) -> list[do.Action]:
    del book.gates[gate.key]
    return [do.CancelTimer(("gate", str(gate.key)))]


def _open(book: Book, gate: Gate) -> list[do.Action]:
    book.gates[gate.key] = gate
    timer = do.SetTimer(("gate", str(gate.key)), book.settings.card.gate_timeout)
    actions = _demand(book, gate, _members(book, gate), gate.asked)
    return [*actions, timer, *_maybe_clear(book, gate, gate.asked)]


def _members(book: Book, gate: Gate) -> set[str]:
    """Who must be silent; the caller to be diverted may by now be in another conversation than the agent. Whoever asks
    for a card line on behalf of nobody may put it into any conference."""
    members = book.calls.conversation(gate.unique_id)
    if gate.redirect:
        return members | book.calls.conversation(gate.redirect)
    leg = book.leg(gate.unique_id)
    alone = leg is not None and book.calls.with_nobody_known(leg)
    return members | book.calls.conferring() if alone else members


def _demand(book: Book, gate: Gate, members: set[str], at: float) -> list[do.Action]:
    """Order these channels silent and remember which proof each of them owes."""
    actions: list[do.Action] = []
    for unique_id in sorted(members):
        recorder = book.recorders.get(unique_id)
        if recorder is not None:
            card = reason(book, unique_id) if gate.why == IN_PLACE else None
            actions += silence(book, recorder, *(card or (gate.why, gate.by)), at)
            gate.waiting[unique_id] = recorder.proof
        else:
            order = stop_foreign(book.calls.legs[unique_id], 0)
            actions.append(order)
            gate.waiting[unique_id] = order.proof
    return actions


def stop_foreign(leg: Leg, monitors: int) -> do.StopRecorders:
    """Stop whatever records a channel that has no recorder of ours."""
    leg.proof += 1
    return do.StopRecorders(leg.unique_id, leg.name, monitors, leg.proof)


def _maybe_clear(book: Book, gate: Gate, at: float) -> list[do.Action]:
    """All proofs are there: clear, unless somebody joined or a recorder was ordered to run meanwhile."""
    if gate.waiting:
        return []
    actions: list[do.Action] = []
    for unique_id in sorted(_members(book, gate)):
        recorder = book.recorders.get(unique_id)
        if recorder is not None and recorder.state is RecordingState.SUSPENDING:
            gate.waiting[unique_id] = recorder.proof
        elif unique_id not in gate.proven or (recorder is not None and recorder.state is not RecordingState.SUSPENDED):
            actions += _demand(book, gate, {unique_id}, at)
    return actions if gate.waiting else [*_close(book, gate), *_clear(book, gate)]


def _clear(book: Book, gate: Gate) -> list[do.Action]:
    leg = book.leg(gate.unique_id)
    if gate.redirect:
        return _send_to_card_line(book, gate)
    if leg is not None and gate.why == CARD_LINE:
        leg.card = CardStage.CLEARED
        prompt = PROMPT_NOT_RECORDED if book.settings.card.not_recorded_prompt else ""
        variables = (CLEAR, *_way_back(book, leg.unique_id))
        language = book.settings.announce.language
        return [do.AnswerStep(gate.step_id, variables, prompt, language)] if gate.step_id is not None else []
    return _answer(gate, DONE, "recording is suspended")


def _send_to_card_line(book: Book, gate: Gate) -> list[do.Action]:
    caller = book.leg(gate.redirect)
    if caller is None:
        return _answer(gate, REFUSED, "the caller hung up")
    lines = book.settings.card.line
    wanted = book.settings.card.divert_to
    line = next((line for line in lines if line.extension == wanted), lines[0])
    return [
        do.RedirectChannel(caller.unique_id, caller.name, line.context, line.extension),
        do.SetTimer(("divert", caller.unique_id), DIVERT_SECONDS),
        *_answer(gate, DONE, "the caller is on the way to the card line"),
    ]


def _answer(gate: Gate, variables: tuple[tuple[str, str], ...], message: str) -> list[do.Action]:
    if gate.step_id is not None:
        return [do.AnswerStep(gate.step_id, variables)]
    if gate.reply_to is not None:
        return [do.ReplyToOperator(gate.reply_to, variables == DONE, message)]
    return []


def _way_back(book: Book, unique_id: str) -> tuple[tuple[str, str], ...]:
    """The phone the party talked with last: where it goes after the card line. A phone's own call goes nowhere."""
    phone = book.last_phone.get(unique_id)
    return (("CALLWARDEN_RETURN", phone),) if phone else ()


def _whom_to_divert(book: Book, agent: Leg) -> Leg | None:
    """The party an agent talks with: somebody outside first. Only a phone may divert."""
    if agent.role is not Role.PHONE:
        return None
    others = [book.calls.legs[m] for m in book.calls.hearing(agent.unique_id) - {agent.unique_id}]
    parties = [leg for leg in others if leg.role in (Role.OUTSIDE, Role.PHONE)]
    return min(parties, key=lambda leg: (leg.role is not Role.OUTSIDE, leg.started), default=None)
