"""Every kind of call is recorded, on each of its channels, from its answer to its end.

Every party sends a tone of its own: the recordings must hold what the parties heard.
"""

import time

import pytest
from proof import BOTH_VERSIONS, Account, Leg, assert_accounted, assert_sound_agrees, settled, wait_until

from callwarden.core.facts import Direction, RecordingState, Role
from callwarden.core.silence import RENEWED
from callwarden.core.spans import Kind
from lab import tones
from lab.lab import Lab
from lab.pbx import MUSIC_ON_HOLD
from lab.world import DEFAULT_TONES, OUTSIDE_TONE, Party

CALLER = 440
OUTSIDE_NUMBER = "01632960999"
TALK = 1.0
MISSED = 0.1  # seconds: two frames at each end, and the width of the window that looks for a tone
# `*2` and `#1` wait for digits; a transfer first plays a beep to whom it brings together.
REARRANGED = 1.2


def tone_of(phone: str) -> int:
    return DEFAULT_TONES[phone]


def finish(lab: Lab, since: float, *parties: Party) -> Account:
    """Hang up, wait until all is stored, check what always holds."""
    for party in parties:
        party.hang_up()
    account = settled(lab, since)
    for leg in account.legs:
        assert leg.channel.role is not Role.PLUMBING
        if leg.channel.answered is not None and not leg.channel.exempt:
            assert_accounted(leg)
            assert leg.file is not None, f"{leg.channel.name} has no recording"
    return account


def assert_nothing_missed(leg: Leg, party: Party, frequency: int) -> None:
    """The recording holds at least as much of this tone as that party heard: from the first frame after the answer.

    Only while its recorder was renewed, which the ledger tells, it may lack: the others' recordings have that moment.
    """
    assert leg.file is not None
    heard, recorded = tones.seconds_with(party.heard, frequency), tones.seconds_with(leg.file, frequency)
    assert heard > TALK / 2, "nothing was heard: this check would prove nothing"
    told = leg.seconds(Kind.SUSPENDED, RENEWED)
    assert recorded > heard - MISSED - told, f"{leg.channel.name}: {heard:.2f} s heard, {recorded:.2f} s recorded"


def not_kept(account: Account, endpoint: str) -> bool:
    """A channel that nobody answered: catalogued, and nothing of it kept."""
    leg = account.of(endpoint)
    assert leg.channel.answered is None
    assert leg.found is not None
    return leg.found.recording.state is RecordingState.DISCARDED and leg.file is None


@BOTH_VERSIONS
def test_an_incoming_call(brisk_lab: Lab, version: str) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", name="Ann", tone=CALLER).wait_answered()
    agent = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    account = finish(brisk_lab, since, caller)
    found = account.stories[0].call
    assert (found.call.direction, found.call.caller_name) == (Direction.INBOUND, "Ann")
    assert (found.caller_e164, found.called_e164) == ("+447700900123", "+442079460001")
    for leg in (account.caller, account.of("PJSIP/202")):
        assert_nothing_missed(leg, caller, tone_of("202"))
        assert_nothing_missed(leg, agent, CALLER)


@BOTH_VERSIONS
def test_an_outgoing_call(brisk_lab: Lab, version: str) -> None:
    since = time.time()
    agent = brisk_lab.world.call("202", OUTSIDE_NUMBER).wait_answered()
    person = brisk_lab.world.party_at(OUTSIDE_NUMBER)
    time.sleep(TALK)
    account = finish(brisk_lab, since, agent)
    [story] = account.stories
    assert story.call.call.direction is Direction.OUTBOUND
    assert story.call.call.called_number == OUTSIDE_NUMBER
    assert story.call.called_e164 == "+441632960999"
    assert story.call.call.trunk == "PJSIP/trunk"
    for leg in (account.of("PJSIP/202"), account.of("PJSIP/trunk")):
        assert leg.seconds(Kind.RECORDED) > TALK
        assert_nothing_missed(leg, person, tone_of("202"))
        assert_nothing_missed(leg, agent, OUTSIDE_TONE)


def test_an_internal_call(brisk_lab: Lab) -> None:
    since = time.time()
    one = brisk_lab.world.call("201", "202").wait_answered()
    other = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    account = finish(brisk_lab, since, one)
    [story] = account.stories
    assert story.call.call.direction is Direction.INTERNAL
    assert (story.call.call.caller_number, story.call.call.called_number) == ("201", "202")
    for leg in (account.of("PJSIP/201"), account.of("PJSIP/202")):
        assert_nothing_missed(leg, one, tone_of("202"))
        assert_nothing_missed(leg, other, tone_of("201"))


@BOTH_VERSIONS
def test_a_ring_group_where_one_answers(brisk_lab: Lab, version: str) -> None:
    brisk_lab.world.phone("201").answers(after=0.5)
    brisk_lab.world.phone("203").never_answers()
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460002", tone=CALLER).wait_answered()
    agent = brisk_lab.world.party_at("201")
    time.sleep(TALK)
    account = finish(brisk_lab, since, caller)
    assert account.stories[0].call.call.direction is Direction.INBOUND
    assert_nothing_missed(account.caller, caller, tone_of("201"))
    assert_nothing_missed(account.of("PJSIP/201"), agent, CALLER)
    assert not_kept(account, "PJSIP/203")


@BOTH_VERSIONS
def test_a_queue(brisk_lab: Lab, version: str) -> None:
    """Debian's Asterisk 22 may lose a voice on a channel that heard music before (its patch 2016): the channel of
    whoever answers has both all the same."""
    brisk_lab.world.phone("201").never_answers()
    brisk_lab.world.phone("203").answers(after=0.8)
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460004", tone=CALLER)
    agent = brisk_lab.world.party_at("203")
    wait_until(lambda: caller.hears(tone_of("203"), 0.3))
    time.sleep(TALK)
    account = finish(brisk_lab, since, caller)
    assert_sound_agrees(account.caller, CALLER, MUSIC_ON_HOLD)
    assert_nothing_missed(account.of("PJSIP/203"), caller, tone_of("203"))
    assert_nothing_missed(account.of("PJSIP/203"), agent, CALLER)
    assert not_kept(account, "PJSIP/201")


def test_a_menu(brisk_lab: Lab) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460003", tone=CALLER).wait_answered()
    caller.press("1")
    agent = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    account = finish(brisk_lab, since, caller)
    assert_nothing_missed(account.caller, caller, tone_of("202"))
    assert_nothing_missed(account.of("PJSIP/202"), agent, CALLER)


@BOTH_VERSIONS
def test_through_a_local_channel(brisk_lab: Lab, version: str) -> None:
    """Its halves are nobody's: they are not recorded, and are optimised away as ever."""
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460005", tone=CALLER).wait_answered()
    agent = brisk_lab.world.party_at("202")
    wait_until(lambda: not any(name.startswith("Local/") for name in brisk_lab.pbx.ami.channels()))
    time.sleep(TALK)
    account = finish(brisk_lab, since, caller)
    [story] = account.stories
    assert {leg.channel.endpoint for leg in account.legs} == {"PJSIP/trunk", "PJSIP/202"}
    assert story.call.call.direction is Direction.INBOUND
    assert_nothing_missed(account.caller, caller, tone_of("202"))
    assert_nothing_missed(account.of("PJSIP/202"), agent, CALLER)


@pytest.mark.parametrize("mode", ["never_answers", "is_busy", "declines", "is_unavailable"])
def test_a_call_that_nobody_answers_leaves_no_recording(brisk_lab: Lab, mode: str) -> None:
    getattr(brisk_lab.world.phone("202"), mode)()
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", tone=CALLER)
    wait_until(lambda: brisk_lab.world.has_rung("202"))
    time.sleep(0.3)
    account = finish(brisk_lab, since, caller)
    assert account.stories[0].call.call.answered is None
    assert not_kept(account, "PJSIP/trunk")
    assert not_kept(account, "PJSIP/202")
    wait_until(lambda: not list(brisk_lab.spool.glob("[!.]*")))


def test_a_call_that_nobody_answers_is_kept_where_that_is_wanted(brisk_lab: Lab) -> None:
    brisk_lab.configure({"recording.keep_unanswered": True})
    brisk_lab.world.phone("202").never_answers()
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", tone=CALLER)
    brisk_lab.world.party_at("202", step="ringing")
    time.sleep(0.3)
    account = finish(brisk_lab, since, caller)
    assert account.caller.channel.answered is None
    assert account.caller.found is not None
    assert account.caller.found.recording.state is RecordingState.STORED
    assert account.caller.file is not None
    assert account.caller.file.exists()


@BOTH_VERSIONS
def test_a_blind_transfer_to_another_phone(brisk_lab: Lab, version: str) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    first = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    first.press("#1")
    time.sleep(0.3)
    first.press("204")
    second = brisk_lab.world.party_at("204")
    wait_until(lambda: second.hears(CALLER, 0.3))
    time.sleep(TALK)
    account = finish(brisk_lab, since, caller)
    assert len(account.stories) == 1
    assert {leg.channel.endpoint for leg in account.legs} == {"PJSIP/trunk", "PJSIP/202", "PJSIP/204"}
    assert account.caller.outline == ["recorded"]
    assert_sound_agrees(account.caller, CALLER)
    assert_nothing_missed(account.caller, caller, tone_of("202"))
    # The recorder is renewed where the caller meets the second phone: its own channel has those frames.
    assert_nothing_missed(account.of("PJSIP/204"), caller, tone_of("204"))
    assert_nothing_missed(account.of("PJSIP/204"), second, CALLER)
    assert tones.seconds_with(account.caller.file or "", tone_of("204")) > TALK
    assert_nothing_missed(account.of("PJSIP/202"), first, CALLER)


@BOTH_VERSIONS
def test_an_attended_transfer_to_another_phone(brisk_lab: Lab, version: str) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    first = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    first.press("*2")
    time.sleep(1.2)
    first.press("204")
    second = brisk_lab.world.party_at("204")
    wait_until(lambda: second.hears(tone_of("202"), 0.3))
    time.sleep(TALK)
    first.hang_up()
    wait_until(lambda: second.hears(CALLER, 0.3))
    time.sleep(TALK + REARRANGED)
    account = finish(brisk_lab, since, caller)
    assert {leg.channel.endpoint for leg in account.legs} == {"PJSIP/trunk", "PJSIP/202", "PJSIP/204"}
    assert account.caller.outline == ["recorded"]
    assert_sound_agrees(account.caller, CALLER, MUSIC_ON_HOLD)
    # The consultation is in the files of those who had it, and not in the caller's.
    assert tones.seconds_with(account.of("PJSIP/202").file or "", tone_of("204")) > 0.5
    assert_nothing_missed(account.of("PJSIP/204"), second, CALLER)
    assert_nothing_missed(account.caller, second, CALLER)
    assert_nothing_missed(account.of("PJSIP/204"), second, tone_of("202"))
    assert tones.seconds_with(account.caller.file or "", tone_of("204")) > TALK


def test_a_blind_transfer_to_an_outside_number(brisk_lab: Lab) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = brisk_lab.world.party_at("202")
    time.sleep(TALK)
    agent.refer(OUTSIDE_NUMBER)
    person = brisk_lab.world.party_at(OUTSIDE_NUMBER)
    wait_until(lambda: person.hears(CALLER, 0.3))
    time.sleep(TALK)
    account = finish(brisk_lab, since, caller)
    assert account.stories[0].call.call.direction is Direction.INBOUND
    inbound, outbound = sorted(account.all_of("PJSIP/trunk"), key=lambda leg: leg.channel.started)
    assert inbound.outline == outbound.outline == ["recorded"]
    assert_nothing_missed(outbound, caller, OUTSIDE_TONE)
    assert_nothing_missed(outbound, person, CALLER)
    assert tones.seconds_with(inbound.file or "", OUTSIDE_TONE) > TALK / 2


@BOTH_VERSIONS
def test_a_ringing_call_that_another_phone_picks_up(brisk_lab: Lab, version: str) -> None:
    brisk_lab.world.phone("202").never_answers()
    brisk_lab.pbx.cli("dialplan add extension 298,1,PickupChan,PJSIP/202\\,p into from-internal")
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", tone=CALLER)
    brisk_lab.world.party_at("202", step="ringing")
    picker = brisk_lab.world.call("205", "298").wait_answered()
    caller.wait_answered()
    wait_until(lambda: picker.hears(CALLER, 0.3))
    time.sleep(TALK)
    account = finish(brisk_lab, since, caller)
    assert_nothing_missed(account.caller, caller, tone_of("205"))
    talked = [leg for leg in account.legs if leg is not account.caller and leg.seconds(Kind.RECORDED) > TALK]
    assert len(talked) == 1
    assert_nothing_missed(talked[0], picker, CALLER)
