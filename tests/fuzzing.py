"""How much is tried by the tests named test_fuzz_*, and what arbitrary bytes are made of.

A few seconds each in the suite; `./run fuzz` (CALLWARDEN_FUZZ=50) tries fifty times as much, or what of it fits in
CALLWARDEN_FUZZ_SECONDS: the tests share what is left of them, and `pytest -p fuzzing` tells how far each came. An
example that takes a minute hangs.
"""

import functools
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from types import FrameType
from typing import Any
from unittest import SkipTest

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

MORE = int(os.environ.get("CALLWARDEN_FUZZ", "1"))
SECONDS = float(os.environ.get("CALLWARDEN_FUZZ_SECONDS", "0"))  # 0: as long as it takes
HANGS = 60  # seconds


@dataclass(slots=True)
class Tried:
    """How far one test came. `until` is when its time is over (monotonic), None before it began."""

    name: str
    wanted: int
    done: int = 0
    seconds: float = 0.0
    until: float | None = None
    failed: bool = False


class TimeIsOver(SkipTest):
    """Of the kind at which hypothesis stops at once, without looking for a smaller example."""


TESTS: list[Tried] = []
ENDS: list[float] = []  # the moment at which all time is over (monotonic), once it is known


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """So many examples, or as many more as are asked for."""
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    wanted = settings(max_examples=examples * MORE, deadline=None, suppress_health_check=slow)

    def apply(test: Any) -> Any:
        tried = Tried(test.__name__, examples * MORE)
        TESTS.append(tried)
        test.hypothesis.inner_test = _within_its_time(test.hypothesis.inner_test, tried)
        return _ending_early(wanted(test))

    return apply


def _ending_early(test: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(test)
    def whole(*args: Any, **kwargs: Any) -> None:
        with suppress(TimeIsOver):
            test(*args, **kwargs)

    return whole


def _within_its_time(test: Callable[..., None], tried: Tried) -> Callable[..., None]:
    @functools.wraps(test)
    def one(*args: Any, **kwargs: Any) -> None:
        began = time.monotonic()
        if tried.until is None:
            tried.until = began + _share(began)
        if began > tried.until and not tried.failed:  # once it has failed, examples are for finding out why
            raise TimeIsOver("the time for it is over")
        tried.done += 1
        try:
            with _noticing_hangs():
                test(*args, **kwargs)
        except Exception:
            tried.failed = True
            raise
        finally:
            tried.seconds += time.monotonic() - began

    return one


def _share(now: float) -> float:
    """What is left, in equal parts for this test and those that have not begun."""
    if not SECONDS:
        return float("inf")
    if not ENDS:
        ENDS.append(now + SECONDS)
    waiting = sum(one.until is None for one in TESTS)
    return (ENDS[0] - now) / max(1, waiting)


@contextmanager
def _noticing_hangs() -> Iterator[None]:
    if not SECONDS:
        yield
        return

    def hung(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"this example hangs: not over after {HANGS} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(HANGS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("what was tried")
    for one in TESTS:
        told = f"of {one.wanted:,}" + (", its time was over" if one.done < one.wanted else "")
        terminalreporter.write_line(f"{one.done:>7,} {told:<28} {one.seconds:>5.0f} s  {one.name}")


def mutated(originals: Sequence[bytes], pieces: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of these with some bytes changed, taken out, repeated or put in, from what is special in its grammar."""
    put_in = st.sampled_from(pieces) | st.binary(max_size=12)
    change = st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 40), put_in)
    return st.builds(_changed, st.sampled_from(originals), st.lists(change, max_size=8))


def _changed(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for where, length, new in changes:
        at = int(where * len(data))
        data = data[:at] + new + data[at + length :]
    return data


def chunks(data: bytes, cuts: Sequence[float]) -> list[bytes]:
    """The same bytes in pieces; `cuts` are places between 0 and 1."""
    places = sorted({0, len(data), *(int(cut * len(data)) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


CUTS = st.lists(st.floats(0, 1), max_size=12)
