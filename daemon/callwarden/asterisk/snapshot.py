"""The full state of Asterisk, taken after every (re)connection: what the stream of events then goes on from.

Gives the events that bring the core's mirror up to date: every channel as found, the halves of ``Local`` channels,
who is in which bridge, and which of our monitors still run, proven by the file that each writes.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from callwarden.asterisk.ami import AmiLink
from callwarden.asterisk.monitors import VARIABLE
from callwarden.asterisk.translate import NO_VALUE, Incomplete, Translator, kind_of_bridge, need
from callwarden.asterisk.wire import Headers
from callwarden.core import events as ev

CARD_PHONE = "CALLWARDEN_CARD_PHONE"  # the dialplan sets it on whatever callwarden-card-line rings

# Seconds: behind a flood of events an answer comes late, and to begin anew would come later still.
PATIENCE = 15.0


async def take(link: AmiLink, translator: Translator) -> list[ev.Event]:
    """Ask for everything that lives. The last event is SnapshotTaken. Raises ActionFailed.

    What takes several questions is asked first. The picture itself is one answer, and what live events tell of a
    channel while it is on its way is newer and stays.
    """
    files = await _files(link)
    bridges = await link.listing({"Action": "BridgeList"}, timeout=PATIENCE)
    since = time.time()
    with translator.noticing() as moved:
        channels = await link.listing({"Action": "Status", "Variables": f"{VARIABLE},{CARD_PHONE}"}, timeout=PATIENCE)
    now = time.time()
    channels = [one for one in channels if one.get("uniqueid") not in moved.hung_up]
    kinds = {one.get("bridgeuniqueid"): kind_of_bridge(one) for one in bridges}
    found = callers_first(_found(translator, channels, files, now))
    alive = frozenset(event.unique_id for event in found)
    still = [one for one in channels if one.get("uniqueid") not in moved.bridged]
    return [*found, *_pairs(channels, now), *_members(still, kinds, now), ev.SnapshotTaken(now, since, alive)]


def callers_first(found: Iterable[ev.ChannelCreated]) -> list[ev.ChannelCreated]:
    """The channel that began each call before those it rang, as they came: Asterisk lists them in no order, and the
    first channel tells whose call it is and where it came from."""
    return sorted(found, key=lambda event: event.unique_id != event.linked_id)


async def _files(link: AmiLink) -> dict[str, str]:
    """The file that our monitor writes, by unique id, for every channel on which it runs."""
    channels = await link.listing({"Action": "Status", "Variables": f"{VARIABLE},{CARD_PHONE}"}, timeout=PATIENCE)
    files = await asyncio.gather(*(_file(link, one) for one in channels))
    return {one.get("uniqueid"): file for one, file in zip(channels, files, strict=True)}


def _found(
    translator: Translator, channels: Iterable[Headers], files: dict[str, str], now: float
) -> Iterator[ev.ChannelCreated]:
    for one in channels:
        try:
            file = files.get(need(one, "uniqueid"), "")
            event = translator.found(one, variable_of(one, VARIABLE), file, now - age(one))
            yield replace(event, card_phone=bool(variable_of(one, CARD_PHONE)))
        except Incomplete:
            continue  # a channel on its way out


def _pairs(channels: Iterable[Headers], now: float) -> Iterator[ev.LocalPaired]:
    halves = {one.get("channel"): one.get("uniqueid") for one in channels}
    for name, unique_id in halves.items():
        other = halves.get(name.removesuffix(";1") + ";2") if name.endswith(";1") else None
        if other:
            yield ev.LocalPaired(now, unique_id, other)


def _members(channels: Iterable[Headers], kinds: dict[str, tuple[bool, bool]], now: float) -> Iterator[ev.Event]:
    for one in channels:
        bridge, unique_id = one.get("bridgeid"), one.get("uniqueid")
        if unique_id and bridge:
            yield ev.BridgeEntered(now, bridge, unique_id, *kinds.get(bridge, (False, False)))
        elif unique_id:
            yield ev.BridgeLeft(now, "", unique_id)


def age(channel: Headers) -> float:
    """Seconds since the channel was created."""
    seconds = channel.get("seconds")
    return float(seconds) if seconds.isdecimal() else 0.0


def variable_of(channel: Headers, wanted: str) -> str:
    """The value of a channel's variable that Status was asked for, empty where it was never set."""
    for line in channel.all("variable"):
        name, _, value = line.partition("=")
        if name == wanted:
            return "" if value == NO_VALUE else value
    return ""


async def _file(link: AmiLink, channel: Headers) -> str:
    """The name of the file that this monitor writes, or empty when it no longer runs."""
    monitor = variable_of(channel, VARIABLE)
    if not monitor.removeprefix("0x").isalnum():
        return ""
    variable = f"MIXMONITOR({monitor},filename)"
    asked = {"Action": "Getvar", "Channel": channel.get("uniqueid"), "Variable": variable}
    reply = await link.send(asked, timeout=PATIENCE)
    return PurePosixPath(reply.headers.get("value")).name if reply.success else ""
