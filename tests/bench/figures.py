"""Samples in seconds to figures in milliseconds. Pure."""

import math
from collections.abc import Sequence
from typing import TypedDict


class Spread(TypedDict):
    """Milliseconds; percentiles are real samples (nearest rank)."""

    count: int
    least: float
    p50: float
    p99: float
    most: float


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least this share of all samples does not exceed."""
    if not samples:
        raise ValueError("no samples")
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


def spread(seconds: Sequence[float]) -> Spread:
    def ms(value: float) -> float:
        return round(value * 1000, 2)

    return Spread(
        count=len(seconds), least=ms(min(seconds)), p50=ms(percentile(seconds, 0.5)),
        p99=ms(percentile(seconds, 0.99)), most=ms(max(seconds)),
    )  # fmt: skip
