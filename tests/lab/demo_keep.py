"""`./run demo --keep`: the laboratory stays, to ring in with a softphone; the world plays everybody else.

Two softphone accounts: 209 is somebody outside who rings in, 207 is a phone at reception. The people of the world do
by themselves what the demo's people did: reception presses the card line's code after a while, and the card line
hangs up after a while, so that one softphone is enough to go through the whole call.
"""

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.ami import Message
from lab.demo_call import CALLER_NAME, CALLER_NUMBER, CARD_PARTY, CARD_PHONE, DID, RECEPTION, RECEPTION_PHONE, RINGS
from lab.demo_report import Report, near
from lab.lab import Lab
from lab.world import Party

CALLER_PHONE, DESK_PHONE, DESK_DID = "209", "207", "02079460007"
TALKS, PAYS = 8.0, 8.0  # seconds that the world's reception and card line stay
LOOK = 0.2
# Only for 209: a phone that rings in counts as somebody outside from then on.
DIALPLAN = f"exten => {DID}/{CALLER_PHONE},1,Goto(from-trunk,{DID},1)\n"


def pbx_options() -> dict[str, Any]:
    """What the PBX gets besides: the number to ring in, for a softphone that is registered inside."""
    return {"more_dialplan": DIALPLAN}


def keep(lab: Lab, report: Report) -> None:
    """Until Ctrl-C."""
    people = _People(lab, report)
    _explain(lab, report)
    asked = _asked_at_terminal()
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            people.act()
            if asked():
                people.ring_reception()
            time.sleep(LOOK)
    report.say("\nEnding it, and removing all of it.")


def instructions(lab: Lab) -> str:
    """How to take part, and where everything is."""
    command = Path(sys.executable).with_name("callwarden")
    cli = near(command) if command.exists() else f"{near(Path(sys.executable))} -m callwarden"
    cli = f"sudo {cli}" if os.environ.get("SUDO_USER") else cli
    settings = lab.settings_path
    return f"""\
It all goes on running, and any softphone on this machine can take part:

    server    127.0.0.1, port {lab.pbx.ports.sip}, UDP
    user      {CALLER_PHONE}, to ring in; or {DESK_PHONE}, to be reception
    password  none
    codec     PCMU or PCMA (G.711)

As {CALLER_PHONE}, ring {DID}. You hear the announcement, then reception, which is a
tone of {RECEPTION.tone} Hz. {TALKS:.0f} s later you are put through to the card line, {CARD_PARTY.tone} Hz, and
{PAYS:.0f} s later you are back.

As {DESK_PHONE}, press Enter here, and {CALLER_NAME} rings you. Press *7 to put her through.

What Callwarden knows of it, in another terminal:

    {cli} \\
        --config {settings} calls

and instead of "calls": recordings search, recordings show ID, status, check.

    catalogue  {lab.catalogue_path}
    vault      {lab.vault}
    log        {lab.daemon.log}
    Asterisk's {lab.pbx.log}

Ctrl-C ends it and removes all of it.
"""


def _explain(lab: Lab, report: Report) -> None:
    report.heading("Now you")
    report.say(instructions(lab).strip("\n"))


def _asked_at_terminal() -> Callable[[], bool]:
    """Tells whether Enter was pressed; never, where nobody can."""
    if not sys.stdin.isatty():
        return lambda: False

    def asked() -> bool:
        ready, _, _ = select.select([sys.stdin], [], [], 0)
        return bool(ready) and bool(sys.stdin.readline())

    return asked


class _People:
    """Reception and the card line, who do something a while after they answered."""

    def __init__(self, lab: Lab, report: Report) -> None:
        self._lab, self._world, self._report = lab, lab.world, report
        self._seen = len(lab.world.ami.events)
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._diverted = 0.0
        for phone, voice in ((RECEPTION_PHONE, RECEPTION), (CARD_PHONE, CARD_PARTY)):
            lab.world.phone(phone).answers(after=RINGS, tone=voice.tone)

    def act(self) -> None:
        """Look who has answered since, and do what is due."""
        events = self._world.ami.events
        news, self._seen = events[self._seen :], len(events)
        for event in news:
            self._plan(event)
        now = time.monotonic()
        due, self._due = [do for at, do in self._due if at <= now], [(at, do) for at, do in self._due if at > now]
        for do in due:
            do()

    def ring_reception(self) -> None:
        """Somebody outside rings the softphone at reception."""
        if not self._is_registered():
            self._tell(f"{DESK_PHONE} is not registered yet")
            return
        self._world.ring_in(DESK_DID, CALLER_NUMBER, CALLER_NAME)
        self._tell(f"{CALLER_NAME} rings {DESK_PHONE}; it rings at reception once she has heard the announcement")

    def _is_registered(self) -> bool:
        return f"Contact:  {DESK_PHONE}/" in self._lab.pbx.cli(f"pjsip show aor {DESK_PHONE}")

    def _plan(self, event: Message) -> None:
        if event["Event"] != "UserEvent" or event.get("What") != "answered":
            return
        party = Party(self._world, event.get("Party", ""), event["Channel"], event["Uniqueid"])
        now = time.monotonic()
        if party.number == CARD_PHONE:
            self._diverted = now
            self._tell("the card line answers")
            self._due.append((now + PAYS, lambda: self._hang_up(party)))
        elif party.number == RECEPTION_PHONE and now - self._diverted > PAYS * 2:
            self._tell("reception answers")
            self._due.append((now + TALKS, lambda: self._divert(party)))

    def _divert(self, reception: Party) -> None:
        if reception.is_up:
            self._tell("reception presses *7")
            self._diverted = time.monotonic()
            reception.press("*7")

    def _hang_up(self, card: Party) -> None:
        if card.is_up:
            card.hang_up()
            self._diverted = time.monotonic()
            self._tell("the card line hangs up")

    def _tell(self, words: str) -> None:
        self._report.note(time.strftime("%H:%M:%S"), words)
