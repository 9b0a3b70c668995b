"""What Asterisk itself says of every channel of the PBX: when it came, was answered, and ended. Callwarden has no part
in it, and neither have the scripts of the calls.

Takes a connection of its own to the PBX's manager interface, a new one after each start of Asterisk. Times are
Asterisk's own, UTC epoch seconds.
"""

import re
from dataclasses import dataclass

from lab.ami import Ami, Message
from lab.world import PAYMENT_IVR
from soak.tones_of import CARD_PHONES, tone_of

UP = "6"
OURS = re.compile(r"pbx\d+-\d+\.\d+")  # a number that forges events gives its channel another unique id in them
DIALLED = re.compile(r"^(?:PJSIP/)?(\d+)@trunk")


@dataclass(slots=True)
class Witnessed:
    """One channel. `number` is that of the party behind it, where Asterisk was told; `dialled` whether we rang it."""

    unique_id: str
    name: str
    created: float
    number: str = ""
    dialled: bool = False
    linked_id: str = ""
    answered: float | None = None
    ended: float | None = None
    bridged: bool = False
    killed: bool = False

    @property
    def endpoint(self) -> str:
        return self.name.rpartition("-")[0]

    @property
    def party(self) -> str:
        """The number by which the world knows who is behind it."""
        extension = self.endpoint.partition("/")[2]
        return self.number if extension == "trunk" else extension

    @property
    def is_outside(self) -> bool:
        return self.endpoint.endswith("/trunk")

    @property
    def tone(self) -> int | None:
        return tone_of(self.party)

    @property
    def is_recordable(self) -> bool:
        """A person of a call; not the card line, not Asterisk's own plumbing."""
        return self.endpoint.startswith("PJSIP/") and self.party not in (*CARD_PHONES, PAYMENT_IVR)

    @property
    def seconds(self) -> float:
        """How long it was answered."""
        return self.ended - self.answered if self.answered is not None and self.ended is not None else 0.0


class Evidence:
    """`listen` to a running Asterisk; `asterisk_died` closes what was up."""

    def __init__(self) -> None:
        self.channels: dict[str, Witnessed] = {}

    def listen(self, port: int, user: str, secret: str) -> "Witness":
        witness = Witness(self, port, user, secret)
        witness.connect()
        return witness

    def asterisk_died(self, at: float) -> None:
        for channel in self.channels.values():
            if channel.ended is None:
                channel.ended, channel.killed = at, True

    def take(self, event: Message) -> None:
        at = float(event.get("Timestamp", "0"))
        if event["Event"] == "DialBegin":
            self._dialled(event)
            return
        unique_id = event.get("Uniqueid", "")
        if event["Event"] == "Newchannel" and OURS.fullmatch(unique_id):
            number = event.get("CallerIDNum", "")
            self.channels[unique_id] = Witnessed(unique_id, event["Channel"], at, number)
        channel = self.channels.get(unique_id)
        if channel is None:
            return
        channel.linked_id = event.get("Linkedid", channel.linked_id)
        if event.get("ChannelState") == UP and channel.answered is None:
            channel.answered = at
        if event["Event"] == "Hangup":
            channel.ended = at
        elif event["Event"] == "BridgeEnter":
            channel.bridged = True

    def _dialled(self, event: Message) -> None:
        channel = self.channels.get(event.get("DestUniqueid", ""))
        if channel is not None:
            channel.dialled = True
            if found := DIALLED.match(event.get("DialString", "")):
                channel.number = found[1]


class Witness(Ami):
    """One connection's events go to the evidence, and are not kept here."""

    def __init__(self, evidence: Evidence, port: int, user: str, secret: str) -> None:
        super().__init__(port, user, secret)
        self._evidence = evidence

    def _take(self, message: Message) -> None:
        if "Response" in message:
            super()._take(message)
        elif message.get("Event") in ("Newchannel", "Newstate", "Hangup", "DialBegin", "BridgeEnter"):
            self._evidence.take(message)
