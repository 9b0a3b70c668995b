"""`callwarden why`: one call's story in plain sentences, for the question why there is no recording."""

import time
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.text import Text
from sqlite_utils import Database

from callwarden.chronicle import Known, Sentence, chronicle, in_short
from callwarden.cli import frame, searching, shapes, text
from callwarden.config import Settings
from callwarden.core.facts import Channel
from callwarden.core.spans import Span
from callwarden.storage.accounts import spans_of
from callwarden.storage.evidence import call_of, evidence
from callwarden.storage.reading import ledger_rows, story

LONG = 1000  # characters of one sentence


@click.command()
@click.argument("call", metavar="CALL")
@frame.json_option
def why(call: str, as_json: bool) -> None:
    """Tell the story of a call: who was told what, what every second was, and where the recording is or why not.

    CALL is the id of a call, or of one of its recordings, as `callwarden calls` shows it. Numbers are masked.
    """
    settings = frame.settings()
    with frame.catalogue(settings) as db:
        known = _known(db, call, settings)
    if known is None:
        searching.none_found("call or recording with this id")
        return
    sentences = chronicle(known)
    if as_json:
        text.print_json(_shape(known, sentences))
    else:
        _print(text.console(), known, sentences)


def _known(db: Database, identity: str, settings: Settings) -> Known | None:
    linked_id = call_of(db, identity)
    whole = None if linked_id is None else story(db, linked_id)
    if linked_id is None or whole is None:
        return None
    now = time.time()
    ids = [channel.unique_id for channel in whole.channels]
    rows = {one: ledger_rows(db, one) for one in ids}
    spans = {one: spans_of(found, now) if found is not None else [] for one, found in rows.items()}
    return Known(whole, spans, evidence(db, linked_id, ids), settings)


def _shape(known: Known, sentences: list[Sentence]) -> dict[str, Any]:
    channels = [_channel(channel, known.spans[channel.unique_id]) for channel in known.story.channels]
    told = [{"at": text.iso(one.at), "channel": one.about or None, "text": one.text} for one in sentences]
    return {"id": known.story.call.call.linked_id, "in_short": in_short(known), "story": told, "channels": channels}


def _channel(channel: Channel, spans: Sequence[Span]) -> dict[str, Any]:
    """Without the number and the name, which are masked in the story too."""
    shape = shapes.of_channel(channel)
    del shape["number"], shape["party_name"]
    return {**shape, "ledger": [shapes.of_span(span) for span in spans]}


def _print(console: Console, known: Known, sentences: list[Sentence]) -> None:
    call = known.story.call.call
    console.print(Text(f"Call {text.identity(call.linked_id)}", style="bold"))
    console.print(Text(text.shown(in_short(known), LONG)))
    for day, of_day in groupby(sentences, key=lambda one: text.day(one.at)):
        made = text.table("Time", "What happened", whole=("Time",), title=day)
        for sentence in of_day:
            style = "red" if sentence.trouble else ""
            text.row(made, text.clock(sentence.at), text.shown(sentence.text, LONG), style=style)
        console.print()
        console.print(made)
