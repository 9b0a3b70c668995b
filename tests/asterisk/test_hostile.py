"""What callers choose to be called is hostile text: catalogued as given, and nothing but text.

All of them call at once, by real SIP, and are answered: each call is recorded like any other.
"""

import re
import socket
import time
from pathlib import Path

from proof import Account, settled

from callwarden.storage.search import find_calls
from lab import tones
from lab.lab import Lab

CANARY = "callwarden-canary"
# As given in the From header of the INVITE; what PJSIP itself leaves of it stands beside it where that is less.
NUMBERS = {
    f'"; touch /tmp/{CANARY} #': f'"; touch /tmp/{CANARY} #',
    "../../x": "../../x",
    "1,2,b(x^s^1)": "1,2,b(x^s^1)",
    "07700|900123": "07700|900123",
    "1\r\nEvent: Hangup\r\nUniqueid: 1": "1\r\nEvent: Hangup\r\nUniqueid: 1",
    "'; DROP TABLE calls; --": "'; DROP TABLE calls; --",
    "${SHELL(id)}$[1/0]": "${SHELL(id)}$[1/0]",
    "☎️🐈": "☎️🐈",
    "9" * 300: "9" * 79,
}
NAMES = [
    f"$(touch /tmp/{CANARY})", "../../../etc/passwd", "Smith, John,b(x)", "a|b|c", "[bold red]Ann[/]",
    "Robert'); DROP TABLE calls;--", "\x1b[2J", "Zoë 🐈", "x" * 300,
]  # fmt: skip
SAFE_NAME = re.compile(r"[A-Za-z0-9._-]+")


def test_hostile_callers_are_catalogued_as_given_and_change_nothing(brisk_lab: Lab) -> None:
    lab, since = brisk_lab, time.time()
    lab.world.phone("202").answers(tone=700)
    callers = [
        lab.world.ring_in("02079460001", caller=number, name=name)
        for number, name in zip(NUMBERS, NAMES, strict=True)
    ]
    send_too_long_an_invite(lab)
    honest = lab.world.ring_in("02079460001", caller="07700900123", name="Ann")
    for party in (*callers, honest):
        party.wait_answered()
    time.sleep(1.5)
    for party in (*callers, honest):
        party.hang_up()
    account = settled(lab, since)
    assert len(account.stories) == len(NUMBERS) + 1
    assert_each_is_catalogued(account)
    assert_each_is_recorded_under_a_plain_name(account)
    assert_nothing_was_run(lab)


def send_too_long_an_invite(lab: Lab) -> None:
    """10 kB of caller in one datagram from the trunk's address, twice as much as PJSIP takes; the others are rung all
    the same."""
    to = ("127.0.0.1", lab.pbx.ports.sip)
    invite = (
        f"INVITE sip:02079460001@127.0.0.1:{to[1]} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5099;branch=z9hG4bK-1\r\n"
        f'From: "{"x" * 10_000}" <sip:{"9" * 10_000}@127.0.0.2>;tag=1\r\nTo: <sip:02079460001@127.0.0.1>\r\n'
        "Call-ID: too-long\r\nCSeq: 1 INVITE\r\nContact: <sip:x@127.0.0.2:5099>\r\nContent-Length: 0\r\n\r\n"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trunk:
        trunk.bind(("127.0.0.2", 0))
        trunk.sendto(invite.encode(), to)


def assert_each_is_catalogued(account: Account) -> None:
    given = {story.call.call.caller_number for story in account.stories}
    assert given == {*NUMBERS.values(), "07700900123"}
    for number in ("07700|900123", "../../x", "9" * 79):
        found = find_calls(account.db, text=number) or find_calls(account.db, number=number)
        assert number in {one.call.caller_number for one in found}, number
    names = {story.call.call.caller_name for story in account.stories}
    assert {"Ann", "../../../etc/passwd", "Smith, John,b(x)", "a|b|c", "[bold red]Ann[/]", "Zoë 🐈"} <= names


def assert_each_is_recorded_under_a_plain_name(account: Account) -> None:
    for story in account.stories:
        for recording in story.recordings:
            assert recording.file is not None, recording
            path = account.lab.vault / recording.file.path
            assert all(SAFE_NAME.fullmatch(part) for part in recording.file.path.split("/"))
            assert tones.seconds_with(path, 700) > 1
    assert {SAFE_NAME.fullmatch(path.name) is not None for path in account.lab.spool.iterdir()} <= {True}


def assert_nothing_was_run(lab: Lab) -> None:
    root = next(parent for parent in lab.spool.parents if (parent / "usr").is_dir())
    for tmp in (Path("/tmp"), root / "tmp"):
        assert not list(tmp.glob(f"{CANARY}*"))
    (count,) = lab.catalogue().execute("SELECT count(*) FROM calls").fetchone()
    assert count >= len(NUMBERS) + 1
