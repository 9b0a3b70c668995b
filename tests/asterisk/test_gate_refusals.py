"""What the card gate cannot prove silent it refuses: the card line does not ring, the caller is back at reception."""

import time
from collections.abc import Iterator

import pytest
from proof import BOTH_VERSIONS, settled, wait_until

from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from lab import prompts, tones
from lab.lab import Lab
from lab.middleman import Middleman
from lab.pbx import MANAGER_USER
from lab.watcher import Watcher
from lab.world import CARD_TONE, Party

CALLER, AGENT = 440, 700
TALK = 1.2
NEARLY_ALL = 0.85 * prompts.PROMPT_SECONDS


@pytest.fixture
def middle(telling_lab: Lab) -> Iterator[Middleman]:
    with Middleman(telling_lab.pbx.ports.ami) as middle:
        telling_lab.configure({"announce.inbound": "off", "ami.port": middle.port})
        yield middle


@pytest.fixture
def watcher(telling_lab: Lab) -> Iterator[Watcher]:
    with Watcher(telling_lab.spool, telling_lab.vault) as watcher:
        yield watcher


def talk(lab: Lab) -> tuple[Party, Party]:
    caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = lab.world.party_at("202")
    time.sleep(TALK)
    return caller, agent


def assert_refused_and_back(lab: Lab, caller: Party) -> None:
    """The caller was told, is with reception again, and the card line's phone never rang."""
    lab.world.party_at("202")
    wait_until(lambda: caller.hears(AGENT, 0.3))
    assert not lab.world.has_rung("700")
    time.sleep(TALK)


def alarms(lab: Lab, mark: int) -> list[str]:
    return [line for line in lab.daemon.log.read_text()[mark:].splitlines() if "ALARM" in line]


def test_no_confirmation_comes(telling_lab: Lab, middle: Middleman, watcher: Watcher) -> None:
    """Asterisk is never asked to stop, as if it did not answer: unknown counts as not stopped."""
    lab, since, mark = telling_lab, time.time(), len(telling_lab.daemon.log.read_text())
    caller, agent = talk(lab)
    middle.keeps = b"StopMixMonitor"
    agent.refer("700")
    assert_refused_and_back(lab, caller)
    assert middle.kept
    middle.keeps = b""
    caller.hang_up()
    account = settled(lab, since)
    assert tones.seconds_with(caller.heard, prompts.UNAVAILABLE) > NEARLY_ALL
    assert tones.seconds_with(caller.heard, prompts.NOT_RECORDED) == 0
    assert any("gate-refused" in line for line in alarms(lab, mark))
    assert account.caller.outline[-1] == "recorded"
    assert account.caller.seconds(Kind.SUSPENDED, CARD_LINE) == 0
    assert account.caller.file is not None
    assert tones.seconds_with(account.caller.file, CALLER) > 2 * TALK
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []


@BOTH_VERSIONS
def test_a_recorder_that_comes_back_behind_the_proof(
    telling_lab: Lab, middle: Middleman, watcher: Watcher, version: str
) -> None:
    """The gate is clear and the caller hears so; its monitor runs again, and nobody but the dialplan sees it."""
    lab, since, mark = telling_lab, time.time(), len(telling_lab.daemon.log.read_text())
    caller, agent = talk(lab)
    [channel] = [name for name in lab.pbx.ami.channels() if "trunk" in name]
    seen = len(lab.pbx.ami.events)
    agent.begin_refer(f"sip:700@127.0.0.1:{lab.pbx.ports.sip}")
    lab.pbx.ami.wait_for(lambda e: (e["Event"], e.get("Channel")) == ("MixMonitorStop", channel), 5, seen)
    time.sleep(prompts.PROMPT_SECONDS / 4)
    middle.keeps = b"StopMixMonitor"
    file = f"{lab.pbx.spool_inside}/monitor/again.wav"
    lab.pbx.ami.action("MixMonitor", Channel=channel, File=file, Options="i(CALLWARDEN_MONITOR)")
    assert_refused_and_back(lab, caller)
    middle.keeps = b""
    caller.hang_up()
    account = settled(lab, since)
    assert tones.seconds_with(caller.heard, prompts.NOT_RECORDED) > NEARLY_ALL
    assert tones.seconds_with(caller.heard, prompts.UNAVAILABLE) > NEARLY_ALL
    assert account.caller.outline[0] == account.caller.outline[-1] == "recorded"
    assert account.caller.seconds(Kind.SUSPENDED, CARD_LINE) > NEARLY_ALL
    assert "ALARM" in "".join(alarms(lab, mark))
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []


def test_the_right_to_stop_is_missing(telling_lab: Lab, middle: Middleman, watcher: Watcher) -> None:
    """An admin took the classes `call` and `system` from the manager user, and the daemon logs in again."""
    lab, since, mark = telling_lab, time.time(), len(telling_lab.daemon.log.read_text())
    caller, agent = talk(lab)
    less = MANAGER_USER.replace("write = call,reporting,system", "write = reporting")
    lab.pbx.write_configuration(manager_users=less)
    lab.pbx.cli("manager reload")
    try:
        middle.cut()
        wait_until(lambda: lab.daemon.log.read_text()[mark:].count("connected to Asterisk again") > 0)
        agent.refer("700")
        assert_refused_and_back(lab, caller)
    finally:
        lab.pbx.write_configuration(manager_users=MANAGER_USER)
        lab.pbx.cli("manager reload")
    caller.hang_up()
    account = settled(lab, since)
    assert tones.seconds_with(caller.heard, prompts.UNAVAILABLE) > NEARLY_ALL
    assert any("Permission denied" in line for line in alarms(lab, mark))
    assert account.caller.file is not None
    assert tones.seconds_with(account.caller.file, CALLER) > 2 * TALK
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []


def test_a_daemon_that_cannot_see_asterisk_refuses(telling_lab: Lab, middle: Middleman, watcher: Watcher) -> None:
    """It logs in again, and waits for the picture of all calls: unknown counts as not stopped."""
    lab = telling_lab
    caller, agent = talk(lab)
    middle.keeps = b"Action: Status"
    middle.cut()
    agent.refer("700")
    assert_refused_and_back(lab, caller)
    middle.keeps = b""
    caller.hang_up()
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []


def test_the_feature_code_is_refused_as_well(telling_lab: Lab, middle: Middleman, watcher: Watcher) -> None:
    """The two stay together; the agent is told."""
    lab, since = telling_lab, time.time()
    caller, agent = talk(lab)
    middle.keeps = b"StopMixMonitor"
    agent.press("*7")
    assert agent.will_hear(prompts.UNAVAILABLE)
    wait_until(lambda: caller.hears(AGENT, 0.3))
    middle.keeps = b""
    assert not lab.world.has_rung("700")
    caller.hang_up()
    assert settled(lab, since).caller.outline[-1] == "recorded"
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []


def test_a_link_that_breaks_in_a_card_payment_ends_no_silence(
    telling_lab: Lab, middle: Middleman, watcher: Watcher
) -> None:
    lab, since = telling_lab, time.time()
    caller, agent = talk(lab)
    agent.refer("700")
    card = lab.world.party_at("700")
    for _ in range(3):
        middle.cut()
        time.sleep(0.7)
    assert caller.hears(CARD_TONE, 0.3)
    card.hang_up()
    assert_back_after_payment(lab, caller)
    account = settled(lab, since)
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []
    assert account.caller.outline == ["recorded", CARD_LINE, "recorded"]


def assert_back_after_payment(lab: Lab, caller: Party) -> None:
    lab.world.party_at("202")
    time.sleep(TALK)
    caller.hang_up()


@pytest.mark.parametrize("fate", ["killed", "hangs"])
def test_the_daemon_is_lost_while_a_caller_is_at_the_gate(telling_lab: Lab, watcher: Watcher, fate: str) -> None:
    """The dialplan does not wait for ever: it stops the caller's only recorder itself, and then rings."""
    lab, since = telling_lab, time.time()
    lab.configure({"announce.inbound": "off"})
    caller, agent = talk(lab)
    lab.daemon.freeze()
    agent.begin_refer(f"sip:700@127.0.0.1:{lab.pbx.ports.sip}")
    if fate == "killed":
        time.sleep(1)
        assert not lab.world.has_rung("700")
        lab.daemon.kill()
    card = lab.world.party_at("700", wait=15)
    time.sleep(TALK)
    if fate == "killed":
        lab.daemon.start()
    else:
        lab.daemon.thaw()
    time.sleep(TALK)
    assert caller.hears(CARD_TONE, 0.3)
    card.hang_up()
    assert_back_after_payment(lab, caller)
    account = settled(lab, since)
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []
    assert account.caller.outline[-2:] == [CARD_LINE, "recorded"]
    assert account.caller.file is not None
    assert tones.seconds_with(account.caller.file, CALLER) > 2 * TALK - 0.3


@BOTH_VERSIONS
def test_who_is_answered_by_the_card_line_and_nobody_sees_it_counts_as_answered(
    telling_lab: Lab, middle: Middleman, watcher: Watcher, version: str
) -> None:
    """Nothing tells the daemon that a phone which pays is answered; killed then, it comes back when all is over. The
    dialplan noted that it was answered, not when: from the gate on every second is accounted for."""
    lab, since = telling_lab, time.time()
    lab.world.phone("700").answers(after=1)
    payer = lab.world.call("203", "700")
    called = time.time()
    wait_until(lambda: lab.world.has_rung("700"))
    middle.stall()
    card = lab.world.party_at("700")
    time.sleep(TALK)
    lab.daemon.kill()
    card.hang_up()
    payer.wait_hangup()
    lab.wait_quiet()
    ended = time.time()
    lab.daemon.start()
    leg = settled(lab, since).of("PJSIP/203")
    assert leg.channel.answered == pytest.approx(called, abs=0.5)
    assert leg.channel.ended == pytest.approx(ended, abs=0.7)
    assert leg.seconds(Kind.SUSPENDED, CARD_LINE) == pytest.approx(ended - called, abs=0.9)
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []
