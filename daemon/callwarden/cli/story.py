"""The story of one recording, for `recordings show`: who, what they were told, and what every second was."""

from typing import Any

from rich.console import Console
from rich.text import Text

from callwarden.cli import searching, shapes, text
from callwarden.core.facts import Announcement
from callwarden.core.spans import Kind, Span
from callwarden.storage.reading import FoundRecording
from callwarden.storage.told import Told

STYLES = {Kind.RECORDED: "", Kind.SUSPENDED: "yellow", Kind.EXEMPT: "yellow", Kind.GAP: "bold red"}
LONG = 300  # characters of a caller's text: here there is room


def shape(told: Told) -> dict[str, Any]:
    """For `--json`."""
    return {
        **shapes.of_recording(told.found),
        "ledger": [shapes.of_span(each) for each in told.spans],
        "announcements": [shapes.of_announcement(each) for each in told.announcements],
        "segments": [shapes.of_segment(each) for each in told.segments],
        "suspensions": [shapes.of_suspension(each) for each in told.suspensions],
        "gaps": [shapes.of_gap(each) for each in told.gaps],
        "damage": told.damage,
        "other_recordings": list(told.others),
    }


def print_all(stories: list[Told]) -> None:
    """One after the other."""
    console = text.console()
    for number, told in enumerate(stories):
        if number:
            console.print()
        _print(console, told)


def _print(console: Console, told: Told) -> None:
    console.print(Text(f"Recording {text.identity(told.found.recording.unique_id)}", style="bold"))
    console.print(text.pairs(_facts(told)))
    _print_announcements(console, told)
    _print_ledger(console, told)
    if told.others:
        console.print(f"\nOther recordings of this call: {', '.join(map(text.identity, told.others))}")


def _facts(told: Told) -> dict[str, str]:
    found, call, channel = told.found, told.found.call, told.found.channel
    ended = "is up" if call.ended is None else text.local(call.ended)
    return {
        "from": searching.party(text.shown(call.caller_number, LONG), call.caller_name),
        "to": text.shown(call.called_number, LONG),
        "call": text.shown(f"{call.linked_id}, {call.direction}{' through ' * bool(call.trunk)}{call.trunk}"),
        "began": text.local(call.started),
        "answered": text.local(call.answered),
        "ended": ended,
        "side": f"{text.shown(channel.endpoint or channel.name)} ({channel.role})",
        "party": text.shown(f"{channel.number} {channel.party_name}".strip(), LONG),
        "state": text.shown(": ".join(filter(None, (found.recording.state, found.recording.reason))), LONG),
        **_file(found),
        "DAMAGED": text.shown(told.damage, LONG),
        "note": text.shown(found.note, LONG),
    }


def _file(found: FoundRecording) -> dict[str, str]:
    file = found.file
    if file is None:
        return {}
    return {
        "file": text.shown(file.path, LONG),
        "size": f"{text.size(file.bytes)}, {text.length(file.seconds)} of {file.format}",
        "SHA-256": file.sha256,
        "kept until": "for ever" if file.expires is None else text.local(file.expires),
    }


def _print_announcements(console: Console, told: Told) -> None:
    console.print(Text("\nAnnouncements", style="bold"))
    if not told.announcements:
        console.print("none to this party")
        return
    made = text.table("Time", "Prompt", "Played by", "Heard", whole=("Time",))
    for each in told.announcements:
        text.row(made, text.clock(each.started), f"{each.language}/{each.prompt}", str(each.played_by), _heard(each))
    console.print(made)


def _heard(each: Announcement) -> str:
    if each.complete:
        return "to the end"
    reason = f": {text.shown(each.reason)}" if each.reason else ""
    return f"not to the end{reason}" if each.finished is not None else "its end was not seen"


def _print_ledger(console: Console, told: Told) -> None:
    console.print(Text("\nEvery second", style="bold"))
    if not told.spans:
        console.print("never answered")
        return
    made = text.table("From", "To", "Length", "What", "Why", right=("Length",), whole=("From", "To", "What"))
    for span in told.spans:
        cells = (text.clock(span.started), text.clock(span.ended), f"{span.seconds:.1f} s")
        text.row(made, *cells, str(span.kind), _why(span), style=STYLES[span.kind])
    console.print(made)
    console.print(f"In short: {summary(told)}.")


def _why(span: Span) -> str:
    by = f", by {text.shown(span.by)}" if span.by else ""
    return f"{text.shown(span.why)}{by}" if span.why else by.removeprefix(", ")


def summary(told: Told) -> str:
    """`announced, recorded, suspended: card line, recorded`."""
    told_first = ["announced"] if any(each.complete for each in told.announcements) else []
    spans = [f"{span.kind}: {text.shown(span.why)}" if span.why else str(span.kind) for span in told.spans]
    return ", ".join([*told_first, *spans])
