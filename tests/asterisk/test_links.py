"""The link to Asterisk drops, stalls, floods, comes in pieces, and is refused, with calls up: none of them is lost."""

import time
from collections.abc import Iterator

import pytest
from proof import Account, assert_sound_agrees, settled, wait_until

from callwarden.core.ledger import UNEXPLAINED
from callwarden.core.recorder import OUT_OF_SIGHT
from callwarden.core.spans import Kind
from lab import tones
from lab.lab import Lab
from lab.middleman import Middleman
from lab.pbx import AMI_SECRET, MANAGER_USER
from lab.world import Party
from soak.line import Line

CALLER = 440
TALK = 1.2
NAME = "Zoë Ångström ✆ 日本"
FLOOD = 100_000
PINGS = 9.5  # seconds until a link that stalls is given up: 5 between two pings, 3 for the answer, and to connect anew


@pytest.fixture
def middle(brisk_lab: Lab) -> Iterator[Middleman]:
    with Middleman(brisk_lab.pbx.ports.ami) as middle:
        brisk_lab.configure({"ami.port": middle.port})
        yield middle


@pytest.fixture
def line(brisk_lab: Lab) -> Iterator[Line]:
    line = Line(brisk_lab.pbx.ports.ami)
    try:
        brisk_lab.configure({"ami.port": line.port})
        yield line
    finally:
        line.close()


def talk(lab: Lab, name: str = "") -> Party:
    caller = lab.world.ring_in("02079460001", name=name, tone=CALLER).wait_answered()
    lab.world.party_at("202")
    time.sleep(TALK)
    return caller


def said(lab: Lab, mark: int, words: str) -> int:
    return lab.daemon.log.read_text()[mark:].count(words)


def assert_whole(account: Account) -> None:
    """Both channels of the first call are recorded from the answer to the end, in one piece."""
    for leg in account.legs:
        assert UNEXPLAINED not in [span.why for span in leg.spans]
    caller = account.caller
    assert caller.outline == ["recorded"]
    assert_sound_agrees(caller, CALLER)
    assert caller.file is not None
    assert len(tones.spans_with(caller.file, CALLER)) == 1, "it has a hole"


def test_in_pieces_in_half_and_in_floods(brisk_lab: Lab, middle: Middleman) -> None:
    lab, since, mark = brisk_lab, time.time(), len(brisk_lab.daemon.log.read_text())
    middle.pieces = 7
    middle.cut()
    wait_until(lambda: said(lab, mark, "connected to Asterisk again") == 1)
    caller = talk(lab, NAME)
    middle.pieces = 0
    middle.cut_in_half()
    other = lab.world.call("203", "204")
    wait_until(lambda: said(lab, mark, "connected to Asterisk again") == 2)
    other.wait_answered()
    event = "Event: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: PJSIP/{0}\r\nState: INUSE\r\n\r\n"
    middle.say("".join(event.format(number) for number in range(FLOOD)).encode())
    begun = time.monotonic()
    third = lab.world.call("205", "206").wait_answered()
    time.sleep(TALK)
    for party in (caller, other, third):
        party.hang_up()
    account = settled(lab, since, 20)
    assert time.monotonic() - begun < 45  # reading them is one second of it
    assert len(account.stories) == 3
    assert account.stories[0].call.call.caller_name == NAME
    assert_whole(account)
    for leg in account.legs:
        assert leg.file is not None, f"{leg.channel.name} was not recorded"


def test_a_link_that_stalls_is_left_and_what_it_hid_is_a_gap_with_its_cause(brisk_lab: Lab, middle: Middleman) -> None:
    lab, since, mark = brisk_lab, time.time(), len(brisk_lab.daemon.log.read_text())
    caller = talk(lab)
    middle.stall()
    hidden = lab.world.call("203", "204").wait_answered()
    time.sleep(PINGS)
    wait_until(lambda: said(lab, mark, "connected to Asterisk again") == 1)
    assert said(lab, mark, "did not answer a ping") == 1
    time.sleep(TALK)
    for party in (caller, hidden):
        party.hang_up()
    account = settled(lab, since)
    assert_whole(account)
    for leg in account.all_of("PJSIP/204"):
        assert leg.outline == [OUT_OF_SIGHT, "recorded"]


def test_a_call_that_is_answered_and_over_while_a_snapshot_is_taken_is_kept(brisk_lab: Lab) -> None:
    """The dialplan recorded it, AMI being refused; its note was read while it rang. Found by a soak: when the snapshot
    came it was gone, was taken for unanswered, and its recording was discarded."""
    lab, since = brisk_lab, time.time()
    with Middleman(lab.pbx.ports.ami) as middle:
        line = Line(middle.port)
        try:
            lab.configure({"ami.port": line.port})
            lab.world.phone("204").answers(after=2)
            line.refuse()
            caller = lab.world.call("203", "204", tone=CALLER)
            wait_until(lambda: lab.world.has_rung("204"))
            middle.dwells = b"Action: Status", 4.5
            line.restore()
            caller.wait_answered()
            assert middle.dwells is None, "the snapshot was not begun before"
            time.sleep(TALK)
            caller.hang_up()
            account = settled(lab, since)
        finally:
            line.close()
    leg = account.of("PJSIP/203")
    assert leg.outline == ["recorded"]
    assert_sound_agrees(leg, CALLER)
    assert account.stories[0].call.call.answered == pytest.approx(leg.channel.answered)


def test_a_phone_that_came_and_went_while_the_link_stalled_is_accounted_for(brisk_lab: Lab, line: Line) -> None:
    """The daemon hears of all of it in one moment, when it is over; the note has its times. Found by a soak."""
    lab, since = brisk_lab, time.time()
    caller = talk(lab)
    line.stall()
    lab.world.party_at("202").refer("204")
    lab.world.party_at("204")
    begun = time.time()
    time.sleep(TALK)
    caller.hang_up()
    ended = time.time()
    lab.wait_quiet()
    time.sleep(0.5)
    line.restore()
    wait_until(lambda: "rung" not in lab.pbx.cli("database show callwarden"))
    account = settled(lab, since)
    phone = account.of("PJSIP/204")
    assert phone.outline == [OUT_OF_SIGHT]
    assert phone.channel.answered == pytest.approx(begun, abs=0.5)
    assert phone.channel.ended == pytest.approx(ended, abs=0.5)
    assert_sound_agrees(account.caller, CALLER)


def test_a_phone_that_came_and_went_while_the_link_was_refused_is_accounted_for(brisk_lab: Lab, line: Line) -> None:
    """In a call that was seen, and in one that was not. Found by a soak."""
    lab, since, mark = brisk_lab, time.time(), len(brisk_lab.daemon.log.read_text())
    caller = talk(lab)
    line.refuse()
    unseen = lab.world.call("205", "206").wait_answered()
    lab.world.party_at("202").refer("204")
    lab.world.party_at("204")
    time.sleep(TALK)
    for party in (caller, unseen):
        party.hang_up()
    ended = time.time()
    lab.wait_quiet()
    time.sleep(1)
    line.restore()
    wait_until(lambda: said(lab, mark, "connected to Asterisk again") == 1)
    wait_until(lambda: "rung" not in lab.pbx.cli("database show callwarden"))
    account = settled(lab, since)
    assert len(account.stories) == 2
    for phone in (account.of("PJSIP/204"), account.of("PJSIP/206")):
        assert phone.outline == [OUT_OF_SIGHT]
        assert phone.channel.ended == pytest.approx(ended, abs=0.5)
        assert TALK - 0.2 < phone.seconds(Kind.GAP) < TALK + 2
    assert account.of("PJSIP/205").outline == ["recorded"]  # by the dialplan
    assert_sound_agrees(account.caller, CALLER)


def test_other_credentials_count_after_a_reload_without_a_restart(brisk_lab: Lab, middle: Middleman) -> None:
    lab, since, mark = brisk_lab, time.time(), len(brisk_lab.daemon.log.read_text())
    caller = talk(lab)
    pid = lab.daemon.pid
    lab.pbx.write_configuration(manager_users=MANAGER_USER.replace(AMI_SECRET, "another-secret"))
    lab.pbx.cli("manager reload")
    try:
        middle.cut()
        wait_until(lambda: said(lab, mark, "refused user") == 1)
        lab.rewrite_settings({"ami.port": middle.port, "ami.secret": "another-secret"})
        wait_until(lambda: said(lab, mark, "connected to Asterisk again") == 1)
        time.sleep(TALK)
        caller.hang_up()
        account = settled(lab, since)
    finally:
        lab.pbx.write_configuration(manager_users=MANAGER_USER)
        lab.pbx.cli("manager reload")
    assert lab.daemon.pid == pid
    assert_whole(account)


def test_what_is_said_while_the_daemon_hangs_is_no_early_media(brisk_lab: Lab) -> None:
    """It reads of the answer three seconds late; what the file holds since then is the call."""
    lab, since = brisk_lab, time.time()
    lab.world.phone("204").answers(after=1.5)
    caller = lab.world.call("203", "204", tone=CALLER)
    lab.world.party_at("204", step="ringing")
    time.sleep(0.4)
    lab.daemon.freeze()
    caller.wait_answered()
    answered = time.time()
    time.sleep(3)
    lab.daemon.thaw()
    time.sleep(TALK)
    caller.hang_up()
    account = settled(lab, since, 20)
    assert len(account.legs) == 2
    for leg in account.legs:
        assert UNEXPLAINED not in [span.why for span in leg.spans]
        assert leg.channel.answered == pytest.approx(answered, abs=0.6)
    assert account.caller.file is not None
    assert tones.seconds_with(account.caller.file, CALLER) > 3 + TALK - 0.8
