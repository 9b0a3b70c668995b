"""Calls and faults, side by side, until the plan is done or somebody presses Ctrl-C; then everything is looked through.

Faults are injected here, in the main thread, one after another: an Asterisk dies with the thread that started it.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from soak import accounts, faults, injecting, scenes, verdict
from soak.faults import Fault
from soak.leaks import LeakWatch
from soak.office import Office
from soak.plan import Plan, drawn, moments
from soak.scene import Scene

SETTLE_SECONDS = 60.0
LAST_CALL_SECONDS = 45.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Played:
    """One call: what it was, when, and how it ended."""

    number: int
    kind: str
    began: float
    ended: float = 0.0
    how: str = ""


@dataclass(slots=True)
class Record:
    """All that happened, and what came of it."""

    plan: Plan
    played: list[Played] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    findings: list[verdict.Finding] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    answered: int = 0
    recordings: int = 0
    hours: float = 0.0
    files_searched: int = 0
    on_hold: float = 0.0
    seconds: float = 0.0

    def count(self, sort: str) -> int:
        return sum(one.sort == sort for one in self.findings)

    @property
    def unexplained(self) -> float:
        return sum(one.seconds for one in self.findings if one.sort == "unexplained")

    @property
    def longest_recovery(self) -> Fault | None:
        return max(self.faults, key=lambda fault: fault.recovery, default=None)

    @property
    def faults_by_kind(self) -> Counter[str]:
        return Counter(fault.kind for fault in self.faults)

    @property
    def calls_by_kind(self) -> Counter[str]:
        return Counter(one.kind for one in self.played)


class Soak:
    """`stop` may be set at any time, from a signal handler too."""

    def __init__(self, office: Office, plan: Plan, say: Say) -> None:
        self.office, self.plan, self._say = office, plan, say
        self.record = Record(plan)
        self.stop = threading.Event()
        self._places = threading.Semaphore(plan.side_by_side)
        self._calls: list[threading.Thread] = []

    def run(self, watch: LeakWatch) -> Record:
        began = time.time()
        calling = threading.Thread(target=self._make_calls, name="calling", daemon=True)
        calling.start()
        self._inject_faults(began)
        self._finish_calls(calling)
        self._judge(watch)
        self.record.seconds = time.time() - began
        return self.record

    # -- calls --------------------------------------------------------------------------------------------------------

    def _make_calls(self) -> None:
        plan, dice, began = self.plan, random.Random(f"{self.plan.seed} calls"), time.monotonic()
        kinds = drawn({name: weight for name, (_, weight) in scenes.KINDS.items()}, plan.calls, dice)
        for number, (kind, moment) in enumerate(zip(kinds, moments(plan.calls, plan.seconds, dice), strict=True)):
            if self.stop.wait(max(0.0, began + moment - time.monotonic())):
                return
            self._places.acquire()
            thread = threading.Thread(target=self._play, args=(number, kind), name=f"call {number}", daemon=True)
            self._calls.append(thread)
            thread.start()

    def _play(self, number: int, kind: str) -> None:
        dice = random.Random(f"{self.plan.seed} call {number}")
        played = Played(number, kind, time.time())
        try:
            played.how = scenes.play(Scene(self.office, number, dice, self.plan.longest_talk), kind)
        finally:
            played.ended = time.time()
            self.record.played.append(played)
            self._places.release()

    def _finish_calls(self, calling: threading.Thread) -> None:
        calling.join(LAST_CALL_SECONDS)
        deadline = time.monotonic() + (LAST_CALL_SECONDS if not self.stop.is_set() else 2)
        for thread in self._calls:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.stop.set()
        self.office.cast.ending.set()
        for thread in self._calls:
            thread.join(5)
        self.office.everybody_hangs_up()

    # -- faults -------------------------------------------------------------------------------------------------------

    def _inject_faults(self, began: float) -> None:
        plan, dice = self.plan, random.Random(f"{self.plan.seed} faults")
        possible = faults.possible(self.office)
        for left_out in sorted(faults.FAULTS.keys() - possible.keys()):
            self._say(f"not injected, because this file system cannot: {left_out}")
            self.record.left_out.append(left_out)
        kinds = drawn(possible, plan.faults, dice)
        for number, (kind, moment) in enumerate(zip(kinds, moments(plan.faults, plan.seconds, dice), strict=True)):
            if self.stop.wait(max(0.0, began + moment - time.time())):
                return
            fault = injecting.inject(self.office, kind, random.Random(f"{plan.seed} fault {number}"))
            self.record.faults.append(fault)
            self._say(self._line(fault))
        self.stop.wait(max(0.0, began + plan.seconds - time.time()))

    def _line(self, fault: Fault) -> str:
        record = self.record
        note = f"; {'; '.join(fault.notes)}" if fault.notes else ""
        return (
            f"{len(record.played)}/{self.plan.calls} calls, {len(record.faults)}/{self.plan.faults} faults: "
            f"{fault.kind} for {fault.ended - fault.began:.1f} s, well after {fault.recovery:.1f} s{note}"
        )

    # -- afterwards ---------------------------------------------------------------------------------------------------

    def _judge(self, watch: LeakWatch) -> None:
        lab, record, evidence = self.office.lab, self.record, self.office.evidence
        self._say("waiting until everything is stored")
        end = Fault("the end", time.time(), time.time())
        injecting.recover(self.office, end)
        unsettled = accounts.settle(lab, SETTLE_SECONDS)
        self._say("searching every file, and holding the ledger to what Asterisk saw")
        watch.finish()
        found = accounts.accounts(lab)
        record.findings = verdict.findings(evidence.channels, found, record.faults, watch.leaks)
        record.findings += [verdict.Finding("lost", f"never finished: {what}") for what in unsettled]
        for fault in (*record.faults, end):
            record.findings += [verdict.Finding("other", what, at=fault.began) for what in _odd(fault)]
        record.answered = len({c.linked_id for c in evidence.channels.values() if c.is_recordable and c.answered})
        stored = [one.found.file for one in found.values() if one.found is not None and one.found.file is not None]
        record.recordings, record.hours = len(stored), sum(one.seconds for one in stored) / 3600
        record.files_searched = watch.searched


def _odd(fault: Fault) -> list[str]:
    """A daemon that hung may end itself, and is started again: that is its guard. Everything else is odd."""
    hung = fault.kind == "daemon frozen"
    return [f"{fault.kind}: {note}" for note in fault.notes if not (hung and "by itself" in note)]
