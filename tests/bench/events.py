"""The path of an event, from AMI's bytes to a decision: events a second on one core, layer by layer.

The bytes are what a real Asterisk sent the daemon while calls came and went, with the event filter that `callwarden
init` prints; they are taken off the wire and replayed. Beside ours: panoramisk's own reading of the same bytes.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from panoramisk.message import Message as PanoramiskMessage  # type: ignore[import-untyped]

from bench.gates import Ports
from bench.office import Call, Office, open_office
from bench.replay import Replay, steady
from bench.wiretap import Packet, Wiretap
from callwarden.asterisk.framing import Framer
from callwarden.asterisk.translate import Translator
from callwarden.asterisk.wire import Headers

MESSAGE_END = b"\r\n\r\n"
GREETING = b"Asterisk Call Manager/9.0.0\r\n"
READ = 65536  # bytes the daemon reads at a time, at most
EVENT = re.compile(rb"(?m)^Event: (\w+)")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EventsPlan:
    calls: int
    burst: int  # calls that are begun at once, to see how much Asterisk can send
    repeats: int


FULL = EventsPlan(calls=40, burst=100, repeats=20)
SMALL = EventsPlan(calls=3, burst=3, repeats=1)


class Found(TypedDict):
    """Events a second of CPU; `filtered`: what the daemon is sent, `unfiltered`: what it would be sent without its
    event filter, for the same calls; `busiest`: events in Asterisk's busiest second."""

    calls: int
    filtered: int
    unfiltered: int
    bytes: int
    busiest: int
    framing: float
    panoramisk: float
    translating: float
    core: float
    whole: float
    by_kind: dict[str, int]


def run(plan: EventsPlan, say: Say) -> Found:
    say(f"what Asterisk sends for {plan.calls} calls, and for {plan.burst} that begin at once")
    with open_office() as office:
        packets, unfiltered = _listen(office, plan)
        busiest = _busiest(office, plan)
        port = office.pbx.ports.ami
    data = b"".join(packet.data for packet in packets if packet.source_port == port)
    data = data[data.find(b"Event: ") :]
    data = data[: data.rfind(MESSAGE_END) + 4]
    kinds = [found[1].decode() for found in EVENT.finditer(data)]
    say("replaying them")
    framing, headers = _framing(data, plan.repeats)
    translating = _translating(headers, plan.repeats)
    core = _core(2000 if plan.repeats > 1 else 50)
    per_event = 1 / framing + 1 / translating + 1 / core
    return Found(
        calls=plan.calls, filtered=len(kinds), unfiltered=unfiltered, bytes=len(data), busiest=busiest,
        framing=round(framing), panoramisk=round(_panoramisk(data, plan.repeats)), translating=round(translating),
        core=round(core), whole=round(1 / per_event),
        by_kind={kind: kinds.count(kind) for kind in sorted(set(kinds), key=kinds.count, reverse=True)},
    )  # fmt: skip


# -- from Asterisk ------------------------------------------------------------------------------------------------


def _listen(office: Office, plan: EventsPlan) -> tuple[Sequence[Packet], int]:
    """The packets on the daemon's own connection, and how many events another user without a filter is sent."""
    office.pbx.ami.action("Events", EventMask="call,system,user")
    with Wiretap((Ports.of(office).ami,)) as tap:
        calls = [office.set_up() for _ in range(plan.calls)]
        office.hang_up(calls, 20)
    other = b"".join(packet.data for packet in tap.packets if packet.port == office.pbx.ami.own_port)
    office.pbx.ami.action("Events", EventMask="off")
    daemon = _connection_with(b"Action: MixMonitor", tap.packets, Ports.of(office).ami)
    return [packet for packet in tap.packets if packet.port == daemon], len(EVENT.findall(other))


def _connection_with(action: bytes, packets: Sequence[Packet], ami: int) -> int:
    """The client's port on which that action was sent."""
    return next(packet.source_port for packet in packets if packet.port == ami and action in packet.data)


def _busiest(office: Office, plan: EventsPlan) -> int:
    """Many calls begin at the same moment, and end at the same moment: as many events a second as there ever are."""
    with Wiretap((Ports.of(office).ami,)) as tap:
        mark = len(office.world.ami.events)
        desks = [next(office.desks) for _ in range(plan.burst)]
        for n, desk in enumerate(desks):
            office.dial(desk, f"burst-{n}")
        calls: list[Call] = []
        for desk in desks:
            agent = office.answered(desk, mark)
            calls.append(Call(desk, agent, agent))
        office.hang_up(calls, 1000)
    daemon = _connection_with(b"Action: MixMonitor", tap.packets, Ports.of(office).ami)
    times = [p.at for p in tap.packets if p.port == daemon for _ in EVENT.finditer(p.data)]
    return max(sum(start <= at < start + 1 for at in times) for start in times[::10])


# -- the layers ---------------------------------------------------------------------------------------------------


def _cpu(work: Callable[[], int], repeats: int) -> float:
    """Of how many things `work` does, a second of CPU: the best of so many runs, for other programs only slow it."""
    best = 0.0
    for _ in range(repeats):
        began = time.thread_time()
        done = work()
        best = max(best, done / max(1e-9, time.thread_time() - began))
    return best


def _framing(data: bytes, repeats: int) -> tuple[float, list[Headers]]:
    def work() -> int:
        framer = Framer()
        list(framer.feed(GREETING))
        seen.clear()
        for start in range(0, len(data), READ):
            seen.extend(framer.feed(data[start : start + READ]))
        return len(seen)

    seen: list[Headers] = []
    speed = _cpu(work, repeats)
    return speed, [headers for headers in seen if "event" in headers]


def _panoramisk(data: bytes, repeats: int) -> float:
    """Its own reading of the same messages, without what it does with them afterwards."""
    texts = [text.decode() for text in data.split(MESSAGE_END) if text]

    def work() -> int:
        for text in texts:
            PanoramiskMessage.from_line(text)
        return len(texts)

    return _cpu(work, repeats)


def _translating(headers: Sequence[Headers], repeats: int) -> float:
    def work() -> int:
        translator = Translator()
        for one in headers:
            translator.translate(one, 0.0)
        return len(headers)

    return _cpu(work, repeats)


def _core(calls: int) -> float:
    """Decisions, with 100 calls standing; what the other side answers is decided too, and counted."""
    replay = Replay()
    for _ in steady(replay, 100, calls):
        pass
    return replay.decided / replay.seconds
