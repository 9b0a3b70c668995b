"""How much is tried by the tests named test_fuzz_*, and what arbitrary bytes are made of.

A few seconds each in the suite; `./run fuzz` (CALLWARDEN_FUZZ=50) tries fifty times as much.
"""

import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

MORE = int(os.environ.get("CALLWARDEN_FUZZ", "1"))


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """So many examples, or as many more as are asked for."""
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    return settings(max_examples=examples * MORE, deadline=None, suppress_health_check=slow)


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
