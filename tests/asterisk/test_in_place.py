"""Suspending where the call is: `*8` on a phone, where that is allowed, and an operator's order."""

import time

from proof import BOTH_VERSIONS, assert_accounted, assert_sound_agrees, settled, wait_until

from callwarden.asking import ask
from callwarden.core.silence import IN_PLACE
from callwarden.core.spans import Kind
from lab.lab import Lab
from lab.world import Party

CALLER, AGENT = 440, 700
TALK = 1.2
CODE_TAKES = 0.6  # seconds until Asterisk has told a code from digits


def talk(lab: Lab) -> tuple[Party, Party]:
    caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = lab.world.party_at("202")
    time.sleep(TALK)
    return caller, agent


def recorders(lab: Lab) -> int:
    """How many files are being written."""
    with lab.catalogue() as db:
        (running,) = db.execute("SELECT count(*) FROM recordings WHERE state = 'recording'").fetchone()
    return int(running)


def test_where_it_is_off_nothing_happens(brisk_lab: Lab) -> None:
    since = time.time()
    caller, agent = talk(brisk_lab)
    agent.press("*8")
    time.sleep(TALK + CODE_TAKES)
    assert recorders(brisk_lab) == 2
    caller.hang_up()
    assert settled(brisk_lab, since).caller.outline == ["recorded"]


@BOTH_VERSIONS
def test_a_second_press_resumes(brisk_lab: Lab, version: str) -> None:
    brisk_lab.configure({"card.in_place": True})
    since = time.time()
    caller, agent = talk(brisk_lab)
    agent.press("*8")
    wait_until(lambda: recorders(brisk_lab) == 0)
    time.sleep(TALK)
    assert caller.hears(AGENT, 0.3), "the two go on talking"
    agent.press("*8")
    wait_until(lambda: recorders(brisk_lab) == 2)
    time.sleep(TALK)
    caller.hang_up()
    account = settled(brisk_lab, since)
    for leg in (account.caller, account.of("PJSIP/202")):
        assert leg.outline == ["recorded", IN_PLACE, "recorded"]
        assert leg.seconds(Kind.SUSPENDED, IN_PLACE) > TALK
        assert_accounted(leg)
        assert_sound_agrees(leg, CALLER)
    suspended = [span for span in account.caller.spans if span.why == IN_PLACE]
    assert {span.by for span in suspended} == {"PJSIP/202"}


def test_it_resumes_by_itself(brisk_lab: Lab) -> None:
    brisk_lab.configure({"card.in_place": True, "card.in_place_limit": 10})
    since = time.time()
    caller, agent = talk(brisk_lab)
    agent.press("*8")
    wait_until(lambda: recorders(brisk_lab) == 0)
    began = time.monotonic()
    wait_until(lambda: recorders(brisk_lab) == 2, 13)
    assert time.monotonic() - began > 9
    time.sleep(TALK)
    caller.hang_up()
    account = settled(brisk_lab, since)
    assert account.caller.outline == ["recorded", IN_PLACE, "recorded"]
    assert_sound_agrees(account.caller, CALLER)


def test_a_hang_up_ends_it(brisk_lab: Lab) -> None:
    brisk_lab.configure({"card.in_place": True})
    since = time.time()
    caller, agent = talk(brisk_lab)
    agent.press("*8")
    wait_until(lambda: recorders(brisk_lab) == 0)
    time.sleep(TALK)
    caller.hang_up()
    account = settled(brisk_lab, since)
    assert account.caller.outline == ["recorded", IN_PLACE]
    assert_sound_agrees(account.caller, CALLER)


def test_a_caller_cannot_suspend(brisk_lab: Lab) -> None:
    brisk_lab.configure({"card.in_place": True})
    since = time.time()
    caller, _ = talk(brisk_lab)
    caller.press("*8")
    time.sleep(TALK)
    assert recorders(brisk_lab) == 2
    caller.hang_up()
    assert settled(brisk_lab, since).caller.outline == ["recorded"]


def test_an_operator_suspends_and_resumes(brisk_lab: Lab) -> None:
    """Over the control socket, as the command line does; allowed whatever `card.in_place` says of the phones."""
    since = time.time()
    caller, _ = talk(brisk_lab)
    socket = brisk_lab.folder / "control.sock"
    [call] = ask(socket, "status")["calls"]
    done = ask(socket, "suspend", call=call["linked_id"])
    assert done["done"], done["message"]
    wait_until(lambda: recorders(brisk_lab) == 0)
    time.sleep(TALK)
    done = ask(socket, "resume", call=call["linked_id"])
    assert done["done"], done["message"]
    wait_until(lambda: recorders(brisk_lab) == 2)
    time.sleep(TALK)
    caller.hang_up()
    account = settled(brisk_lab, since)
    assert account.caller.outline == ["recorded", IN_PLACE, "recorded"]
    assert_sound_agrees(account.caller, CALLER)
    assert not ask(socket, "suspend", call="no such call")["done"]
