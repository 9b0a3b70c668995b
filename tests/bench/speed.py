"""How quick it is: calls one after another, then standing calls with gates among them; gives one result.

Everything is measured from outside: the manager's events, packets, /proc, the recordings. What the daemon itself
wrote into the catalogue stands beside it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bench import catalogue, costs, marks, witness
from bench.figures import spread
from bench.gates import Gate, Ports, consult, gates, refused, transfer
from bench.office import Call, Office
from bench.plan import Plan
from bench.speed_result import Finished, Gates, GateTimes, Lone, Missed, Recorded, Result, Spent, Standing
from bench.wiretap import Wiretap

TALK = 0.8  # seconds: the mark, and what a telephone waits before it talks
RING = 0.3  # seconds
SETTLE = 1.0  # seconds: a reload is read, or recorders run again after a consultation

Say = Callable[[str], None]


def run(office: Office, plan: Plan, say: Say) -> Result:
    watch = costs.Watch(office.pids)
    say(f"{plan.short_calls} calls one after another")
    lone = _one_by_one(office, plan)
    say(f"{plan.announced_calls} calls that are answered by the announcement")
    announced = _announced(office, plan)
    calls: list[Call] = []
    standing = _standing(office, plan, calls, say)
    say("all hang up, and their recordings are finished")
    finished = _finish(office, calls, plan)
    return Result(
        surroundings=watch.surroundings(), lone=lone,
        missed_when_announced=announced, standing=standing, finished=finished,
    )  # fmt: skip


# -- calls one after another --------------------------------------------------------------------------------------


def _one_by_one(office: Office, plan: Plan) -> Lone:
    """What a call costs from its beginning to its end, and whether its beginning is all there."""
    began = time.time()
    with _spent(office, plan.short_calls) as spent:
        office.let_ring(RING)
        _short_calls(office, plan.short_calls // 2)
        then = time.time()
        office.let_ring(0)
        _short_calls(office, plan.short_calls - plan.short_calls // 2)
        catalogue.wait_stored(office.lab, began)
    both = (marks.CALLER_MARK, marks.DESK_MARK)
    return Lone(
        recorded=_recorded(office, began),
        spent=spent,
        missed_after_ringing=catalogue.missed(office.lab, began, then, *both),
        missed_without_ringing=catalogue.missed(office.lab, then, time.time(), *both),
    )


def _short_calls(office: Office, count: int) -> None:
    for _ in range(count):
        call = office.set_up()
        time.sleep(TALK)
        call.caller.hang_up()


def _announced(office: Office, plan: Plan) -> Missed:
    """Callwarden answers these itself, before anybody's telephone rings."""
    office.lab.rewrite_settings({"announce.inbound": "before-connect"})
    time.sleep(SETTLE)
    since = time.time()
    for _ in range(plan.announced_calls):
        caller, _ = office.ring(next(office.desks))
        caller.wait_answered()
        time.sleep(TALK)
        caller.hang_up()
    catalogue.wait_stored(office.lab, since)
    office.lab.rewrite_settings({})
    time.sleep(SETTLE)
    return catalogue.missed(office.lab, since, time.time(), marks.CALLER_MARK)


def _recorded(office: Office, since: float) -> Recorded:
    seen = list(witness.channels(office.witness.events, since).values())
    return Recorded(
        events=spread(witness.until_recorded(seen)),
        catalogue=spread(catalogue.until_recorded(office.lab, since)),
        before_answer=spread(witness.before_answer(seen)),
    )


# -- standing calls -----------------------------------------------------------------------------------------------


def _standing(office: Office, plan: Plan, calls: list[Call], say: Say) -> Standing:
    """`calls` grows from level to level; somewhere on the way the gates are measured."""
    rests: list[costs.Rest] = []
    set_ups: list[Spent] = []
    found: list[Gates] = []
    since = time.time()
    for level in plan.standing:
        say(f"{level} standing calls, and {plan.rest_seconds:g} s of rest")
        if level > len(calls):
            since = time.time()
            set_ups.append(_set_up(office, plan, calls, level))
        rests.append(costs.at_rest(office.pids, level, plan.rest_seconds))
        if level == plan.gate_calls:
            say(f"{plan.transfers} transfers and {plan.consultations} consultations while {level} calls stand")
            found = [
                _gates(office, calls, transfer, plan.transfers), _gates(office, calls, consult, plan.consultations)
            ]  # fmt: skip
    transfers, consultations = found
    return Standing(
        rests=rests, set_ups=set_ups, recorded=_recorded(office, since), transfers=transfers,
        consultations=consultations,
    )  # fmt: skip


def _set_up(office: Office, plan: Plan, calls: list[Call], wanted: int) -> Spent:
    with _spent(office, wanted - len(calls)) as spent:
        while len(calls) < wanted:
            began = time.monotonic()
            calls.append(office.set_up())
            time.sleep(max(0.0, 1 / plan.calls_per_second - (time.monotonic() - began)))
    return spent


def _gates(office: Office, calls: Sequence[Call], way: Callable[[Office, Call], None], count: int) -> Gates:
    """One gate after another, each on another call: a call's recorder runs again by the time it is its turn."""
    ports, since = Ports.of(office), time.time()
    with Wiretap(ports.all) as tap:
        for n in range(count):
            way(office, calls[n % len(calls)])
        time.sleep(SETTLE)
    confirmed = spread(catalogue.until_confirmed(office.lab, since))
    times = _times(gates(tap.packets, ports))
    return Gates(calls=len(calls), refused=refused(tap.packets), catalogue=confirmed, **times)


def _times(found: Sequence[Gate]) -> GateTimes:
    return GateTimes(
        daemon=spread([gate.clear - gate.asked for gate in found]),
        deciding=spread([gate.first_stop - gate.asked for gate in found]),
        stopping=spread([gate.last_proof - gate.first_stop for gate in found]),
        answering=spread([gate.clear - gate.last_proof for gate in found]),
        outside=spread([gate.invited - gate.called for gate in found]),
    )


def _finish(office: Office, calls: Sequence[Call], plan: Plan) -> Finished:
    """Everybody hangs up; until the last recording is in the vault, or as long as there is time."""
    since, waiting = time.time(), catalogue.unfinished(office.lab)
    with _spent(office, len(calls)) as spent:
        office.hang_up(calls, plan.calls_per_second * 4)
        left = catalogue.wait_stored(office.lab, 0)
    return Finished(
        recordings=waiting - left, left=left, hours=round(catalogue.hours_stored(office.lab, since), 3),
        seconds=spent["seconds"], cpu=spent["cpu"]["daemon"],
    )  # fmt: skip


@contextmanager
def _spent(office: Office, calls: int) -> Iterator[Spent]:
    """Filled in when the `with` ends."""
    spent = Spent(calls=calls, seconds=0.0, cpu={})
    before, began = costs.cpu_of(office.pids), time.monotonic()
    yield spent
    spent["seconds"] = round(time.monotonic() - began, 2)
    spent["cpu"] = {name: round(after - before[name], 2) for name, after in costs.cpu_of(office.pids).items()}
