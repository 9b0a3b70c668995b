"""AMI's words into ours: takes one AMI event, gives the events of :mod:`callwarden.core.events` that it means.

Rules: channels are told apart by ``Uniqueid`` alone, for a caller can choose what stands in other headers (measured:
PJSIP decodes line breaks in a From user). An event that lacks what it needs is logged by its name and means nothing.
``HANDLERS`` is all that is listened to; manager.conf's filters ask Asterisk to send no other. A bridge is known from
who enters and leaves it: neither ``BridgeCreate`` nor ``BridgeDestroy`` would tell more; nor would ``DialEnd``, whose
channels are answered or hang up.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from callwarden.asterisk.wire import Headers
from callwarden.core import events as ev

log = logging.getLogger(__name__)

UNKNOWN = "<unknown>"  # what AMI writes for a number or a name that is not there
NO_VALUE = "(null)"  # what Status writes for a variable that was never set
ANSWERED = "6"  # ChannelState Up
HOLDING = "holding_bridge"
CONFERENCE = "softmix"  # what ConfBridge mixes with from its first member on


class Incomplete(Exception):
    """An AMI event lacks a header that it cannot be understood without."""


@dataclass(slots=True)
class Moved:
    """Channels, by unique id, of which live events told something while a snapshot was on its way."""

    hung_up: set[str] = field(default_factory=set)
    bridged: set[str] = field(default_factory=set)


class Translator:
    """Remembers two things: the linked id of each channel, to see it change, and which monitors are our own doing."""

    def __init__(self) -> None:
        self._moved: Moved | None = None
        self._linked_ids: dict[str, str] = {}
        self._expected: dict[str, int] = {}

    def expect_monitor(self, unique_id: str) -> None:
        """The next MixMonitorStart on this channel is ours (it follows the reply: measured, 16 and 22)."""
        self._expected[unique_id] = self._expected.get(unique_id, 0) + 1

    @contextmanager
    def noticing(self) -> Iterator[Moved]:
        """Notice what moves in the meantime."""
        self._moved = moved = Moved()
        try:
            yield moved
        finally:
            self._moved = None

    def translate(self, headers: Headers, at: float) -> list[ev.Event]:
        """What an AMI event means. Never raises for what the event holds."""
        name = headers.get("event").lower()
        handler = HANDLERS.get(name)
        if handler is None:
            return []
        if self._moved is not None:
            self._notice(name, headers.get("uniqueid"))
        try:
            return [*self._relinked(headers, at), *handler(self, headers, at)]
        except Incomplete as missing:
            log.warning("an AMI event %s without %s is ignored", name, missing)
            return []

    def _notice(self, name: str, unique_id: str) -> None:
        assert self._moved is not None, "asked only while a snapshot is on its way"
        if name == "hangup":
            self._moved.hung_up.add(unique_id)
        elif name in ("bridgeenter", "bridgeleave"):
            self._moved.bridged.add(unique_id)

    def _relinked(self, headers: Headers, at: float) -> list[ev.Event]:
        unique_id, linked_id = headers.get("uniqueid"), headers.get("linkedid")
        known = self._linked_ids.get(unique_id)
        if known is None or not linked_id or known == linked_id:
            return []
        self._linked_ids[unique_id] = linked_id
        return [ev.LinkedIdChanged(at, unique_id, linked_id)]

    def created(self, headers: Headers, at: float) -> list[ev.Event]:
        return [self._channel(headers, at)]

    def found(self, headers: Headers, monitor_id: str, file: str, at: float) -> ev.ChannelCreated:
        """A channel of a snapshot, with the monitor of ours that runs on it. Raises :class:`Incomplete`."""
        return replace(self._channel(headers, at), found=True, monitor_id=monitor_id, file=file)

    def _channel(self, headers: Headers, at: float) -> ev.ChannelCreated:
        unique_id = need(headers, "uniqueid")
        linked_id = headers.get("linkedid") or unique_id
        self._linked_ids[unique_id] = linked_id
        return ev.ChannelCreated(
            at=at,
            unique_id=unique_id,
            linked_id=linked_id,
            name=need(headers, "channel"),
            caller_number=known(headers.get("calleridnum")),
            caller_name=known(headers.get("calleridname")),
            context=headers.get("context"),
            exten=headers.get("exten"),
            answered=headers.get("channelstate") == ANSWERED,
        )

    def hung_up(self, headers: Headers, at: float) -> list[ev.Event]:
        unique_id = need(headers, "uniqueid")
        self._linked_ids.pop(unique_id, None)
        self._expected.pop(unique_id, None)
        return [ev.ChannelHungUp(at, unique_id)]

    def state(self, headers: Headers, at: float) -> list[ev.Event]:
        if headers.get("channelstate") != ANSWERED:
            return []
        return [ev.ChannelAnswered(at, need(headers, "uniqueid"))]

    def renamed(self, headers: Headers, at: float) -> list[ev.Event]:
        return [ev.ChannelRenamed(at, need(headers, "uniqueid"), need(headers, "newname"))]

    def identified(self, headers: Headers, at: float) -> list[ev.Event]:
        number, name = known(headers.get("calleridnum")), known(headers.get("calleridname"))
        return [ev.CallerIdentified(at, need(headers, "uniqueid"), number, name)]

    def entered(self, headers: Headers, at: float) -> list[ev.Event]:
        bridge, unique_id = need(headers, "bridgeuniqueid"), need(headers, "uniqueid")
        return [ev.BridgeEntered(at, bridge, unique_id, *kind_of_bridge(headers))]

    def left(self, headers: Headers, at: float) -> list[ev.Event]:
        return [ev.BridgeLeft(at, need(headers, "bridgeuniqueid"), need(headers, "uniqueid"))]

    def paired(self, headers: Headers, at: float) -> list[ev.Event]:
        return [ev.LocalPaired(at, need(headers, "localoneuniqueid"), need(headers, "localtwouniqueid"))]

    def dial_begun(self, headers: Headers, at: float) -> list[ev.Event]:
        destination = need(headers, "destuniqueid")
        caller, dial_string = headers.get("uniqueid"), headers.get("dialstring")
        return [ev.DialBegun(at, caller, destination, dial_string, headers.get("context"))]

    def music_started(self, headers: Headers, at: float) -> list[ev.Event]:
        return [ev.MusicStarted(at, need(headers, "uniqueid"))]

    def music_stopped(self, headers: Headers, at: float) -> list[ev.Event]:
        return [ev.MusicStopped(at, need(headers, "uniqueid"))]

    def monitor_started(self, headers: Headers, at: float) -> list[ev.Event]:
        unique_id = need(headers, "uniqueid")
        ours = self._expected.get(unique_id, 0)
        if ours:
            self._expected[unique_id] = ours - 1
            return []
        return [ev.ForeignRecorderStarted(at, unique_id)]


HANDLERS: dict[str, Callable[[Translator, Headers, float], list[ev.Event]]] = {
    "newchannel": Translator.created,
    "newstate": Translator.state,
    "rename": Translator.renamed,
    "newcallerid": Translator.identified,
    "hangup": Translator.hung_up,
    "bridgeenter": Translator.entered,
    "bridgeleave": Translator.left,
    "localbridge": Translator.paired,
    "dialbegin": Translator.dial_begun,
    "musiconholdstart": Translator.music_started,
    "musiconholdstop": Translator.music_stopped,
    "mixmonitorstart": Translator.monitor_started,
}


def need(headers: Headers, name: str) -> str:
    """The value of a header. Raises :class:`Incomplete` where it is not there."""
    value = headers.get(name)
    if not value:
        raise Incomplete(name)
    return value


def known(text: str) -> str:
    """A number or a name, empty where Asterisk has none."""
    return "" if text == UNKNOWN else text


def kind_of_bridge(headers: Headers) -> tuple[bool, bool]:
    """Whether the members of the event's bridge do not hear each other, and whether it is a conference."""
    technology = headers.get("bridgetechnology")
    return technology == HOLDING, technology == CONFERENCE
