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


class Surroundings(TypedDict):
    """Of the machine's time, in per cent: what these processes used, other programs, the hypervisor, nobody."""

    ours: float
    others: float
    stolen: float
    idle: float


class Watch:
    """From its making to `surroundings`. Ours are `pids`, the benchmark itself, and what it started and saw end."""

    def __init__(self, pids: Pids) -> None:
        self._pids = pids
        self._began, self._ours = _machine(), self._spent()

    def surroundings(self) -> Surroundings:
        spent = [after - before for before, after in zip(self._began, _machine(), strict=True)]
        user, nice, system, idle, waiting, _, _, stolen = spent
        ours, whole = self._spent() - self._ours, sum(spent)
        shares = (ours, max(0.0, user + nice + system - ours), stolen, idle + waiting)
        mine, others, taken, free = (round(100 * seconds / whole, 1) for seconds in shares)
        return Surroundings(ours=mine, others=others, stolen=taken, idle=free)

    def _spent(self) -> float:
        return sum(cpu_of(self._pids).values()) + sum(os.times()[:4])


def _machine() -> list[float]:
    """Seconds of all cores: user, nice, system, idle, waiting, interrupts twice, stolen."""
    return [int(ticks) / TICK for ticks in Path("/proc/stat").read_text().split()[1:9]]


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu_of(pids: Pids) -> dict[str, float]:
    return {name: cpu_seconds(pid) for name, pid in pids.items()}


def wait_quiet(pids: Pids, seconds: float) -> None:
    """Until none of them uses more than a twentieth of a core, for so long at most."""
    for _ in range(round(seconds)):
        before = cpu_of(pids)
        time.sleep(1)
        if all(after - before[name] <= 0.05 for name, after in cpu_of(pids).items()):
            return


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


def rss_of(pid: int) -> float:
    """Resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def _mib(text: str) -> float:
    return round(int(text.split()[0]) / 1024, 1)
