"""What callers choose to be called is hostile text: catalogued as given, and nothing but text.

All of them call at once, by real SIP, and are answered: each call is recorded like any other.
"""

import contextlib
import re
import time
import urllib.parse
from pathlib import Path

from proof import Account, settled

from callwarden.storage.database import open_readonly
from callwarden.storage.search import find_calls
from lab import tones
from lab.lab import Lab
from lab.rawsip import RawCall

CANARY = "callwarden-canary"
# As given in the From header of the INVITE, and what PJSIP hands on of it: it ends a number at a semicolon.
NUMBERS = {
    f'"; touch /tmp/{CANARY} #': '"',
    "../../x": "../../x",
    "1,2,b(x^s^1)": "1,2,b(x^s^1)",
    "07700|900123": "07700|900123",
    "'; DROP TABLE calls; --": "'",
    "${SHELL(id)}$[1/0]": "${SHELL(id)}$[1/0]",
    "☎️🐈": "☎️🐈",
    "9" * 300: "9" * 79,
}
# PJSIP decodes it, and Asterisk writes it raw into AMI: the rest of the real event follows a false one.
FORGERY = "1\r\nUniqueid: x\r\n\r\nEvent: Hangup"
# What PJSIP leaves of the two callers who come by raw SIP; they send no sound.
RAW = [FORGERY, "8" * 79]
NAMES = [
    f"$(touch /tmp/{CANARY})", "../../../etc/passwd", "Smith, John,b(x)", "a|b|c", "[bold red]Ann[/]",
    "Robert'); DROP TABLE calls;--", "Zoë 🐈", "x" * 300,
]  # fmt: skip
SAFE_NAME = re.compile(r"[A-Za-z0-9._-]+")


def test_hostile_callers_are_catalogued_as_given_and_change_nothing(brisk_lab: Lab) -> None:
    lab, since = brisk_lab, time.time()
    lab.world.phone("202").answers(tone=700)
    callers = [
        lab.world.ring_in("02079460001", caller=number, name=name)
        for number, name in zip(NUMBERS, NAMES, strict=True)
    ]
    honest = lab.world.ring_in("02079460001", caller="07700900123", name="Ann")
    for party in (*callers, honest):
        party.wait_answered()
    raw = [urllib.parse.quote(FORGERY), "8" * 10_000]
    with contextlib.ExitStack() as stack:
        for user in raw:
            stack.enter_context(RawCall(lab.pbx.ports.sip, "02079460001", user))
        time.sleep(1.5)
    for party in (*callers, honest):
        party.hang_up()
    account = settled(lab, since)
    assert len(account.stories) == len(NUMBERS) + 3
    assert_each_is_catalogued(account)
    assert_each_is_recorded_under_a_plain_name(account)
    assert_nothing_was_run(lab)


def assert_each_is_catalogued(account: Account) -> None:
    given = {story.call.call.caller_number for story in account.stories}
    assert given == {*NUMBERS.values(), *RAW, "07700900123"}
    with contextlib.closing(open_readonly(account.lab.catalogue_path)) as db:
        for number in ("07700|900123", "../../x", "9" * 79):
            found = find_calls(db, text=number) or find_calls(db, number=number)
            assert number in {one.call.caller_number for one in found}, number
    names = {story.call.call.caller_name for story in account.stories}
    assert {"Ann", "../../../etc/passwd", "Smith, John,b(x)", "a|b|c", "[bold red]Ann[/]", "Zoë 🐈"} <= names


def assert_each_is_recorded_under_a_plain_name(account: Account) -> None:
    for story in account.stories:
        for recording in story.recordings:
            assert recording.file is not None, recording
            path = account.lab.vault / recording.file.path
            assert all(SAFE_NAME.fullmatch(part) for part in recording.file.path.split("/"))
            assert story.call.call.caller_number in RAW or tones.seconds_with(path, 700) > 1
    assert {SAFE_NAME.fullmatch(path.name) is not None for path in account.lab.spool.iterdir()} <= {True}


def assert_nothing_was_run(lab: Lab) -> None:
    root = next(parent for parent in lab.spool.parents if (parent / "usr").is_dir())
    for tmp in (Path("/tmp"), root / "tmp"):
        assert not list(tmp.glob(f"{CANARY}*"))
    with lab.catalogue() as db:
        (count,) = db.execute("SELECT count(*) FROM calls").fetchone()
    assert count >= len(NUMBERS) + 1
