"""`callwarden calls`: the calls of the catalogue, newest first."""

from itertools import groupby
from typing import Any

import click

from callwarden.cli import frame, searching, shapes, text
from callwarden.storage.reading import FoundCall
from callwarden.storage.search import find_calls

LEFT = 8 + 2 + 3 + 2 + 2 + 2 + 7 + 2 + 3 + 2  # columns beside the two parties and the id


@click.command()
@searching.search_options
@frame.json_option
def calls(as_json: bool, **options: Any) -> None:
    """List calls, newest first.

    NUMBER is that of either party, in any spelling, or its last digits. Exit status 1 when nothing is found.
    """
    search = searching.asked(**options)
    found = searching.shown("calls", FoundCall, find_calls, search)
    if as_json:
        text.print_json({"calls": [shapes.of_found_call(each) for each in found]})
    elif found:
        _print(found)
        searching.more_there_may_be(len(found), search.limit)
    if not found:
        searching.none_found("calls")


def _print(found: list[FoundCall]) -> None:
    console = text.console()
    longest = searching.id_width(each.call.linked_id for each in found)
    width = searching.party_width(console, LEFT + longest)
    for day, calls_of_day in groupby(found, key=lambda each: text.day(each.call.started)):
        table = text.table(
            "Time",
            "Dir",
            "From",
            "To",
            "Length",
            "Rec",
            "Call",
            right=("Length", "Rec"),
            whole=("Time",),
            title=day,
        )
        for column, columns in zip(table.columns, (8, 3, width, width, 7, 3, longest), strict=True):
            column.width = columns
        for each in calls_of_day:
            text.row(table, *_cells(each))
        console.print(table)
        console.print()


def _cells(found: FoundCall) -> tuple[str, ...]:
    call = found.call
    return (
        text.clock(call.started),
        searching.SHORT[call.direction],
        "forgotten" if found.forgotten else searching.caller(call),
        "forgotten" if found.forgotten else searching.party(call.called_number, ""),
        _length(found),
        str(found.recordings),
        text.identity(call.linked_id),
    )


def _length(found: FoundCall) -> str:
    call = found.call
    if call.ended is None:
        return "is up"
    return "missed" if call.answered is None else text.length(call.ended - call.answered)
