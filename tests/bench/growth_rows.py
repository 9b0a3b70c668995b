"""What grows with what. Pure."""

from collections.abc import Iterator

from bench.growth import Found
from bench.rows import Row, ms

FLAT = 1.02  # the last half of the memory's samples beside its first


def rows(found: Found) -> Iterator[Row]:
    group = "CPU to decide a whole call, replayed"
    first = found["deciding"][0]["per_call"]
    for one in found["deciding"]:
        told = f"{one['per_call'] / first:.2f} times ({one['per_call']:.3f} ms, {one['per_event']:.1f} us an event)"
        yield Row(group, f"{one['standing']:,} calls go on", told)
    group = "With the catalogue"
    for size in found["catalogue"]:
        told = f"search by number {ms(size['by_number'])}; {size['writes_per_second']:,} rows written a second"
        yield Row(group, f"{size['recordings']:,} recordings", told)
    group = "Memory"
    memory = found["memory"]
    grown = memory[-1]["rss"] / memory[len(memory) // 2 - 1]["rss"]
    told = f"{memory[0]['rss']:.1f} to {memory[-1]['rss']:.1f} MiB; the second half {grown:.1%} of the first"
    yield Row(group, f"over {memory[-1]['calls']:,} calls replayed", told, "flat", grown <= FLAT)
