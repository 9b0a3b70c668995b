"""`callwarden archive`: what is in the external store, what waits, and what is wrong."""

from typing import Any

import click
from rich.text import Text

from callwarden.cli import frame, text
from callwarden.cli.frame import Exit


@click.group()
def archive() -> None:
    """The external store: a second, secure place for every recording."""


@archive.command()
@frame.json_option
def status(as_json: bool) -> None:
    """Tell what is in the external store and what waits. Exit status 1 when something is wrong."""
    _show(frame.order(frame.settings(), "archive-status", patience=60.0), as_json)


@archive.command()
@frame.json_option
def retry(as_json: bool) -> None:
    """Try again now, without waiting for the next time."""
    _show(frame.order(frame.settings(), "archive-retry", patience=60.0), as_json)


def _show(answer: dict[str, Any], as_json: bool) -> None:
    troubles = [sentence for sentence in (answer["trouble"], *answer["problems"]) if sentence]
    if as_json:
        text.print_json(answer)
    else:
        console = text.console()
        for sentence in troubles:
            console.print(Text(f"PROBLEM  {text.shown(sentence, 1000)}", style="bold red"))
        console.print(text.pairs(_lines(answer)))
    if troubles:
        raise click.exceptions.Exit(int(Exit.FAILED))


def _lines(answer: dict[str, Any]) -> dict[str, str]:
    if not answer["url"]:
        return {"store": "none: [archive] url is empty"}
    since = answer["since_start"]
    return {
        "store": text.shown(answer["url"], 200),
        "copies": f"{answer['sent']} sent and read back; {answer['only_there']} of them are only there",
        "waiting": f"{answer['waiting']} to be sent, {answer['to_delete']} to be deleted",
        "since start": (
            f"{since['sent']} sent ({text.size(since['bytes'])}), {since['deleted']} deleted, "
            f"{since['left_here']} removed here, {since['fetched']} fetched, {since['failures']} failures"
        ),
    }
