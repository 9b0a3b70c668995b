"""The demo's call: who says what when, and what is told while it happens.

Takes a running laboratory and somebody to tell; gives what was done and when (UTC epoch seconds). Instead of a voice
every party sends a tone of its own, one at a time, so that who is in a recording can be read off exactly. The
caller who reads a card out sends a tone that is heard at no other time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from callwarden.core.facts import Suspension
from callwarden.core.silence import CARD_LINE
from lab.demo_account import account_so_far, wait_for
from lab.lab import Lab
from lab.roots import REPOSITORY
from lab.world import Party

DID, CALLER_NUMBER, CALLER_NAME = "02079460001", "07700900123", "Anna Carter"
RECEPTION_PHONE, CARD_PHONE = "202", "700"
RINGS = 0.8  # seconds: reception and the card line do not lift the receiver at once
PAUSE = 0.2
PATIENCE = 20.0
AUDIOHOOK_FREED = 0.08  # at the channel's next frame; a MixMonitor that begins before inherits the old one's fault

Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Voice:
    """A party, and its tone in Hz."""

    name: str
    tone: int


CALLER = Voice("the caller", 600)
RECEPTION = Voice("reception", 700)
CARD_READ = Voice("the caller reading a card out", 1550)
CARD_PARTY = Voice("the card line", 1700)
TALKING = (CALLER, RECEPTION)
AT_CARD_LINE = (CARD_READ, CARD_PARTY)


@dataclass(frozen=True, slots=True)
class Said:
    """One party spoke from then to then."""

    voice: Voice
    started: float
    ended: float


@dataclass(slots=True)
class Performance:
    """What was done. ``line``: files with everything on the caller's line, both ways, and when each began."""

    began: float
    line: list[tuple[Path, float]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    card_line_rang: float = 0.0
    ended: float = 0.0


def words(prompt: str) -> str:
    """What a prompt says."""
    return (REPOSITORY / "sounds" / "en" / f"{prompt}.txt").read_text().strip()


def perform(lab: Lab, tell: Tell) -> Performance:
    """The whole call; returns when both have hung up."""
    return _Scene(lab, tell).play()


class _Scene:
    def __init__(self, lab: Lab, tell: Tell) -> None:
        self._lab, self._world, self._tell = lab, lab.world, tell

    def play(self) -> Performance:
        self._prepare_phones()
        caller = self._ring_in()
        reception = self._reach_reception()
        self._talk(
            (reception, RECEPTION, 1.0), (caller, CALLER, 1.2), (reception, RECEPTION, 0.8), (caller, CALLER, 0.6)
        )
        self._divert(reception)
        self._pay(caller)
        reception = self._come_back()
        self._talk((reception, RECEPTION, 0.8), (caller, CALLER, 1.0), (reception, RECEPTION, 0.6))
        self._hang_up(caller, reception)
        return self._done

    def _prepare_phones(self) -> None:
        for number in (RECEPTION_PHONE, CARD_PHONE):
            self._world.phone(number).answers(after=RINGS)
            self._world.ami.setvar(f"tone_{number}", "0")  # nobody says a word before their turn

    def _ring_in(self) -> Party:
        began = time.time()
        caller = self._world.ring_in(DID, CALLER_NUMBER, CALLER_NAME, tone=0)
        self._done = Performance(began)
        self._keep_line(caller)
        self._say(f"{CALLER_NAME} ({_spaced(CALLER_NUMBER)}) rings in and is answered by an announcement:")
        self._say(f'"{words("inbound")}"')
        caller.wait_answered()
        return caller

    def _keep_line(self, caller: Party) -> None:
        """The world keeps the whole line, to be compared with what Callwarden keeps."""
        file = f"{self._world.spool_inside}/monitor/line-{len(self._done.line)}.wav"
        self._world.ami.action("MixMonitor", Channel=caller.channel, File=file)
        self._done.line.append((self._world.outside(file), time.time()))

    def _keep_line_anew(self, caller: Party) -> None:
        """In another file. Without a recorder on it the PBX passes packets on as they are, so that their numbers jump:
        a MixMonitor of Asterisk 22 that runs already then goes deaf in every second call (asterisk issue 507)."""
        while self._world.ami.try_action("StopMixMonitor", Channel=caller.channel).get("Response") == "Success":
            pass
        time.sleep(AUDIOHOOK_FREED)
        self._keep_line(caller)

    def _reach_reception(self) -> Party:
        self._world.party_at(RECEPTION_PHONE, PATIENCE, "ringing")
        self._say("the announcement was heard to the end; reception rings")
        reception = self._world.party_at(RECEPTION_PHONE, PATIENCE)
        self._say("reception answers; both sides of the call are being recorded")
        return reception

    def _divert(self, reception: Party) -> None:
        reception.press("*7")
        stopped = self._proven_stopped()
        asked = min(one.asked for one in stopped)
        took = max(one.confirmed or 0.0 for one in stopped) - asked
        self._say(f"reception presses *7: {len(stopped)} recorders proven stopped in {took * 1000:.1f} ms", asked)
        self._say(f'the caller is told: "{words("card-not-recorded")}"', asked)
        self._world.party_at(CARD_PHONE, PATIENCE, "ringing")
        self._done.card_line_rang = time.time()
        self._say("now the card line rings")

    def _proven_stopped(self) -> list[Suspension]:
        """Both recorders', the caller's and reception's, once the catalogue has their proof."""

        def proven() -> list[Suspension]:
            known = account_so_far(self._lab).suspensions
            stopped = [one for one in known if one.why == CARD_LINE and one.confirmed is not None]
            return stopped if len(stopped) >= 2 else []

        return wait_for(proven, "the catalogue does not show both recorders stopped")

    def _pay(self, caller: Party) -> None:
        card = self._world.party_at(CARD_PHONE, PATIENCE)
        self._say("the card line answers, and the caller reads a card out; nobody records it")
        time.sleep(PAUSE)
        self._keep_line_anew(caller)
        self._talk((card, CARD_PARTY, 0.8), (caller, CARD_READ, 1.6), (card, CARD_PARTY, 0.6))
        hung_up = time.time()
        card.hang_up()
        self._keep_line_anew(caller)
        began = wait_for(self._resumed, "recording did not resume")[0]
        self._say(f"the card line hangs up; {max(0.0, began - hung_up) * 1000:.0f} ms later recording is on", hung_up)
        self._say(f'the caller is told: "{words("recording-resumed")}"', began)

    def _resumed(self) -> list[float]:
        segments = account_so_far(self._lab).caller.segments
        return [one.started for one in segments[1:] if one.started is not None]

    def _come_back(self) -> Party:
        reception = self._world.party_at(RECEPTION_PHONE, PATIENCE)
        self._say("back at reception, which answers")
        return reception

    def _hang_up(self, caller: Party, reception: Party) -> None:
        self._say("both hang up")
        caller.hang_up()
        reception.wait_hangup()
        self._done.ended = time.time()

    def _talk(self, *turns: tuple[Party, Voice, float]) -> None:
        time.sleep(PAUSE)
        for party, voice, seconds in turns:
            started = time.time()
            party.tone(voice.tone)
            time.sleep(seconds)
            self._done.said.append(Said(voice, started, time.time()))
            party.silence()
            time.sleep(PAUSE)

    def _say(self, text: str, at: float | None = None) -> None:
        self._tell(text, (at or time.time()) - self._done.began)


def _spaced(number: str) -> str:
    return f"{number[:5]} {number[5:]}"
