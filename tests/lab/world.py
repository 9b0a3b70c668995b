"""The world around the PBX: outside callers, the people at the phones, the other end of the card line.

A second Asterisk whose every channel is somebody: a `Party`, with a tone of its own that it sends continuously once
connected. What each party hears is kept from its first second (`Party.heard`).
"""

import itertools
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lab import tones
from lab.ami import Ami, AmiError, Message
from lab.instance import AsteriskInstance
from lab.pbx import Pbx

CALLER_TONE = 440
OUTSIDE_TONE = 1000
CARD_TONE = 1700
PAYMENT_IVR_TONE = 1900
PAYMENT_IVR = "09098790001"
DEFAULT_TONES = {
    "201": 600, "202": 700, "203": 800, "204": 520, "205": 900, "206": 1120,
    "700": CARD_TONE, "702": CARD_TONE, PAYMENT_IVR: PAYMENT_IVR_TONE, "outside": OUTSIDE_TONE,
}  # fmt: skip
DIGIT_MILLISECONDS = 100
DIGIT_GAP = 0.15  # Asterisk's feature detection needs the digits apart
STEP_TIMEOUT = 10.0


class WorldError(Exception):
    """Somebody in the world did not do what the test expected."""


@dataclass(slots=True)
class Phone:
    """What the person at one number does when it rings. A change holds from the next call on."""

    world: "World"
    number: str

    def answers(self, after: float = 0, tone: int | None = None) -> Self:
        return self._set("answer", after, tone)

    def is_heard_early(self, after: float, tone: int | None = None) -> Self:
        """Early media: its tone comes before it answers."""
        return self._set("early", after, tone)

    def forwards_to(self, number: str) -> Self:
        """302 Moved Temporarily."""
        self.world.ami.setvar(f"to_{self.number}", f"sip:{number}@127.0.0.1:{self.world.pbx_sip}")
        return self._set("forward")

    def never_answers(self) -> Self:
        return self._set("never")

    def is_busy(self) -> Self:
        return self._set("busy")

    def declines(self) -> Self:
        return self._set("decline")

    def is_unavailable(self) -> Self:
        return self._set("unavailable")

    def _set(self, mode: str, after: float = 0, tone: int | None = None) -> Self:
        tone = tone or DEFAULT_TONES.get(self.number, OUTSIDE_TONE)
        values = {"mode": mode, "after": f"{after:g}", "tone": str(tone)}
        for name, value in values.items():
            self.world.ami.setvar(f"{name}_{self.number}", value)
        return self


@dataclass(frozen=True, slots=True)
class Party:
    """One channel of the world: somebody who is ringing, calling or talking."""

    world: "World"
    number: str
    channel: str
    unique_id: str

    @property
    def heard(self) -> Path:
        """Everything this party has heard since it was connected; complete once it has hung up."""
        return self.world.spool / "monitor" / f"heard-{self.unique_id}.wav"

    def wait_answered(self, timeout: float = STEP_TIMEOUT) -> Self:
        self.world.wait_step("answered", timeout, Uniqueid=self.unique_id)
        return self

    def press(self, digits: str) -> None:
        """Send digits to the PBX, as RFC 4733 events."""
        for digit in digits:
            self.world.ami.action("PlayDTMF", Channel=self.channel, Digit=digit, Duration=str(DIGIT_MILLISECONDS))
            time.sleep(DIGIT_MILLISECONDS / 1000 + DIGIT_GAP)

    def hang_up(self) -> None:
        """Hang up; nothing happens if the other side was quicker."""
        self.world.ami.try_action("Hangup", Channel=self.channel, Cause="16")
        self.wait_hangup()

    def wait_hangup(self, timeout: float = STEP_TIMEOUT) -> None:
        self._event("Hangup", timeout)

    @property
    def is_up(self) -> bool:
        return not any(e["Event"] == "Hangup" and e["Uniqueid"] == self.unique_id for e in self.world.ami.events)

    def refer(self, extension: str, timeout: float = STEP_TIMEOUT) -> str:
        """A blind transfer by REFER; gives what Asterisk says became of it (SUCCESS, FAILURE, ...)."""
        target = f"sip:{extension}@127.0.0.1:{self.world.pbx_sip}"
        mark = self.begin_refer(target)
        return self.world.wait_step("referred", timeout, since=mark, Uniqueid=self.unique_id)["Status"]

    def begin_refer(self, target: str) -> int:
        mark = len(self.world.ami.events)
        self.world.ami.setvar("REFER_TO", target, self.channel)
        self._go("refer")
        return mark

    def tone(self, frequency: int) -> None:
        """Send another tone from now on."""
        self.world.ami.setvar("TONE", str(frequency), self.channel)
        self._go("tone")

    def silence(self) -> None:
        """Send silence: packets with nothing in them."""
        self.tone(0)

    def sends_nothing(self) -> None:
        """Send no packets at all, like a phone on mute with silence suppression."""
        self._go("nothing")

    def hears(self, frequency: float, seconds: float = 0.6, threshold: float = -35) -> bool:
        """Listen for so long from now on: was that tone there, for most of the time?"""
        spans = tones.spans_with(self.listen(seconds), frequency, threshold)
        return sum(end - start for start, end in spans) >= seconds * 0.6

    def will_hear(self, frequency: float, within: float = 5, threshold: float = -35) -> bool:
        """Listen until that tone comes: a transfer begins with a beep and some rearranging."""
        deadline = time.monotonic() + within
        while not (heard := self.hears(frequency, 0.3, threshold)) and time.monotonic() < deadline:
            pass
        return heard

    def listen(self, seconds: float) -> Path:
        """Record what this party hears from now on."""
        name = f"{self.world.spool_inside}/monitor/listen-{self.unique_id}-{next(self.world.serial)}"
        started = self.world.ami.action(
            "MixMonitor", Channel=self.channel, File=f"{name}-all.wav", Options=f"r({name}.wav)i(LISTENER)"
        )
        time.sleep(seconds)
        self.world.ami.try_action("StopMixMonitor", Channel=self.channel, MixMonitorID=started.get("MixMonitorID", ""))
        return self.world.outside(f"{name}.wav")

    def _go(self, step: str) -> None:
        self.world.ami.action("Redirect", Channel=self.channel, Context="party", Exten=step, Priority="1")

    def _event(self, name: str, timeout: float) -> Message:
        def wanted(event: Message) -> bool:
            return event["Event"] == name and event.get("Uniqueid") == self.unique_id

        try:
            return self.world.ami.wait_for(wanted, timeout)
        except AmiError as error:
            raise WorldError(f"{self.number} ({self.channel}): no {name} within {timeout} s") from error


class World(AsteriskInstance):
    """`prepare_for(pbx)`, `start()`, then people can call each other."""

    def __init__(self) -> None:
        super().__init__("22", "world", "world", {})
        self.serial = itertools.count(1)
        self.pbx_sip = 0
        self._mark = 0
        self.on_start.append(self._people_arrive)

    def prepare_for(self, pbx: Pbx) -> None:
        self.pbx_sip = pbx.ports.sip
        self._settings = {"pbx_sip": self.pbx_sip}
        self.prepare()

    def phone(self, number: str) -> Phone:
        """The phone 201, say, or an outside number, or `outside` for all those without their own."""
        return Phone(self, number)

    def reset(self) -> None:
        """Everybody does the usual again; earlier calls, which have ended, are forgotten."""
        self._people_arrive(self.ami)
        self._mark = len(self.ami.events)

    def ring_in(
        self, did: str, caller: str = "07700900123", name: str = "", tone: int = CALLER_TONE, patience: int = 60
    ) -> Party:
        """Somebody outside calls one of our numbers. Returns as soon as the call is on its way."""
        return self._call("pbx-trunk", did, caller, name, tone, patience)

    def call(self, from_phone: str, to: str, tone: int | None = None, patience: int = 60) -> Party:
        """Somebody at one of our phones dials."""
        tone = tone or DEFAULT_TONES.get(from_phone, OUTSIDE_TONE)
        return self._call("pbx-phones", to, from_phone, "", tone, patience)

    def party_at(self, number: str, wait: float = STEP_TIMEOUT, step: str = "answered") -> Party:
        """The newest not yet hung up channel of that number that has answered (or is `ringing`)."""
        deadline = time.monotonic() + wait
        while True:
            for event in reversed(self.ami.events[self._mark :]):
                if _is_step(event, step) and event.get("Party") == number:
                    party = self._party(number, event)
                    if party.is_up:
                        return party
            if time.monotonic() > deadline:
                raise WorldError(f"nobody {step} at {number} within {wait} s")
            time.sleep(0.01)

    def has_rung(self, number: str) -> bool:
        """Did that phone ring since the last reset?"""
        events = self.ami.events[self._mark :]
        return any(_is_step(event, "ringing") and event.get("Party") == number for event in events)

    def wait_step(self, step: str, timeout: float, since: int = 0, **headers: str) -> Message:
        def wanted(event: Message) -> bool:
            return _is_step(event, step) and all(event.get(key) == value for key, value in headers.items())

        try:
            return self.ami.wait_for(wanted, timeout, since)
        except AmiError as error:
            raise WorldError(f"step '{step}' of {headers} did not come within {timeout} s") from error

    def _call(self, via: str, to: str, caller: str, name: str, tone: int, patience: int) -> Party:
        key, mark = f"call-{next(self.serial)}", len(self.ami.events)
        variables = {
            "VIA": via, "TO": to, "CALLER_NUMBER": urllib.parse.quote(caller, safe=""), "PATIENCE": patience,
            "CALLER_NAME": urllib.parse.quote(name, safe=""), "__CALL_KEY": key, "__TONE": tone,
            "__PARTY": caller if caller.isalnum() else "somebody",
        }  # fmt: skip
        self.ami.action(
            "Originate", Channel="Local/go@calling/n", Application="Wait", Data="3600", Async="true",
            Timeout=str(patience * 1000), variables=[f"{key}={value}" for key, value in variables.items()],
        )  # fmt: skip
        return self._party(caller, self.wait_step("calling", STEP_TIMEOUT, mark, Key=key))

    def _party(self, number: str, event: Message) -> Party:
        return Party(self, number, event["Channel"], event["Uniqueid"])

    def _people_arrive(self, ami: Ami) -> None:
        for number in DEFAULT_TONES:
            self.phone(number).answers()
        self.phone("702").never_answers()


def _is_step(event: Message, step: str) -> bool:
    return event["Event"] == "UserEvent" and event.get("UserEvent") == "Party" and event.get("What") == step
