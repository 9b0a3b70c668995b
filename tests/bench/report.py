"""A result as a table on the terminal, and as README.md."""

from collections.abc import Iterable
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.result import Result
from bench.targets import Row, missed, rows

WIDTHS = (66, 50, 22, 8)
WORDS = {True: "[green]met[/green]", False: "[bold red]missed[/bold red]", None: ""}
PLAIN = {True: "met", False: "**missed**", None: ""}
HOW = """\
## How it is measured

Two Asterisks on one machine: the PBX that Callwarden is beside, and the world around it, with a hundred desks and as
many callers outside; real SIP, real G.711, every party sends a tone. Callwarden runs as `callwarden init` installs it,
every channel recorded, log level `info`; nothing is announced except where it says so. All of it shares the cores, so
the times hold for a machine as busy as this.

* **The card gate** is read off the packets on loopback, with the kernel's times: from the first packet of Asterisk's
  FastAGI request to the packet with `clear`, and from the connection that `AGI()` opens to the INVITE to the card
  line's telephone. A transfer is a SIP REFER of a recorded call to the card line: one recorder to stop. A consultation
  is a second call of the same telephone to it: three channels, one of which has a recorder that is only just starting.
* **Newchannel to recording** is the time between Asterisk's own `Newchannel` and `MixMonitorStart` events, as another
  manager connection than Callwarden's sees them. The catalogue's figure ends with Asterisk's reply instead, by the
  daemon's clock.
* **Missed at the answer**: every party's sound begins, in its first packet, with 200 ms of a tone of its own. What a
  recording in the vault lacks of those is missed. It is exact to 0.1 ms, and a packet is 20 ms. A telephone that
  answers the moment it is rung (here within 5 to 20 ms of its channel's beginning) is quicker than any hand.
* **CPU and memory** are `/proc/PID/stat` and `smaps_rollup`, at rest while the calls talk. A call's own cost is that of
  short calls one after another, from the first ring until both recordings are in the vault.

`./run bench` writes this page and `results/speed.json` anew; `./run bench --small` only tries it out.
"""


def show(console: Console, result: Result) -> None:
    for group, members in groupby(rows(result), key=lambda row: row.group):
        console.print(_table(group, members))
    console.print(_headline(result))
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


def page(result: Result) -> str:
    parts = ["# What Callwarden costs, and how quick it is", "", f"{_headline(result)} ({result['date']}).", ""]
    for group, members in groupby(rows(result), key=lambda row: row.group):
        parts += [f"## {group}", "", "| | found | target | |", "|---|---|---|---|", *map(_line, members), ""]
    parts += [HOW, "## Measured on", ""]
    parts += [f"* {name}: {value}" for name, value in _about(result).items()]
    return "\n".join([*parts, ""])


def _about(result: Result) -> dict[str, str]:
    time = {name: f"{share:.0f} %" for name, share in result["surroundings"].items()}
    used = f"this {time['ours']}, other programs {time['others']}, the hypervisor {time['stolen']}, idle {time['idle']}"
    about = {**result["machine"], **result["versions"], "date": result["date"], "took": f"{result['took']:.0f} s"}
    return {**about, "the cores' time meanwhile": used}


def _line(row: Row) -> str:
    return f"| {row.what.strip()} | {row.found} | {row.target} | {PLAIN[row.met]} |"


def _headline(result: Result) -> str:
    lacking = missed(result)
    count = sum(row.met is not None for row in rows(result))
    return f"{count - len(lacking)} of {count} targets met"
