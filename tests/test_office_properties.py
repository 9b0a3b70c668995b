"""Promise 2 as a search: an office at work, in which nobody who exchanges audio with a card line is ever recorded.

Here the pretended Asterisk has a dialplan: what the gate lets through rings the card line at once, and whoever comes
back is put through to reception. Its answers come late, some are lost, links break and daemons are restarted.
"""

from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from callwarden.core import actions as do
from callwarden.core import events as ev
from scenes import Scene
from stage import left_behind
from test_warden_properties import assert_accounted

PHONES = ("PJSIP/202", "PJSIP/203")
picks = strategies.integers(0, 5)


class Office(Scene):
    """A scene whose dialplan goes on by itself when a step is answered. ``paying`` are those at a card line."""

    def __init__(self, **dotted: object) -> None:
        self.numbers = 0
        self.paying: dict[str, str] = {}
        self._answered: list[tuple[ev.StepAsked, do.AnswerStep]] = []
        self._redirected: list[str] = []
        super().__init__(obedient=False, **dotted)

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _perform(self, action: do.Action) -> None:
        if isinstance(action, do.AnswerStep) and action.step_id in self.asked:
            self._answered.append((self.asked[action.step_id], action))
        super()._perform(action)
        if isinstance(action, do.RedirectChannel):
            self._redirected.append(action.unique_id)

    def decide(self, event: ev.Event) -> list[do.Action]:
        actions = super().decide(event)
        self.nobody_is_recorded_with_a_card()
        return actions

    def work(self, lost_reply: bool = False) -> None:
        super().work(lost_reply)
        self.nobody_is_recorded_with_a_card()

    def nobody_is_recorded_with_a_card(self) -> None:
        for card in self.paying.values():
            for unique_id in self.hearing(card):
                running = self.asterisk.channels[unique_id].monitors
                assert not running, f"{running} records {unique_id} while it hears {card}"

    def hearing(self, start: str) -> set[str]:
        """Who exchanges audio with this channel: the pretended Asterisk's own account, not the core's."""
        seen, frontier = {start}, [start]
        while frontier:
            channel = self.asterisk.channels[frontier[-1]]
            one = frontier.pop()
            met = {who for who, at in self.asterisk.channels.items() if channel.bridge and at.bridge == channel.bridge}
            met |= {b for a, b in self.asterisk.halves if a == one} | {a for a, b in self.asterisk.halves if b == one}
            fresh = (met & self.asterisk.channels.keys()) - seen
            seen |= fresh
            frontier += fresh
        return seen

    def go_on(self) -> None:
        """The dialplan of every step that was answered meanwhile."""
        while self._answered:
            asked, answer = self._answered.pop(0)
            if asked.unique_id not in self.asterisk.channels:
                continue
            if ("CALLWARDEN_GATE", "clear") in answer.variables:
                self.ring_card_line(asked.unique_id)
        while self._redirected:
            self.send_to_the_gate(self._redirected.pop())

    def send_to_the_gate(self, who: str) -> None:
        """The caller is taken out of its bridge; whom it leaves hangs up; the card line's extension asks."""
        if who in self.asterisk.channels:
            left = sorted(self.hearing(who) - {who} - set(self.paying.values()))
            self.alone(self.asterisk.channels[who].bridge, who)
            self.asks(ev.Step.CARD_GATE, who)
            for one in left:
                self.hang_up(one)

    def ring_card_line(self, who: str) -> None:
        card = f"700-{self.number()}"
        self.channel(f"PJSIP/{card}", call=self.asterisk.channels[who].created.linked_id)
        self.dials(who, card, "700", "callwarden-card-line")
        self.up(card)
        self.paying[who] = card
        self.together(f"card-{card}", card)
        self.together(f"card-{card}", who)

    def hang_up(self, who: str) -> None:
        bridge = self.asterisk.channels[who].bridge
        if bridge:
            self.alone(bridge, who)
        self.paying = {one: card for one, card in self.paying.items() if who not in (one, card)}
        self.gone(who)


class Calls(RuleBasedStateMachine):
    """What people do, and what Asterisk does to them."""

    options: ClassVar[dict[str, object]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.office = Office(**self.options)

    def those(self, *prefixes: str, talking: bool = True) -> list[str]:
        channels = self.office.asterisk.channels
        return sorted(
            one for one in channels if one.startswith(prefixes) and bool(channels[one].bridge) == talking
            and one not in self.office.paying
        )  # fmt: skip

    def one(self, found: list[str], pick: int) -> str:
        return found[pick % len(found)] if found else ""

    @rule(phone=strategies.sampled_from(PHONES))
    def somebody_rings_in_and_is_put_through(self, phone: str) -> None:
        office = self.office
        caller, agent = f"trunk-{office.number()}", f"{phone.partition('/')[2]}-{office.number()}"
        office.channel(f"PJSIP/{caller}", exten="02079460001")
        office.asks(ev.Step.INBOUND, caller)
        office.up(caller)
        self.put_through(caller, agent)

    def put_through(self, caller: str, agent: str) -> None:
        office = self.office
        office.channel(f"PJSIP/{agent}", call=office.asterisk.channels[caller].created.linked_id)
        office.dials(caller, agent, agent, "from-trunk")
        office.up(agent)
        office.together(f"talk-{caller}-{agent}", agent, caller)

    @rule(pick=picks)
    def blind_transfer(self, pick: int) -> None:
        caller = self.one(self.those("trunk"), pick)
        if caller:
            self.office.send_to_the_gate(caller)
            self.office.go_on()

    @rule(pick=picks)
    def divert(self, pick: int) -> None:
        agent = self.one(self.those("202", "203"), pick)
        if agent:
            self.office.asks(ev.Step.DIVERT, agent)

    @rule(phone=strategies.sampled_from(PHONES))
    def second_call(self, phone: str) -> None:
        name = f"{phone}-{self.office.number()}"
        self.office.channel(name, exten="700")
        self.office.asks(ev.Step.CARD_GATE, name.partition("/")[2])
        self.office.go_on()

    @rule(pick=picks)
    def consult_by_feature_code(self, pick: int) -> None:
        office, agent = self.office, self.one(self.those("202", "203"), pick)
        if agent:
            call, number = office.asterisk.channels[agent].created.linked_id, office.number()
            one, two = f"700@x-{number};1", f"700@x-{number};2"
            office.channel(f"Local/{one}", call=call)
            office.channel(f"Local/{two}", call=call)
            office.happen(ev.LocalPaired(office.now, one, two))
            office.alone(office.asterisk.channels[agent].bridge, agent)
            office.together(f"consult-{number}", one, agent)
            office.asks(ev.Step.CARD_GATE, two)
            office.go_on()

    @rule(pick=picks, other=picks)
    def join_the_held_caller_and_the_card_line(self, pick: int, other: int) -> None:
        """Whatever the transfer is called: a caller that the consulting phone holds takes its place. A caller who rang
        the phone while it paid came past the gate: people take longer to join them than Asterisk to stop a recorder."""
        office = self.office
        for _ in range(len(office.ami)):
            office.work()
        consulting = self.one(sorted(one for one in office.paying if not one.startswith("trunk")), pick)
        held = self.one(self.held_by(consulting), other) if consulting else ""
        if held:
            card = office.paying.pop(consulting)
            bridge = office.asterisk.channels[card].bridge
            office.alone(office.asterisk.channels[held].bridge, held)
            office.alone(bridge, consulting)
            office.paying[held] = card
            office.together(bridge, held)
            office.hang_up(consulting)

    def held_by(self, consulting: str) -> list[str]:
        """Callers in the other calls of the phone that consults (or whose agent consults through a Local channel)."""
        office = self.office
        channels = office.asterisk.channels
        phone = consulting.rpartition("-")[0]
        mine = {one for one in channels if one.rpartition("-")[0] == phone} | office.hearing(consulting)
        calls = {channels[one].created.linked_id for one in mine}
        return [one for one in self.those("trunk") if channels[one].created.linked_id in calls]

    @rule(pick=picks, back=strategies.booleans())
    def card_line_hangs_up(self, pick: int, back: bool) -> None:
        office, who = self.office, self.one(sorted(self.office.paying), pick)
        if who:
            office.hang_up(office.paying[who])
            office.alone(office.asterisk.channels[who].bridge, who)
            office.asks(ev.Step.CARD_LEFT, who)
            if back:
                self.put_through(who, f"202-{office.number()}")

    @rule(pick=picks)
    def somebody_hangs_up(self, pick: int) -> None:
        who = self.one(sorted(self.office.asterisk.channels), pick)
        if who:
            self.office.hang_up(who)

    @rule(pick=picks)
    def a_third_party_is_fetched(self, pick: int) -> None:
        caller = self.one(self.those("trunk"), pick)
        if caller:
            number = self.office.number()
            bridge = self.office.asterisk.channels[caller].bridge
            self.office.channel(f"PJSIP/203-{number}", call=self.office.asterisk.channels[caller].created.linked_id)
            self.office.up(f"203-{number}")
            self.office.together(bridge, f"203-{number}")

    @rule(lost_reply=strategies.booleans())
    @precondition(lambda self: self.office.ami)
    def asterisk_works(self, lost_reply: bool) -> None:
        self.office.work(lost_reply)
        self.office.go_on()

    @rule()
    @precondition(lambda self: self.office.ami)
    def asterisk_works_off_everything(self) -> None:
        for _ in range(len(self.office.ami)):
            self.office.work()
        self.office.go_on()

    @rule(seconds=strategies.sampled_from((0.01, 0.1, 0.6, 1.5)))
    def time_passes(self, seconds: float) -> None:
        self.office.advance(self.office.now + seconds)
        self.office.go_on()

    @rule()
    def link_breaks_and_comes_back(self) -> None:
        self.office.lose_link()
        self.office.go_on()
        self.office.regain_link()

    @rule()
    def daemon_is_restarted(self) -> None:
        self.office.restart()

    def teardown(self) -> None:
        office = self.office
        office.obedient = True
        for _ in range(len(office.ami)):
            office.work()
        office.advance(office.now + 10)
        for who in sorted(office.asterisk.channels):
            office.hang_up(who)
        office.advance(office.now + 60)
        assert not left_behind(office.book), left_behind(office.book)
        assert_accounted(office)
        super().teardown()


class OneRecordingPerCall(Calls):
    options: ClassVar[dict[str, object]] = {"recording__scope": "one-per-call"}


SEARCH = settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("machine", [Calls, OneRecordingPerCall])
def test_nobody_who_hears_a_card_line_is_recorded(machine: type[Calls]) -> None:
    run_state_machine_as_test(machine, settings=SEARCH)


def test_the_search_finds_a_recorder_beside_a_card_line() -> None:
    """Or else it would prove nothing."""
    office = Office()
    office.channel("PJSIP/202-1", exten="700")
    for _ in range(len(office.ami)):
        office.work()
    with pytest.raises(AssertionError, match="records 202-1 while it hears 700-1"):
        office.ring_card_line("202-1")
