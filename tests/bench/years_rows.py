"""What years of recordings cost, beside the targets. Pure."""

from collections.abc import Iterator

from bench.rows import Row, at_least, at_most, ms
from bench.years import SEARCHES, Found

SEARCH_LIMITS = dict(zip(SEARCHES, (10.0, 50.0, 20.0), strict=False))  # ms, p99
WRITES = 2000
PURGE_RATIO = 1.5
VERIFY_SECONDS, READY_SECONDS, MEMORY = 20.0, 2.0, 150.0
GATE_P99 = 20.0


def rows(found: Found) -> Iterator[Row]:
    group = f"With {found['recordings']:,} recordings in the catalogue ({found['catalogue_bytes'] / 1e6:,.0f} MB)"
    by_hand = sum(found["find_delete"])
    ratio = found["purge"]["seconds"] / by_hand if by_hand else 0.0
    before, after = found["find_delete"]
    told = f"{ratio:.2f} times ({found['purge']['seconds']:.1f} s against {before:.1f} + {after:.1f} s)"
    what = f"purge of {found['due']:,} due files beside `find -delete`, half before it and half after"
    yield Row(group, what, told, f"at most {PURGE_RATIO} times", ratio <= PURGE_RATIO)
    cpu = f"{found['purge_cpu']:.1f} s, of which the calls and gates some {found['calls_cpu']:.1f} s"
    yield Row(group, "  CPU of the daemon meanwhile", cpu)
    yield Row(
        group,
        "  purged, each with its tombstone",
        f"{found['purged']:,}",
        f"at least {found['due']:,}",
        found["purged"] >= found["due"],
    )
    for what, spent in found["searches"].items():
        limit = SEARCH_LIMITS.get(what)
        target = f"p99 under {limit:g} ms" if limit else ""
        yield Row(group, f"search {what}", ms(spent), target, spent["p99"] < limit if limit else None)
    yield at_least(group, "rows written by the daemon's writer", found["writes_per_second"], WRITES, "a second")
    what = f"audit verify over {found['audit_entries']:,} entries"
    yield at_most(group, what, found["audit_verify"], VERIFY_SECONDS, "s")
    yield at_most(
        group, f"start of the daemon to ready, {found['live']} calls up", found["ready"], READY_SECONDS, "s", 2
    )
    yield at_most(group, "resident memory of the daemon", found["rss"], MEMORY, "MiB", 0)
    yield from _meanwhile(found)


def _meanwhile(found: Found) -> Iterator[Row]:
    group = 'The card gate meanwhile, request to "clear"'
    long = found["joined"]
    for what, gates in (("while the purge runs", found["purge"]["gates"]), ("while it is joined", long["gates"])):
        if gates is not None:
            yield Row(
                group,
                f"{what}, {gates['count']} gates",
                ms(gates),
                f"p99 under {GATE_P99:g} ms",
                gates["p99"] < GATE_P99,
            )
    hours = found["long_seconds"] / 3600
    told = f"{long['seconds']:.1f} s, {found['long_seconds'] / max(0.01, long['seconds']):,.0f} times real time"
    yield Row(group, f"a recording of {hours:g} h, from the spool to the vault", told)
    per_core = found["long_seconds"] / max(0.01, found["joined_cpu"])
    yield Row(
        group, "  CPU of the daemon for it", f"{found['joined_cpu']:.1f} s, {per_core:,.0f} times real time a core"
    )
