"""The daemon, its link, or Asterisk itself goes away and comes back in the middle of calls."""

import time

import pytest
from proof import BOTH_VERSIONS, assert_sound_agrees, settled

from callwarden.core.facts import RecordingState
from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from lab import tones
from lab.lab import Lab
from lab.middleman import Middleman
from lab.watcher import Watcher
from lab.world import CARD_TONE, Party

CALLER, AGENT = 440, 700
TALK = 1.2
BUFFERED = 2.05  # seconds that a killed Asterisk has not yet written


def talk(lab: Lab) -> tuple[Party, Party]:
    caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = lab.world.party_at("202")
    time.sleep(TALK)
    return caller, agent


@BOTH_VERSIONS
@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_a_call_goes_on_being_recorded_without_a_hole(brisk_lab: Lab, end: str, version: str) -> None:
    since = time.time()
    caller, _ = talk(brisk_lab)
    if end == "stopped":
        assert brisk_lab.daemon.stop() == 0
    else:
        brisk_lab.daemon.kill()
    time.sleep(TALK)
    brisk_lab.daemon.start()
    time.sleep(TALK)
    caller.hang_up()
    account = settled(brisk_lab, since)
    for leg in (account.caller, account.of("PJSIP/202")):
        assert leg.outline == ["recorded"]
        assert_sound_agrees(leg, CALLER)
        assert leg.file is not None
        assert tones.seconds_with(leg.file, CALLER) > tones.seconds_with(caller.heard, AGENT) - 0.3
        assert len(tones.spans_with(leg.file, CALLER)) == 1, "it has a hole"


def test_a_call_that_ends_while_the_daemon_is_away_ends_when_it_did(brisk_lab: Lab) -> None:
    since = time.time()
    caller, agent = talk(brisk_lab)
    brisk_lab.daemon.kill()
    time.sleep(TALK)
    caller.hang_up()
    agent.wait_hangup()
    ended = time.time()
    time.sleep(1.5)
    brisk_lab.daemon.start()
    account = settled(brisk_lab, since)
    assert account.stories[0].call.call.ended == pytest.approx(ended, abs=0.5)
    for leg in (account.caller, account.of("PJSIP/202")):
        assert leg.channel.ended == pytest.approx(ended, abs=0.5)
        assert leg.outline == ["recorded"]
        assert_sound_agrees(leg, CALLER)


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_a_payment_under_way_stays_silent_across_a_restart(brisk_lab: Lab, end: str) -> None:
    since = time.time()
    with Watcher(brisk_lab.spool, brisk_lab.vault) as watcher:
        caller, agent = talk(brisk_lab)
        agent.press("*7")
        card = brisk_lab.world.party_at("700")
        if end == "stopped":
            brisk_lab.daemon.stop()
        else:
            brisk_lab.daemon.kill()
        time.sleep(TALK)
        brisk_lab.daemon.start()
        time.sleep(TALK)
        card.hang_up()
        brisk_lab.world.party_at("202")
        time.sleep(TALK)
        caller.hang_up()
        account = settled(brisk_lab, since)
        watcher.stop()
        assert watcher.sounds
        assert watcher.bursts_of(CARD_TONE) == []
    assert account.caller.outline == ["recorded", CARD_LINE, "recorded"]
    assert account.caller.seconds(Kind.SUSPENDED, CARD_LINE) > 2 * TALK
    assert_sound_agrees(account.caller, CALLER)


def test_calls_while_the_link_is_down_are_found_when_it_is_back(brisk_lab: Lab) -> None:
    with Middleman(brisk_lab.pbx.ports.ami) as middle:
        brisk_lab.configure({"ami.port": middle.port})
        since = time.time()
        first, _ = talk(brisk_lab)
        middle.cut()
        middle.cut()
        second = brisk_lab.world.ring_in("02079460002", tone=CALLER).wait_answered()
        time.sleep(2 * TALK)
        for party in (first, second):
            party.hang_up()
        account = settled(brisk_lab, since)
    assert len(account.stories) == 2
    assert account.caller.outline == ["recorded"]
    assert_sound_agrees(account.caller, CALLER)
    for leg in account.legs:
        if leg.spans:
            assert leg.file is not None
            assert tones.seconds_with(leg.file, CALLER) > TALK


@BOTH_VERSIONS
def test_asterisk_itself_is_killed_under_a_call(brisk_lab: Lab, version: str) -> None:
    """What it had written is kept, but for two seconds (32 kB) that it buffers; the next call is recorded as ever."""
    since = time.time()
    talk(brisk_lab)
    time.sleep(BUFFERED)
    brisk_lab.pbx.kill()
    died = time.time()
    brisk_lab.world.reset()
    brisk_lab.pbx.start()
    account = settled(brisk_lab, since, 30)
    caller = account.caller
    assert caller.channel.ended == pytest.approx(died, abs=1.5)
    assert caller.found is not None
    assert caller.found.recording.state is RecordingState.STORED
    assert caller.file is not None
    assert tones.seconds_with(caller.file, CALLER) > TALK / 2
    again = time.time()
    caller_again, _ = talk(brisk_lab)
    caller_again.hang_up()
    assert settled(brisk_lab, again).caller.outline == ["recorded"]
