"""`callwarden why`: one call's story in plain sentences, for the question why there is no recording."""

from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from callwarden.cli import frame, searching, shapes, text
from callwarden.custody.packed import unpack
from callwarden.why import Answer, Side, answer

PATIENCE = 60.0  # seconds
LONG = 1000  # characters of one sentence


@click.command()
@click.argument("call", metavar="CALL")
@frame.json_option
def why(call: str, as_json: bool) -> None:
    """Tell the story of a call: who was told what, what every second was, and where the recording is or why not.

    CALL is the id of a call, or of one of its recordings, as `callwarden calls` shows it. Numbers are masked.
    """
    found = _answer(call)
    if found is None:
        searching.none_found("call or recording with this id")
        return
    if as_json:
        text.print_json(_shape(found))
    else:
        _print(text.console(), found)


def _answer(identity: str) -> Answer | None:
    settings = frame.settings()
    if not frame.reads_itself(settings):
        found = frame.order(settings, "why", patience=PATIENCE, call=identity)["why"]
        return None if found is None else unpack(Answer, found)
    with frame.catalogue(settings) as db:
        return answer(db, identity, settings)


def _shape(found: Answer) -> dict[str, Any]:
    told = [{"at": text.iso(one.at), "channel": one.about or None, "text": one.text} for one in found.sentences]
    channels = [_channel(side) for side in found.sides]
    return {"id": found.linked_id, "in_short": found.in_short, "story": told, "channels": channels}


def _channel(side: Side) -> dict[str, Any]:
    """Without the number and the name, which are masked in the story too."""
    shape = shapes.of_channel(side.channel)
    del shape["number"], shape["party_name"]
    return {**shape, "ledger": [shapes.of_span(span) for span in side.spans]}


def _print(console: Console, found: Answer) -> None:
    console.print(Text(f"Call {text.identity(found.linked_id)}", style="bold"))
    console.print(Text(text.shown(found.in_short, LONG)))
    for day, of_day in groupby(found.sentences, key=lambda one: text.day(one.at)):
        made = text.table("Time", "What happened", whole=("Time",), title=day)
        for sentence in of_day:
            style = "red" if sentence.trouble else ""
            text.row(made, text.clock(sentence.at), text.shown(sentence.text, LONG), style=style)
        console.print()
        console.print(made)
