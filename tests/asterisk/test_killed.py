"""kill -9 at the worst moments: each call is in the catalogue once, with its sound, and no card tone is on the disk."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from proof import Account, Leg, assert_sound_agrees, settled, wait_until

from callwarden.core.facts import Direction, PlayedBy
from callwarden.core.ledger import UNEXPLAINED
from callwarden.core.silence import CARD_LINE
from lab import prompts, tones
from lab.lab import Lab
from lab.middleman import Middleman
from lab.watcher import Watcher
from lab.world import CARD_TONE, Party

CALLER, AGENT = 440, 700
TALK = 1.2
NEARLY_ALL = 0.85 * prompts.PROMPT_SECONDS
CLOSING_MOMENTS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3)


@pytest.fixture
def watcher(telling_lab: Lab) -> Iterator[Watcher]:
    with Watcher(telling_lab.spool, telling_lab.vault) as watcher:
        yield watcher


def left_over(lab: Lab) -> list[Path]:
    return list(lab.spool.glob("[!.]*"))


def back(lab: Lab, since: float, calls: int = 1) -> Account:
    """The account once the daemon has finished all it found: every call once, every second explained."""
    wait_until(lambda: not left_over(lab))
    account = settled(lab, since)
    assert len(account.stories) == calls
    for leg in account.legs:
        assert UNEXPLAINED not in [span.why for span in leg.spans], leg
    return account


def assert_has(leg: Leg, tone: int, seconds: float) -> None:
    assert leg.file is not None, f"{leg.channel.name} has no file"
    assert tones.seconds_with(leg.file, tone) > seconds
    assert leg.found is not None
    assert leg.found.file is not None
    assert len(tones.spans_with(leg.file, tone)) == 1, "it has a hole"


def test_before_the_announcement(telling_lab: Lab) -> None:
    """It has perhaps ordered a recorder, and catalogued nothing yet: the dialplan announces, and tells whose it is."""
    since = time.time()
    caller = telling_lab.world.ring_in("02079460001", tone=CALLER)
    telling_lab.daemon.kill()
    agent = telling_lab.world.party_at("202", wait=4)
    time.sleep(TALK)
    caller.hang_up()
    agent.wait_hangup()
    assert tones.seconds_with(caller.heard, prompts.INBOUND) > NEARLY_ALL
    telling_lab.daemon.start()
    account = back(telling_lab, since)
    call = account.stories[0].call.call
    assert (call.direction, call.caller_number) == (Direction.INBOUND, "07700900123")
    assert_has(account.caller, CALLER, TALK / 2)
    assert account.announcements[-1].played_by is PlayedBy.DIALPLAN
    assert account.announcements[-1].complete


def test_while_it_rings_and_the_call_is_over_when_it_is_back(brisk_lab: Lab) -> None:
    """Nobody saw the answer: the files tell when it was."""
    brisk_lab.world.phone("202").answers(after=1, tone=AGENT)
    since = time.time()
    agent = brisk_lab.world.call("203", "202", tone=CALLER)
    time.sleep(0.4)
    brisk_lab.daemon.kill()
    agent.wait_answered()
    answered = time.time()
    time.sleep(2 * TALK)
    agent.hang_up()
    brisk_lab.wait_quiet()
    brisk_lab.daemon.start()
    account = back(brisk_lab, since)
    for leg in account.legs:
        assert leg.channel.answered == pytest.approx(answered, abs=0.6)
        assert leg.outline == ["recorded"]
        assert_sound_agrees(leg, CALLER, AGENT)


def test_while_files_are_closed_and_moved(brisk_lab: Lab) -> None:
    since = time.time()
    for moment in CLOSING_MOMENTS:
        caller = brisk_lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
        agent = brisk_lab.world.party_at("202")
        time.sleep(0.9)
        caller.hang_up()
        agent.wait_hangup()
        time.sleep(moment)
        brisk_lab.daemon.kill()
        brisk_lab.daemon.start()
        brisk_lab.world.reset()
    account = back(brisk_lab, since, len(CLOSING_MOMENTS))
    for leg in account.legs:
        assert leg.outline == ["recorded"]
        assert_has(leg, CALLER, 0.3)
    stored = [leg.file for leg in account.legs]
    assert len(set(stored)) == 2 * len(CLOSING_MOMENTS)


def test_between_the_request_to_stop_and_its_confirmation(telling_lab: Lab, watcher: Watcher) -> None:
    """Asterisk has stopped the recorders, the daemon dies without having heard of it; the dialplan proves it anew."""
    lab, since = telling_lab, time.time()
    with Middleman(lab.pbx.ports.ami) as middle:
        lab.configure({"announce.inbound": "off", "ami.port": middle.port})
        caller, agent = talk(lab)
        middle.withholds = b"StopMixMonitor"
        agent.begin_refer(f"sip:700@127.0.0.1:{lab.pbx.ports.sip}")
        wait_until(lambda: middle.kept > 0)
        lab.daemon.kill()
        middle.withholds = b""
        card = lab.world.party_at("700", wait=15)
        time.sleep(TALK)
        lab.daemon.start()
        time.sleep(TALK)
        assert caller.hears(CARD_TONE, 0.3)
        card.hang_up()
        lab.world.party_at("202")
        time.sleep(TALK)
        caller.hang_up()
        account = back(lab, since)
        watcher.stop()
        assert watcher.bursts_of(CARD_TONE) == []
        assert account.caller.outline[-2:] == [CARD_LINE, "recorded"]
        assert account.caller.file is not None
        assert tones.seconds_with(account.caller.file, CALLER) > 2 * TALK - 0.3


def talk(lab: Lab) -> tuple[Party, Party]:
    caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = lab.world.party_at("202")
    time.sleep(TALK)
    return caller, agent
