"""``one-per-call``: one channel a conversation is recorded, the outside party's, and that one misses nothing."""

import time
from collections.abc import Iterator

import pytest
from proof import BOTH_VERSIONS, Account, Leg, settled, wait_until

from callwarden.core.policy import EXEMPT_ONE_PER_CALL
from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from lab import tones
from lab.lab import Lab
from lab.watcher import Watcher
from lab.world import CARD_TONE, DEFAULT_TONES, OUTSIDE_TONE

CALLER, AGENT = 440, 700
OUTSIDE_NUMBER = "01632960999"
TALK = 1.2


@pytest.fixture
def scoped(brisk_lab: Lab) -> Lab:
    brisk_lab.configure({"recording.scope": "one-per-call"})
    return brisk_lab


@pytest.fixture
def watcher(scoped: Lab) -> Iterator[Watcher]:
    with Watcher(scoped.spool, scoped.vault) as watcher:
        yield watcher


def recorded(account: Account) -> list[Leg]:
    return [leg for leg in account.legs if leg.file is not None]


def has(leg: Leg, frequency: int, seconds: float = TALK * 0.7) -> bool:
    assert leg.file is not None
    return tones.seconds_with(leg.file, frequency) > seconds


def explained(leg: Leg) -> bool:
    """No second of it is missing without a reason."""
    return not [span for span in leg.spans if span.kind is Kind.GAP and span.seconds > 0.15]


def test_an_incoming_call(scoped: Lab) -> None:
    since = time.time()
    caller = scoped.world.ring_in("02079460001", tone=CALLER).wait_answered()
    scoped.world.party_at("202")
    time.sleep(TALK)
    caller.hang_up()
    account = settled(scoped, since)
    [only] = recorded(account)
    assert only is account.caller
    assert has(only, CALLER)
    assert has(only, AGENT)
    assert account.of("PJSIP/202").channel.exempt == EXEMPT_ONE_PER_CALL
    assert all(explained(leg) for leg in account.legs)


def test_an_outgoing_call(scoped: Lab) -> None:
    since = time.time()
    agent = scoped.world.call("202", OUTSIDE_NUMBER).wait_answered()
    scoped.world.party_at(OUTSIDE_NUMBER)
    time.sleep(TALK)
    agent.hang_up()
    account = settled(scoped, since)
    outside = account.of("PJSIP/trunk")
    assert has(outside, OUTSIDE_TONE)
    assert has(outside, AGENT)
    assert all(explained(leg) for leg in account.legs)
    assert tones.seconds_with(outside.file or "", AGENT) > TALK - 0.1


def test_an_internal_call(scoped: Lab) -> None:
    since = time.time()
    one = scoped.world.call("201", "202").wait_answered()
    scoped.world.party_at("202")
    time.sleep(TALK)
    one.hang_up()
    account = settled(scoped, since)
    [only] = recorded(account)
    assert has(only, DEFAULT_TONES["201"])
    assert has(only, AGENT)
    assert all(explained(leg) for leg in account.legs)


@BOTH_VERSIONS
def test_a_blind_transfer_to_another_phone(scoped: Lab, version: str) -> None:
    since = time.time()
    caller = scoped.world.ring_in("02079460001", tone=CALLER).wait_answered()
    scoped.world.party_at("202").refer("204")
    second = scoped.world.party_at("204")
    wait_until(lambda: second.hears(CALLER, 0.3))
    time.sleep(TALK)
    caller.hang_up()
    account = settled(scoped, since)
    [only] = recorded(account)
    assert only is account.caller
    assert has(only, CALLER)
    assert has(only, DEFAULT_TONES["204"]), "the recorder was not renewed where the caller met another party"


def assert_a_queue_costs_nobody_their_voice(lab: Lab) -> None:
    lab.world.phone("201").never_answers()
    lab.world.phone("203").answers(after=0.8)
    since = time.time()
    caller = lab.world.ring_in("02079460004", tone=CALLER)
    wait_until(lambda: caller.hears(DEFAULT_TONES["203"], 0.3))
    time.sleep(TALK)
    caller.hang_up()
    account = settled(lab, since)
    [only] = recorded(account)
    assert only is account.caller
    assert has(only, CALLER)
    assert has(only, DEFAULT_TONES["203"])


def test_a_queue_after_the_announcement(telling_lab: Lab) -> None:
    """Music before the first party costs nobody their voice (Debian's Asterisk 22 would: its patch 2016)."""
    telling_lab.configure({"recording.scope": "one-per-call"})
    assert_a_queue_costs_nobody_their_voice(telling_lab)


def test_a_queue_that_did_not_answer_its_caller(scoped: Lab) -> None:
    """Its music is early media, and costs nobody their voice either."""
    assert_a_queue_costs_nobody_their_voice(scoped)


def test_an_attended_transfer_to_another_phone(scoped: Lab) -> None:
    """The consultation is nobody's but the two phones': it is recorded by one of them."""
    since = time.time()
    caller = scoped.world.ring_in("02079460001", tone=CALLER).wait_answered()
    first = scoped.world.party_at("202")
    time.sleep(TALK)
    first.press("*2")
    time.sleep(1.2)
    first.press("204")
    second = scoped.world.party_at("204")
    wait_until(lambda: second.hears(AGENT, 0.3))
    time.sleep(TALK)
    first.hang_up()
    wait_until(lambda: second.hears(CALLER, 0.3))
    time.sleep(TALK)
    caller.hang_up()
    account = settled(scoped, since)
    assert has(account.caller, CALLER)
    assert has(account.caller, DEFAULT_TONES["204"])
    others = [leg for leg in recorded(account) if leg is not account.caller]
    assert any(has(leg, DEFAULT_TONES["204"]) and has(leg, AGENT) for leg in others), "the consultation is in no file"
    assert all(explained(leg) for leg in account.legs)


def test_the_agent_stays_with_an_outside_third_party(scoped: Lab) -> None:
    """A transfer of the caller to an outside number: one of the two outside channels holds both."""
    since = time.time()
    caller = scoped.world.ring_in("02079460001", tone=CALLER).wait_answered()
    scoped.world.party_at("202").refer(OUTSIDE_NUMBER)
    person = scoped.world.party_at(OUTSIDE_NUMBER)
    wait_until(lambda: person.hears(CALLER, 0.3))
    time.sleep(TALK)
    caller.hang_up()
    account = settled(scoped, since)
    assert any(has(leg, CALLER) and has(leg, OUTSIDE_TONE) for leg in recorded(account))
    assert all(explained(leg) for leg in account.legs)


def test_the_card_line_by_feature_code(scoped: Lab, watcher: Watcher) -> None:
    since = time.time()
    caller = scoped.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = scoped.world.party_at("202")
    time.sleep(TALK)
    agent.press("*7")
    card = scoped.world.party_at("700")
    time.sleep(TALK)
    card.hang_up()
    scoped.world.party_at("202")
    wait_until(lambda: caller.hears(AGENT, 0.3))
    time.sleep(TALK)
    caller.hang_up()
    account = settled(scoped, since)
    watcher.stop()
    assert watcher.sounds
    assert watcher.bursts_of(CARD_TONE) == []
    assert account.caller.outline == ["recorded", CARD_LINE, "recorded"]
    assert has(account.caller, CALLER, 2 * TALK * 0.7)
    assert has(account.caller, AGENT, 2 * TALK * 0.7)


def test_the_card_line_by_attended_transfer(scoped: Lab, watcher: Watcher) -> None:
    since = time.time()
    caller = scoped.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = scoped.world.party_at("202")
    time.sleep(TALK)
    agent.press("*2")
    time.sleep(1.5)
    agent.press("700")
    scoped.world.party_at("700")
    time.sleep(TALK)
    agent.hang_up()
    wait_until(lambda: caller.hears(CARD_TONE, 0.3))
    time.sleep(TALK)
    caller.hang_up()
    account = settled(scoped, since)
    watcher.stop()
    assert watcher.sounds
    assert watcher.bursts_of(CARD_TONE) == []
    assert account.caller.outline == ["recorded", CARD_LINE]
