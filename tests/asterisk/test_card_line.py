"""Promise 2 on a real Asterisk: whatever way leads to the card line, no card audio is in any file, at any time.

Every party sends a tone of its own. The card party's must be in no file that ever appeared in spool or vault; the
others' must be there, second by second, where the ledger says "recorded", and silence where it says "card line".
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from proof import BRISK, VERSIONS, Account, assert_accounted, assert_sound_agrees, settled, wait_until

from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from lab.lab import Lab
from lab.pbx import WITHOUT_CALLWARDEN
from lab.softphone import Softphone
from lab.watcher import Watcher
from lab.world import CARD_TONE, PAYMENT_IVR, PAYMENT_IVR_TONE, Party

CALLER, AGENT = 440, 700
TALK = 1.2
THERE_AND_BACK = ["recorded", CARD_LINE, "recorded"]


@dataclass
class Scene:
    """One call in a laboratory; ``finish`` hangs up what is left, checks what always holds, and gives the account."""

    lab: Lab
    watcher: Watcher
    since: float

    def ring_reception(self) -> tuple[Party, Party]:
        caller = self.lab.world.ring_in("02079460001", tone=CALLER)
        agent = self.lab.world.party_at("202")
        caller.wait_answered()
        time.sleep(TALK)
        return caller, agent

    def card_party(self, number: str = "700") -> Party:
        card = self.lab.world.party_at(number)
        time.sleep(TALK)
        return card

    def back_at_reception(self) -> Party:
        agent = self.lab.world.party_at("202")
        time.sleep(TALK)
        return agent

    def finish(self, *parties: Party) -> Account:
        for party in parties:
            party.hang_up()
        account = settled(self.lab, self.since)
        self.watcher.stop()
        assert self.watcher.sounds, "nothing was recorded at all: this check would prove nothing"
        assert self.watcher.bursts_of(CARD_TONE) == []
        assert self.watcher.bursts_of(PAYMENT_IVR_TONE) == []
        for leg in account.legs:
            if leg.channel.answered is not None:
                assert_accounted(leg)
        return account


@pytest.fixture
def scene(brisk_lab: Lab) -> Iterator[Scene]:
    with Watcher(brisk_lab.spool, brisk_lab.vault) as watcher:
        yield Scene(brisk_lab, watcher, time.time())


def assert_there_and_back(account: Account) -> None:
    """The caller was recorded, silent, and recorded again, and the sound says the same."""
    caller = account.caller
    assert caller.outline == THERE_AND_BACK
    assert caller.seconds(Kind.SUSPENDED, CARD_LINE) > TALK
    assert_sound_agrees(caller, CALLER)
    for agent in account.all_of("PJSIP/202"):
        assert_sound_agrees(agent, CALLER, AGENT)


BOTH_VERSIONS = pytest.mark.parametrize("scene", VERSIONS, indirect=True)


def test_a_call_without_a_card_is_recorded_from_answer_to_end(scene: Scene) -> None:
    caller, _ = scene.ring_reception()
    account = scene.finish(caller)
    assert account.caller.outline == ["recorded"]
    assert_sound_agrees(account.caller, CALLER)
    assert_sound_agrees(account.of("PJSIP/202"), CALLER)


@BOTH_VERSIONS
def test_blind_transfer_by_feature_code(scene: Scene) -> None:
    caller, agent = scene.ring_reception()
    agent.press("#1")
    time.sleep(0.3)
    agent.press("700")
    scene.card_party().hang_up()
    scene.back_at_reception()
    assert_there_and_back(scene.finish(caller))


@BOTH_VERSIONS
def test_blind_transfer_by_refer(scene: Scene) -> None:
    caller, agent = scene.ring_reception()
    agent.refer("700")
    scene.card_party().hang_up()
    scene.back_at_reception()
    assert_there_and_back(scene.finish(caller))


@BOTH_VERSIONS
def test_divert_by_feature_code(scene: Scene) -> None:
    caller, agent = scene.ring_reception()
    agent.press("*7")
    scene.card_party().hang_up()
    scene.back_at_reception()
    assert_there_and_back(scene.finish(caller))


@BOTH_VERSIONS
def test_attended_transfer_by_feature_code(scene: Scene) -> None:
    caller, agent = scene.ring_reception()
    agent.press("*2")
    time.sleep(1.5)
    agent.press("700")
    scene.card_party()
    agent.hang_up()
    time.sleep(TALK)
    account = scene.finish(caller)
    assert account.caller.outline == ["recorded", CARD_LINE]
    assert_sound_agrees(account.caller, CALLER, AGENT)


def test_consultation_that_the_card_line_ends(scene: Scene) -> None:
    caller, agent = scene.ring_reception()
    agent.press("*2")
    time.sleep(1.5)
    agent.press("700")
    scene.card_party().hang_up()
    wait_until(lambda: caller.hears(AGENT))
    time.sleep(TALK)
    assert_there_and_back(scene.finish(caller))


def test_consultation_that_nobody_answers(scene: Scene) -> None:
    scene.lab.world.phone("700").is_busy()
    caller, agent = scene.ring_reception()
    agent.press("*2")
    time.sleep(1.5)
    agent.press("700")
    time.sleep(1.5)
    wait_until(lambda: caller.hears(AGENT), 20)
    time.sleep(TALK)
    account = scene.finish(caller)
    assert account.caller.outline == THERE_AND_BACK
    assert_sound_agrees(account.caller, CALLER, AGENT)


def test_attended_transfer_by_a_second_call_and_refer_with_replaces(scene: Scene) -> None:
    with Softphone(scene.lab.pbx, "207", tone=AGENT) as phone:
        caller = scene.lab.world.ring_in("02079460007", tone=CALLER)
        caller.wait_answered()
        time.sleep(TALK)
        phone.hold(1)
        phone.call("700")
        scene.card_party()
        phone.transfer(1, to_call=2)
        wait_until(lambda: caller.hears(CARD_TONE))
        time.sleep(TALK)
        account = scene.finish(caller)
    assert account.caller.outline == ["recorded", CARD_LINE]
    assert account.caller.seconds(Kind.SUSPENDED) > TALK


def test_direct_call_to_the_card_line(scene: Scene) -> None:
    agent = scene.lab.world.call("202", "700")
    scene.card_party()
    account = scene.finish(agent)
    assert account.of("PJSIP/202").outline[-1] == CARD_LINE
    assert account.of("PJSIP/202").seconds(Kind.RECORDED) < 1
    assert account.of("PJSIP/700").channel.exempt == "card line"


def test_card_line_that_rings_out(scene: Scene) -> None:
    caller, agent = scene.ring_reception()
    agent.press("#1")
    time.sleep(0.3)
    agent.press("702")
    wait_until(lambda: scene.lab.world.has_rung("702"))
    scene.back_at_reception()
    account = scene.finish(caller)
    assert account.caller.outline == THERE_AND_BACK
    assert_sound_agrees(account.caller, CALLER)


def test_card_line_that_is_an_outside_number(scene: Scene) -> None:
    caller, agent = scene.ring_reception()
    agent.press("#1")
    time.sleep(0.3)
    agent.press("701")
    scene.card_party(PAYMENT_IVR).hang_up()
    scene.back_at_reception()
    assert_there_and_back(scene.finish(caller))


def test_a_caller_who_presses_the_codes_achieves_nothing(scene: Scene) -> None:
    caller, agent = scene.ring_reception()
    caller.press("*7")
    caller.press("*8")
    time.sleep(TALK)
    assert not scene.lab.world.has_rung("700")
    assert caller.hears(AGENT)
    assert agent.hears(CALLER)
    assert scene.finish(caller).caller.outline == ["recorded"]


def test_control_the_card_partys_tone_is_found_where_there_is_no_gate(tmp_path: Path) -> None:
    """The proof that the checks above can fail: the same daemon, the same search, a card line that is just dialled."""
    with (
        Lab(settings=BRISK | {"card.line": []}, folder=tmp_path, dialplan=WITHOUT_CALLWARDEN) as lab,
        Watcher(lab.spool, lab.vault) as watcher,
    ):
        scene = Scene(lab, watcher, time.time())
        caller, agent = scene.ring_reception()
        agent.press("#1")
        time.sleep(0.3)
        agent.press("700")
        scene.card_party()
        caller.hang_up()
        settled(lab, scene.since)
        watcher.stop()
        found = {path.parent for path, _ in watcher.bursts_of(CARD_TONE)}
        assert lab.spool in found
        assert any(lab.vault in folder.parents for folder in found)
