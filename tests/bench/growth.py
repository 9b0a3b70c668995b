"""What grows with what: the cost of a call with the calls that go on, with the catalogue, and memory with the years.

Replayed, without Asterisk: ten thousand calls at a time are more than a machine's Asterisk holds. Gives figures, and a
picture of each.
"""

import gc
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from bench import bulk, costs, years
from bench.figures import Spread
from bench.replay import Replay, steady

CONCURRENT_IN_MEMORY = 100

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class GrowthPlan:
    standing: tuple[int, ...]
    calls: int  # that begin and end while those stand
    sizes: tuple[int, ...]
    searches: int
    facts: int
    replayed: int
    samples: int


FULL = GrowthPlan(
    (10, 100, 1_000, 10_000), calls=1000, sizes=(1_000, 10_000, 100_000, 1_000_000), searches=300, facts=8000,
    replayed=100_000, samples=20,
)  # fmt: skip
SMALL = GrowthPlan((2, 5), calls=10, sizes=(1_000,), searches=5, facts=40, replayed=40, samples=2)


class Deciding(TypedDict):
    standing: int
    per_call: float  # ms of CPU
    per_event: float  # microseconds of CPU
    events: float  # per call


class Catalogue(TypedDict):
    recordings: int
    by_number: Spread
    writes_per_second: int


class Memory(TypedDict):
    calls: int
    rss: float  # MiB


class Found(TypedDict):
    deciding: list[Deciding]
    catalogue: list[Catalogue]
    memory: list[Memory]


def run(plan: GrowthPlan, say: Say) -> Found:
    say(f"deciding, with {plan.standing[0]} to {plan.standing[-1]:,} calls standing")
    deciding = [_deciding(standing, plan.calls) for standing in plan.standing]
    say(f"memory over {plan.replayed:,} calls")
    memory = _memory(plan)
    say(f"catalogues of {plan.sizes[0]:,} to {plan.sizes[-1]:,} recordings")
    return Found(deciding=deciding, memory=memory, catalogue=[_catalogue(size, plan) for size in plan.sizes])


def _deciding(standing: int, calls: int) -> Deciding:
    replay = Replay(desks=max(100, standing))
    for _ in steady(replay, standing, calls):
        pass
    return Deciding(
        standing=standing, per_call=round(replay.seconds / calls * 1e3, 4),
        per_event=round(replay.seconds / replay.decided * 1e6, 2), events=round(replay.decided / calls, 1),
    )  # fmt: skip


def _memory(plan: GrowthPlan) -> list[Memory]:
    """Of this process while calls come and go; what it had before the first of them is in it."""
    replay, found = Replay(), []
    for n in steady(replay, CONCURRENT_IN_MEMORY, plan.replayed):
        done = n - CONCURRENT_IN_MEMORY + 1
        if done % (plan.replayed // plan.samples) == 0:
            gc.collect()
            found.append(Memory(calls=done, rss=costs.rss_of(os.getpid())))
    return found


def _catalogue(size: int, plan: GrowthPlan) -> Catalogue:
    with tempfile.TemporaryDirectory(prefix="callwarden-growth-") as folder:
        path = bulk.catalogue(Path(folder) / "catalogue.sqlite", size, years.BULK_DAYS)
        by_number = years.searches(path, plan.searches, "by any spelling of a number")
    writes = years.writes(size, plan.facts)
    return Catalogue(recordings=size, by_number=by_number, writes_per_second=round(writes))


# -- pictures -----------------------------------------------------------------------------------------------------


def draw(found: Found, folder: Path) -> list[Path]:
    """A picture of each, as PNG files in `folder`; gives their paths."""
    deciding, catalogue, memory = found["deciding"], found["catalogue"], found["memory"]
    return [
        _curve(
            folder / "growth-calls.png", "calls that go on", "CPU to decide a whole call (ms)",
            [one["standing"] for one in deciding], [[one["per_call"] for one in deciding]], [""], log=True,
        ),
        _curve(
            folder / "growth-catalogue.png", "recordings in the catalogue", "search by number (ms)",
            [one["recordings"] for one in catalogue],
            [[one["by_number"][which] for one in catalogue] for which in ("p50", "p99")], ["p50", "p99"], log=True,
        ),
        _curve(
            folder / "growth-memory.png", "calls replayed", "resident memory (MiB)",
            [one["calls"] for one in memory], [[one["rss"] for one in memory]], [""], log=False,
        ),
    ]  # fmt: skip


def _curve(
    path: Path, across: str, up: str, x: Sequence[float], lines: Sequence[Sequence[float]], names: Sequence[str],
    log: bool,
) -> Path:  # fmt: skip
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for values, name in zip(lines, names, strict=True):
        axes.plot(x, values, "o-", label=name)
    if log:
        axes.set_xscale("log")
    axes.set(xlabel=across, ylabel=up, ylim=(0, max(max(values) for values in lines) * 1.2))
    axes.grid(alpha=0.3)
    if any(names):
        axes.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path
