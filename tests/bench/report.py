"""Results as tables on the terminal, and as README.md."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.how import COMMON, PROFILES
from bench.parts import PARTS, Part
from bench.rows import Row

WIDTHS = (66, 50, 22, 8)
WORDS = {True: "[green]met[/green]", False: "[bold red]missed[/bold red]", None: ""}
PLAIN = {True: "met", False: "**missed**", None: ""}

Result = Mapping[str, Any]
"""`results/*.json`: name, date, took, machine, versions, and what was found."""


def show(console: Console, part: Part, result: Result) -> None:
    rows = list(part.rows(result["found"]))
    for group, members in groupby(rows, key=lambda row: row.group):
        console.print(_table(group, members))
    console.print(_headline(rows))
    told = ", ".join(f"{name} {value}" for name, value in _about(result).items())
    console.print(told, highlight=False)


def _table(group: str, members: Iterable[Row]) -> Table:
    table = Table(title=escape(group), title_justify="left", show_header=False, box=SIMPLE_HEAD, padding=(0, 1))
    for width in WIDTHS:
        table.add_column(width=width)
    for row in members:
        target = f"target: {row.target}" if row.target else ""
        table.add_row(escape(row.what), escape(row.found), escape(target), WORDS[row.met])
    return table


def page(results: Mapping[str, Result], pictures: Mapping[str, Sequence[Path]]) -> str:
    """Of all parts that were measured: ratios first, then how, and on what."""
    parts = ["# What Callwarden costs, and how quick it is", "", COMMON, "`./run bench` measures all of it anew, `./run"
             " bench load` one part; `--small` only tries it out.", ""]  # fmt: skip
    for part in PARTS:
        if part.name in results:
            parts += _section(part, results[part.name], pictures.get(part.name, ()))
    parts.append(PROFILES)
    return "\n".join(parts)


def _section(part: Part, result: Result, pictures: Sequence[Path]) -> list[str]:
    rows = list(part.rows(result["found"]))
    lines = [f"## {part.title}", "", f"{_headline(rows)} ({result['date']}).", ""]
    for group, members in groupby(rows, key=lambda row: row.group):
        lines += [f"### {group}", "", "| | found | target | |", "|---|---|---|---|", *map(_line, members), ""]
    lines += [f"![{picture.stem}](results/{picture.name})" for picture in pictures]
    about = "; ".join(f"{name} {value}" for name, value in _about(result).items())
    return [*lines, *([""] if pictures else []), "How it is measured:", "", part.how, f"Measured on: {about}.", ""]


def _about(result: Result) -> dict[str, str]:
    about = {**result["machine"], **result["versions"], "took": f"{result['took']:.0f} s"}
    time = {name: f"{share:.0f} %" for name, share in result["surroundings"].items()}
    used = f"other programs {time['others']}, the hypervisor {time['stolen']}, idle {time['idle']}"
    return {**about, "the cores' time meanwhile": used}


def _line(row: Row) -> str:
    return f"| {row.what.strip()} | {row.found} | {row.target} | {PLAIN[row.met]} |"


def _headline(rows: Sequence[Row]) -> str:
    judged = [row for row in rows if row.met is not None]
    return f"{sum(row.met is True for row in judged)} of {len(judged)} targets met"
