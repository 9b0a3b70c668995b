"""What the load found, beside its targets. Pure."""

from collections.abc import Iterator

from bench.load import Found, Level, WayFound
from bench.rows import Row, ms

SHARE = 0.05  # of what Asterisk costs
AS_MANY = 0.95  # of the calls that the dialplan alone holds
DAEMON, ASTERISK = "daemon", "Asterisk"


def rows(found: Found) -> Iterator[Row]:
    ways = {way["key"]: way for way in found["ways"]}
    yield from _beside(ways)
    for way in found["ways"]:
        group = f"{way['name'][0].upper()}{way['name'][1:]}"
        for level in way["levels"]:
            yield from _level(group, way["key"], level)


def held(way: WayFound) -> int:
    """The most calls at which every call was answered and every recording whole."""
    return max((level["calls"] for level in way["levels"] if level["held"]), default=0)


def _beside(ways: dict[str, WayFound]) -> Iterator[Row]:
    group = "Callwarden (e) beside MixMonitor() in the dialplan (c)"
    if "c" in ways and "e" in ways:
        ours, theirs = held(ways["e"]), held(ways["c"])
        share = ours / theirs if theirs else 0.0
        told = f"{share:.0%} ({ours} against {theirs})"
        yield Row(group, "calls held", told, f"at least {AS_MANY:.0%}", share >= AS_MANY)
    for key in "de":
        for level in ways[key]["levels"] if key in ways else ():
            if level["held"]:
                yield from _shares(f"({key})", group, level)
    for level in ways["e"]["levels"] if "e" in ways else ():
        if level["held"]:
            lost, leaked, calls = level["missed_packets"], level["card_frames"], level["calls"]
            found = f"{lost}, {level['missed_by_late']} of them by a recorder that began late" if lost else "0"
            yield Row(group, f"frames missed at the start, {calls} calls", found, "0", lost == 0)
            yield Row(group, f"frames of the card line on disk, {calls} calls", str(leaked), "0", leaked == 0)


def _shares(key: str, group: str, level: Level) -> Iterator[Row]:
    calls = level["calls"]
    talking = level["of"][DAEMON]["cpu"] / level["of"][ASTERISK]["cpu"]
    yield Row(
        group,
        f"{key} daemon's CPU while {calls} calls talk",
        f"{talking:.2%}",
        f"at most {SHARE:.0%}",
        talking <= SHARE,
    )
    whole = level["cpu"][DAEMON] / level["cpu"][ASTERISK]
    what = f"{key} daemon's CPU, {calls} calls from ring to vault, of some {level['seconds']:.0f} s each"
    yield Row(group, what, f"{whole:.1%}", f"at most {SHARE:.0%}", whole <= SHARE)


def _level(group: str, key: str, level: Level) -> Iterator[Row]:
    calls = level["calls"]
    each = ", ".join(f"{name} {seconds / calls * 1000:.0f}" for name, seconds in level["cpu"].items())
    memory = ", ".join(f"{name} {cost['pss']:.0f}" for name, cost in level["of"].items() if name != "the world")
    trouble = f"{level['unanswered']} not answered, {level['incomplete']} without a complete recording"
    yield Row(group, f"{calls} calls", "held" if level["held"] else trouble)
    yield Row(group, f"  CPU a call, from ring to {'vault' if key in 'de' else 'file'}", f"{each} ms")
    yield Row(group, "  memory (PSS)", f"{memory} MiB")
    yield Row(group, "  idle while they talk", f"{level['idle']:.0f} % of the machine")
    if key != "a":
        yield Row(group, "  missed at the start, the most", f"{level['missed_at_start']:.0f} ms")
    if level["refer_to_invite"] is not None:
        yield Row(group, "  REFER to the card line's ring", ms(level["refer_to_invite"]))
    if level["stopping"] is not None:
        yield Row(group, "  the gate's request to the last proof", ms(level["stopping"]))
    if key != "a" and level["refer_to_invite"] is not None:
        yield Row(group, "  card line's sound on disk", f"{level['card_frames']} frames")
