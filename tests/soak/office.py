"""The laboratory as an office with a hundred desks and nine card phones, and lines that can fail.

Gives desks, card phones and numbers to the calls, each to one call at a time, so that whoever answers there belongs to
that call. Prompts are tones (`lab.prompts`), and everything is announced.
"""

import contextlib
import queue
import time
from collections.abc import Iterator
from pathlib import Path

from lab import prompts
from lab.lab import Lab, card_lines
from lab.pbx import MANAGER_USER
from lab.world import PAYMENT_IVR
from soak.cast import Cast
from soak.evidence import Evidence, Witness
from soak.line import Line
from soak.tones_of import CARD_PHONES, DESK_COUNT, FIRST_DESK, tone_of

EYES = "soak"  # a manager user of its own, on both Asterisks
QUEUES = 10  # each with the two desks of its number; the first twenty desks
DIVERT_PHONE = "700"
LOGGER = "[logfiles]\nmessages.log => notice,warning,error\n"
USER = f"""
[{EYES}]
secret = {EYES}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = call,user,system
write = call,system,command,originate
writetimeout = 10000
"""
DIALPLAN = """
exten => _3XXX,1,Gosub(callwarden-internal,s,1)
 same => n,Dial(PJSIP/${EXTEN},30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()
exten => _71[0-7],1,Gosub(callwarden-card-line,s,1(PJSIP/${EXTEN}))
 same => n,Hangup()

[from-trunk](+)
exten => _0207947XXXX,1,Gosub(callwarden-inbound,s,1)
 same => n,Dial(PJSIP/${EXTEN:-4},30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()
exten => _0207948XXXX,1,Gosub(callwarden-inbound,s,1)
 same => n,Dial(PJSIP/${EXTEN:-4}&PJSIP/$[${EXTEN:-4} + 1],30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()
exten => _0207946060X,1,Gosub(callwarden-inbound,s,1)
 same => n,Queue(soak${EXTEN:-1},tTb(callwarden-agent^s^1),,,30)
 same => n,Hangup()
exten => _0207946071X,1,Gosub(callwarden-inbound,s,1)
 same => n,Goto(from-internal,${EXTEN:-3},1)
"""


class Office:
    """`desks` and `pairs` (two desks, and the number of their queue) and `cards` are taken and given back."""

    def __init__(self, lab: Lab, cast: Cast, ami_line: Line, ari_line: Line) -> None:
        self.lab, self.cast, self.ami_line, self.ari_line = lab, cast, ami_line, ari_line
        self.evidence = Evidence()
        self._witness: Witness | None = None
        self.watch_pbx()
        self.desks: queue.SimpleQueue[str] = queue.SimpleQueue()
        for number in range(FIRST_DESK + 2 * QUEUES, FIRST_DESK + DESK_COUNT):
            self.desks.put(str(number))
        self.pairs: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(QUEUES):
            self.pairs.put(number)
        self.cards: queue.SimpleQueue[str] = queue.SimpleQueue()
        for card in (*CARD_PHONES[1:], "701"):
            self.cards.put(card)
        self.divert: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.divert.put(DIVERT_PHONE)

    def watch_pbx(self) -> None:
        """To be called again after each start of Asterisk."""
        self.close()
        self.lab.pbx.ami.action("Events", EventMask="off")  # the laboratory's own connection wants none of them
        self._witness = self.evidence.listen(self.lab.pbx.ports.ami, EYES, EYES)

    def close(self) -> None:
        if self._witness is not None:
            self._witness.close()
            self._witness = None

    def everybody_hangs_up(self) -> None:
        """Until neither Asterisk has a channel. Raises TimeoutError when one will not end."""
        deadline = time.monotonic() + 15
        while busy := [pbx for pbx in (self.lab.world, self.lab.pbx) if pbx.ami.channels()]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"channels that do not end: {', '.join(self.lab.pbx.ami.channels())}")
            for pbx in busy:
                pbx.ami.try_action("Command", Command="channel request hangup all")
            time.sleep(0.3)


def card_party(card: str) -> str:
    """The number in the world at which that card line rings."""
    return PAYMENT_IVR if card == "701" else card


@contextlib.contextmanager
def open_office(folder: Path, version: str) -> Iterator[Office]:
    """`folder` gets the daemon's settings, its log, the vault and the catalogue, and is left as it is at the end."""
    sounds = prompts.build(folder / "prompts")
    lab = Lab(
        version, daemon=False, folder=folder, sounds=sounds, more_dialplan=DIALPLAN,
        dialplan_globals={"CALLWARDEN_CARD_RING": 5},
    )  # fmt: skip
    with lab, contextlib.ExitStack() as stack:
        _furnish(lab)
        cast = Cast(lab.world.ports.ami, EYES, EYES).connect()
        stack.callback(cast.close)
        ami_line, ari_line = Line(lab.pbx.ports.ami), Line(lab.pbx.ports.http)
        stack.callback(ami_line.close)
        stack.callback(ari_line.close)
        for number in (*CARD_PHONES, PAYMENT_IVR):
            cast.does(number, "answer", 0.1, tone_of(number) or 0)
        lab.configure(usual_settings(sounds, ami_line, ari_line))
        office = Office(lab, cast, ami_line, ari_line)
        stack.callback(office.close)
        yield office


def usual_settings(sounds: Path, ami_line: Line, ari_line: Line) -> dict[str, object]:
    place = {"context": "from-internal"}
    cards = [{"name": f"card phone {n}", "extension": n, "endpoint": f"PJSIP/{n}", **place} for n in CARD_PHONES[1:]]
    return {
        "announce.built": str(sounds), "log.level": "info", "card.line": [*card_lines(), *cards],
        "ami.port": ami_line.port, "ari.url": f"http://127.0.0.1:{ari_line.port}",
    }  # fmt: skip


def _furnish(lab: Lab) -> None:
    lab.pbx.write_configuration(manager_users=f"{MANAGER_USER}\n{USER}")
    lab.world.write_configuration(manager_users=USER)
    numbers = (*(str(FIRST_DESK + n) for n in range(DESK_COUNT)), *CARD_PHONES[1:])
    with (lab.pbx.etc / "pjsip.conf").open("a") as pjsip:
        pjsip.writelines(_phone(number, lab.world.ports.sip) for number in numbers)
    with (lab.pbx.etc / "queues.conf").open("a") as queues:
        queues.writelines(_queue(number) for number in range(QUEUES))
    for asterisk in (lab.pbx, lab.world):
        (asterisk.etc / "logger.conf").write_text(LOGGER)
        asterisk.cli("logger reload")
        asterisk.cli("manager reload")
    for module in ("res_pjsip.so", "app_queue.so"):
        lab.pbx.cli(f"module reload {module}")
    lab.world.ami.action("Events", EventMask="off")


def _phone(number: str, world_sip: int) -> str:
    return f"""
[{number}](phone)
aors = {number}
callerid = "Desk" <{number}>
[{number}](at-desk)
contact = sip:{number}@127.0.0.3:{world_sip}
"""


def _queue(number: int) -> str:
    first = FIRST_DESK + 2 * number
    return f"""
[soak{number}]
strategy = ringall
timeout = 15
retry = 1
member => PJSIP/{first}
member => PJSIP/{first + 1}
"""
