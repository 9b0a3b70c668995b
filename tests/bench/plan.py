"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """`standing` are the numbers of calls that stand while costs are measured; gates are measured with `gate_calls`."""

    short_calls: int
    announced_calls: int
    standing: tuple[int, ...]
    gate_calls: int
    transfers: int
    consultations: int
    rest_seconds: float
    calls_per_second: float = 5.0


FULL = Plan(
    short_calls=40, announced_calls=10, standing=(0, 50, 100), gate_calls=50, transfers=200, consultations=100,
    rest_seconds=30,
)  # fmt: skip
SMALL = Plan(
    short_calls=4, announced_calls=2, standing=(0, 3, 5), gate_calls=3, transfers=6, consultations=4, rest_seconds=3
)
