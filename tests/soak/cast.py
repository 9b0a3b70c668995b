"""Who is up in the world, told at once however many calls there are: `lab.ami` keeps every event, this only the newest.

Takes the world's manager port and a login; gives persons by the key of the call they made or the number they answer.
"""

import threading
import time
import urllib.parse
from dataclasses import dataclass

from lab.ami import Ami, AmiError, Message
from lab.world import DIGIT_GAP, DIGIT_MILLISECONDS

LOOK = 0.05
CONNECT_SECONDS = 8.0


class Gone(Exception):
    """Somebody is not where this call needs them: the faults saw to it, or the machine was slow."""


@dataclass(frozen=True, slots=True)
class Person:
    """One channel of the world."""

    cast: "Cast"
    number: str
    channel: str
    unique_id: str

    @property
    def is_up(self) -> bool:
        return self.unique_id not in self.cast.gone

    def talk(self, seconds: float) -> None:
        """Stay for so long; raises Gone when the call ends before."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self.is_up:
                raise Gone(f"{self.number} was hung up")
            self.cast.sleep(min(left, LOOK * 2))

    def wait_answered(self, seconds: float = CONNECT_SECONDS) -> None:
        """Raises Gone when nobody answers."""
        deadline = time.monotonic() + seconds
        while self.unique_id not in self.cast.connected:
            if not self.is_up or time.monotonic() > deadline:
                raise Gone(f"nobody answered {self.number}")
            self.cast.sleep(LOOK)

    def press(self, digits: str) -> None:
        for digit in digits:
            self.cast.try_action("PlayDTMF", Channel=self.channel, Digit=digit, Duration=str(DIGIT_MILLISECONDS))
            self.cast.sleep(DIGIT_MILLISECONDS / 1000 + DIGIT_GAP)

    def refer(self, extension: str, pbx_sip: int) -> None:
        """A blind transfer by REFER."""
        target = f"sip:{extension}@127.0.0.1:{pbx_sip}"
        self.cast.try_action("Setvar", Channel=self.channel, Variable="REFER_TO", Value=target)
        self.cast.try_action("Redirect", Channel=self.channel, Context="party", Exten="refer", Priority="1")

    def hang_up(self) -> None:
        if self.is_up:
            self.cast.try_action("Hangup", Channel=self.channel, Cause="16")


class Cast(Ami):
    """`gone` and `connected` are unique ids. `ending` is set once everybody shall go home."""

    def __init__(self, port: int, user: str, secret: str) -> None:
        super().__init__(port, user, secret)
        self.gone: set[str] = set()
        self.connected: set[str] = set()
        self.ending = threading.Event()
        self._calling: dict[str, Message] = {}
        self._answered: dict[str, list[Message]] = {}

    def sleep(self, seconds: float) -> None:
        """As `time.sleep`; raises Gone when the soak ends."""
        if self.ending.wait(max(seconds, 0.0)):
            raise Gone("the soak ends")

    def ring(self, key: str, via: str, to: str, caller: str, name: str, tone: int) -> Person:
        """Somebody calls; gives them as soon as their call is on its way."""
        variables = {
            "VIA": via, "TO": to, "PATIENCE": 60, "CALLER_NUMBER": urllib.parse.quote(caller, safe=""),
            "CALLER_NAME": urllib.parse.quote(name, safe=""), "__CALL_KEY": key, "__TONE": tone, "__PARTY": key,
        }  # fmt: skip
        self.try_action(
            "Originate", Channel="Local/go@calling/n", Application="Wait", Data="3600", Async="true", Timeout="60000",
            variables=[f"{name}={value}" for name, value in variables.items()],
        )  # fmt: skip
        deadline = time.monotonic() + CONNECT_SECONDS
        while (event := self._calling.get(key)) is None:
            if time.monotonic() > deadline:
                raise Gone(f"the call {key} did not begin")
            self.sleep(LOOK)
        return Person(self, caller, event["Channel"], event["Uniqueid"])

    def answers(self, number: str) -> int:
        """How many calls were answered at that number so far: what `answered` waits beyond."""
        return len(self._answered.get(number, ()))

    def answered(self, number: str, beyond: int, seconds: float = CONNECT_SECONDS) -> Person:
        """Who answers there next. Raises Gone when nobody does in time."""
        deadline = time.monotonic() + seconds
        while self.answers(number) <= beyond:
            if time.monotonic() > deadline:
                raise Gone(f"nobody answered at {number}")
            self.sleep(LOOK)
        return self._person(number, self._answered[number][-1])

    def up_at(self, number: str) -> list[Person]:
        """Whoever has answered at that number and was not hung up."""
        people = [self._person(number, event) for event in self._answered.get(number, ())[-4:]]
        return [person for person in people if person.is_up]

    def does(self, number: str, mode: str, after: float, tone: int) -> None:
        """What the person at that number does from the next call on."""
        for name, value in {"mode": mode, "after": f"{after:g}", "tone": str(tone)}.items():
            self.try_action("Setvar", Variable=f"{name}_{number}", Value=value)

    def _person(self, number: str, event: Message) -> Person:
        return Person(self, number, event["Channel"], event["Uniqueid"])

    def _take(self, message: Message) -> None:
        if "Response" in message:
            super()._take(message)
        elif message.get("Event") == "Hangup":
            self.gone.add(message["Uniqueid"])
        elif message.get("UserEvent") == "Party":
            self._step(message)

    def _step(self, event: Message) -> None:
        if event["What"] == "calling":
            self._calling[event["Key"]] = event
        elif event["What"] == "answered":
            self.connected.add(event["Uniqueid"])
            self._answered.setdefault(event["Party"], []).append(event)


__all__ = ["AmiError", "Cast", "Gone", "Person"]
