"""`callwarden coverage`: what every answered second was, for each day and in total."""

import time
from collections import Counter
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from callwarden.cli import frame, searching, text
from callwarden.cli.frame import Exit
from callwarden.core.coverage import Coverage, Sums
from callwarden.custody.packed import unpack
from callwarden.storage.accounts import coverage as counted

MILLISECOND = 0.0005  # what is shorter is the rounding of floating point, not time
PATIENCE = 120.0  # seconds: every channel is looked at


@click.command()
@searching.time_options
@frame.json_option
def coverage(from_: float | None, to: float | None, as_json: bool) -> None:
    """Account for every answered second: recorded, suspended, exempt, or a gap with its cause.

    Days are those of the local clock; a call that goes over midnight counts in both. Calls that are up count until
    now. Exit status 1 if a second is unexplained.
    """
    until = time.time() if to is None else min(to, time.time())
    result = _counted(from_, to)
    if as_json:
        text.print_json(_shape(result, from_, until))
    else:
        _print(text.console(), result)
    if result.total.unexplained >= MILLISECOND:
        raise click.exceptions.Exit(int(Exit.FAILED))


def _counted(from_: float | None, to: float | None) -> Coverage:
    settings = frame.settings()
    if not frame.reads_itself(settings):
        answer = frame.order(settings, "coverage", patience=PATIENCE, from_=from_, to=to)
        return unpack(Coverage, answer["coverage"])
    with frame.catalogue(settings) as db:
        return counted(db, from_, to, time.time())


def _shape(result: Coverage, from_: float | None, to: float) -> dict[str, Any]:
    days = [{"day": name, **_sums(sums)} for name, sums in result.days.items()]
    return {"from": text.iso(from_), "to": text.iso(to), "days": days, "total": _sums(result.total)}


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "channels": sums.channels,
        "answered": round(sums.answered, 3),
        "recorded": round(sums.recorded, 3),
        "suspended": _rounded(sums.suspended),
        "exempt": _rounded(sums.exempt),
        "gap": _rounded(sums.gap),
        "unexplained": round(sums.unexplained, 3),
        "explained": round(sums.explained, 6),
    }


def _rounded(counter: Counter[str]) -> dict[str, float]:
    return {why: round(seconds, 3) for why, seconds in counter.most_common()}


def _print(console: Console, result: Coverage) -> None:
    columns = ("Channels", "Answered", "Recorded", "Suspended", "Exempt", "Gap", "Unexplained")
    made = text.table("Day", *columns, right=columns, whole=("Day", *columns))
    for name, sums in result.days.items():
        text.row(made, name, *_cells(sums), style="bold red" if sums.unexplained >= MILLISECOND else "")
    text.row(made, "Total", *_cells(result.total), style="bold")
    console.print(made)
    _print_reasons(console, result.total)
    total = result.total
    if total.unexplained >= MILLISECOND:
        days = ", ".join(name for name, sums in result.days.items() if sums.unexplained >= MILLISECOND)
        said = f"UNEXPLAINED: {total.unexplained:.3f} s that nobody can account for, on {days}."
        console.print(Text(f"\n{said} Please report this: it is a fault of Callwarden.", style="bold red"))
    elif total.answered:
        console.print("\n100 % of the answered time is explained.")
    else:
        console.print("\nNobody answered a call in this time.")


def _cells(sums: Sums) -> tuple[str, ...]:
    parts = (sums.answered, sums.recorded, _all(sums.suspended), _all(sums.exempt), _all(sums.gap))
    return (str(sums.channels), *map(text.length, parts), f"{sums.unexplained:.3f} s" if sums.unexplained else "0:00")


def _all(counter: Counter[str]) -> float:
    return float(sum(counter.values()))


def _print_reasons(console: Console, total: Sums) -> None:
    named = (("suspended", total.suspended), ("exempt", total.exempt), ("gap", total.gap))
    rows = [(what, why, seconds) for what, counter in named for why, seconds in counter.most_common()]
    if not rows:
        return
    console.print()
    made = text.table("Not recorded", "Why", "Length", "Share", right=("Length", "Share"), whole=("Not recorded",))
    for what, why, seconds in rows:
        share = f"{100 * seconds / total.answered:.2f} %"
        text.row(made, what, text.shown(why, 120), _length(seconds), share, style="red" if what == "gap" else "")
    console.print(made)


def _length(seconds: float) -> str:
    return text.length(seconds) if seconds >= 10 else f"{seconds:.1f} s"
