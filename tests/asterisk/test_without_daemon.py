"""Promise 3 on a real Asterisk: killed, hung or removed, the daemon holds up no call; and when it is back, it knows.

The dialplan alone announces, records, and hands over to the card line only what it can prove silent. Its notes are
in the catalogue afterwards, once.
"""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from proof import BOTH_VERSIONS, Account, settled, wait_until

from callwarden.core.facts import Direction, PlayedBy, RecordingState, Role
from callwarden.core.recorder import NOT_RUNNING
from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from callwarden.left_behind import LOOK_SECONDS
from lab import prompts, tones
from lab.lab import Lab
from lab.softphone import Softphone
from lab.watcher import Watcher
from lab.world import CARD_TONE, OUTSIDE_TONE, Party

CALLER, AGENT = 440, 700
OUTSIDE_NUMBER = "01632960999"
RING_GROUP, QUEUE = "02079460002", "02079460004"
TALK = 1.2
NEARLY_ALL = 0.85 * prompts.PROMPT_SECONDS
NOT_HELD = 7.5  # seconds: five until a hanging daemon is known, and the calls' own


@pytest.fixture
def alone(telling_lab: Lab) -> Iterator[Lab]:
    """A laboratory whose daemon was killed."""
    telling_lab.daemon.kill()
    yield telling_lab
    if telling_lab.daemon.is_running:
        telling_lab.daemon.thaw()


def notes(lab: Lab) -> list[str]:
    return [line for line in lab.pbx.cli("database show callwarden").splitlines() if line.startswith("/callwarden/")]


def left_over(lab: Lab) -> list[Path]:
    """What is in the spool, but for the daemon's sign of life."""
    return list(lab.spool.glob("[!.]*"))


def adopted(lab: Lab, since: float) -> Account:
    """The account once the daemon is back and has finished what it found; nothing is left over."""
    lab.daemon.start()
    account = settled(lab, since)
    assert_nothing_left_over(lab)
    return account


def assert_nothing_left_over(lab: Lab) -> None:
    """Soon no note and no file waits for anybody: the look that finds a channel being finished leaves its note to the
    next one, and a file that nobody told of is asked for after as long."""
    try:
        wait_until(lambda: not notes(lab) and not left_over(lab), timeout=3 * LOOK_SECONDS)
    except AssertionError:
        log = lab.daemon.log.read_text()[-3000:]
        raise AssertionError(f"left over: {notes(lab)} {left_over(lab)}\n{log}") from None


def talk(lab: Lab, did: str = "02079460001") -> tuple[Party, Party]:
    caller = lab.world.ring_in(did, tone=CALLER).wait_answered()
    agent = lab.world.party_at("202")
    time.sleep(TALK)
    return caller, agent


@BOTH_VERSIONS
def test_an_incoming_call_is_announced_and_recorded_and_catalogued_once(alone: Lab, version: str) -> None:
    since = time.time()
    caller, agent = talk(alone)
    assert heard(caller, prompts.INBOUND) > NEARLY_ALL
    caller.hang_up()
    agent.wait_hangup()
    ended = time.time()
    alone.wait_quiet()
    time.sleep(1)  # it comes back later than the call ended
    account = adopted(alone, since)
    [story] = account.stories
    call = story.call.call
    assert (call.direction, call.caller_number, call.called_number) == (Direction.INBOUND, "07700900123", "02079460001")
    assert story.call.caller_e164 == "+447700900123"
    assert call.ended == pytest.approx(ended, abs=0.5)
    leg = account.caller
    assert (leg.channel.role, leg.channel.endpoint) == (Role.OUTSIDE, "PJSIP/trunk")
    assert leg.channel.ended == pytest.approx(ended, abs=0.5)
    assert leg.seconds(Kind.RECORDED) > TALK
    assert leg.file is not None
    assert tones.seconds_with(leg.file, CALLER) > TALK / 2
    assert tones.seconds_with(leg.file, AGENT) > TALK / 2
    assert tones.seconds_with(leg.file, prompts.INBOUND) > NEARLY_ALL
    [told] = account.announcements
    assert (told.played_by, told.prompt, told.language, told.complete) == (PlayedBy.DIALPLAN, "inbound", "en", True)
    assert told.finished == pytest.approx(told.started + prompts.PROMPT_SECONDS, abs=0.4)
    built = alone.folder / "prompts" / "en" / "inbound.sln"
    assert told.sha256 == hashlib.sha256(built.read_bytes()).hexdigest()
    # The phone had no recorder, and nobody saw it: the dialplan noted it when it hung up.
    phone = account.of("PJSIP/202")
    assert (phone.outline, phone.channel.role, phone.channel.number) == ([NOT_RUNNING], Role.PHONE, "202")
    assert phone.channel.ended == pytest.approx(ended, abs=0.5)
    assert phone.seconds(Kind.GAP) == pytest.approx(TALK, abs=0.5)
    before = rows(alone)
    alone.daemon.stop()
    alone.daemon.start()
    assert rows(alone) == before


def rows(lab: Lab) -> list[tuple[object, ...]]:
    tables = ("calls", "channels", "recordings", "segments", "announcements", "suspensions")
    with lab.catalogue() as db:
        return [tuple(row) for table in tables for row in db.execute(f"SELECT * FROM {table}").fetchall()]


def heard(party: Party, frequency: int) -> float:
    return tones.seconds_with(party.heard, frequency)


@BOTH_VERSIONS
@pytest.mark.parametrize("did", [RING_GROUP, QUEUE])
def test_of_several_phones_the_one_that_answered_is_accounted_for(alone: Lab, version: str, did: str) -> None:
    since = time.time()
    alone.world.phone("203").never_answers()
    caller = alone.world.ring_in(did, tone=CALLER)
    phone = alone.world.party_at("201")
    time.sleep(TALK)
    caller.hang_up()
    phone.wait_hangup()
    ended = time.time()
    alone.wait_quiet()
    account = adopted(alone, since)
    assert sorted(leg.channel.endpoint for leg in account.legs) == ["PJSIP/201", "PJSIP/trunk"]
    assert account.of("PJSIP/201").outline == [NOT_RUNNING]
    assert account.of("PJSIP/201").channel.ended == pytest.approx(ended, abs=0.5)
    assert account.caller.outline == ["recorded"]


def test_outgoing_and_internal_calls_are_recorded(alone: Lab) -> None:
    since = time.time()
    agent = alone.world.call("202", OUTSIDE_NUMBER).wait_answered()
    person = alone.world.party_at(OUTSIDE_NUMBER)
    colleague = alone.world.call("203", "204").wait_answered()
    unanswered = alone.world.phone("205").never_answers()
    ringing = alone.world.call("206", unanswered.number)
    time.sleep(TALK)
    for party in (agent, colleague, ringing):
        party.hang_up()
    ended = time.time()
    assert heard(person, prompts.OUTBOUND) > NEARLY_ALL
    time.sleep(1)  # it comes back later than the calls ended
    account = adopted(alone, since)
    by_number = {story.call.call.caller_number: story for story in account.stories}
    assert by_number["202"].call.call.direction is Direction.OUTBOUND
    assert by_number["202"].call.call.called_number == OUTSIDE_NUMBER
    assert by_number["203"].call.call.direction is Direction.INTERNAL
    for endpoint, tone in (("PJSIP/202", OUTSIDE_TONE), ("PJSIP/203", 520)):
        leg = account.of(endpoint)
        assert leg.file is not None
        assert tones.seconds_with(leg.file, tone) > TALK / 2
        assert leg.seconds(Kind.RECORDED) == pytest.approx(tones.duration(leg.file), abs=0.3)
    for met in (account.of("PJSIP/trunk"), account.of("PJSIP/204")):
        assert met.outline == [NOT_RUNNING]
        assert met.channel.ended == pytest.approx(ended, abs=0.5)
    [told] = account.announcements
    assert (told.prompt, told.complete, told.played_by) == ("outbound", True, PlayedBy.DIALPLAN)
    assert account.all_of("PJSIP/205") == []  # it never answered
    never = account.of("PJSIP/206")
    assert never.channel.answered is None
    assert never.found is not None
    assert never.found.recording.state is RecordingState.DISCARDED


@BOTH_VERSIONS
def test_a_call_that_is_still_up_is_adopted(alone: Lab, version: str) -> None:
    since = time.time()
    caller, _ = talk(alone)
    alone.daemon.start()
    time.sleep(TALK)
    caller.hang_up()
    account = settled(alone, since)
    wait_until(lambda: notes(alone) == [])
    leg = account.caller
    assert leg.outline[-1] == "recorded"
    assert leg.seconds(Kind.RECORDED) > 2 * TALK
    assert leg.file is not None
    assert tones.seconds_with(leg.file, CALLER) > 2 * TALK - 0.3
    [told] = account.announcements
    assert (told.played_by, told.complete) == (PlayedBy.DIALPLAN, True)
    # Its other channel could not be recorded before: the ledger says why.
    agent = account.of("PJSIP/202")
    assert agent.file is not None
    assert_nothing_left_over(alone)


def test_a_daemon_killed_in_the_middle_of_the_announcement(telling_lab: Lab) -> None:
    since = time.time()
    caller = telling_lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    time.sleep(0.4)
    telling_lab.daemon.kill()
    agent = telling_lab.world.party_at("202", wait=4)
    time.sleep(TALK)
    caller.hang_up()
    agent.wait_hangup()
    assert heard(caller, prompts.INBOUND) > NEARLY_ALL + 0.3
    account = adopted(telling_lab, since)
    first, second = sorted(account.announcements, key=lambda told: told.started)
    assert (first.played_by, first.complete) == (PlayedBy.DAEMON, False)
    assert (second.played_by, second.complete) == (PlayedBy.DIALPLAN, True)
    assert account.caller.file is not None
    assert tones.seconds_with(account.caller.file, CALLER) > TALK


@BOTH_VERSIONS
def test_a_hanging_daemon_holds_up_no_call(telling_lab: Lab, version: str) -> None:
    """The first caller is let go by the time limit, later ones do not wait at all."""
    since = time.time()
    telling_lab.daemon.freeze()
    began = time.monotonic()
    first = telling_lab.world.ring_in("02079460001", tone=CALLER)
    telling_lab.world.party_at("202", wait=NOT_HELD)
    assert time.monotonic() - began < NOT_HELD
    time.sleep(max(0.0, 6 - (time.monotonic() - began)))
    began = time.monotonic()
    second = telling_lab.world.ring_in("02079460008", tone=CALLER)
    agent = telling_lab.world.call("203", OUTSIDE_NUMBER)
    telling_lab.world.party_at(OUTSIDE_NUMBER, wait=2)
    agent.wait_answered()
    second.wait_answered()
    assert time.monotonic() - began < 2.5
    time.sleep(TALK)
    for party in (first, second, agent):
        party.hang_up()
    assert heard(first, prompts.INBOUND) > NEARLY_ALL
    telling_lab.wait_quiet()
    telling_lab.daemon.thaw()
    assert_nothing_left_over(telling_lab)
    account = settled(telling_lab, since)
    assert len(account.stories) == 3
    assert len([leg for leg in account.all_of("PJSIP/trunk") if leg.file is not None]) == 2
    for leg in account.legs:
        if sum(span.seconds for span in leg.spans) > 1:
            assert leg.file is not None, f"{leg.channel.name} was not recorded"
            assert leg.outline == ["recorded"]
            assert leg.seconds(Kind.RECORDED) == pytest.approx(tones.duration(leg.file), abs=0.3)


def test_a_caller_who_gives_up_on_a_hanging_daemon_leaves_no_channel_behind(telling_lab: Lab) -> None:
    telling_lab.daemon.freeze()
    caller = telling_lab.world.ring_in("02079460001", tone=CALLER)
    time.sleep(0.5)
    caller.hang_up()
    telling_lab.wait_quiet(3)
    telling_lab.daemon.thaw()


# -- the card line ------------------------------------------------------------------------------------------------


@pytest.fixture
def watcher(alone: Lab) -> Iterator[Watcher]:
    with Watcher(alone.spool, alone.vault) as watcher:
        yield watcher


def assert_no_leak(watcher: Watcher) -> None:
    watcher.stop()
    assert watcher.sounds
    assert watcher.bursts_of(CARD_TONE) == []


@BOTH_VERSIONS
def test_a_caller_alone_reaches_the_card_line_and_comes_back(alone: Lab, watcher: Watcher, version: str) -> None:
    since = time.time()
    caller, agent = talk(alone)
    agent.refer("700")
    card = alone.world.party_at("700")
    time.sleep(TALK)
    assert caller.hears(CARD_TONE, 0.4)
    card.hang_up()
    alone.world.party_at("202")
    time.sleep(TALK)
    caller.hang_up()
    alone.wait_quiet()
    account = adopted(alone, since)
    assert account.caller.outline == ["recorded", CARD_LINE, "recorded"]
    assert account.caller.seconds(Kind.SUSPENDED, CARD_LINE) > TALK
    assert account.caller.file is not None
    assert tones.seconds_with(account.caller.file, CALLER) > 2 * TALK - 0.3
    assert_no_leak(watcher)


def test_the_daemon_is_killed_under_a_call_that_then_pays_by_card(telling_lab: Lab) -> None:
    """Its own recorder is the one that the dialplan stops."""
    since = time.time()
    with Watcher(telling_lab.spool, telling_lab.vault) as watcher:
        caller, agent = talk(telling_lab)
        telling_lab.daemon.kill()
        agent.refer("700")
        card = telling_lab.world.party_at("700")
        time.sleep(TALK)
        telling_lab.daemon.start()  # it comes back in the middle of the payment, and stays silent
        time.sleep(TALK)
        card.hang_up()
        telling_lab.world.party_at("202")
        time.sleep(TALK)
        caller.hang_up()
        account = settled(telling_lab, since)
        assert_no_leak(watcher)
    assert account.caller.outline == ["recorded", CARD_LINE, "recorded"]
    wait_until(lambda: notes(telling_lab) == [])


@pytest.mark.parametrize("way", ["her own call", "a consultation"])
def test_a_phone_is_refused_the_card_line(alone: Lab, watcher: Watcher, way: str) -> None:
    """It may have another call on hold: the dialplan alone cannot prove that one silent."""
    caller, agent = talk(alone)
    if way == "her own call":
        other = alone.world.call("202", "700")
        other.wait_hangup()
        assert heard(other, prompts.UNAVAILABLE) > NEARLY_ALL or not other.is_up
    else:
        agent.press("*2")
        time.sleep(1.5)
        agent.press("700")
        wait_until(lambda: agent.hears(CALLER, 0.3), 15)
    assert not alone.world.has_rung("700")
    caller.hang_up()
    assert_no_leak(watcher)


def test_a_second_call_of_a_softphone_is_refused_the_card_line(alone: Lab, watcher: Watcher) -> None:
    with Softphone(alone.pbx, "207", tone=AGENT) as phone:
        caller = alone.world.ring_in("02079460007", tone=CALLER).wait_answered()
        wait_until(lambda: caller.hears(AGENT, 0.3))
        phone.hold(1)
        phone.call("700")
        time.sleep(2)
        assert not alone.world.has_rung("700")
        phone.resume(1)
        wait_until(lambda: caller.hears(AGENT, 0.3))
        caller.hang_up()
    assert_no_leak(watcher)
