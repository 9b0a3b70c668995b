"""A recorded AMI log becomes a story: ``python -m ami_to_story LOG``, from the tests' folder.

Takes AMI as it came (with ``timestampevents = yes``, and ``Newexten``, which shows the steps of the dialplan). Gives
the story with the orders that the core gives on it today: to be read by somebody who knows what they should be. Whose
numbers they are is nobody's business: only what was dialled is told. Recorders are left out, for they are our own.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from callwarden.asterisk.translate import Translator
from callwarden.asterisk.wire import Headers, parse
from callwarden.core import events as ev
from playbook import perform, read_lines

STEPS = {step.value: step for step in ev.Step}


class Names:
    """Short names: ``PJSIP/trunk-1`` for ``PJSIP/trunk-0000001f``, and that for its unique id."""

    def __init__(self) -> None:
        self._by_unique_id: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._bridges: dict[str, str] = {}

    def add(self, unique_id: str, name: str) -> str:
        known = self.name(name)
        self._by_unique_id[unique_id] = known.partition("/")[2]
        return known

    def name(self, name: str) -> str:
        head, _, instance = name.rpartition("-")
        instance, half, rest = instance.partition(";")
        number = self._numbers.setdefault(f"{head}-{instance}", self._next(head))
        return f"{head}-{number}{half}{rest}"

    def _next(self, head: str) -> int:
        return 1 + sum(known.startswith(f"{head}-") for known in self._numbers)

    def short(self, unique_id: str) -> str:
        return self._by_unique_id.get(unique_id, unique_id or "nobody")

    def bridge(self, bridge: str) -> str:
        return self._bridges.setdefault(bridge, f"b{len(self._bridges) + 1}")


def messages(text: str) -> Iterator[Headers]:
    """The messages of a log."""
    for block in text.replace("\r\n", "\n").split("\n\n"):
        if block.strip():
            headers, _ = parse(block.strip("\n").replace("\n", "\r\n"))
            if headers is not None:
                yield headers


def story(log: str) -> Iterator[str]:
    """The lines of the story, without orders."""
    names, translator, began = Names(), Translator(), None
    for headers in messages(log):
        at = float(headers.get("timestamp") or 0)
        for event in [*translator.translate(headers, at), *_step(headers, at)]:
            began = at if began is None else began
            line = _told(event, names)
            if line:
                yield f"{at - began:.3f} {line}"


def _step(headers: Headers, at: float) -> Iterator[ev.Event]:
    if headers.get("event") == "Newexten" and headers.get("application") == "AGI":
        path = headers.get("appdata").partition(",")[0].rpartition("/")[2]
        if path in STEPS:
            unique_id, linked_id = headers.get("uniqueid"), headers.get("linkedid")
            yield ev.StepAsked(at=at, step_id=0, step=STEPS[path], unique_id=unique_id, arguments=(linked_id,))


def _told(event: ev.Event, names: Names) -> str:
    match event:
        case ev.ChannelCreated():
            return _channel(event, names)
        case ev.ChannelAnswered():
            return f"up {names.short(event.unique_id)}"
        case ev.ChannelRenamed():
            return f"rename {names.short(event.unique_id)} {names.name(event.name)}"
        case ev.LinkedIdChanged():
            return f"merge {names.short(event.unique_id)} {names.short(event.linked_id)}"
        case ev.ChannelHungUp():
            return f"hangup {names.short(event.unique_id)}"
        case ev.BridgeEntered():
            kind = " holding" if event.holding else " conference" if event.conference else ""
            return f"enter {names.bridge(event.bridge)} {names.short(event.unique_id)}{kind}"
        case ev.BridgeLeft():
            return f"leave {names.bridge(event.bridge)} {names.short(event.unique_id)}"
        case ev.MusicStarted() | ev.MusicStopped():
            return f"music {names.short(event.unique_id)}" + (" over" if isinstance(event, ev.MusicStopped) else "")
        case ev.LocalPaired():
            return f"local {names.short(event.one)} {names.short(event.two)}"
        case ev.DialBegun():
            return _dialled(event, names)
        case ev.StepAsked():
            return f"step {event.step} {names.short(event.unique_id)} call={names.short(event.arguments[0])}"
        case _:
            return ""


def _channel(event: ev.ChannelCreated, names: Names) -> str:
    name = names.add(event.unique_id, event.name)
    own = event.linked_id == event.unique_id
    return (
        f"channel {name}"
        + ("" if own else f" call={names.short(event.linked_id)}")
        + (f" exten={event.exten}" if event.exten else "")
        + (f" context={event.context}" if event.context else "")
    )


def _dialled(event: ev.DialBegun, names: Names) -> str:
    who = f"{names.short(event.caller)} {names.short(event.destination)}"
    return f"dial {who} {event.dial_string}" + (f" context={event.context}" if event.context else "")


def retold(path: Path, lines: list[str]) -> Iterator[str]:
    """A story with the orders that come of it today."""
    for beat, orders in perform(read_lines(path, lines)):
        if beat.number:
            yield beat.text
        yield from (f"{'<' if beat.number else '='} {order}" for order in orders)


if __name__ == "__main__":
    log = Path(sys.argv[1])
    print("\n".join(retold(log, list(story(log.read_text())))))
