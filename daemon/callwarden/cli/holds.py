"""`callwarden holds`: what must not be deleted, whatever the retention rules say."""

from typing import Any

import click

from callwarden.cli import frame, text
from callwarden.cli.searching import none_found

PATIENCE = 60.0  # seconds: a person's hold is looked up in the whole catalogue


@click.group()
def holds() -> None:
    """Keep calls, persons and requests from being deleted."""


@holds.command()
@click.option("--call", metavar="ID", help="The call with this id.")
@click.option("--request", type=click.IntRange(1), metavar="NUMBER", help="Every call that this request covers.")
@click.option("--number", "-n", "numbers", multiple=True, metavar="NUMBER", help="A person's number, in any spelling.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="A person's name.")
@click.option("--extension", "-e", "extensions", multiple=True, metavar="EXT", help="A person's phone of ours.")
@click.option("--reason", prompt="Reason", help="Why: a claim, an investigation, an order.")
@frame.json_option
def add(as_json: bool, **wanted: Any) -> None:
    """Put a call, a person or a request on hold, at once.

    A person is named by all their numbers, names and phones in one hold; their future calls are held too. The hold
    lasts until the data protection officer lifts it.
    """
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in wanted.items() if value}
    held = frame.order(frame.settings(), "holds-add", patience=PATIENCE, **given)
    if as_json:
        text.print_json(_shape(held))
        return
    click.echo(f"Hold {held['hold']} is in force: {_kept(held)}.")
    if held["going"]:
        click.echo(f"{_recordings(held['going'])} were being deleted already: see `callwarden holds list`.", err=True)


@holds.command("list")
@click.option("--all", "lifted", is_flag=True, help="Those that were lifted, too.")
@frame.json_option
def list_(lifted: bool, as_json: bool) -> None:
    """List the holds in force, and what is waiting: due, and kept because of the hold."""
    found = frame.order(frame.settings(), "holds-list", patience=PATIENCE, lifted=lifted)["holds"]
    if as_json:
        text.print_json({"holds": [_shape(each) for each in found]})
    elif found:
        _print(found)
    if not found:
        none_found("hold")


@holds.command()
@click.argument("hold", type=click.IntRange(1), metavar="HOLD")
@click.option("--reason", prompt="Reason", help="Why it is over.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@frame.json_option
def lift(hold: int, reason: str, yes: bool, as_json: bool) -> None:
    """End a hold. What was waiting goes with the next purge. For the data protection officer.

    HOLD is its number.
    """
    if not yes:
        click.confirm(f"Lift hold {hold}? What is due goes with the next purge.", abort=True, err=True)
    lifted = frame.order(frame.settings(), "holds-lift", patience=PATIENCE, hold=hold, reason=reason)
    if as_json:
        text.print_json(_shape(lifted))
    else:
        waiting = lifted["waiting"]
        click.echo(f"Hold {hold} is lifted. {_recordings(waiting)} it kept {'is' if waiting == 1 else 'are'} due.")


def _print(found: list[dict[str, Any]]) -> None:
    made = text.table("Hold", "On", "Reason", "Since, by", "Recordings", "Waiting", right=("Recordings", "Waiting"))
    for each in found:
        since = f"{text.local(each['placed'])[:10]} {text.shown(each['placed_by'])}"
        if each["lifted"] is not None:
            since += f"; lifted {text.local(each['lifted'])[:10]} {text.shown(each['lifted_by'])}"
        counts = (str(each["recordings"]), str(each["waiting"]))
        text.row(made, str(each["hold"]), _on(each), text.shown(each["reason"], 200), since, *counts)
    text.console().print(made)
    click.echo("\nWaiting: due, and kept because of the hold.")


def _on(held: dict[str, Any]) -> str:
    if held["kind"] != "person":
        return f"{held['kind']} {text.identity(held['subject'])}"
    known = [*held["names"], *held["numbers"], *(f"extension {each}" for each in held["extensions"])]
    return text.shown("; ".join(known), 200) if known else "a person (forgotten)"


def _kept(held: dict[str, Any]) -> str:
    calls = f"{held['calls']} call{'' if held['calls'] == 1 else 's'}"
    return f"{_recordings(held['recordings'])} of {calls}, {held['waiting']} of them due"


def _recordings(count: int) -> str:
    return f"{count} recording{'' if count == 1 else 's'}"


def _shape(held: dict[str, Any]) -> dict[str, Any]:
    return {**held, "placed": text.iso(held["placed"]), "lifted": text.iso(held["lifted"])}
