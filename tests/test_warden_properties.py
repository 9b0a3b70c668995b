"""What always holds, whatever happens in whatever order: searched for by hypothesis.

Any event may follow any other, Asterisk executes its actions late, refuses some and loses the answers of others,
links break and daemons are restarted. In the end everybody hangs up.
"""

from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.ledger import UNEXPLAINED
from stage import Stage, left_behind, short
from stage import settings as stage_settings

GATE_CLEAR = ("CALLWARDEN_GATE", "clear")
ENDPOINTS = ("PJSIP/trunk", "PJSIP/202", "PJSIP/203", "PJSIP/700", "SIP/other")
BRIDGES = ("b1", "b2", "b3")
picks = strategies.integers(0, 7)


class WatchedStage(Stage):
    """A stage on which every order is looked at in the moment in which it is given."""

    def decide(self, event: ev.Event) -> list[do.Action]:
        actions = super().decide(event)
        for action in actions:
            if isinstance(action, do.StartRecorder):
                self._may_start(action)
            if isinstance(action, do.AnswerStep) and GATE_CLEAR in action.variables:
                self._is_silent(event)
        return actions

    def _may_start(self, order: do.StartRecorder) -> None:
        assert not self.book.blind, "a recorder was started out of sight"
        calls = self.book.calls
        near = [calls.legs[one] for one in calls.conversation(order.unique_id)]
        assert not any(calls.at_card_line(leg) for leg in near), "a recorder was started near a card line"

    def _is_silent(self, event: ev.Event) -> None:
        for unique_id in self.book.calls.conversation(self.cleared):
            running = self.asterisk.channels[unique_id].monitors if unique_id in self.asterisk.channels else []
            assert not running, f"the gate opened although {running} runs on {unique_id}, at {event}"

    def _perform(self, action: do.Action) -> None:
        if isinstance(action, do.AnswerStep) and GATE_CLEAR in action.variables:
            self.cleared = self.asked[action.step_id].unique_id
        super()._perform(action)


class AnyOrder(RuleBasedStateMachine):
    """Anything may happen at any time to any channel."""

    options: ClassVar[dict[str, object]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.stage = WatchedStage(stage_settings(**self.options), obedient=False)
        self.serial = 0

    def one(self, pick: int) -> str:
        channels = sorted(self.stage.asterisk.channels)
        return channels[pick % len(channels)] if channels else "nobody-0"

    def tell(self, event: ev.Event) -> None:
        self.stage.happen(event)

    @property
    def now(self) -> float:
        return self.stage.now + 0.001

    @rule(endpoint=strategies.sampled_from(ENDPOINTS), of=picks, joins=strategies.booleans())
    def channel_created(self, endpoint: str, of: int, joins: bool) -> None:
        self.serial += 1
        name = f"{endpoint}-{self.serial}"
        self.tell(self._new(name, of, joins))

    @rule(of=picks)
    def local_channel_created(self, of: int) -> None:
        self.serial += 1
        one, two = (f"Local/700@x-{self.serial};{half}" for half in (1, 2))
        self.tell(self._new(one, of, True))
        self.tell(self._new(two, of, True))
        self.tell(ev.LocalPaired(self.now, short(one), short(two)))

    def _new(self, name: str, of: int, joins: bool) -> ev.ChannelCreated:
        other = self.stage.asterisk.channels.get(self.one(of)) if joins else None
        linked_id = other.created.linked_id if other is not None else short(name)
        return ev.ChannelCreated(at=self.now, unique_id=short(name), linked_id=linked_id, name=name, exten="x")

    @rule(who=picks)
    def channel_answered(self, who: int) -> None:
        self.tell(ev.ChannelAnswered(self.now, self.one(who)))

    @rule(who=picks)
    def channel_hung_up(self, who: int) -> None:
        self.tell(ev.ChannelHungUp(self.now, self.one(who)))

    @rule(who=picks, bridge=strategies.sampled_from(BRIDGES), holding=strategies.booleans())
    def bridge_entered(self, who: int, bridge: str, holding: bool) -> None:
        self.tell(ev.BridgeEntered(self.now, bridge, self.one(who), holding and bridge == "b3", bridge == "b2"))

    @rule(who=picks, bridge=strategies.sampled_from(BRIDGES))
    def bridge_left(self, who: int, bridge: str) -> None:
        self.tell(ev.BridgeLeft(self.now, bridge, self.one(who)))

    @rule(who=picks, over=strategies.booleans())
    def music(self, who: int, over: bool) -> None:
        kind = ev.MusicStopped if over else ev.MusicStarted
        self.tell(kind(self.now, self.one(who)))

    @rule(caller=picks, other=picks, number=strategies.sampled_from(("203", "09098790001@trunk")))
    def dialled(self, caller: int, other: int, number: str) -> None:
        self.tell(ev.DialBegun(self.now, self.one(caller), self.one(other), number))

    @rule(who=picks, to=picks)
    def merged(self, who: int, to: int) -> None:
        other = self.stage.asterisk.channels.get(self.one(to))
        if other is not None:
            self.tell(ev.LinkedIdChanged(self.now, self.one(who), other.created.linked_id))

    @rule(who=picks, endpoint=strategies.sampled_from(ENDPOINTS))
    def renamed(self, who: int, endpoint: str) -> None:
        self.tell(ev.ChannelRenamed(self.now, self.one(who), f"{endpoint}-{self.one(who).rpartition('-')[2]}"))

    @rule(who=picks)
    def foreign_recorder(self, who: int) -> None:
        self.tell(ev.ForeignRecorderStarted(self.now, self.one(who)))

    @rule(who=picks)
    def recorder_stolen(self, who: int) -> None:
        if self.one(who) in self.stage.asterisk.channels:
            for event in self.stage.asterisk.stolen(self.now, self.one(who)):
                self.stage.later(0, event)

    @rule(who=picks, wanted=strategies.sampled_from(ev.Step))
    def step_asked(self, who: int, wanted: ev.Step) -> None:
        self.serial += 1
        self.tell(ev.StepAsked(at=self.now, step_id=self.serial, step=wanted, unique_id=self.one(who)))

    @rule(who=picks)
    def gate_asked(self, who: int) -> None:
        self.step_asked(who, ev.Step.CARD_GATE)

    @rule(who=picks, resume=strategies.booleans())
    def ordered(self, who: int, resume: bool) -> None:
        self.serial += 1
        kind = ev.ResumptionOrdered if resume else ev.SuspensionOrdered
        channel = self.stage.asterisk.channels.get(self.one(who))
        self.tell(kind(self.now, channel.created.linked_id if channel else "nobody", "anna", self.serial))

    @rule(lost_reply=strategies.booleans())
    @precondition(lambda self: self.stage.ami)
    def asterisk_works(self, lost_reply: bool) -> None:
        self.stage.work(lost_reply)

    @rule()
    @precondition(lambda self: self.stage.ami)
    def asterisk_works_off_everything(self) -> None:
        for _ in range(len(self.stage.ami)):
            self.stage.work()

    @rule(refuses=strategies.booleans())
    def asterisk_refuses_to_record(self, refuses: bool) -> None:
        self.stage.asterisk.refuses = "no permission" if refuses else ""

    @rule(seconds=strategies.sampled_from((0.0, 0.01, 0.1, 0.6, 1.5, 20.0)))
    def time_passes(self, seconds: float) -> None:
        self.stage.advance(self.stage.now + seconds)

    @rule()
    @precondition(lambda self: self.stage.linked)
    def link_lost(self) -> None:
        self.stage.lose_link()

    @rule()
    @precondition(lambda self: not self.stage.linked)
    def link_regained(self) -> None:
        self.stage.regain_link()

    @rule()
    def daemon_restarted(self) -> None:
        self.stage.restart()

    def teardown(self) -> None:
        stage = self.stage
        if not stage.linked:
            stage.regain_link()
        stage.asterisk.refuses = ""
        stage.obedient = True
        for _ in range(len(stage.ami)):
            stage.work()
        stage.advance(stage.now + 30)
        for unique_id in sorted(stage.asterisk.channels):
            stage.happen(ev.ChannelHungUp(stage.now + 0.5, unique_id))
        stage.advance(stage.now + 600)
        left = left_behind(stage.book)
        assert not left, left
        assert_accounted(stage)
        super().teardown()


def assert_accounted(stage: Stage) -> None:
    """Every call and channel has ended in the catalogue, and every answered second has an explanation."""
    assert [call for call in stage.catalogue.calls if call.ended is None] == []
    for channel in stage.catalogue.channels:
        assert channel.ended is not None, f"{channel.unique_id} never ended"
        if channel.answered is None or channel.role == "plumbing":
            continue
        spans = stage.catalogue.ledger(channel)
        assert sum(span.seconds for span in spans) == pytest.approx(channel.ended - channel.answered)
        unexplained = [span for span in spans if span.why == UNEXPLAINED and span.seconds > 0]
        assert not unexplained, f"{channel.unique_id}: {spans}"


class OnePerCall(AnyOrder):
    options: ClassVar[dict[str, object]] = {"recording__scope": "one-per-call", "card__in_place": True}


SEARCH = settings(max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("machine", [AnyOrder, OnePerCall])
def test_whatever_happens_promises_are_kept(machine: type[AnyOrder]) -> None:
    run_state_machine_as_test(machine, settings=SEARCH)

