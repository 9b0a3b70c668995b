"""Channels come, are answered, change their names and their calls, and go.

Each function takes one event into the mirror of the calls, keeps the rows of calls and channels, and gives what is to
be done about it.
"""

from dataclasses import replace

from callwarden.core import actions as do
from callwarden.core import announcing, card_line, gate, memory, noted, policy, rows, scope, silence, unseen
from callwarden.core import events as ev
from callwarden.core.book import Book
from callwarden.core.calls import Leg, born
from callwarden.core.facts import Call, Direction, Role, SegmentState
from callwarden.core.orders import tell
from callwarden.core.recorder import OUT_OF_SIGHT
from callwarden.core.recording import OPEN, SILENT, Signal

Actions = list[do.Action]
PAST_CALLS = 200  # how many of the calls that ended last are remembered, should a transfer bring one back


def created(book: Book, event: ev.ChannelCreated) -> Actions:
    """A channel is new, or was found in a snapshot: known before or not."""
    known = book.leg(event.unique_id)
    if known is not None:
        return _met_again(book, known, event) if event.found else []
    if event.unique_id in book.recorders:
        return []  # it has ended: the snapshot was asked for a moment before
    leg = Leg(
        event.unique_id, event.linked_id, event.name, event.at, event.caller_number, event.caller_name,
        event.context, event.exten, answered=event.at if event.answered else None,
    )  # fmt: skip
    leg.role = policy.role_of(leg.name, book.settings, book.learned_trunks)
    leg.role = Role.CARD_LINE if event.card_phone else leg.role
    book.calls.add(leg)
    greeted = memory.greet(book, leg, event) if event.found else []
    actions = _note_call(book, leg) + (_begun_by(book, leg) if event.found else [])
    if book.is_party(leg):
        actions.append(book.channel_fact(leg))
    if event.found:
        return actions + greeted
    actions = scope.begin(book, leg, event.at) + actions
    return actions + silence.review(book, [leg.unique_id], event.at) if leg.role is Role.CARD_LINE else actions


def _met_again(book: Book, leg: Leg, event: ev.ChannelCreated) -> Actions:
    """A channel that we know is found in a snapshot: what was missed while Asterisk was out of sight?"""
    actions: Actions = []
    if leg.name != event.name:
        actions += renamed(book, ev.ChannelRenamed(event.at, leg.unique_id, event.name))
    actions += relinked(book, ev.LinkedIdChanged(event.at, leg.unique_id, event.linked_id))
    if event.answered:
        since = max(book.blind_since or event.at, born(leg.unique_id) or 0.0)
        actions += answered(book, ev.ChannelAnswered(since, leg.unique_id))
    leg.card = card_line.stage_of(leg, event.context)
    leg.role = Role.CARD_LINE if event.card_phone else leg.role
    silence.watch(book, leg)
    recorder = book.recorders.get(leg.unique_id)
    return actions + memory.adopt_running(book, leg, recorder, event)


def remembered(book: Book, event: ev.ChannelRemembered) -> Actions:
    """The catalogue knows this channel: kept until a snapshot shows whether it lives. Where Asterisk is in sight and
    does not show it, it has ended."""
    unique_id = event.channel.unique_id
    if book.blind:
        book.remembered[unique_id] = event
        return []
    if unique_id in book.calls.legs or unique_id in book.recorders:
        return []
    return memory.bury(book, event, event.at)


def trunks_remembered(book: Book, event: ev.TrunksRemembered) -> Actions:
    """These endpoints are trunks, as far as the rules do not say otherwise."""
    book.learned_trunks |= event.endpoints
    return []


def _note_call(book: Book, leg: Leg) -> Actions:
    """A call's row begins with its first channel; later channels can make it an outbound one."""
    known = book.facts.get(leg.linked_id)
    if known is None:
        if not book.is_party(leg):
            return []
        before = book.past.pop(leg.linked_id, None)
        if before is not None:
            book.facts[leg.linked_id] = replace(before, ended=None)
            return [do.Save(book.facts[leg.linked_id])]
        outside = leg.role is Role.OUTSIDE
        fact = Call(
            linked_id=leg.linked_id, direction=policy.direction(leg, []), started=leg.started,
            answered=leg.answered, caller_number=leg.number, caller_name=leg.party_name,
            called_number=leg.exten, trunk=leg.endpoint if outside else "",
        )  # fmt: skip
        book.facts[leg.linked_id] = fact
        return [do.Save(fact)]
    if leg.role is Role.OUTSIDE and known.direction is Direction.INTERNAL:
        return book.change_call(leg.linked_id, direction=Direction.OUTBOUND, trunk=leg.endpoint)
    return []


def _begun_by(book: Book, leg: Leg) -> Actions:
    """Whose call it is was not known while only those were seen that it rang: its first channel is found now."""
    known = book.facts.get(leg.linked_id)
    if known is None:
        return []
    actions: Actions = []
    if known.answered is None and leg.answered is not None:
        actions += book.change_call(leg.linked_id, answered=leg.answered)
    if leg.unique_id != leg.linked_id or not book.is_party(leg) or known.caller_number == leg.number:
        return actions
    others = [one for one in book.calls.call(leg.linked_id) if one is not leg]
    outside = leg.role is Role.OUTSIDE
    return actions + book.change_call(
        leg.linked_id, direction=policy.direction(leg, others), started=min(known.started, leg.started),
        caller_number=leg.number, caller_name=leg.party_name, called_number=known.called_number or leg.exten,
        trunk=leg.endpoint if outside else known.trunk,
    )  # fmt: skip


def answered(book: Book, event: ev.ChannelAnswered) -> Actions:
    """The channel is up: from now on every second of it is accounted for."""
    leg = book.leg(event.unique_id)
    if leg is None or leg.answered is not None:
        return []
    leg.answered = event.at
    recorder = book.recorders.get(event.unique_id)
    actions = noted.note_answered(recorder, event.at) if recorder is not None else []
    if recorder is not None and book.delayed is not None:
        unseen.doubt_answer(recorder, book.delayed)
    if not book.is_party(leg):
        return actions
    actions.append(book.channel_fact(leg))
    call = book.facts.get(leg.linked_id)
    if call is not None and call.answered is None:
        actions += book.change_call(leg.linked_id, answered=event.at)
    return actions


def renamed(book: Book, event: ev.ChannelRenamed) -> Actions:
    """A masquerade gave the channel another name, and so perhaps another owner."""
    leg = book.leg(event.unique_id)
    if leg is None:
        return []
    left, was_party = book.calls.conversation(event.unique_id), leg.party
    book.calls.rename(leg, event.name)
    recorder = book.recorders.get(event.unique_id)
    if recorder is not None:
        recorder.name = event.name
    actions = silence.review(book, left, event.at) + _new_role(book, leg, event.at)
    if leg.party and not was_party:
        actions += _party_arrived(book, leg, event.at)
    return actions + _masqueraded(book, leg, event.at)


def _new_role(book: Book, leg: Leg, at: float) -> Actions:
    """The name says whose channel it is now; what was found out about it in another way stands."""
    role = policy.role_of(leg.name, book.settings, book.learned_trunks)
    if role is Role.CARD_LINE and leg.role is not Role.CARD_LINE:
        return card_line.become(book, leg, at)
    if leg.role is Role.PLUMBING:
        leg.role = role
    return []


def _party_arrived(book: Book, leg: Leg, at: float) -> Actions:
    """What was Asterisk's own plumbing is somebody's channel since now."""
    leg.answered = at if leg.answered is not None else None
    return [*scope.begin(book, leg, at), *_note_call(book, leg), book.channel_fact(leg)]


def _masqueraded(book: Book, leg: Leg, at: float) -> Actions:
    """Another channel's recorders may have come with the name (asterisk.md 3): what was silent is stopped anew."""
    gate.doubt(book, leg.unique_id)
    recorder = book.recorders.get(leg.unique_id)
    if recorder is None or recorder.state not in SILENT:
        return []
    return silence.silence(book, recorder, recorder.why, recorder.by, at)


def identified(book: Book, event: ev.CallerIdentified) -> Actions:
    """Who is at the far end, as Asterisk knows it now."""
    leg = book.leg(event.unique_id)
    if leg is None or (leg.number, leg.party_name) == (event.number, event.name):
        return []
    leg.number, leg.party_name = event.number, event.name
    return [book.channel_fact(leg)] if book.is_party(leg) else []


def relinked(book: Book, event: ev.LinkedIdChanged) -> Actions:
    """The channel was merged into another call; those it left are looked at too."""
    leg = book.leg(event.unique_id)
    if leg is None or leg.linked_id == event.linked_id:
        return []
    left, old = book.calls.conversation(event.unique_id), leg.linked_id
    book.calls.relink(leg, event.linked_id)
    recorder = book.recorders.get(event.unique_id)
    if recorder is not None:
        recorder.linked_id = event.linked_id
    actions = [*_note_call(book, leg), *([book.channel_fact(leg)] if book.is_party(leg) else [])]
    return actions + maybe_end_call(book, old, event.at) + silence.review(book, left, event.at)


def hung_up(book: Book, event: ev.ChannelHungUp) -> Actions:
    """The channel is gone: its recording is closed, its row ended, and the others looked at."""
    leg = book.leg(event.unique_id)
    if leg is None:
        return []
    others = book.calls.conversation(event.unique_id) - {event.unique_id}
    recorder = book.recorders.get(event.unique_id)
    talked = book.calls.hearing(event.unique_id) - {event.unique_id}
    ended = noted.last_seen(recorder, event.at)
    if event.seen and ended > event.at - unseen.LATE_SECONDS:
        ended = event.at
    actions = _answered_unseen(book, leg, event, ended)
    ended = max(ended, leg.answered or 0.0)
    row = book.channel_row(leg, ended)
    if recorder is not None and recorder.state in OPEN:
        recorder.row, recorder.unsure = row, book.blind or not event.seen
        actions += noted.note_hung_up(recorder, ended)
        actions += tell(recorder, Signal.HUNG_UP, event.at)
    if book.is_party(leg) or recorder is not None:  # the dialplan alone may have recorded Asterisk's own plumbing
        actions.append(do.Save(row))
    elif leg.on_record:
        actions.append(do.Save(replace(row, answered=None)))
    _forget(book, leg)
    actions += gate.note_gone(book, event.unique_id, event.at)
    actions += silence.review(book, others, event.at)
    actions += scope.ensure_one_recorded(book, [book.calls.legs[one] for one in sorted(talked)], event.at)
    return actions + maybe_end_call(book, leg.linked_id, ended)


def _answered_unseen(book: Book, leg: Leg, event: ev.ChannelHungUp, ended: float) -> Actions:
    """Nobody saw the answer, or was told of it in time: the files tell. Who was never recorded, and went while Asterisk
    was out of sight, counts as answered: it may have been."""
    recorder = book.recorders.get(leg.unique_id)
    if recorder is None or (event.seen and not book.blind and (leg.answered is None or leg.answered <= ended)):
        return []
    since = unseen.sound_since(recorder) if leg.answered is not None else unseen.answer_of(recorder)
    if leg.answered is not None and (leg.answered <= ended or since is None):
        return []
    if since is not None:
        before, leg.answered = leg.answered, None
        call = book.facts.get(leg.linked_id)
        late = call is not None and call.answered is not None and call.answered == before
        changed = book.change_call(leg.linked_id, answered=None) if late else []
        return changed + answered(book, ev.ChannelAnswered(since, leg.unique_id))
    if event.seen or recorder.exempt or any(one.state is not SegmentState.FAILED for one in recorder.segments):
        return []
    since = max(leg.started, book.blind_since or leg.started)
    actions = answered(book, ev.ChannelAnswered(since, leg.unique_id))
    return actions + rows.note_gap(recorder, since, ended, OUT_OF_SIGHT)


def _forget(book: Book, leg: Leg) -> None:
    book.calls.remove(leg.unique_id)
    book.watched.discard(leg.unique_id)
    book.last_phone.pop(leg.unique_id, None)
    book.returning.pop(leg.unique_id, None)
    announcing.note_gone(book, leg.unique_id)


def maybe_end_call(book: Book, linked_id: str, at: float) -> Actions:
    """End a call's row once none of its parties is left."""
    if any(book.is_party(leg) for leg in book.calls.call(linked_id)):
        return []
    actions = book.change_call(linked_id, ended=at)
    ended = book.facts.pop(linked_id, None)
    if ended is not None:
        book.past[linked_id] = ended
        while len(book.past) > PAST_CALLS:
            book.past.pop(next(iter(book.past)))
    return actions
