"""What happened before anybody counts it: kept, and counted then.

Calls are looked after before the back office opens, and the metrics are a part of that.
"""

from typing import Protocol

from callwarden.core import actions as do
from callwarden.core.events import Step
from callwarden.core.facts import Fact


class Counts(Protocol):
    """``counting.Counting``."""

    def fact(self, fact: Fact) -> None: ...
    def step(self, step: Step, seconds: float, answer: do.AnswerStep | None) -> None: ...


class Uncounted:
    """Hands on what it is told to ``counted_by``'s, what came before that too."""

    def __init__(self) -> None:
        self._counts: Counts | None = None
        self._facts: list[Fact] = []
        self._steps: list[tuple[Step, float, do.AnswerStep | None]] = []

    def fact(self, fact: Fact) -> None:
        """A fact is saved."""
        if self._counts is None:
            self._facts.append(fact)
        else:
            self._counts.fact(fact)

    def step(self, step: Step, seconds: float, answer: do.AnswerStep | None) -> None:
        """A step was answered after so many seconds; None: not in time."""
        if self._counts is None:
            self._steps.append((step, seconds, answer))
        else:
            self._counts.step(step, seconds, answer)

    def counted_by(self, counts: Counts) -> None:
        """Somebody counts from now on."""
        self._counts = counts
        for fact in self._facts:
            counts.fact(fact)
        for step in self._steps:
            counts.step(*step)
        self._facts, self._steps = [], []
