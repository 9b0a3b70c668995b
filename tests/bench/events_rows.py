"""What the event path found, beside its targets. Pure."""

from collections.abc import Iterator

from bench.events import Found
from bench.rows import Row, at_least

CORE = 20_000  # events a second
TIMES = 5  # of what Asterisk can send


def rows(found: Found) -> Iterator[Row]:
    group = "From AMI's bytes to a decision, on one core"
    times = found["whole"] / found["busiest"]
    told = f"{times:.0f} times ({found['busiest']:,} events)"
    yield Row(group, "the whole path beside Asterisk's busiest second", told, f"at least {TIMES} times", times >= TIMES)
    yield at_least(group, "the core: decisions", found["core"], CORE, "a second")
    share = found["whole"] / found["framing"]
    yield Row(
        group, "bytes to messages (the AMI client)", f"{found['framing']:,} a second, {share:.0%} of the path's time"
    )
    yield Row(group, "  panoramisk's own reading of the same messages", f"{found['panoramisk']:,} a second")
    yield Row(group, "messages to events", f"{found['translating']:,} a second")
    yield Row(group, "the whole path", f"{found['whole']:,} a second")
    group = "What Asterisk sends"
    yield Row(
        group, "events of a call, with the filter that `init` prints", f"{found['filtered'] / found['calls']:.0f}"
    )
    yield Row(group, "events of a call, without a filter", f"{found['unfiltered'] / found['calls']:.0f}")
    kinds = ", ".join(f"{kind} {count}" for kind, count in found["by_kind"].items())
    yield Row(group, f"of {found['calls']} calls", kinds)
