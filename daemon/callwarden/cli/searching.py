"""The options by which calls and recordings are searched, the same for both, and what is given where nothing fits."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from rich.console import Console

from callwarden.cli import frame, text, when
from callwarden.cli.frame import Exit
from callwarden.core.facts import Call, Direction
from callwarden.custody.packed import unpack
from callwarden.storage.search import TooManyNumbers

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
SHORT = {Direction.INBOUND: "in", Direction.OUTBOUND: "out", Direction.INTERNAL: "int", Direction.UNKNOWN: "?"}
WIDEST_PARTY, NARROWEST_PARTY = 32, 11  # columns; a British number has eleven digits
WIDEST_ID = 20  # columns: a system name of four letters; a longer id goes on below


@dataclass(frozen=True, slots=True)
class Search:
    """What was asked for; ``to`` is where the time given ends."""

    number: str | None
    extension: str | None
    direction: Direction | None
    from_: float | None
    to: float | None
    text: str | None
    limit: int

    def options(self) -> dict[str, Any]:
        """As `storage.search` takes them."""
        return {name: getattr(self, name) for name in self.__slots__}


def _moment(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """`--from` takes the beginning of the stretch of time that is named, `--to` its end."""
    if value is None:
        return None
    try:
        return when.stretch(value, time.time())[parameter.name == "to"]
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def time_options(command: F) -> F:
    """`--from` and `--to`."""
    decorators = (
        click.option(
            "--from",
            "from_",
            metavar="WHEN",
            callback=_moment,
            help="Not before: a date, a time, yesterday, 3 days ago.",
        ),
        click.option("--to", metavar="WHEN", callback=_moment, help="Not after; a date counts to its end."),
    )
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def search_options(command: F) -> F:
    """The arguments of a search."""
    decorators = (
        click.argument("number", required=False),
        click.option("--extension", "-e", metavar="EXT", help="One of our phones took part: 202, or PJSIP/202."),
        click.option("--direction", "-d", type=click.Choice([str(each) for each in Direction]), help="Seen from us."),
        time_options,
        click.option("--text", "-t", metavar="WORDS", help="Words, or their beginnings, of names, numbers and notes."),
        click.option(
            "--limit", "-n", type=click.IntRange(1), default=50, show_default=True, help="So many, the newest."
        ),
    )
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def asked(**options: Any) -> Search:
    """The options of a command as a Search."""
    direction = options.pop("direction")
    return Search(direction=Direction(direction) if direction else None, **options)


def found(search: Callable[[], list[T]]) -> list[T]:
    """What the search gives."""
    try:
        return search()
    except TooManyNumbers as error:
        frame.stop(str(error), Exit.FAILED)


def shown(verb: str, kind: type[T], find: Callable[..., list[T]], wanted: Search) -> list[T]:
    """What the search gives: read here where the file is open to us, by the daemon for everybody else."""
    settings = frame.settings()
    if not frame.reads_itself(settings):
        answer = frame.order(settings, verb, **wanted.options())
        return [unpack(kind, each) for each in answer[verb]]
    with frame.catalogue(settings) as db:
        return found(lambda: find(db, **wanted.options()))


def none_found(what: str) -> None:
    """End with status 1, having said so."""
    click.echo(f"No {what} found.", err=True)
    raise click.exceptions.Exit(int(Exit.FAILED))


def more_there_may_be(count: int, limit: int) -> None:
    """The list was cut."""
    if count == limit:
        click.echo(f"\nThe newest {limit}; there may be more: see --limit, --from and --to.", err=True)


def caller(call: Call) -> str:
    """Who called: the number, and the name where there is one."""
    return party(call.caller_number, call.caller_name)


def party(number: str, name: str) -> str:
    """A number and a name, harmless."""
    shown = text.shown(number, 40) or "withheld"
    return f"{shown} {text.shown(name, 40)}" if name and name != number else shown


def id_width(ids: Iterable[str]) -> int:
    """How wide the column of ids is."""
    return min(WIDEST_ID, max(len(text.identity(each)) for each in ids))


def party_width(console: Console, others: int) -> int:
    """How wide each of two columns of parties may be, with ``others`` columns taken."""
    return max(NARROWEST_PARTY, min(WIDEST_PARTY, (console.width - others) // 2))
