"""`callwarden recordings`: find recordings, and tell the story of one."""

from itertools import groupby
from typing import Any

import click

from callwarden.cli import frame, searching, shapes, story, text
from callwarden.config import Settings
from callwarden.custody.packed import unpack
from callwarden.storage.reading import FoundRecording
from callwarden.storage.search import find_recordings
from callwarden.storage.told import Told, named, told

LEFT = 8 + 2 + 3 + 2 + 2 + 2 + 2 + 7 + 2  # columns beside the two parties, the phone and the id
WIDEST_PHONE = 8  # columns


@click.group()
def recordings() -> None:
    """Find recordings, and tell what every second of one was."""


@recordings.command()
@searching.search_options
@frame.json_option
def search(as_json: bool, **options: Any) -> None:
    """List the recordings of calls, newest call first.

    NUMBER is that of either party, in any spelling, or its last digits. Exit status 1 when nothing is found.
    """
    wanted = searching.asked(**options)
    found = searching.shown("recordings", FoundRecording, find_recordings, wanted)
    if as_json:
        text.print_json({"recordings": [shapes.of_recording(each) for each in found]})
    elif found:
        _print(found)
        searching.more_there_may_be(len(found), wanted.limit)
    if not found:
        searching.none_found("recordings")


@recordings.command()
@click.argument("identity", metavar="ID")
@frame.json_option
def show(identity: str, as_json: bool) -> None:
    """Tell the story of a recording: parties, announcements, and what every second was.

    ID is that of a recording; or of a call, for all its recordings.
    """
    found = _stories(frame.settings(), identity)
    if as_json:
        text.print_json({"recordings": [story.shape(each) for each in found]})
    elif found:
        story.print_all(found)
    if not found:
        searching.none_found("recording or call with this id")


def _stories(settings: Settings, identity: str) -> list[Told]:
    if not frame.reads_itself(settings):
        answer = frame.order(settings, "recording", recording=identity)
        return [unpack(Told, each) for each in answer["recordings"]]
    with frame.catalogue(settings) as db:
        return [told(db, each) for each in named(db, identity)]


def _print(found: list[FoundRecording]) -> None:
    console = text.console()
    longest = searching.id_width(each.recording.unique_id for each in found)
    phone = min(WIDEST_PHONE, max(len(_phone(each)) for each in found))
    width = searching.party_width(console, LEFT + longest + phone)
    for day, recordings_of_day in groupby(found, key=lambda each: text.day(each.call.started)):
        table = text.table(
            "Time",
            "Dir",
            "From",
            "To",
            "Side",
            "Length",
            "Recording",
            right=("Length",),
            whole=("Time",),
            title=day,
        )
        for column, columns in zip(table.columns, (8, 3, width, width, phone, 7, longest), strict=True):
            column.width = columns
        for each in recordings_of_day:
            text.row(table, *_cells(each))
        console.print(table)
        console.print()


def _cells(found: FoundRecording) -> tuple[str, ...]:
    call = found.call
    return (
        text.clock(call.started),
        searching.SHORT[call.direction],
        searching.caller(call),
        searching.party(call.called_number, ""),
        _phone(found),
        _length(found),
        text.identity(found.recording.unique_id),
    )


def _phone(found: FoundRecording) -> str:
    """`202` of `PJSIP/202`: the technology is the same for all."""
    return text.shown(found.channel.endpoint.partition("/")[2] or found.channel.endpoint) or text.NOTHING


def _length(found: FoundRecording) -> str:
    """Of the audio; without a file, what has become of it."""
    return str(found.recording.state) if found.file is None else text.length(found.file.seconds)
