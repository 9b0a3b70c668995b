"""What the demo says: one line an event while the call runs, then the catalogue's entry, the ledger, the checks.

A terminal gets colours and a clock that runs below the lines; anything else gets plain lines. No sense is carried by
colour alone.
"""

import contextlib
import itertools
import os
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from callwarden.cli import text
from callwarden.core.silence import CARD_LINE
from lab.demo_account import ANNOUNCED, Account, Stretch
from lab.demo_checks import Check

WIDTH = 80
SPINNER = "|/-\\"
STYLES = {ANNOUNCED: "cyan", "recorded": "green", f"suspended: {CARD_LINE}": "bold magenta"}
LETTERS = {ANNOUNCED: "A", "recorded": "R", f"suspended: {CARD_LINE}": "c"}
OTHER = "?"


class Report:
    """Prints; ``console`` decides whether there is a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(markup=False, emoji=False, highlight=False, width=_width())

    def heading(self, title: str) -> None:
        self.console.print()
        self.console.print(Text(title, style="bold"))

    def say(self, words: str) -> None:
        """Plain lines, as they are."""
        self.console.print(Text(words), soft_wrap=True)

    def tell(self, words: str, style: str = "") -> None:
        """A paragraph."""
        self._hang("", words, style)

    def event(self, words: str, at: float) -> None:
        """One line of the call, with its second."""
        self._hang(f"{clock(at)}  ", words, "bold cyan")

    def note(self, when: str, words: str) -> None:
        """One line of what happens afterwards, with the time of day."""
        self._hang(f"{when}  ", words, "bold cyan")

    def entry(self, found: Account) -> None:
        """What the catalogue has of the call and of the caller's recording."""
        self.heading("The catalogue's entry")
        for name, value in facts(found).items():
            self._hang(f"{name:12}", value)

    def ledger(self, stretches: Sequence[Stretch]) -> None:
        """Each stretch of the caller's channel, then a letter for each second."""
        self.heading("What every second of the caller's channel was")
        made = text.table("From", "To", "Length", "What", "", right=("From", "To", "Length"), whole=("What",))
        for one in stretches:
            cells = (f"{one.started:.1f}", f"{one.ended:.1f}", f"{one.seconds:.1f} s", one.name, one.remark)
            text.row(made, *cells, style=STYLES.get(one.name, "yellow"))
        self.console.print(made)
        for line in strip(stretches):
            self.console.print(line)

    def checks(self, checks: Sequence[Check]) -> None:
        self.heading("Does the audio agree?")
        for check in checks:
            mark, style = ("ok    ", "bold green") if check.holds else ("FAILED  ", "bold red")
            self._hang(mark, f"{check.claim}: {check.detail}.", style)

    def _hang(self, mark: str, words: str, style: str = "") -> None:
        """A mark in a style, and words broken into lines beside it; without a mark the words have the style."""
        for line in textwrap.wrap(words, self.console.width - len(mark)):
            self.console.print(Text.assemble((mark, style), (line, "" if mark else style)), soft_wrap=True)
            mark = " " * len(mark)

    @contextlib.contextmanager
    def waiting(self, for_what: str) -> Iterator[None]:
        """A clock below the lines, on a terminal; otherwise nothing."""
        if not self.console.is_terminal:
            yield
            return
        with Live(_Clock(for_what), console=self.console, transient=True, refresh_per_second=5):
            yield


class _Clock:
    """Renders as the seconds since it was made."""

    def __init__(self, for_what: str) -> None:
        self._for_what, self._began = for_what, time.monotonic()
        self._turns = itertools.cycle(SPINNER)

    def __rich__(self) -> Text:
        return Text(f"{clock(time.monotonic() - self._began)}  {next(self._turns)} {self._for_what}", style="dim")


def facts(found: Account) -> dict[str, str]:
    """By name, as people say them."""
    call, file = found.story.call, found.found.file
    return {
        "from": f"{call.call.caller_number} {call.call.caller_name} ({call.caller_e164})",
        "to": f"{call.call.called_number} ({call.called_e164})",
        "direction": f"{call.call.direction}, through {call.call.trunk}",
        "began": text.local(call.call.started),
        "duration": f"{found.caller.channel.ended - found.answered:.1f} s" if found.caller.channel.ended else "",
        **({} if file is None else {
            "recording": f"{file.path} (and {len(found.story.recordings) - 1} of reception's)",
            "size": f"{text.size(file.bytes)}, {file.seconds:.1f} s of {file.format}",
            "SHA-256": file.sha256,
            "kept until": "for ever" if file.expires is None else text.local(file.expires),
        }),
    }  # fmt: skip


def strip(stretches: Sequence[Stretch]) -> list[Text]:
    """A letter for each second, a ruler above it and the letters' meaning below."""
    end = max((one.ended for one in stretches), default=0.0)
    names = [_at(stretches, second + 0.5) for second in range(round(end))]
    letters = Text()
    for name in names:
        letters.append(LETTERS.get(name, OTHER), STYLES.get(name, "yellow"))
    ruler = "".join(f"{second:<5}" for second in range(0, len(names), 5))
    known = dict.fromkeys(names)
    meaning = ",  ".join(f"{LETTERS.get(name, OTHER)} {name or 'unknown'}" for name in known)
    return [Text(), Text(ruler.rstrip(), style="dim"), letters, Text(meaning, style="dim")]


def _at(stretches: Sequence[Stretch], second: float) -> str:
    return next((one.name for one in stretches if one.started <= second < one.ended), "")


def clock(seconds: float) -> str:
    """``01:07``."""
    whole = max(0, int(seconds))
    return f"{whole // 60:02}:{whole % 60:02}"


def today() -> str:
    return f"{datetime.now():%d %B %Y, %H:%M}"


def near(path: Path) -> str:
    """As it is typed from here."""
    with contextlib.suppress(ValueError):
        return f"./{path.absolute().relative_to(Path.cwd())}"
    return str(path)


def _width() -> int | None:
    """Lines for people: not wider than can be read; a log file gets the usual 80 columns."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal():
        return max(int(columns), 40)
    return None if sys.stdout.isatty() else WIDTH
