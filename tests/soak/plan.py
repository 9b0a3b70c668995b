"""How much, for how long, and in which order: drawn from the seed before anything begins."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

T_END = 0.97


@dataclass(frozen=True, slots=True)
class Plan:
    """`minutes` is the whole: starting, the calls, and looking through everything afterwards. `longest_talk` in
    seconds."""

    seed: int
    version: str
    calls: int
    faults: int
    minutes: float
    side_by_side: int
    longest_talk: float
    short: bool = False

    @property
    def seconds(self) -> float:
        """How long calls and faults go on."""
        return max(10.0, self.minutes * 60 * 0.86 - 75)


def drawn(weights: Mapping[str, int], count: int, dice: random.Random) -> list[str]:
    """Each kind at least once where there is room, the rest by weight, in a random order."""
    kinds = list(weights)
    certain = dice.sample(kinds, min(count, len(kinds)))
    chosen = certain + dice.choices(kinds, list(weights.values()), k=count - len(certain))
    dice.shuffle(chosen)
    return chosen


def moments(count: int, seconds: float, dice: random.Random) -> Sequence[float]:
    """So many random moments in that time, in their order."""
    return sorted(dice.uniform(0, seconds * T_END) for _ in range(count))
