"""Every kind of call is recorded on every channel from answer to end: incoming, outgoing, internal, transferred."""

import time

import pytest
from proof import Account, assert_accounted, assert_sound_agrees, settled, wait_until

from callwarden.core.facts import Direction, RecordingState, Role
from lab import tones
from lab.lab import Lab
from lab.world import OUTSIDE_TONE, Party

CALLER, AGENT, OTHER = 440, 700, 600
OUTSIDE_NUMBER = "01632960999"
TALK = 1.2
BOTH_VERSIONS = pytest.mark.parametrize(
    "_version", [pytest.param(v, marks=pytest.mark.asterisk_version(v), id=f"asterisk-{v}") for v in ("22", "16")]
)


def finish(lab: Lab, since: float, *parties: Party) -> Account:
    time.sleep(TALK)
    for party in parties:
        party.hang_up()
    account = settled(lab, since)
    for leg in account.legs:
        if leg.channel.answered is not None:
            assert_accounted(leg)
            assert leg.file is not None, f"{leg.channel.name} was answered and has no recording"
    return account


def assert_from_the_first_second(account: Account, endpoint: str, frequency: int) -> None:
    """No answered audio is missed: the tone is there within 0.2 s of the file's beginning."""
    for leg in account.all_of(endpoint):
        assert leg.file is not None
        assert tones.spans_with(leg.file, frequency)[0][0] < 0.2


@BOTH_VERSIONS
def test_an_incoming_call(brisk_lab: Lab, _version: str) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", name="Ann").wait_answered()
    account = finish(brisk_lab, since, caller)
    call = account.stories[0].call
    assert (call.call.direction, call.call.caller_name) == (Direction.INBOUND, "Ann")
    assert (call.caller_e164, call.called_e164) == ("+447700900123", "+442079460001")
    for endpoint in ("PJSIP/trunk", "PJSIP/202"):
        assert_sound_agrees(account.of(endpoint), CALLER)
        assert_sound_agrees(account.of(endpoint), AGENT)
        assert_from_the_first_second(account, endpoint, CALLER)
        assert_from_the_first_second(account, endpoint, AGENT)


@BOTH_VERSIONS
def test_an_outgoing_call(brisk_lab: Lab, _version: str) -> None:
    since = time.time()
    agent = brisk_lab.world.call("202", OUTSIDE_NUMBER).wait_answered()
    account = finish(brisk_lab, since, agent)
    call = account.stories[0].call
    assert call.call.direction is Direction.OUTBOUND
    assert call.called_e164 == "+441632960999"
    assert account.of("PJSIP/trunk").channel.role is Role.OUTSIDE
    for endpoint in ("PJSIP/trunk", "PJSIP/202"):
        assert_sound_agrees(account.of(endpoint), OUTSIDE_TONE)
        assert_sound_agrees(account.of(endpoint), AGENT)
        assert_from_the_first_second(account, endpoint, OUTSIDE_TONE)


def test_an_internal_call(brisk_lab: Lab) -> None:
    since = time.time()
    agent = brisk_lab.world.call("202", "201").wait_answered()
    account = finish(brisk_lab, since, agent)
    assert account.stories[0].call.call.direction is Direction.INTERNAL
    for endpoint in ("PJSIP/201", "PJSIP/202"):
        assert_sound_agrees(account.of(endpoint), OTHER)
        assert_sound_agrees(account.of(endpoint), AGENT)


def test_a_ring_group_keeps_nothing_of_the_phone_that_lost(brisk_lab: Lab) -> None:
    brisk_lab.world.phone("203").answers(after=20)
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460002").wait_answered()
    account = finish(brisk_lab, since, caller)
    assert_sound_agrees(account.of("PJSIP/201"), CALLER)
    lost = account.of("PJSIP/203")
    assert lost.channel.answered is None
    assert lost.found is not None
    assert lost.found.recording.state is RecordingState.DISCARDED
    assert lost.file is None


def test_a_call_through_a_queue(brisk_lab: Lab) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460004").wait_answered()
    wait_until(lambda: caller.hears(OTHER) or caller.hears(800))
    account = finish(brisk_lab, since, caller)
    answered = [leg for leg in account.legs if leg.channel.role is Role.PHONE and leg.channel.answered is not None]
    assert len(answered) == 1
    assert_sound_agrees(account.caller, CALLER)
    assert_sound_agrees(answered[0], CALLER)


def test_a_call_through_a_local_channel_records_the_parties_and_no_plumbing(brisk_lab: Lab) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460005").wait_answered()
    agent = brisk_lab.world.party_at("202")
    wait_until(lambda: not [name for name in brisk_lab.pbx.ami.channels() if name.startswith("Local/")])
    assert agent.hears(CALLER)
    account = finish(brisk_lab, since, caller)
    assert {leg.channel.endpoint for leg in account.legs} == {"PJSIP/trunk", "PJSIP/202"}
    assert_sound_agrees(account.of("PJSIP/202"), AGENT)
    assert_sound_agrees(account.caller, CALLER)


@pytest.mark.parametrize("mode", ["never_answers", "is_busy", "declines", "is_unavailable"])
def test_a_call_that_nobody_answered_leaves_no_recording(brisk_lab: Lab, mode: str) -> None:
    getattr(brisk_lab.world.phone("202"), mode)()
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001")
    wait_until(lambda: brisk_lab.world.has_rung("202"))
    time.sleep(0.5)
    caller.hang_up()
    account = settled(brisk_lab, since)
    assert account.stories[0].call.call.answered is None
    assert {leg.file for leg in account.legs} == {None}
    assert list(brisk_lab.spool.iterdir()) == []


def test_a_blind_transfer_to_another_phone(brisk_lab: Lab) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001").wait_answered()
    agent = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    agent.press("#1")
    time.sleep(0.3)
    agent.press("201")
    brisk_lab.world.party_at("201")
    account = finish(brisk_lab, since, caller)
    assert_sound_agrees(account.caller, CALLER)
    assert tones.seconds_with(account.caller.file, AGENT) > TALK / 2  # type: ignore[arg-type]
    assert tones.seconds_with(account.caller.file, OTHER) > TALK / 2  # type: ignore[arg-type]
    assert_sound_agrees(account.of("PJSIP/201"), OTHER)
    assert_sound_agrees(account.of("PJSIP/202"), AGENT)


def test_an_attended_transfer_to_another_phone(brisk_lab: Lab) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001").wait_answered()
    agent = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    agent.press("*2")
    time.sleep(1.5)
    agent.press("201")
    other = brisk_lab.world.party_at("201")
    wait_until(lambda: other.hears(AGENT))
    agent.hang_up()
    wait_until(lambda: other.hears(CALLER))
    account = finish(brisk_lab, since, caller)
    assert tones.seconds_with(account.caller.file, OTHER) > TALK / 2  # type: ignore[arg-type]
    assert tones.seconds_with(account.of("PJSIP/202").file, OTHER) > 0.4  # type: ignore[arg-type]
    assert_sound_agrees(account.of("PJSIP/201"), OTHER)


def test_a_blind_transfer_to_an_outside_number(brisk_lab: Lab) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001").wait_answered()
    agent = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    agent.press("#1")
    time.sleep(0.3)
    agent.press(OUTSIDE_NUMBER)
    brisk_lab.world.party_at(OUTSIDE_NUMBER)
    account = finish(brisk_lab, since, caller)
    assert account.stories[0].call.call.direction is Direction.INBOUND
    inbound, outbound = account.all_of("PJSIP/trunk")
    assert_sound_agrees(outbound, OUTSIDE_TONE)
    assert tones.seconds_with(inbound.file, OUTSIDE_TONE) > TALK / 2  # type: ignore[arg-type]
