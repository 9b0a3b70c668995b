"""CPU and memory of processes, from /proc.

Takes process ids by name; gives CPU seconds since a process began, and over a rest its share of one core.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

TICK = os.sysconf("SC_CLK_TCK")
Pids = Mapping[str, int]


class Cost(TypedDict):
    """One process at rest: CPU in per cent of a core, memory in MiB (PSS counts shared pages in part)."""

    cpu: float
    rss: float
    pss: float


class Rest(TypedDict):
    calls: int
    seconds: float
    of: dict[str, Cost]


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu_of(pids: Pids) -> dict[str, float]:
    return {name: cpu_seconds(pid) for name, pid in pids.items()}


def at_rest(pids: Pids, calls: int, seconds: float) -> Rest:
    """Wait so long and see what the processes used."""
    before, began = cpu_of(pids), time.monotonic()
    time.sleep(seconds)
    after, lasted = cpu_of(pids), time.monotonic() - began
    of = {name: _cost(pid, (after[name] - before[name]) / lasted) for name, pid in pids.items()}
    return Rest(calls=calls, seconds=round(lasted, 1), of=of)


def _cost(pid: int, share: float) -> Cost:
    rollup = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return Cost(cpu=round(share * 100, 2), rss=_mib(rollup["Rss"]), pss=_mib(rollup["Pss"]))


def _mib(text: str) -> float:
    return round(int(text.split()[0]) / 1024, 1)
