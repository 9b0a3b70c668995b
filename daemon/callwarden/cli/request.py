"""`callwarden request`: ask for recordings, decide, and see what may be heard."""

import sys
import time
from typing import Any

import click
from rich.text import Text

from callwarden.cli import frame, searching, text, when
from callwarden.custody.requests import CONSULTED, Kind

LONG = 300  # characters of a text that somebody wrote
KINDS = click.Choice([str(kind) for kind in Kind])


@click.group()
def request() -> None:
    """Ask for recordings, with the reason; approve, refuse or close a request.

    No recording is heard, exported or released without an approved request that covers it.
    """


@request.command(name="open")
@click.option("--kind", "-k", type=KINDS, help="What it is for.")
@click.option("--reason", "-r", help="The valid reason.")
@click.option("--call", "-c", "calls", multiple=True, metavar="ID", help="A call or a recording; may be repeated.")
@click.option("--number", "-n", help="The outside number, in any spelling.")
@click.option("--extension", "-e", metavar="EXT", help="The phone on our side.")
@searching.time_options
@click.option("--parties", help="The names of those who took part, where known.")
@click.option("--other", help="Anything else on the nature of the call.")
@click.option("--received", metavar="WHEN", help="When it came in, in writing: the law counts from then.")
@frame.json_option
def open_(as_json: bool, received: str | None, calls: tuple[str, ...], **given: Any) -> None:
    """Open a request. What is missing is asked for, at a terminal."""
    if sys.stdin.isatty() and not as_json:
        given = _ask_for_the_rest(given, calls)
        if given["kind"] == Kind.SUBJECT_ACCESS and not received:
            received = click.prompt("When was it received, in writing", default="today", value_proc=_readable)
    fields = {name: value for name, value in given.items() if value is not None}
    if received:
        fields["received"] = _moment(received, 0)
    answer = frame.order(frame.settings(), "request-open", calls=list(calls), **fields)
    _told(answer, as_json, f"Request {answer['request']['id']} is open. It waits for approval.")


@request.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Those that were refused or closed, too.")
@frame.json_option
def list_(everything: bool, as_json: bool) -> None:
    """List requests: your own; for directors and the DPO, everybody's. The most urgent subject access first."""
    answer = frame.order(frame.settings(), "request-list", all=everything)
    if as_json:
        text.print_json(answer)
        return
    if not answer["requests"]:
        click.echo("No request is open.")
        return
    columns = ("No", "Kind", "State", "By", "Opened", "Days left", "Reason")
    table = text.table(*columns, right=("No", "Days left"), whole=("No", "State", "Days left"))
    for one in sorted(answer["requests"], key=_urgency):
        days = text.NOTHING if one["days_left"] is None else str(one["days_left"])
        late = one["days_left"] is not None and one["days_left"] < 0
        opened = text.local(one["opened"])[:10]
        cells = (str(one["id"]), one["kind"], one["state"], text.shown(one["opened_by"]), opened)
        text.row(table, *cells, f"{days} LATE" if late else days, text.shown(one["reason"]))
    text.console().print(table)


@request.command()
@click.argument("number", type=click.IntRange(1))
@frame.json_option
def show(number: int, as_json: bool) -> None:
    """Show a request, and the recordings that it covers."""
    answer = frame.order(frame.settings(), "request-show", request=number)
    if as_json:
        text.print_json(answer)
        return
    console = text.console()
    console.print(Text(f"Request {number}", style="bold"))
    console.print(text.pairs(_facts(answer["request"])))
    console.print(f"\nIt covers {answer['covered']} recordings{':' if answer['recordings'] else '.'}")
    if answer["recordings"]:
        columns = ("Began", "From", "To", "Phone", "Length", "Recording")
        table = text.table(*columns, right=("Length",))
        for one in answer["recordings"]:
            parties = (text.shown(one["caller"], 40) or "withheld", text.shown(one["called"], 40))
            length = one["state"] if one["seconds"] is None else text.length(one["seconds"])
            cells = (text.local(one["started"])[:16], *parties, text.shown(one["phone"]), length)
            text.row(table, *cells, text.identity(one["recording"]))
        console.print(table)


@request.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--decision", "-d", help="The agreement in words; needed for disciplinary requests.")
@click.option("--consulted", help="Who was consulted; needed for disciplinary requests.")
@click.option("--until", metavar="WHEN", help="Until when it counts (default: [requests] approval_lasts).")
@frame.json_option
def approve(number: int, decision: str | None, consulted: str | None, until: str | None, as_json: bool) -> None:
    """Approve a request. Nobody approves their own; who must follows its kind."""
    settings = frame.settings()
    if sys.stdin.isatty() and not as_json and not (decision and consulted):
        one = frame.order(settings, "request-show", request=number)["request"]
        if Kind(one["kind"]) in CONSULTED:
            decision = decision or click.prompt("Your agreement, in writing")
            consulted = consulted or click.prompt("Who was consulted")
    said = {"decision": decision or "", "consulted": consulted or ""}
    fields: dict[str, Any] = said | ({"lasts": _moment(until, 1)} if until else {})
    answer = frame.order(settings, "request-approve", request=number, **fields)
    _told(answer, as_json, f"Request {number} is approved until {text.local(answer['request']['until'])}.")


@request.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", "-r", prompt="Why is it refused", help="Why.")
@frame.json_option
def refuse(number: int, reason: str, as_json: bool) -> None:
    """Refuse a request."""
    answer = frame.order(frame.settings(), "request-refuse", request=number, decision=reason)
    _told(answer, as_json, f"Request {number} is refused.")


@request.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--outcome", "-o", prompt="What came of it", help="What came of it.")
@frame.json_option
def close(number: int, outcome: str, as_json: bool) -> None:
    """Close a request that is done with; its approval ends."""
    answer = frame.order(frame.settings(), "request-close", request=number, outcome=outcome)
    _told(answer, as_json, f"Request {number} is closed.")


def _told(answer: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        text.print_json(answer)
    else:
        click.echo(sentence)
        one = answer["request"]
        if one["days_left"] is not None:
            due = "was" if one["days_left"] < 0 else "is"
            click.echo(f"The answer {due} due by {one['deadline']}: {_left(one['days_left'])}.")


def _ask_for_the_rest(given: dict[str, Any], calls: tuple[str, ...]) -> dict[str, Any]:
    """Clinic 5.2 a to f, in its order."""
    asked = dict(given)
    asked["kind"] = given["kind"] or click.prompt("What is it for", type=KINDS)
    asked["reason"] = given["reason"] or click.prompt("The valid reason")
    _ask_for_whose(asked, given, calls)
    while not (calls or asked["from_"] or asked["to"] or asked["extension"] or asked["number"]):
        click.echo("Which recordings? Say at least one of these: when, which extension, which number.", err=True)
        _ask_for_whose(asked, given, calls)
    for name, question in (
        ("parties", "Names of those who took part, if known"),
        ("other", "Anything else on the nature of the call"),
    ):
        asked[name] = given[name] or click.prompt(question, default="", show_default=False) or None
    return asked


def _ask_for_whose(asked: dict[str, Any], given: dict[str, Any], calls: tuple[str, ...]) -> None:
    if not (calls or given["from_"] or given["to"]):
        question = "Date or time of the call, if known"
        at = click.prompt(question, default="", show_default=False, value_proc=_readable)
        if at:
            asked["from_"], asked["to"] = _moment(at, 0), _moment(at, 1)
    for name, question in (("extension", "Extension on our side"), ("number", "Outside number, if known")):
        asked[name] = given[name] or click.prompt(question, default="", show_default=False) or None


def _readable(written: str) -> str:
    """A time as it was written, or nothing; what cannot be read is asked for again."""
    if written:
        _moment(written, 0)
    return written


def _moment(written: str, end: int) -> float:
    try:
        return when.stretch(written, time.time())[end]
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _left(days: int) -> str:
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"{count} LATE" if days < 0 else f"{count} left"


def _urgency(one: dict[str, Any]) -> tuple[float, int]:
    return (float("inf") if one["days_left"] is None else one["days_left"], -one["id"])


def _facts(one: dict[str, Any]) -> dict[str, str]:
    def at(name: str) -> str:
        return "" if one[name] is None else text.local(one[name])

    def said(name: str) -> str:
        return text.shown(one[name], LONG)

    left = "" if one["days_left"] is None else f", {_left(one['days_left'])}"
    decided = f"{at('decided')} by {said('decided_by')}: {said('decision')}".rstrip(": ") if one["decided"] else ""
    return {
        "kind": one["kind"],
        "state": one["state"],
        "reason": said("reason"),
        "calls": ", ".join(map(text.identity, one["calls"])),
        "from": at("from"),
        "to": at("to"),
        "extension": said("extension"),
        "number": said("number"),
        "parties": said("parties"),
        "other": said("other"),
        "opened": f"{at('opened')} by {said('opened_by')}",
        "received": at("received"),
        "due": f"{one['deadline']}{left}" if one["deadline"] else "",
        "decided": decided,
        "consulted": said("consulted"),
        "counts until": at("until"),
        "closed": f"{at('closed')} by {said('closed_by')}: {said('outcome')}" if one["closed"] else "",
    }
