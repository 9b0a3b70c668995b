"""A pretended Asterisk: channels, who is in which bridge, and the monitors on them, which it starts and stops.

Takes what happens and what is ordered; gives what follows from it as the core would be told.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from callwarden.core import actions as do
from callwarden.core import events as ev

# where the dialplan is once this step was asked
CONTEXT_BEHIND = {ev.Step.CARD_GATE: "callwarden-card-line", ev.Step.CARD_LEFT: "callwarden-return"}


@dataclass
class Channel:
    """A channel as the pretended Asterisk has it."""

    created: ev.ChannelCreated
    context: str = ""
    answered: bool = False
    bridge: str = ""
    holding: bool = False
    conference: bool = False
    monitors: list[str] = field(default_factory=list)
    card_phone: bool = False


class PretendAsterisk:
    """Channels and the monitors on them. ``refuses`` and ``mute`` make it a bad one: starts that fail, no answers."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.halves: list[tuple[str, str]] = []
        self.closed: dict[str, float] = {}
        self.refuses = ""
        self._foreign = itertools.count(1)

    def take(self, event: ev.Event) -> list[ev.Event]:
        """Let something happen; gives what follows from it outside of AMI: files that are closed."""
        match event:
            case ev.ChannelCreated():
                self.channels[event.unique_id] = Channel(event, event.context, event.answered)
            case ev.ChannelHungUp() if event.unique_id in self.channels:
                return self._end(event.at, event.unique_id)
            case ev.DialBegun(context="callwarden-card-line") if event.destination in self.channels:
                self.channels[event.destination].card_phone = True
            case ev.LocalPaired():
                self.halves.append((event.one, event.two))
            case ev.ForeignRecorderStarted() if event.unique_id in self.channels:
                self.channels[event.unique_id].monitors.append(f"foreign-{next(self._foreign)}")
            case _:
                self._change(event)
        return []

    def _change(self, event: ev.Event) -> None:
        channel = self.channels.get(getattr(event, "unique_id", ""))
        if channel is None:
            return
        match event:
            case ev.ChannelAnswered():
                channel.answered = True
            case ev.ChannelRenamed():
                channel.created = replace(channel.created, name=event.name)
            case ev.LinkedIdChanged():
                channel.created = replace(channel.created, linked_id=event.linked_id)
            case ev.BridgeEntered():
                channel.bridge, channel.holding = event.bridge, event.holding
                channel.conference = event.conference
            case ev.BridgeLeft() if event.bridge == channel.bridge:
                channel.bridge = ""
            case ev.StepAsked(step=step) if step in CONTEXT_BEHIND:
                channel.context = CONTEXT_BEHIND[step]
            case _:
                pass

    def _end(self, at: float, unique_id: str) -> list[ev.Event]:
        channel = self.channels.pop(unique_id)
        return [self._close(at, file) for file in channel.monitors]

    def _close(self, at: float, file: str) -> ev.Event:
        self.closed[file] = at
        return ev.SegmentFileClosed(at, file, 1000)

    def start(self, at: float, order: do.StartRecorder) -> list[ev.Event]:
        channel = self.channels.get(order.unique_id)
        if channel is None or self.refuses:
            reason = self.refuses or "No such channel"
            return [ev.RecorderStartFailed(at, order.unique_id, order.file, reason)]
        channel.monitors.append(order.file)
        return [ev.RecorderStarted(at, order.unique_id, order.file, f"0x{len(channel.monitors)}")]

    def stop(self, at: float, order: do.StopRecorders) -> list[ev.Event]:
        channel = self.channels.get(order.unique_id)
        if channel is None:
            return [ev.RecordersProvenStopped(at, order.unique_id, order.proof, "the channel is gone")]
        files, channel.monitors = channel.monitors, []
        foreign = max(0, len(files) - order.monitors)
        proof = ev.RecordersProvenStopped(at, order.unique_id, order.proof, "no recorder is left", foreign)
        return [*(self._close(at, file) for file in files), proof]

    def stolen(self, at: float, unique_id: str) -> list[ev.Event]:
        """Somebody else stops the monitors of a channel."""
        files, self.channels[unique_id].monitors = self.channels[unique_id].monitors, []
        return [self._close(at, file) for file in files]

    def exists(self, file: str) -> bool:
        return file in self.closed or any(file in channel.monitors for channel in self.channels.values())

    def inspect(self, at: float, file: str) -> ev.Event:
        return ev.SegmentFileClosed(self.closed.get(file, at), file, 1000 if file in self.closed else -1)

    def snapshot(self, at: float) -> Iterator[ev.Event]:
        """What ``asterisk/snapshot.py`` makes of it."""
        for channel in self.channels.values():
            ours = [file for file in channel.monitors if not file.startswith("foreign-")]
            file = ours[-1] if ours else ""
            yield replace(
                channel.created, found=True, file=file, answered=channel.answered, context=channel.context,
                card_phone=channel.card_phone,
            )  # fmt: skip
        for one, two in self.halves:
            if one in self.channels and two in self.channels:
                yield ev.LocalPaired(at, one, two)
        for unique_id, channel in self.channels.items():
            if channel.bridge:
                yield ev.BridgeEntered(at, channel.bridge, unique_id, channel.holding, channel.conference)
            else:
                yield ev.BridgeLeft(at, "", unique_id)
        yield ev.SnapshotTaken(at, at, frozenset(self.channels))
