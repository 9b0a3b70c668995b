"""Callwarden after years: a million recordings in the catalogue, 100,000 of them due, and calls that go on meanwhile.

Searches, writes, a purge beside `find -delete` on the same tree, the card gate while that and the joining of a
two-hour recording go on, and how soon the daemon is back. Takes a plan; gives one result.
"""

import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from bench import bulk, costs, gates, speed
from bench.figures import Spread, spread
from bench.gates import Ports
from bench.office import Call, Office, open_office
from bench.wiretap import Wiretap
from callwarden.core.facts import Call as CallFact
from callwarden.core.facts import Channel, Direction, Fact, Recording, RecordingState, Role, Segment, SegmentState
from callwarden.custody import audit
from callwarden.storage.database import open_readonly
from callwarden.storage.search import find_calls, find_recordings
from callwarden.storage.writer import Writer
from lab.daemon import compile_as_installed
from lab.lab import Lab

DUE_SHARE = 0.1
KEPT_DAYS = 183.0
BULK_DAYS = KEPT_DAYS / (1 - DUE_SHARE)
FILE_BYTES = 4096  # of each due recording: unlinking costs the same whatever is in it
SECOND_BYTES = 16000
WAIT_SECONDS = 240.0
RATE = 8000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class YearsPlan:
    recordings: int
    calls: int  # that stand meanwhile
    live: int  # at the start
    searches: int
    facts: int
    long_seconds: int  # of the recording that is joined


FULL = YearsPlan(1_000_000, calls=20, live=100, searches=1000, facts=20_000, long_seconds=7200)
SMALL = YearsPlan(2_000, calls=3, live=3, searches=20, facts=200, long_seconds=30)


class Meanwhile(TypedDict):
    """Something long that went on, and the card gates at that time."""

    seconds: float
    gates: Spread | None


class Deleted(TypedDict):
    """By hand and by the purge, with the same calls and gates."""

    find_delete: list[float]  # seconds, for the half before the purge and the half after it
    purge: Meanwhile
    purge_cpu: float  # of the daemon, all it did meanwhile
    calls_cpu: float  # of these, what it spends in that time while `find` deletes


class Found(Deleted):
    recordings: int
    catalogue_bytes: int
    searches: dict[str, Spread]
    writes_per_second: float
    due: int
    purged: int
    audit_entries: int
    audit_verify: float
    ready: float  # seconds from exec to READY=1, with `live` calls
    live: int
    memory: float  # MiB, PSS of the daemon
    rss: float
    long_seconds: int
    joined: Meanwhile
    joined_cpu: float


def run(plan: YearsPlan, say: Say) -> Found:
    say(f"a catalogue of {plan.recordings:,} recordings")
    with tempfile.TemporaryDirectory(prefix="callwarden-years-") as folder:
        halves = [Path(folder) / "by-hand-1", Path(folder) / "by-hand-2"]
        due: list[str] = []

        def furnish(lab: Lab) -> None:
            bulk.catalogue(lab.catalogue_path, plan.recordings, BULK_DAYS)
            due.extend(sorted(_due_files(lab.catalogue_path)))
            for place, names in zip((lab.vault, *halves), (due, *_halves(due)), strict=True):
                _fill(place, names)
            os.sync()

        with open_office(before=furnish) as office:
            found = _measured(office, plan, halves, len(due), say)
    return found


def _measured(office: Office, plan: YearsPlan, halves: list[Path], due: int, say: Say) -> Found:
    calls: list[Call] = []
    _up_to(office, calls, plan.calls)
    say("searches and writes")
    found_in = {what: searches(office.lab.catalogue_path, plan.searches, what) for what in SEARCHES}
    written = writes(plan.recordings, plan.facts)
    entries, verify = _audit(office.lab.catalogue_path)
    size = office.lab.catalogue_path.stat().st_size
    say(f"find -delete and the purge of {due:,} files while {plan.calls} calls stand")
    deleted = _deleted(office, calls, halves)
    say(f"the daemon ends and starts again while {plan.live} calls stand; a recording of hours is joined")
    _up_to(office, calls, plan.live)
    compile_as_installed()
    office.lab.daemon.kill()
    unique_id = _left_by_the_dialplan(office, plan.long_seconds)
    ready = _timed(office.lab.daemon.start)
    before = costs.cpu_seconds(office.pids["daemon"])
    joined = _meanwhile(office, calls[: plan.calls], lambda: _wait_stored(office.lab, unique_id))
    memory = costs.at_rest(office.pids, plan.live, 1)["of"]["daemon"]
    with office.lab.catalogue() as db:
        purged = db.execute("SELECT count(*) FROM tombstones").fetchone()[0]
    found = Found(
        recordings=plan.recordings, catalogue_bytes=size, searches=found_in, writes_per_second=round(written),
        due=due, **deleted, purged=purged, audit_entries=entries, audit_verify=verify,
        ready=ready, live=plan.live, memory=memory["pss"], rss=memory["rss"], long_seconds=plan.long_seconds,
        joined=joined, joined_cpu=round(costs.cpu_seconds(office.pids["daemon"]) - before, 2),
    )  # fmt: skip
    office.hang_up(calls, 20)
    return found


def _deleted(office: Office, calls: list[Call], halves: list[Path]) -> Deleted:
    """One half by hand, the purge, the other half by hand: a disk that others use is not the same twice."""
    daemon = office.pids["daemon"]

    def spent(work: Callable[[], object]) -> tuple[Meanwhile, float]:
        before = costs.cpu_seconds(daemon)
        return _meanwhile(office, calls, work), costs.cpu_seconds(daemon) - before

    def by_hand(half: Path) -> tuple[Meanwhile, float]:
        return spent(lambda: subprocess.run(["find", half, "-type", "f", "-delete"], check=True))

    first, first_cpu = by_hand(halves[0])
    purge, purge_cpu = spent(lambda: _callwarden(office, "purge", "--yes", "--json"))
    second, second_cpu = by_hand(halves[1])
    finds = [first["seconds"], second["seconds"]]
    share = (first_cpu + second_cpu) / sum(finds)
    return Deleted(
        find_delete=finds, purge=purge, purge_cpu=round(purge_cpu, 2), calls_cpu=round(share * purge["seconds"], 2)
    )


def _up_to(office: Office, calls: list[Call], wanted: int) -> None:
    while len(calls) < wanted:
        calls.append(office.set_up())


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return round(time.monotonic() - began, 2)


def _meanwhile(office: Office, calls: list[Call], work: Callable[[], object]) -> Meanwhile:
    """`work` in a thread, and one card gate after the other until it is done."""
    done: Future[float] = Future()

    def do() -> None:
        try:
            done.set_result(_timed(work))
        except BaseException as error:  # told where it is waited for
            done.set_exception(error)

    ports = Ports.of(office)
    with Wiretap(ports.all) as tap:
        thread = threading.Thread(target=do)
        thread.start()
        n = 0
        while not done.done():
            gates.transfer(office, calls[n % len(calls)])
            n += 1
        thread.join()
        time.sleep(speed.SETTLE)
    times = gates.gates(tap.packets, ports)
    return Meanwhile(seconds=done.result(), gates=spread([g.daemon_and_stops for g in times]) if times else None)


# -- the catalogue ------------------------------------------------------------------------------------------------


def _due_files(catalogue: Path) -> list[str]:
    db = open_readonly(catalogue)
    try:
        return [row[0] for row in db.execute("SELECT path FROM recordings WHERE expires <= ?", [time.time()])]
    finally:
        db.close()


def _halves(names: list[str]) -> tuple[list[str], list[str]]:
    """Every other day: as many files a directory in both."""
    days = sorted({name.rpartition("/")[0] for name in names})
    odd = set(days[::2])
    first = [name for name in names if name.rpartition("/")[0] in odd]
    return first, [name for name in names if name.rpartition("/")[0] not in odd]


def _fill(place: Path, names: list[str]) -> None:
    """The files of these recordings, some bytes each."""
    content = os.urandom(FILE_BYTES)
    for name in names:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600)


SEARCHES = ("by any spelling of a number", "a person's whole history", "a day's list", "by a name")


def searches(catalogue: Path, count: int, what: str) -> Spread:
    """As a person searches, so many times: one of SEARCHES."""
    db, dice, people = open_readonly(catalogue), random.Random(3), bulk.numbers()
    newest = time.time() - bulk.DAY

    def spelled() -> str:
        number = dice.choice(people)
        return dice.choice((number, number[-9:], f"{number[:-6]} {number[-6:]}", f"({number[:-7]}) {number[-7:]}"))

    def a_day() -> dict[str, Any]:
        start = newest - dice.random() * KEPT_DAYS * bulk.DAY
        return {"from_": start, "to": start + bulk.DAY}

    asked: dict[str, Callable[[], object]] = {
        SEARCHES[0]: lambda: find_recordings(db, number=spelled()),
        SEARCHES[1]: lambda: find_recordings(db, number=dice.choice(people), limit=None),
        SEARCHES[2]: lambda: find_calls(db, **a_day()),
        SEARCHES[3]: lambda: find_calls(db, text=f"Caller {dice.randrange(bulk.PEOPLE)}"),
    }
    try:
        return spread([_exact(asked[what]) for _ in range(count)])
    finally:
        db.close()


def _exact(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def writes(recordings: int, count: int) -> float:
    """Facts a second into a catalogue of that size, as the daemon writes them: by its writer, on disk."""
    with tempfile.TemporaryDirectory(prefix="callwarden-writes-") as folder:
        path = bulk.catalogue(Path(folder) / "catalogue.sqlite", recordings, BULK_DAYS)
        writer = Writer(path, lambda _: None, bulk.REGION)
        facts = list(_facts(count))
        began = time.monotonic()
        for fact in facts:
            writer.save(fact)
        writer.wait(lambda _: None)
        seconds = time.monotonic() - began
        asyncio.run(writer.close())
        return len(facts) / seconds


def _facts(count: int) -> Iterator[Fact]:
    """Whole calls, four facts each."""
    now, people = time.time(), bulk.numbers()
    for n in range(count // 4):
        uid, number = f"{now:.0f}.{n}", people[n % len(people)]
        yield CallFact(linked_id=uid, direction=Direction.INBOUND, started=now, caller_number=number)
        yield Channel(
            unique_id=uid, linked_id=uid, name="PJSIP/trunk-1", endpoint="PJSIP/trunk", role=Role.OUTSIDE,
            started=now, number=number, answered=now,
        )  # fmt: skip
        yield Recording(unique_id=uid, linked_id=uid, state=RecordingState.RECORDING, wanted=now)
        yield Segment(file=f"{uid}-1.wav", unique_id=uid, number=1, state=SegmentState.RECORDING, asked=now)


# -- the product, as its users run it -----------------------------------------------------------------------------


def _callwarden(office: Office, *words: str) -> str:
    command = [sys.executable, "-m", "callwarden", "--config", str(office.lab.settings_path), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _audit(catalogue: Path) -> tuple[int, float]:
    """How many entries the audit chain has, and how many seconds it takes to verify them all."""
    db = open_readonly(catalogue)
    try:
        began = time.monotonic()
        verdict = audit.verify(db)
        assert not verdict.faults, verdict.faults
        return verdict.count, round(time.monotonic() - began, 2)
    finally:
        db.close()


def _left_by_the_dialplan(office: Office, seconds: int) -> str:
    """A recording of hours that the dialplan made while the daemon was down, as `dialplan/callwarden.conf` notes it."""
    began = time.time() - seconds
    unique_id = f"{began:.0f}.99999"
    file = f"{unique_id}-dialplan{began:.0f}.wav"
    _write_long(office.lab.spool / file, seconds)
    notes = {"at": f"{began:.3f}", "call": unique_id, "channel": "PJSIP/trunk-0000ffff", "way": "inbound",
             f"file-{began:.3f}": file}  # fmt: skip
    for what, value in notes.items():
        office.pbx.ami.action("DBPut", Family="callwarden", Key=f"{unique_id}/{what}", Val=value)
    return unique_id


def _write_long(path: Path, seconds: int) -> None:
    noise = random.Random(1).randbytes(SECOND_BYTES * 10)
    size = seconds * SECOND_BYTES
    header = b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += b"".join(n.to_bytes(w, "little") for n, w in ((1, 2), (1, 2), (RATE, 4), (2 * RATE, 4), (2, 2), (16, 2)))
    with path.open("wb") as file:
        file.write(header + b"data" + size.to_bytes(4, "little"))
        for _ in range(seconds // 10):
            file.write(noise)
    shutil.chown(path, 0, 0)


def _wait_stored(lab: Lab, unique_id: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with lab.catalogue() as db:
            row = db.execute("SELECT state FROM recordings WHERE unique_id = ?", [unique_id]).fetchone()
        if row is not None and row[0] == "stored":
            return
        time.sleep(0.2)
    raise TimeoutError(f"the recording of hours was not in the vault within {WAIT_SECONDS:g} s")
