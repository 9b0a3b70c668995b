"""What happened since the daemon started, counted as it happens, for Prometheus.

Takes facts as they are saved, and steps as they are answered. A fact is saved again whenever it changes: each is
counted once. Labels are few and ours: a cause that is none of the first ``CAUSES`` is counted as "other".
"""

from collections import OrderedDict

from prometheus_client import CollectorRegistry, Counter, Histogram

from callwarden.core import actions as do
from callwarden.core.events import Step
from callwarden.core.facts import Call, Fact, Gap, Recording, Suspension

REMEMBERED = 20_000  # facts that may still be saved again
CAUSES = 30
GATES = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds
LATENESS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)  # seconds
GATE_STEPS = (Step.CARD_GATE, Step.DIVERT, Step.SUSPEND)


class Counting:
    """``registry`` is where the counters are entered."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter("callwarden_calls", "Calls that began.", ["direction"], registry=registry)
        self._recordings = Counter(
            "callwarden_recordings", "Recordings that came to this state.", ["state"], registry=registry
        )
        self._suspensions = Counter(
            "callwarden_suspensions", "Channels proven silent, by the reason.", ["why"], registry=registry
        )
        self._gaps = Counter(
            "callwarden_gap_seconds", "Answered seconds without a recording, by their cause.", ["cause"],
            registry=registry,
        )  # fmt: skip
        self._gates = Histogram(
            "callwarden_gate_seconds", "From a hand-over's request to its answer.", ["step"], buckets=GATES,
            registry=registry,
        )  # fmt: skip
        self._refused = Counter(
            "callwarden_gates_refused", "Hand-overs that could not be proven silent.", ["step"], registry=registry
        )
        self._lag = Histogram(
            "callwarden_event_loop_lag_seconds", "How late the event loop did what it was to do.", buckets=LATENESS,
            registry=registry,
        )  # fmt: skip
        self._known: OrderedDict[tuple[object, ...], float | str] = OrderedDict()
        self._causes: set[str] = set()

    def fact(self, fact: Fact) -> None:
        """A fact is saved, for the first time or again."""
        match fact:
            case Call():
                if self._changed(("call", fact.linked_id), "") is None:
                    self._calls.labels(str(fact.direction)).inc()
            case Recording():
                if self._changed(("recording", fact.unique_id), str(fact.state)) != str(fact.state):
                    self._recordings.labels(str(fact.state)).inc()
            case Suspension(confirmed=float()):
                if self._changed(("suspension", fact.unique_id, fact.number), "") is None:
                    self._suspensions.labels(self._few(fact.why)).inc()
            case Gap():
                self._gap(fact)
            case _:
                return

    def step(self, step: Step, seconds: float, answer: do.AnswerStep | None) -> None:
        """A step was answered after so many seconds; None: not in time."""
        if step not in GATE_STEPS:
            return
        self._gates.labels(str(step)).observe(seconds)
        if answer is None or any(value == "refused" for _, value in answer.variables):
            self._refused.labels(str(step)).inc()

    def late(self, seconds: float) -> None:
        """The event loop was so many seconds late."""
        self._lag.observe(seconds)

    def _gap(self, gap: Gap) -> None:
        length = max(0.0, gap.ended - gap.started)
        before = self._changed(("gap", gap.unique_id, gap.started), length)
        more = length - before if isinstance(before, float) else length
        if more > 0:
            self._gaps.labels(self._few(gap.cause)).inc(more)

    def _changed(self, key: tuple[object, ...], value: float | str) -> float | str | None:
        """What was known under this key before; remembers ``value``."""
        before = self._known.pop(key, None)
        self._known[key] = value
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return before

    def _few(self, cause: str) -> str:
        if cause not in self._causes and len(self._causes) < CAUSES:
            self._causes.add(cause)
        return cause if cause in self._causes else "other"
