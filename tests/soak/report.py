"""The figures of one soak: as a table, and as JSON."""

import datetime
import platform
from typing import Any

from rich.console import Console
from rich.table import Table

from callwarden import __version__
from soak.scenes import TO_ITS_END
from soak.soaking import Record

NOTHING = ("recordings lost", "card tones found", "seconds unexplained", "other findings")


def figures(record: Record) -> dict[str, Any]:
    """As they are kept in `tests/bench/results`."""
    slowest = record.longest_recovery
    return {
        "name": "soak",
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seed": record.plan.seed,
        "asterisk": record.plan.version,
        "callwarden": __version__,
        "python": platform.python_version(),
        "seconds": round(record.seconds),
        "calls made": len(record.played),
        "calls by kind": dict(sorted(record.calls_by_kind.items())),
        "calls played to their end": sum(one.how == TO_ITS_END for one in record.played),
        "calls answered": record.answered,
        "faults injected": len(record.faults),
        "faults by kind": dict(sorted(record.faults_by_kind.items())),
        "faults this file system cannot have": list(record.left_out),
        "seconds on hold without a packet": round(record.on_hold),
        "recordings stored": record.recordings,
        "hours recorded": round(record.hours, 2),
        "files searched": record.files_searched,
        "recordings lost": record.count("lost"),
        "card tones found": record.count("leaked"),
        "seconds unexplained": round(record.unexplained, 1),
        "other findings": record.count("other"),
        "longest recovery": round(slowest.recovery, 2) if slowest is not None else 0.0,
        "longest recovery after": slowest.kind if slowest is not None else "",
    }


def show(console: Console, record: Record) -> None:
    table = Table(title=f"Soak on Asterisk {record.plan.version}, seed {record.plan.seed}", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, value in figures(record).items():
        if name in ("name", "date", "seed", "asterisk", "callwarden", "python"):
            continue
        style = ("bold red" if value else "green") if name in NOTHING else ""
        table.add_row(name, _words(name, value), style=style)
    console.print(table)
    for one in record.findings:
        told = f"{one.sort.upper()}  {_clock(one.at)} call {one.call or '-'}: {one.what}"
        console.print(told, style="red", markup=False)
        for file in one.files:
            console.print(f"    {file}", markup=False, soft_wrap=True)


def _words(name: str, value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {kind}" for kind, count in value.items())
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return f"{value} s" if name in ("seconds", "seconds unexplained", "longest recovery") else str(value)


def _clock(at: float) -> str:
    return datetime.datetime.fromtimestamp(at).strftime("%H:%M:%S.%f")[:-4] if at else "-"
