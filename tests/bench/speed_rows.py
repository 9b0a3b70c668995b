"""A result beside its targets: rows for people, ratios first. Pure."""

from collections.abc import Iterator

from bench.costs import Rest
from bench.rows import Row, ms
from bench.speed_result import Finished, Gates, Missed, Recorded, Result

GATE_P50, GATE_P99 = 5.0, 20.0  # ms; 20 is one packet of sound
SHARE = 0.05  # of what Asterisk costs
TALK_SECONDS = 180.0  # a usual call
DAEMON, ASTERISK = "daemon", "Asterisk"


def rows(result: Result) -> list[Row]:
    return [*_ratios(result), *_gate(result), *_recording(result), *_costs(result)]


# -- ratios -------------------------------------------------------------------------------------------------------


def _ratios(result: Result) -> Iterator[Row]:
    group = "Callwarden beside Asterisk"
    full = result["standing"]["rests"][-1]
    at_rest = full["of"][DAEMON]["cpu"] / full["of"][ASTERISK]["cpu"]
    yield _share(group, f"CPU while {full['calls']} calls stand", at_rest)
    ours, theirs = (_whole_call(result, name) for name in (DAEMON, ASTERISK))
    standing = TALK_SECONDS * _per_call(result, ASTERISK)
    yield _share(group, "CPU of a call of 3 minutes, from its first ring to the vault", ours / (theirs + standing))
    yield Row(group, "CPU of a call without its talk (set up, hung up, stored)", f"{ours / theirs:.0%}")
    ours_memory, theirs_memory = (full["of"][name]["pss"] for name in (DAEMON, ASTERISK))
    yield Row(group, f"memory while {full['calls']} calls stand", f"{ours_memory / theirs_memory:.0%}")


def _share(group: str, what: str, share: float) -> Row:
    return Row(group, what, f"{share:.2%}", f"at most {SHARE:.0%}", share <= SHARE)


def _whole_call(result: Result, name: str) -> float:
    """CPU seconds of one call, without what the process uses when there is no call."""
    spent, idle = result["lone"]["spent"], result["standing"]["rests"][0]["of"][name]["cpu"] / 100
    return max(0.0, spent["cpu"][name] - idle * spent["seconds"]) / spent["calls"]


def _per_call(result: Result, name: str) -> float:
    """Cores for one standing call."""
    full, idle = result["standing"]["rests"][-1], result["standing"]["rests"][0]
    return max(0.0, full["of"][name]["cpu"] - idle["of"][name]["cpu"]) / 100 / full["calls"]


# -- the card gate ------------------------------------------------------------------------------------------------


def _gate(result: Result) -> Iterator[Row]:
    yield from _one_gate("transfer", result["standing"]["transfers"])
    yield from _one_gate("consultation", result["standing"]["consultations"])


def _one_gate(way: str, found: Gates) -> Iterator[Row]:
    group = f"The card gate, {found['daemon']['count']} by {way} while {found['calls']} calls stand"
    own = found["daemon"]
    yield _within(group, 'request arrives to "clear" written, p50', own["p50"], GATE_P50)
    yield _within(group, 'request arrives to "clear" written, p99', own["p99"], GATE_P99)
    yield Row(group, "  of that: until the first stop is sent", ms(found["deciding"]))
    yield Row(group, "  of that: until Asterisk's last proof", ms(found["stopping"]))
    yield Row(group, '  of that: until "clear" is written', ms(found["answering"]))
    yield Row(group, "asked to last confirmed, by the catalogue", ms(found["catalogue"]))
    yield Row(group, "AGI() called to the card phone's INVITE", ms(found["outside"]))
    yield Row(group, "refused", str(found["refused"]), "0", found["refused"] == 0)


def _within(group: str, what: str, found: float, limit: float) -> Row:
    return Row(group, what, f"{found:.1f} ms", f"under {limit:g} ms", found < limit)


# -- recording ----------------------------------------------------------------------------------------------------


def _recording(result: Result) -> Iterator[Row]:
    group = "Recording"
    lone = result["lone"]
    yield _missing(group, "missed at the answer, telephones that ring first", lone["missed_after_ringing"])
    yield _missing(group, "missed at the answer, answered the moment it is rung", lone["missed_without_ringing"])
    yield _missing(group, "missed at the answer, answered by the announcement", result["missed_when_announced"])
    yield from _until_recorded("one call at a time", lone["recorded"])
    yield from _until_recorded(_standing(result), result["standing"]["recorded"])


def _until_recorded(what: str, found: Recorded) -> Iterator[Row]:
    group, before = "Recording", found["before_answer"]
    yield Row(group, f"Newchannel to recording, {what}", ms(found["events"]))
    yield Row(group, f"  the same by the catalogue, {what}", ms(found["catalogue"]))
    told = f"{before['p50']:.1f} ms (least {before['least']:.1f})"
    yield Row(group, f"recorder runs before the answer, {what}", told)


def _standing(result: Result) -> str:
    levels = [rest["calls"] for rest in result["standing"]["rests"]]
    return f"{levels[-2]} to {levels[-1]} calls stand"


def _missing(group: str, what: str, found: Missed) -> Row:
    told = f"{found['packets']} packets in {found['recordings']} recordings (most {max(0.0, found['most']):.1f} ms)"
    return Row(group, what, told, "0", found["packets"] == 0)


# -- costs --------------------------------------------------------------------------------------------------------


def _costs(result: Result) -> Iterator[Row]:
    group = "Costs (CPU in per cent of one core; memory is PSS)"
    for rest in result["standing"]["rests"]:
        yield Row(group, f"{rest['calls']} calls stand: daemon", _cost(rest, DAEMON))
        yield Row(group, f"{rest['calls']} calls stand: Asterisk", _cost(rest, ASTERISK))
    for name in (DAEMON, ASTERISK):
        told = f"{_whole_call(result, name) * 1000:.1f} ms of CPU"
        yield Row(group, f"one short call from ring to vault: {name}", told)
    for spent in result["standing"]["set_ups"]:
        each = ", ".join(f"{name} {spent['cpu'][name] / spent['calls'] * 1000:.1f}" for name in (DAEMON, ASTERISK))
        yield Row(group, f"{spent['calls']} more calls set up, standing ones included", f"{each} ms of CPU a call")
    yield from _finished(result["finished"])


def _finished(found: Finished) -> Iterator[Row]:
    group = "After the calls"
    speed = found["hours"] * 3600 / found["seconds"]
    told = f"{found['hours']:.1f} h of sound in {found['seconds']:.0f} s ({speed:,.0f} times real time)"
    yield Row(group, f"all hang up: {found['recordings']} recordings to the vault", told)
    yield Row(group, "  of that: CPU of the daemon", f"{found['cpu']:.1f} s")
    yield Row(group, "recordings that were not there in time", str(found["left"]), "0", found["left"] == 0)


def _cost(rest: Rest, name: str) -> str:
    found = rest["of"][name]
    return f"{found['cpu']:.2f} %, {found['pss']:.0f} MiB"
