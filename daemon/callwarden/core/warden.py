"""The heart: one event in, the actions it calls for out.

:meth:`Warden.decide` looks the event's handler up in one table. Handlers move the mirror of the calls
(:mod:`calls`), advance recordings (:mod:`recorder`), and then let :mod:`silence` look at everybody who was moved.
No clock and no I/O: time comes with the events.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import announcing, card_line, gate, memory, policy, silence
from callwarden.core import events as ev
from callwarden.core import recorder as rec
from callwarden.core.book import Book, Gate
from callwarden.core.calls import CardStage, Leg
from callwarden.core.facts import Call, Direction, RecordingState, Role
from callwarden.core.recorder import Recorder, tell
from callwarden.core.recording import OPEN, SILENT, Signal

Actions = list[do.Action]
LOST_SECONDS = 0.5
EARLY_SECONDS = 0.5
RETURN_SECONDS = 1.0


class Warden:
    """Decides. ``book`` is all it remembers."""

    def __init__(self, settings: Settings) -> None:
        self.book = Book(settings)
        self._handlers: dict[type[ev.Event], Callable[[Any], Actions]] = {
            ev.ChannelCreated: self._created,
            ev.ChannelAnswered: self._answered,
            ev.ChannelRenamed: self._renamed,
            ev.CallerIdentified: self._identified,
            ev.LinkedIdChanged: self._relinked,
            ev.ChannelHungUp: self._hung_up,
            ev.BridgeCreated: self._bridge_created,
            ev.BridgeDestroyed: self._bridge_destroyed,
            ev.BridgeEntered: self._entered,
            ev.BridgeLeft: self._left,
            ev.LocalPaired: self._paired,
            ev.DialBegun: self._dial_begun,
            ev.DialEnded: self._dial_ended,
            ev.ForeignRecorderStarted: self._foreign_recorder,
            ev.ChannelRemembered: self._remembered,
            ev.SnapshotTaken: self._snapshot,
            ev.LinkLost: self._link_lost,
            ev.RecorderStarted: self._recorder_started,
            ev.RecorderStartFailed: self._recorder_start_failed,
            ev.RecordersProvenStopped: self._proven_stopped,
            ev.RecordersStopUnproven: self._unproven,
            ev.SegmentFileClosed: self._file_closed,
            ev.RecordingStored: self._stored,
            ev.RecordingDiscarded: self._discarded,
            ev.RecordingStoreFailed: self._store_failed,
            ev.RedirectFailed: self._redirect_failed,
            ev.AnnouncementStarted: lambda event: announcing.note_started(self.book, event),
            ev.AnnouncementFinished: lambda event: announcing.note_finished(self.book, event),
            ev.ToldByDialplan: lambda event: announcing.note_told(self.book, event),
            ev.StepAsked: self._step,
            ev.SuspensionOrdered: self._suspension_ordered,
            ev.ResumptionOrdered: self._resumption_ordered,
            ev.TimerExpired: self._timer,
        }
        self._steps: dict[ev.Step, Callable[[Leg, ev.StepAsked], Actions]] = {
            ev.Step.INBOUND: self._step_inbound,
            ev.Step.OUTBOUND: self._step_outbound,
            ev.Step.INTERNAL: self._step_outbound,
            ev.Step.ANNOUNCE_OUTBOUND: self._step_announce_outbound,
            ev.Step.CARD_GATE: lambda leg, asked: gate.ask(self.book, leg, asked),
            ev.Step.CARD_LEFT: self._step_card_left,
            ev.Step.DIVERT: lambda leg, asked: gate.divert(self.book, leg, asked),
            ev.Step.SUSPEND: self._step_suspend,
        }
        self._timers: dict[str, Callable[[str, float], Actions]] = {
            "gate": self._gate_timed_out,
            "settle": self._settled,
            "retry": self._retry,
            "stop": self._stop_again,
            "lost": self._lost,
            "files": self._files_awaited,
            "finish": self._finish_again,
            "divert": self._divert_timed_out,
            "in-place": self._in_place_over,
            "return": self._return_timed_out,
            "early": self._early_in_vain,
        }

    def decide(self, event: ev.Event) -> Actions:
        """What this event calls for, in the order in which it is to be done."""
        return self._handlers[type(event)](event)

    # -- channels -------------------------------------------------------------------------------------------------

    def _created(self, event: ev.ChannelCreated) -> Actions:
        known = self.book.leg(event.unique_id)
        if known is not None:
            return self._met_again(known, event) if event.found else []
        if event.unique_id in self.book.recorders:
            return []  # it has ended: the snapshot was asked for a moment before
        leg = Leg(
            event.unique_id, event.linked_id, event.name, event.at, event.caller_number, event.caller_name,
            event.context, event.exten, answered=event.at if event.answered else None,
        )  # fmt: skip
        leg.role = policy.role_of(leg.name, self.book.settings, self.book.learned_trunks)
        self.book.calls.add(leg)
        greeted = memory.greet(self.book, leg, event) if event.found else []
        actions = self._note_call(leg)
        if self.book.is_party(leg):
            actions.append(self.book.channel_fact(leg))
        if event.found:
            return actions + greeted
        return self._begin(leg, event.at) + actions + self._step_was_early(leg.unique_id, event.at)

    def _met_again(self, leg: Leg, event: ev.ChannelCreated) -> Actions:
        """A channel that we know is found in a snapshot: what was missed while Asterisk was out of sight?"""
        actions: Actions = []
        if leg.name != event.name:
            actions += self._renamed(ev.ChannelRenamed(event.at, leg.unique_id, event.name))
        actions += self._relinked(ev.LinkedIdChanged(event.at, leg.unique_id, event.linked_id))
        if event.answered:
            since = self.book.blind_since or event.at
            actions += self._answered(ev.ChannelAnswered(since, leg.unique_id))
        leg.card = CardStage.CLEARED if event.context == card_line.CARD_CONTEXT else CardStage.NONE
        silence.watch(self.book, leg)
        recorder = self.book.recorders.get(leg.unique_id)
        return actions + memory.adopt_running(self.book, leg, recorder, event)

    def _remembered(self, event: ev.ChannelRemembered) -> Actions:
        self.book.remembered[event.channel.unique_id] = event
        return []

    def _begin(self, leg: Leg, at: float) -> Actions:
        """Record a new channel, or keep it silent if it was born into a card payment."""
        silence.watch(self.book, leg)
        if not self._recordable(leg):
            return card_line.alarm_if_ungated(self.book, leg, at)
        recorder = self.book.recorders.get(leg.unique_id) or memory.new_recorder(self.book, leg, at)
        if self.book.blind:
            rec.begin_gap(recorder, at, rec.NOT_RUNNING)
        return [*silence.start(self.book, recorder, Signal.START, at), *self._demote(leg, at)]

    def _recordable(self, leg: Leg) -> bool:
        if not self.book.is_party(leg) or policy.exemption(leg, self.book.settings):
            return False
        return self.book.settings.recording.scope == "each-channel" or self._speaks_for_call(leg)

    def _speaks_for_call(self, leg: Leg) -> bool:
        """``one-per-call``: the outside party's channel, or the first one while nobody outside takes part."""
        others = [one for one in self.book.calls.call(leg.linked_id) if one is not leg]
        recorded = [one for one in others if one.unique_id in self.book.recorders]
        return not recorded or (leg.role is Role.OUTSIDE and all(one.role is not Role.OUTSIDE for one in recorded))

    def _demote(self, leg: Leg, at: float) -> Actions:
        """``one-per-call``: an outside party joined, so the phone that was recorded for the call no longer is."""
        if self.book.settings.recording.scope == "each-channel" or leg.role is not Role.OUTSIDE:
            return []
        others = [one.unique_id for one in self.book.calls.call(leg.linked_id) if one.role is Role.PHONE]
        actions: Actions = []
        for recorder in self.book.recorders_of(others):
            if recorder.state in OPEN and recorder.exempt == "":
                recorder.exempt = policy.EXEMPT_ONE_PER_CALL
                actions += silence.silence(self.book, recorder, recorder.exempt, leg.endpoint, at)
        return actions

    def _note_call(self, leg: Leg) -> Actions:
        """A call's row begins with its first channel; later channels can make it an outbound one."""
        known = self.book.facts.get(leg.linked_id)
        if known is None:
            if not self.book.is_party(leg):
                return []
            outside = leg.role is Role.OUTSIDE
            fact = Call(
                linked_id=leg.linked_id, direction=policy.direction(leg, []), started=leg.started,
                answered=leg.answered, caller_number=leg.number, caller_name=leg.party_name,
                called_number=leg.exten, trunk=leg.endpoint if outside else "",
            )  # fmt: skip
            self.book.facts[leg.linked_id] = fact
            return [do.Save(fact)]
        if leg.role is Role.OUTSIDE and known.direction is Direction.INTERNAL:
            return self.book.change_call(leg.linked_id, direction=Direction.OUTBOUND, trunk=leg.endpoint)
        return []

    def _answered(self, event: ev.ChannelAnswered) -> Actions:
        leg = self.book.leg(event.unique_id)
        if leg is None or leg.answered is not None:
            return []
        leg.answered = event.at
        recorder = self.book.recorders.get(event.unique_id)
        actions = rec.note_answered(recorder, event.at) if recorder is not None else []
        if not self.book.is_party(leg):
            return actions
        actions.append(self.book.channel_fact(leg))
        call = self.book.facts.get(leg.linked_id)
        if call is not None and call.answered is None:
            actions += self.book.change_call(leg.linked_id, answered=event.at)
        return actions

    def _renamed(self, event: ev.ChannelRenamed) -> Actions:
        leg = self.book.leg(event.unique_id)
        if leg is None:
            return []
        left, was_party = self.book.calls.conversation(event.unique_id), leg.party
        self.book.calls.rename(leg, event.name)
        recorder = self.book.recorders.get(event.unique_id)
        if recorder is not None:
            recorder.name = event.name
        actions = silence.review(self.book, left, event.at) + self._new_role(leg, event.at)
        if leg.party and not was_party:
            actions += self._party_arrived(leg, event.at)
        return actions + self._masqueraded(leg, event.at)

    def _new_role(self, leg: Leg, at: float) -> Actions:
        """The name says whose channel it is now; what was found out about it in another way stands."""
        role = policy.role_of(leg.name, self.book.settings, self.book.learned_trunks)
        if role is Role.CARD_LINE and leg.role is not Role.CARD_LINE:
            return card_line.become(self.book, leg, at)
        if leg.role is Role.PLUMBING:
            leg.role = role
        return []

    def _party_arrived(self, leg: Leg, at: float) -> Actions:
        """What was Asterisk's own plumbing is somebody's channel since now."""
        leg.answered = at if leg.answered is not None else None
        return [*self._begin(leg, at), *self._note_call(leg), self.book.channel_fact(leg)]

    def _masqueraded(self, leg: Leg, at: float) -> Actions:
        """Another channel's recorders may have come with the name (asterisk.md 3): what was silent is stopped anew."""
        gate.doubt(self.book, leg.unique_id)
        recorder = self.book.recorders.get(leg.unique_id)
        if recorder is None or recorder.state not in SILENT:
            return []
        return silence.silence(self.book, recorder, recorder.why, recorder.by, at)

    def _identified(self, event: ev.CallerIdentified) -> Actions:
        leg = self.book.leg(event.unique_id)
        if leg is None or (leg.number, leg.party_name) == (event.number, event.name):
            return []
        leg.number, leg.party_name = event.number, event.name
        return [self.book.channel_fact(leg)] if self.book.is_party(leg) else []

    def _relinked(self, event: ev.LinkedIdChanged) -> Actions:
        leg = self.book.leg(event.unique_id)
        if leg is None or leg.linked_id == event.linked_id:
            return []
        left, old = self.book.calls.conversation(event.unique_id), leg.linked_id
        self.book.calls.relink(leg, event.linked_id)
        recorder = self.book.recorders.get(event.unique_id)
        if recorder is not None:
            recorder.linked_id = event.linked_id
        actions = [*self._note_call(leg), *([self.book.channel_fact(leg)] if self.book.is_party(leg) else [])]
        return actions + self._maybe_end_call(old, event.at) + silence.review(self.book, left, event.at)

    def _hung_up(self, event: ev.ChannelHungUp) -> Actions:
        leg = self.book.leg(event.unique_id)
        if leg is None:
            return []
        others = self.book.calls.conversation(event.unique_id) - {event.unique_id}
        recorder = self.book.recorders.get(event.unique_id)
        talked = self.book.calls.hearing(event.unique_id) - {event.unique_id}
        ended = event.at if event.seen else rec.last_seen(recorder, event.at)
        actions: Actions = []
        if recorder is not None and recorder.state in OPEN:
            actions += rec.note_hung_up(recorder, ended)
            actions += tell(recorder, Signal.HUNG_UP, event.at)
        if self.book.is_party(leg):
            actions.append(self.book.channel_fact(leg, ended=ended))
        self._forget(leg)
        actions += gate.note_gone(self.book, event.unique_id, event.at)
        actions += silence.review(self.book, others, event.at)
        actions += self._ensure_one_recorded([self.book.calls.legs[one] for one in sorted(talked)], event.at)
        return actions + self._maybe_end_call(leg.linked_id, event.at)

    def _forget(self, leg: Leg) -> None:
        self.book.calls.remove(leg.unique_id)
        self.book.watched.discard(leg.unique_id)
        self.book.last_phone.pop(leg.unique_id, None)
        self.book.returning.pop(leg.unique_id, None)
        announcing.note_gone(self.book, leg.unique_id)

    def _maybe_end_call(self, linked_id: str, at: float) -> Actions:
        if any(self.book.is_party(leg) for leg in self.book.calls.call(linked_id)):
            return []
        actions = self.book.change_call(linked_id, ended=at)
        self.book.facts.pop(linked_id, None)
        return actions

    # -- bridges, halves, dials -----------------------------------------------------------------------------------

    def _bridge_created(self, event: ev.BridgeCreated) -> Actions:
        self.book.calls.bridge(event.bridge, event.holding)
        return []

    def _bridge_destroyed(self, event: ev.BridgeDestroyed) -> Actions:
        left = self.book.calls.bridge(event.bridge).members.copy()
        self.book.calls.forget_bridge(event.bridge)
        return silence.review(self.book, left, event.at)

    def _entered(self, event: ev.BridgeEntered) -> Actions:
        leg = self.book.leg(event.unique_id)
        if leg is None:
            return []
        left = self.book.calls.hearing(event.unique_id)
        self.book.calls.enter(leg, event.bridge, event.holding)
        hearing = [self.book.calls.legs[one] for one in sorted(self.book.calls.hearing(event.unique_id))]
        self._note_phones(hearing)
        actions = silence.review(self.book, left | {event.unique_id}, event.at)
        for one in hearing:
            actions += announcing.whisper_to(self.book, one, event.at)
            actions += silence.renew(self.book, one, event.at)
        return actions + self._ensure_one_recorded(hearing, event.at)

    def _note_phones(self, hearing: list[Leg]) -> None:
        for leg in hearing:
            phones = [one.endpoint for one in hearing if one is not leg and one.role is Role.PHONE]
            if phones and self.book.is_party(leg):
                self.book.last_phone[leg.unique_id] = phones[0]

    def _ensure_one_recorded(self, hearing: list[Leg], at: float) -> Actions:
        """``one-per-call``: a transfer may have left a conversation without the channel that was recorded for it."""
        if self.book.settings.recording.scope == "each-channel" or len(hearing) < 2:
            return []
        recorders = list(self.book.recorders_of(leg.unique_id for leg in hearing))
        if any(one.state in OPEN and not one.exempt for one in recorders):
            return []
        for leg in sorted(hearing, key=lambda leg: (leg.role is not Role.OUTSIDE, leg.started)):
            if self.book.is_party(leg) and not policy.exemption(leg, self.book.settings):
                return self._record_after_all(leg, at)
        return []

    def _record_after_all(self, leg: Leg, at: float) -> Actions:
        recorder = self.book.recorders.get(leg.unique_id)
        if recorder is None:
            recorder = memory.new_recorder(self.book, leg, at)
            rec.begin_gap(recorder, at if leg.answered is None else leg.answered, policy.EXEMPT_ONE_PER_CALL)
            return silence.start(self.book, recorder, Signal.START, at)
        recorder.exempt = ""
        return silence.resume_if_free(self.book, recorder, at)

    def _left(self, event: ev.BridgeLeft) -> Actions:
        leg = self.book.leg(event.unique_id)
        if leg is None:
            return []
        others = self.book.calls.hearing(event.unique_id)
        self.book.calls.leave(leg, event.bridge)
        return silence.review(self.book, others, event.at)

    def _paired(self, event: ev.LocalPaired) -> Actions:
        self.book.calls.pair(event.one, event.two)
        return silence.review(self.book, [event.one, event.two], event.at)

    def _dial_begun(self, event: ev.DialBegun) -> Actions:
        leg = self.book.leg(event.destination)
        if leg is None:
            return []
        leg.dialled_by, leg.dial_string = event.caller, event.dial_string
        actions = card_line.note_dialled(self.book, leg, event)
        return actions + silence.review(self.book, [leg.unique_id], event.at)

    def _dial_ended(self, event: ev.DialEnded) -> Actions:
        return silence.review(self.book, [event.caller, event.destination], event.at)

    # -- recorders ------------------------------------------------------------------------------------------------

    def _foreign_recorder(self, event: ev.ForeignRecorderStarted) -> Actions:
        """Somebody else records: none of our business, unless the channel has to be silent."""
        recorder = self.book.recorders.get(event.unique_id)
        leg = self.book.leg(event.unique_id)
        why = silence.reason(self.book, event.unique_id) if leg is not None and self.book.watched else None
        if leg is None or why is None:
            return []
        alarm = do.RaiseAlarm(
            "foreign-recorder", "a recorder that is not ours was started on a silent call and is stopped", leg.unique_id
        )
        gate.doubt(self.book, leg.unique_id)
        if recorder is None:
            return [gate.stop_foreign(leg, 1), alarm]
        return [*silence.silence(self.book, recorder, *why, event.at), alarm]

    def _recorder_started(self, event: ev.RecorderStarted) -> Actions:
        recorder = self.book.recorders.get(event.unique_id)
        if recorder is None:
            return []
        actions = rec.note_started(recorder, event.file, event.monitor_id, event.at)
        leg = self.book.leg(event.unique_id)
        if leg is None or recorder.state is not RecordingState.RECORDING:
            return actions
        leg.heard = self.book.calls.partners(leg)
        return actions + self._release_returning(event.unique_id)

    def _recorder_start_failed(self, event: ev.RecorderStartFailed) -> Actions:
        recorder = self.book.recorders.get(event.unique_id)
        if recorder is None:
            return []
        actions = rec.note_start_failed(recorder, event.file, event.reason, event.at)
        if recorder.state in OPEN:
            text = f"recording could not be started: {event.reason}"
            actions.append(do.RaiseAlarm("recorder-start-failed", text, event.unique_id))
        return actions

    def _proven_stopped(self, event: ev.RecordersProvenStopped) -> Actions:
        actions: Actions = []
        recorder = self.book.recorders.get(event.unique_id)
        if recorder is not None and event.proof == recorder.proof and recorder.state in OPEN:
            actions += rec.note_proven_stopped(recorder, event.how, event.at)
            actions += tell(recorder, Signal.PROVEN_STOPPED, event.at)
            if recorder.why == silence.RENEWED:
                actions += silence.review(self.book, [event.unique_id], event.at)
        actions = gate.note_proven(self.book, event) + actions
        if event.foreign:
            text = f"{event.foreign} recorder(s) that are not ours were stopped before the card line"
            actions.append(do.RaiseAlarm("foreign-recorder", text, event.unique_id))
        return actions

    def _unproven(self, event: ev.RecordersStopUnproven) -> Actions:
        text = f"a recorder could not be proven stopped: {event.reason}"
        actions: Actions = [do.RaiseAlarm("stop-unproven", text, event.unique_id)]
        recorder = self.book.recorders.get(event.unique_id)
        if recorder is not None and recorder.state in OPEN:
            actions += tell(recorder, Signal.UNPROVEN, event.at)
        return actions + gate.note_unproven(self.book, event)

    def _file_closed(self, event: ev.SegmentFileClosed) -> Actions:
        recorder = self._owner(event.file)
        if recorder is None:
            return []
        actions = rec.note_file_closed(recorder, event.file, event.size, event.at)
        if recorder.segments[-1].file == event.file and recorder.state is RecordingState.RECORDING:
            # the hang-up that explains it may be a moment behind
            actions.append(do.SetTimer(("lost", recorder.unique_id), LOST_SECONDS))
        if recorder.state is RecordingState.CLOSING and not recorder.unclosed:
            actions += [do.CancelTimer(("files", recorder.unique_id)), *self._files_closed(recorder, event.at)]
        return actions

    def _owner(self, file: str) -> Recorder | None:
        for recorder in self.book.recorders.values():
            if any(segment.file == file for segment in recorder.segments):
                return recorder
        return None

    def _files_closed(self, recorder: Recorder, at: float) -> Actions:
        return tell(recorder, Signal.FILES_CLOSED, at)

    def _stored(self, event: ev.RecordingStored) -> Actions:
        return self._finished(event.unique_id, Signal.STORED, event.at)

    def _discarded(self, event: ev.RecordingDiscarded) -> Actions:
        return self._finished(event.unique_id, Signal.DISCARDED, event.at)

    def _finished(self, unique_id: str, signal: Signal, at: float) -> Actions:
        recorder = self.book.recorders.pop(unique_id, None)
        return tell(recorder, signal, at) if recorder is not None else []

    def _store_failed(self, event: ev.RecordingStoreFailed) -> Actions:
        recorder = self.book.recorders.get(event.unique_id)
        if recorder is None:
            return []
        if event.final:
            self.book.recorders.pop(event.unique_id)
            alarm = do.RaiseAlarm("recording-missing", f"a recording is lost: {event.reason}", event.unique_id)
            return [alarm, *rec.note_missing(recorder, event.reason), *tell(recorder, Signal.GIVEN_UP, event.at)]
        text = f"a recording could not be put into the vault and stays in the spool: {event.reason}"
        alarm = do.RaiseAlarm("store-failed", text, event.unique_id)
        return [alarm, *tell(recorder, Signal.STORE_FAILED, event.at)]

    def _redirect_failed(self, event: ev.RedirectFailed) -> Actions:
        leg = self.book.leg(event.unique_id)
        if leg is None:
            return []
        alarm = do.RaiseAlarm("divert-failed", f"a caller could not be diverted: {event.reason}", leg.unique_id)
        return [alarm, *self._away_from_card_line(leg, event.at)]

    # -- the link -------------------------------------------------------------------------------------------------

    def _snapshot(self, event: ev.SnapshotTaken) -> Actions:
        """The whole picture is there: end what is gone, then begin what is not yet recorded."""
        self.book.blind = False
        actions: Actions = []
        gone = [leg.unique_id for leg in self.book.calls.legs.values() if leg.started < event.since]
        for unique_id in [one for one in gone if one not in event.alive]:
            actions += self._hung_up(ev.ChannelHungUp(event.at, unique_id, seen=False))
        for known in self.book.remembered.values():
            actions += memory.bury(self.book, known, event.at)
        self.book.remembered.clear()
        self._mark_card_lines()
        self.book.calls.forget_empty_bridges()
        for leg in list(self.book.calls.legs.values()):
            actions += self._take_in_hand(leg, event.at)
        for linked_id in tuple(self.book.facts):
            actions += self._maybe_end_call(linked_id, event.at)
        return actions + silence.review(self.book, list(self.book.calls.legs), event.at)

    def _take_in_hand(self, leg: Leg, at: float) -> Actions:
        """What could not be done for a channel while Asterisk was out of sight."""
        recorder = self.book.recorders.get(leg.unique_id)
        if recorder is None or recorder.state is RecordingState.WANTED:
            return self._begin_late(leg, at)
        if recorder.state is RecordingState.SUSPENDING:
            return self._stop_again(leg.unique_id, at)
        return self._retry(leg.unique_id, at) + self._lost(leg.unique_id, at)

    def _mark_card_lines(self) -> None:
        """Whoever talks with a channel that stands in the card line's context is a card line."""
        for leg in list(self.book.calls.legs.values()):
            if leg.card is CardStage.CLEARED:
                for one in self.book.calls.partners(leg):
                    self.book.calls.legs[one].role = Role.CARD_LINE
                    silence.watch(self.book, self.book.calls.legs[one])

    def _begin_late(self, leg: Leg, at: float) -> Actions:
        recorder = self.book.recorders.get(leg.unique_id)
        if recorder is None and self._recordable(leg):
            recorder = memory.new_recorder(self.book, leg, leg.started)
        if recorder is not None and not recorder.taken_up:
            rec.begin_gap(recorder, leg.started if leg.answered is None else leg.answered, rec.NOT_RUNNING)
        return self._begin(leg, at)

    def _link_lost(self, event: ev.LinkLost) -> Actions:
        """Nothing is known any more: no gate may open on what was known."""
        self.book.blind, self.book.blind_since = True, event.at
        actions: Actions = []
        for waiting in tuple(self.book.gates.values()):
            actions += gate.refuse(self.book, waiting, f"the link to Asterisk was lost: {event.reason}", event.at)
        return actions

    # -- steps of the dialplan ------------------------------------------------------------------------------------

    def _step(self, asked: ev.StepAsked) -> Actions:
        """Nothing is promised while Asterisk is out of sight: the dialplan does the work itself, the gate is shut."""
        if self.book.blind:
            return [do.AnswerStep(asked.step_id, gate.SHUT if asked.step is ev.Step.CARD_GATE else ())]
        leg = self.book.leg(asked.unique_id)
        if leg is None:
            # FastAGI and AMI are two connections: the step has overtaken the news of its own channel.
            self.book.early[asked.unique_id] = asked
            return [do.SetTimer(("early", asked.unique_id), EARLY_SECONDS)]
        linked_id = asked.arguments[0] if asked.arguments else leg.linked_id
        actions = self._relinked(ev.LinkedIdChanged(asked.at, leg.unique_id, linked_id))
        return actions + self._steps[asked.step](leg, asked)

    def _step_was_early(self, unique_id: str, at: float) -> Actions:
        asked = self.book.early.pop(unique_id, None)
        if asked is None:
            return []
        return [do.CancelTimer(("early", unique_id)), *self._step(replace(asked, at=at))]

    def _early_in_vain(self, unique_id: str, _at: float) -> Actions:
        asked = self.book.early.pop(unique_id, None)
        if asked is None:
            return []
        return [do.AnswerStep(asked.step_id, gate.SHUT if asked.step is ev.Step.CARD_GATE else ())]

    def _step_inbound(self, leg: Leg, asked: ev.StepAsked) -> Actions:
        actions: Actions = []
        if leg.role is Role.PHONE:
            self.book.learned_trunks |= {leg.endpoint}
            leg.role = Role.OUTSIDE
            actions += [
                self.book.channel_fact(leg),
                *self.book.change_call(leg.linked_id, direction=Direction.INBOUND, trunk=leg.endpoint),
            ]
        told = policy.inbound_announcement(leg.exten, self.book.settings)
        if told is not None:
            actions += self.book.change_call(leg.linked_id, language=told.language)
        return actions + announcing.before_connecting(self.book, leg, asked, told)

    def _step_outbound(self, _leg: Leg, asked: ev.StepAsked) -> Actions:
        return [do.AnswerStep(asked.step_id, gate.DONE)]

    def _step_announce_outbound(self, leg: Leg, asked: ev.StepAsked) -> Actions:
        told = policy.outbound_announcement(self.book.settings)
        return announcing.before_connecting(self.book, leg, asked, told)

    def _step_card_left(self, leg: Leg, asked: ev.StepAsked) -> Actions:
        """The card line's Dial has ended: whoever it rang is gone; the caller goes on when it is recorded again."""
        leg.card = CardStage.NONE
        silence.watch(self.book, leg)
        recorder = self.book.recorders.get(leg.unique_id)
        if recorder is None:
            return [do.AnswerStep(asked.step_id, gate.DONE)]
        if recorder.state not in SILENT or recorder.exempt:
            return [do.AnswerStep(asked.step_id, gate.DONE), *silence.review(self.book, [leg.unique_id], asked.at)]
        self.book.returning[leg.unique_id] = asked.step_id
        timer = do.SetTimer(("return", leg.unique_id), RETURN_SECONDS)
        return [timer, *silence.review(self.book, [leg.unique_id], asked.at)]

    def _release_returning(self, unique_id: str, prompt: bool = True) -> Actions:
        step_id = self.book.returning.pop(unique_id, None)
        if step_id is None:
            return []
        play = policy.PROMPT_RESUMED if prompt and self.book.settings.card.resumed_prompt else ""
        answer = do.AnswerStep(step_id, gate.DONE, play, self.book.settings.announce.language)
        return [do.CancelTimer(("return", unique_id)), answer]

    def _step_suspend(self, leg: Leg, asked: ev.StepAsked) -> Actions:
        """``*8``: suspend in place, or resume what was suspended in place. Only a phone, and only where allowed."""
        if not self.book.settings.card.in_place or leg.role is not Role.PHONE:
            return [do.AnswerStep(asked.step_id, gate.REFUSED)]
        if self._suspended_in_place(leg):
            return [*self._resume_in_place(leg, asked.at), do.AnswerStep(asked.step_id, gate.DONE)]
        waiting = Gate(
            asked.step_id, leg.unique_id, asked.at, silence.IN_PLACE, leg.endpoint, step_id=asked.step_id
        )
        return gate.suspend_in_place(self.book, leg, waiting)

    # -- operators ------------------------------------------------------------------------------------------------

    def _suspension_ordered(self, event: ev.SuspensionOrdered) -> Actions:
        legs = [leg for leg in self.book.calls.call(event.linked_id) if self.book.is_party(leg)]
        if not legs:
            return [do.ReplyToOperator(event.reply_to, False, "no such call is up")]
        if self._suspended_in_place(legs[0]):
            return [do.ReplyToOperator(event.reply_to, True, "suspension is ordered already")]
        waiting = Gate(
            -event.reply_to - 1, legs[0].unique_id, event.at, silence.IN_PLACE, event.by, reply_to=event.reply_to
        )
        return gate.suspend_in_place(self.book, legs[0], waiting)

    def _resumption_ordered(self, event: ev.ResumptionOrdered) -> Actions:
        legs = self.book.calls.call(event.linked_id)
        if not legs:
            return [do.ReplyToOperator(event.reply_to, False, "no such call is up")]
        if not self._suspended_in_place(legs[0]):
            return [do.ReplyToOperator(event.reply_to, False, "the call is not suspended in place")]
        done = do.ReplyToOperator(event.reply_to, True, "recording is resumed")
        return [*self._resume_in_place(legs[0], event.at), done]

    def _suspended_in_place(self, leg: Leg) -> list[Leg]:
        members = sorted(self.book.calls.conversation(leg.unique_id))
        return [self.book.calls.legs[one] for one in members if self.book.calls.legs[one].in_place_by]

    def _resume_in_place(self, leg: Leg, at: float) -> Actions:
        members = self.book.calls.conversation(leg.unique_id)
        actions: Actions = gate.resumed_in_place(self.book, members)
        for one in self._suspended_in_place(leg):
            one.in_place_by = ""
            silence.watch(self.book, one)
            actions.append(do.CancelTimer(("in-place", one.unique_id)))
        for recorder in list(self.book.recorders_of(members)):
            actions += silence.resume_if_free(self.book, recorder, at)
        return actions

    # -- the clock ------------------------------------------------------------------------------------------------

    def _timer(self, event: ev.TimerExpired) -> Actions:
        kind, subject = event.key
        return self._timers[kind](subject, event.at)

    def _gate_timed_out(self, key: str, at: float) -> Actions:
        waiting = self.book.gates.get(int(key))
        if waiting is None:
            return []
        return gate.refuse(self.book, waiting, "Asterisk did not confirm the stop in time", at)

    def _settled(self, unique_id: str, at: float) -> Actions:
        recorder = self.book.recorders.get(unique_id)
        if recorder is None or self.book.leg(unique_id) is None:
            return []
        return silence.resume_if_free(self.book, recorder, at)

    def _stop_again(self, unique_id: str, at: float) -> Actions:
        """The stop was not proven, so the recorder may be running: it is stopped until it is proven."""
        recorder = self.book.recorders.get(unique_id)
        if self.book.blind or recorder is None or recorder.state is not RecordingState.SUSPENDING:
            return []
        return silence.silence(self.book, recorder, recorder.why, recorder.by, at)

    def _retry(self, unique_id: str, at: float) -> Actions:
        recorder = self.book.recorders.get(unique_id)
        if recorder is None or recorder.state is not RecordingState.FAILED:
            return []
        return silence.start(self.book, recorder, Signal.RETRY, at)

    def _lost(self, unique_id: str, at: float) -> Actions:
        """The file was closed while it should grow, and nobody hung up: not our doing."""
        recorder = self.book.recorders.get(unique_id)
        if self.book.blind or recorder is None or recorder.state is not RecordingState.RECORDING:
            return []
        if recorder.segments[-1].closed is None:
            return []
        alarm = do.RaiseAlarm("recorder-lost", "somebody else stopped a recorder; it is started again", unique_id)
        return [*rec.note_lost(recorder), *silence.start(self.book, recorder, Signal.LOST, at), alarm]

    def _files_awaited(self, unique_id: str, at: float) -> Actions:
        recorder = self.book.recorders.get(unique_id)
        if recorder is None or recorder.state is not RecordingState.CLOSING:
            return []
        if recorder.unclosed:
            return [do.InspectFiles(tuple(segment.file for segment in recorder.unclosed))]
        return self._files_closed(recorder, at)

    def _finish_again(self, unique_id: str, at: float) -> Actions:
        recorder = self.book.recorders.get(unique_id)
        if recorder is None or recorder.state is not RecordingState.CLOSED:
            return []
        return tell(recorder, Signal.FILES_CLOSED, at)

    def _divert_timed_out(self, unique_id: str, at: float) -> Actions:
        """The caller was sent to the card line and never asked at its gate."""
        leg = self.book.leg(unique_id)
        at_gate = any(waiting.unique_id == unique_id for waiting in self.book.gates.values())
        if leg is None or leg.card is not CardStage.ASKING or at_gate:
            return []
        return self._away_from_card_line(leg, at)

    def _away_from_card_line(self, leg: Leg, at: float) -> Actions:
        leg.card = CardStage.NONE
        silence.watch(self.book, leg)
        return silence.review(self.book, [leg.unique_id], at)

    def _in_place_over(self, unique_id: str, at: float) -> Actions:
        leg = self.book.leg(unique_id)
        return self._resume_in_place(leg, at) if leg is not None and leg.in_place_by else []

    def _return_timed_out(self, unique_id: str, _at: float) -> Actions:
        return self._release_returning(unique_id, prompt=False)


def unexpected(value: NoReturn) -> NoReturn:
    """Proves to the type checker, and at run time, that every kind was dealt with."""
    raise AssertionError(f"nothing deals with {value!r}")
