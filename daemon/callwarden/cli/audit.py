"""`callwarden audit`: what was done, and the proof that nothing of it was changed."""

import json
from typing import Any

import click

from callwarden.cli import frame, searching, text
from callwarden.cli.frame import Exit

PATIENCE = 120.0  # seconds: a million entries take some ten


@click.group()
def audit() -> None:
    """See what was done, by whom, and prove that nothing of it was changed or removed."""


@audit.command()
@click.option("--who", "-w", help="A person or a user; any part of the name.")
@click.option("--act", "-a", help="What was done: listen, request-approve, purge, refused, ...")
@click.option("--about", "-b", metavar="ID", help="A recording, a call, or a request (request-12).")
@searching.time_options
@click.option("--limit", "-n", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The newest.")
@frame.json_option
def show(as_json: bool, **wanted: Any) -> None:
    """Show entries of the audit chain, the newest last. Exit status 1 when nothing is found."""
    fields = {name: value for name, value in wanted.items() if value is not None}
    answer = frame.order(frame.settings(), "audit-show", patience=PATIENCE, **fields)
    if as_json:
        text.print_json(answer)
    elif answer["entries"]:
        _print(answer["entries"])
    if not answer["entries"]:
        searching.none_found("entry")


@audit.command()
@click.option("--head", metavar="HEAD", help="A head that was printed or mailed: it must be in the chain.")
@frame.json_option
def verify(head: str | None, as_json: bool) -> None:
    """Read the whole chain; name each entry that was changed, removed or moved. Exit status 1 when there is one."""
    given = {"head": head} if head else {}
    answer = frame.order(frame.settings(), "audit-verify", patience=PATIENCE, **given)
    if as_json:
        text.print_json(answer)
    else:
        for fault in answer["faults"]:
            click.echo(f"FAULT  {fault['what']}")
        whole = "is NOT whole" if answer["faults"] else "is whole"
        click.echo(f"The audit chain {whole}: {answer['entries']} entries.\nHead: {answer['head']}")
    if answer["faults"]:
        raise click.exceptions.Exit(int(Exit.FAILED))


@audit.command(name="head")
@frame.json_option
def head_(as_json: bool) -> None:
    """Print the chain's head, to be kept elsewhere: on paper, in a mail, signed."""
    answer = frame.order(frame.settings(), "audit-head")
    if as_json:
        text.print_json(answer)
    else:
        click.echo(answer["head"])


def _print(entries: list[dict[str, Any]]) -> None:
    table = text.table("No", "When", "Who", "Act", "About", "Detail", right=("No",), whole=("No",))
    for one in entries:
        said = {name: value for name, value in one["detail"].items() if value not in (None, "")}
        detail = ", ".join(f"{name} {_value(name, value)}" for name, value in said.items())
        cells = (str(one["number"]), text.local(one["at"]), text.shown(one["who"]), text.shown(one["act"]))
        text.row(table, *cells, text.identity(one["about"]) or text.NOTHING, text.shown(detail, 400))
    text.console().print(table)


def _value(name: str, value: object) -> str:
    if name == "until" and isinstance(value, float):
        return text.local(value)
    return value if isinstance(value, str) else json.dumps(value)
