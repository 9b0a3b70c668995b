"""How many calls one machine holds, by each way to record, and what each way costs and misses.

For each way the number of calls is raised, a level at a time, until a call is not answered or a recording is not whole,
twice.
Takes a plan; gives one result for each way and level. Levels do not share calls: everybody hangs up in between.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict

from bench import catalogue, costs, gates, marks
from bench.figures import Spread, spread
from bench.gates import Ports
from bench.office import CALLER_TONE, Call, Office, open_office
from bench.ways import WAYS, Way
from bench.wiretap import Packet, Wiretap
from lab import tones
from lab.ami import Message
from lab.lab import Lab
from lab.world import CARD_TONE, Party

ANSWER_SECONDS = 10.0
TRIES = 2
# What a whole recording may lack of its call's caller: the benchmark knows of answer and end to a tenth of a second.
# What is missed at the answer is measured by itself, to the packet.
WHOLE_SECONDS = 0.25
STORED = "SELECT path FROM recordings WHERE state = 'stored'"
# Its recorder did not run yet when the channel was answered.
BEGAN_LATE = """
SELECT path FROM recordings JOIN channels USING (unique_id)
WHERE answered < (SELECT min(started) FROM segments WHERE segments.unique_id = recordings.unique_id)
"""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LoadPlan:
    levels: tuple[int, ...]
    calls_per_second: float
    hold_seconds: float
    transfers: int


FULL = LoadPlan((50, 100, 125, 150, 200), calls_per_second=20, hold_seconds=12, transfers=10)
SMALL = LoadPlan((4,), calls_per_second=20, hold_seconds=2, transfers=2)


class Level(TypedDict):
    """One way with so many calls. CPU in seconds over the whole level; `of` while they only talk; memory in MiB."""

    calls: int
    seconds: float  # of a call, on average
    unanswered: int
    incomplete: int  # calls without a complete recording
    missed_at_start: float  # ms, the most of any recording
    missed_packets: int
    missed_by_late: int  # of those, packets that recorders lack which began after the answer
    cpu: dict[str, float]
    of: dict[str, costs.Cost]
    idle: float  # of the machine's cores while the calls talk, per cent
    refer_to_invite: Spread | None
    stopping: Spread | None  # the card gate: request arrives -> every recorder proven stopped
    card_frames: int
    held: bool


class WayFound(TypedDict):
    key: str
    name: str
    levels: list[Level]


class Found(TypedDict):
    calls_per_second: float
    hold_seconds: float
    transfers: int
    ways: list[WayFound]


@dataclass(slots=True)
class Talk:
    """One call, from both sides, with the times at which the benchmark knew of its answer and ended it."""

    key: str
    desk: str
    caller: Party | None = None
    agent: Party | None = None
    answered: float = 0.0
    ended: float = 0.0


def run(plan: LoadPlan, say: Say) -> Found:
    found: list[WayFound] = []
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            levels: list[Level] = []
            for calls in plan.levels:
                say(f"{way.name}: {calls} calls, {plan.calls_per_second:g} more a second")
                levels += tried(partial(_level, way, calls, plan, Path(folder)))
                if not levels[-1]["held"]:
                    break
            found.append(WayFound(key=way.key, name=way.name, levels=levels))
    return Found(
        calls_per_second=plan.calls_per_second, hold_seconds=plan.hold_seconds, transfers=plan.transfers, ways=found
    )


def tried(try_it: Callable[[], Level]) -> list[Level]:
    """A level until it is held, a few times: where the machine is full, chance decides. All that was found is kept."""
    levels: list[Level] = []
    while len(levels) < TRIES and not (levels and levels[-1]["held"]):
        levels.append(try_it())
    return levels


def _level(way: Way, count: int, plan: LoadPlan, folder: Path) -> Level:
    with _office(way, folder) as office:
        office.world.ami.setvar("deaf", "yes")
        office.let_ring(0.2)
        earlier = _warmed_up(office, way, plan)
        before = costs.cpu_of(office.pids)
        talks = _begin(office, count, plan)
        up = [talk for talk in talks if talk.answered]
        watch = costs.Watch(office.pids)
        rest = costs.at_rest(office.pids, count, plan.hold_seconds)
        idle = watch.surroundings()["idle"]
        transferred = up[: plan.transfers] if len(up) == count else []
        packets, moved = _to_the_card_line(office, transferred)
        _end(office, up, plan)
        spent = {name: after - before[name] for name, after in costs.cpu_of(office.pids).items()}
        files = [file for file in _files(office.lab, way) if file not in earlier]
        level = _judged(files, way, count, up, moved, _late(office.lab, way))
        times = gates.gates(packets, Ports.of(office)) if way.by_callwarden else []
        level["cpu"] = {name: round(seconds, 2) for name, seconds in spent.items()}
        level["of"], level["idle"] = rest["of"], idle
        level["refer_to_invite"] = _refer_to_invite(packets, Ports.of(office))
        level["stopping"] = spread([gate.last_proof - gate.asked for gate in times]) if times else None
        return level


@contextmanager
def _office(way: Way, folder: Path) -> Iterator[Office]:
    if way.by_callwarden:
        with open_office(way.settings, dialplan_globals=way.dialplan_globals) as office:
            yield office
    else:
        with open_office(dialplan=way.write_dialplan(folder / way.key), daemon=False) as office:
            yield office


def _warmed_up(office: Office, way: Way, plan: LoadPlan) -> set[Path]:
    """Everything runs since yesterday: what is read in at the first call is no call's cost. Gives that call's
    recordings."""
    _end(office, [talk for talk in _begin(office, 1, plan) if talk.answered], plan)
    return set(_files(office.lab, way))


# -- calls --------------------------------------------------------------------------------------------------------


def _begin(office: Office, count: int, plan: LoadPlan) -> list[Talk]:
    talks = [Talk(f"load-{n}", next(office.desks)) for n in range(count)]
    mark, began = len(office.world.ami.events), time.monotonic()
    for n, talk in enumerate(talks):
        time.sleep(max(0.0, began + n / plan.calls_per_second - time.monotonic()))
        office.dial(talk.desk, talk.key)
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        _meet(office, talks, office.world.ami.events[mark:])
        if all(talk.answered for talk in talks):
            break
        time.sleep(0.05)
    return talks


def _meet(office: Office, talks: Sequence[Talk], events: Sequence[Message]) -> None:
    """Who has answered by now: the caller by the call's key, the desks' telephones by their numbers, in turn."""
    steps = [event for event in events if event.get("UserEvent") == "Party" and event.get("What") == "answered"]
    callers = {event.get("Key", ""): event for event in steps if event.get("Key")}
    known = {talk.agent.unique_id for talk in talks if talk.agent is not None}
    phones: dict[str, list[Message]] = {}
    for step in steps:
        if step["Uniqueid"] not in known:
            phones.setdefault(step.get("Party", ""), []).append(step)
    for talk in talks:
        event, at_desk = callers.get(talk.key), phones.get(talk.desk, [])
        if event is not None and at_desk and not talk.answered:
            talk.caller = Party(office.world, talk.desk, event["Channel"], event["Uniqueid"])
            phone = at_desk.pop(0)
            talk.agent = Party(office.world, talk.desk, phone["Channel"], phone["Uniqueid"])
            talk.answered = time.time()


def _to_the_card_line(office: Office, talks: Sequence[Talk]) -> tuple[list[Packet], list[str]]:
    """Each of these is handed to the card line by REFER and comes back; gives the packets and the desks."""
    with Wiretap((*Ports.of(office).all, office.pbx.ports.sip)) as tap:
        for talk in talks:
            assert talk.caller is not None
            assert talk.agent is not None
            call = Call(talk.desk, talk.caller, talk.agent)
            gates.transfer(office, call)
            talk.agent = call.agent
    return list(tap.packets), [talk.key for talk in talks]


def _end(office: Office, talks: Sequence[Talk], plan: LoadPlan) -> None:
    for talk in talks:
        assert talk.caller is not None
        talk.ended = time.time()
        office.world.ami.try_action("Hangup", Channel=talk.caller.channel, Cause="16")
        time.sleep(1 / plan.calls_per_second)
    office.world.ami.command("channel request hangup all")  # who was not answered in time may be by now
    office.lab.wait_quiet(30)
    if office.lab.daemon.is_running:
        catalogue.wait_stored(office.lab, 0)


def _refer_to_invite(packets: Sequence[Packet], ports: Ports) -> Spread | None:
    """From the telephone's REFER to the card line's telephone: what the caller waits for."""
    times: list[float] = []
    asked: float | None = None
    for packet in sorted(packets, key=lambda one: one.at):
        if packet.data.startswith(b"REFER ") and asked is None:
            asked = packet.at
        elif asked is not None and packet.port == ports.world_sip and packet.data.startswith(gates.INVITE):
            times.append(packet.at - asked)
            asked = None
    return spread(times) if times else None


# -- what was recorded --------------------------------------------------------------------------------------------


def _judged(
    files: Sequence[Path], way: Way, count: int, up: Sequence[Talk], moved: Sequence[str], late: set[Path]
) -> Level:
    kept = [talk for talk in up if talk.key not in moved]
    wanted = sorted((talk.ended - talk.answered for talk in kept for _ in range(way.files)), reverse=True)
    lengths = sorted((marks.MARK_SECONDS + tones.seconds_with(file, CALLER_TONE) for file in files), reverse=True)
    short = sum(length < least - WHOLE_SECONDS for length, least in zip(lengths, wanted, strict=False))
    lost = {file: _missed(file) for file in files}
    absent = max(0, len(wanted) - len(lengths))
    incomplete = -(-(short + absent) // way.files) if way.files else 0
    packets = {file: marks.packets(seconds) for file, seconds in lost.items()}
    unanswered = count - len(up)
    return Level(
        calls=count, seconds=round(sum(talk.ended - talk.answered for talk in up) / max(1, len(up)), 1),
        unanswered=unanswered, incomplete=incomplete,
        missed_at_start=round(max([0.0, *lost.values()]) * 1000, 1), missed_packets=sum(packets.values()),
        missed_by_late=sum(packets[file] for file in files if file in late),
        cpu={}, of={}, idle=0.0, refer_to_invite=None, stopping=None,
        card_frames=round(sum(tones.seconds_with(file, CARD_TONE) for file in files) / marks.PACKET),
        held=unanswered == 0 and incomplete == 0,
    )  # fmt: skip


def _files(lab: Lab, way: Way) -> list[Path]:
    if not way.by_callwarden:
        return sorted(lab.spool.glob("*.wav"))
    with lab.catalogue() as db:
        return [lab.vault / path for (path,) in db.execute(STORED)]


def _late(lab: Lab, way: Way) -> set[Path]:
    """The recordings that began after the answer, as far as anybody wrote that down."""
    if not way.by_callwarden:
        return set()
    with lab.catalogue() as db:
        return {lab.vault / path for (path,) in db.execute(BEGAN_LATE) if path}


def _missed(file: Path) -> float:
    """Of the caller's mark at the answer; a recording that began later, after the card line, has none."""
    lost = marks.missing(file, marks.CALLER_MARK)
    return lost if lost < marks.MARK_SECONDS else 0.0
