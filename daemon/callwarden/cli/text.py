"""What the terminal gets: texts that callers chose made harmless, times with their zone, tables that fit 80 columns.

Rules: nothing that a caller chose is read as markup or reaches the terminal as anything but printable characters; no
sense is carried by colour alone.
"""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

SHOWN = 60  # characters of a caller's text in a table; a story shows more
NARROWEST = 80  # columns: below, the terminal breaks the lines, which is read more easily than what we could do
NOTHING = "-"


def console() -> Console:
    """Standard output, without rich's own ideas of what is markup, an emoji or a number."""
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False, width=_width())


def _width() -> int | None:
    columns = os.environ.get("COLUMNS", "")
    return max(int(columns), NARROWEST) if columns.isdecimal() else None


def shown(text: str, longest: int = SHOWN) -> str:
    """``text`` as it may be printed: whatever is not printable is written out, and what is too long is cut."""
    cut = text[:longest]
    safe = "".join(c if c.isprintable() and c != "\\" else _escaped(c) for c in cut)
    return safe if len(text) <= longest else f"{safe}… ({len(text)} characters)"


def identity(text: str) -> str:
    """An id, harmless and never cut: Asterisk's have at most 150 characters."""
    return shown(text, 150)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()


def local(at: float | None) -> str:
    """A moment in local time with its zone: ``2025-11-22 01:39:34 GMT``."""
    return NOTHING if at is None else f"{_moment(at):%Y-%m-%d %H:%M:%S %Z}"


def moment(at: float | None) -> str:
    """A moment in local time, short, for a table: ``2025-11-22 01:39``."""
    return NOTHING if at is None else f"{_moment(at):%Y-%m-%d %H:%M}"


def clock(at: float | None) -> str:
    """The time of day alone, where the date stands above."""
    return NOTHING if at is None else f"{_moment(at):%H:%M:%S}"


def day(at: float) -> str:
    """The date and the zone that :func:`clock` is in: ``Saturday 2025-11-22, GMT``."""
    return f"{_moment(at):%A %Y-%m-%d, %Z}"


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at).astimezone()


def iso(at: float | None) -> str | None:
    """For scripts: UTC, to the millisecond."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def length(seconds: float | None) -> str:
    """``1:32``, ``1:02:05``."""
    if seconds is None:
        return NOTHING
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: float) -> str:
    """``57.6 MB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def table(*columns: str, right: Iterable[str] = (), whole: Iterable[str] = (), title: str = "") -> Table:
    """A table without frames; ``right`` columns are aligned so, ``whole`` ones are never broken into two lines.

    Only what is known to be short may be whole: where there is no room it is cut, and an id that is cut is another id.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), title_justify="left")
    made.title = Text(title, style="bold") if title else None
    for name in columns:
        justify: Any = "right" if name in right else "left"
        made.add_column(Text(name), justify=justify, no_wrap=name in whole, overflow="fold")
    return made


def row(made: Table, *cells: str, style: str = "") -> None:
    """Add plain texts."""
    made.add_row(*(Text(cell) for cell in cells), style=style)


def pairs(values: Mapping[str, str]) -> Table:
    """Names and values, one a line; without the empty ones."""
    made = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in values.items():
        if value:
            made.add_row(Text(name), Text(value))
    return made


def print_json(answer: Mapping[str, object]) -> None:
    """ASCII only: a text that a caller chose cannot do anything to a terminal."""
    click.echo(json.dumps(answer, indent=2))
