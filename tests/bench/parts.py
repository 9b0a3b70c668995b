"""What there is to measure: each part by its name, how it is run, and how it is told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import events, events_rows, growth, growth_rows, load, load_rows, plan, speed, speed_rows, years, years_rows
from bench.how import HOW
from bench.office import open_office
from bench.rows import Row

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """`run` takes whether to be small; `draw` makes pictures of what was found in a folder."""

    name: str
    title: str
    run: Callable[[bool, Say], Any]
    rows: Callable[[Any], Iterable[Row]]
    draw: Callable[[Any, Path], list[Path]] = lambda *_: []

    @property
    def how(self) -> str:
        return HOW[self.name]


def _speed(small: bool, say: Say) -> Any:
    with open_office() as office:
        return speed.run(office, plan.SMALL if small else plan.FULL, say)


PARTS = (
    Part("speed", "How quick it is", _speed, speed_rows.rows),
    Part("load", "How many calls a machine holds", lambda small, say: load.run(load.SMALL if small else load.FULL, say),
         load_rows.rows),
    Part("events", "The path of an event", lambda small, say: events.run(events.SMALL if small else events.FULL, say),
         events_rows.rows),
    Part("years", "After years", lambda small, say: years.run(years.SMALL if small else years.FULL, say),
         years_rows.rows),
    Part("growth", "What grows with what",
         lambda small, say: growth.run(growth.SMALL if small else growth.FULL, say), growth_rows.rows, growth.draw),
)  # fmt: skip
