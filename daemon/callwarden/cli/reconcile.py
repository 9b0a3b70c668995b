"""`callwarden reconcile`: compare the catalogue with Asterisk's call detail records and with the disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from callwarden.cli import frame, searching, text
from callwarden.cli.frame import Exit
from callwarden.custody.packed import unpack
from callwarden.storage.findings import Found, listed

PATIENCE = 120.0  # seconds
LONG = 400  # characters of a finding's text


@click.group(invoke_without_command=True)
@searching.time_options
@click.option(
    "--cdr",
    type=click.Path(path_type=Path, dir_okay=False, resolve_path=True),
    help="Compare with this file instead of those of [reconcile] cdr. For root.",
)
@click.option("--list", "only_list", is_flag=True, help="Show what was found, is not gone and was not acknowledged.")
@click.option("--all", "resolved_too", is_flag=True, help="With --list: what is resolved or acknowledged, too.")
@frame.json_option
@click.pass_context
def reconcile(
    context: click.Context,
    from_: float | None,
    to: float | None,
    cdr: Path | None,
    only_list: bool,
    resolved_too: bool,
    as_json: bool,
) -> None:
    """Compare the catalogue with Asterisk's own call detail records and with the disk.

    Finds calls without a recording, recordings without a call, files without a row, rows without a file, and files
    that are not as they were stored. It is done every night. Exit status 1 when something does not fit.
    """
    if context.invoked_subcommand is not None:
        return
    if only_list:
        _list(from_, to, resolved_too, as_json)
        return
    given = {"from": from_, "to": to, "cdr": None if cdr is None else str(cdr)}
    answer = frame.order(
        frame.settings(), "reconcile", patience=PATIENCE, **{name: value for name, value in given.items() if value}
    )
    if as_json:
        text.print_json({**answer, "findings": [{**one, "at": text.iso(one["at"])} for one in answer["findings"]]})
    else:
        _print(answer)
    if answer["problems"] or not all(one["acknowledged"] for one in answer["findings"]):
        raise click.exceptions.Exit(int(Exit.FAILED))


@reconcile.command("acknowledge")
@click.argument("numbers", nargs=-1, type=int, required=True, metavar="NUMBER...")
@frame.json_option
def acknowledge_findings(numbers: tuple[int, ...], as_json: bool) -> None:
    """Say that you have seen findings, by their numbers in `reconcile --list`: they are no longer listed.

    A call that nobody recorded can never be recorded afterwards. Who acknowledged is kept.
    """
    answer = frame.order(frame.settings(), "reconcile-acknowledge", numbers=list(numbers))
    count = answer["acknowledged"]
    if as_json:
        text.print_json(answer)
    else:
        click.echo(f"{count} finding{'' if count == 1 else 's'} acknowledged.")
    if not count:
        raise click.exceptions.Exit(int(Exit.FAILED))


def _print(answer: dict[str, Any]) -> None:
    if answer["findings"]:
        made = text.table("When", "What", "", "Finding", whole=("When", "What"))
        for one in answer["findings"]:
            state = "new" if one["new"] else "seen" if one["acknowledged"] else ""
            text.row(made, text.local(one["at"])[:16], one["kind"], state, text.shown(one["text"], LONG))
        text.console().print(made)
        click.echo()
    for sentence in (*answer["problems"], *answer["notes"]):
        click.echo(text.shown(sentence, 1000), err=True)
    compared = answer["compared"]
    told = f"{compared['records']} records, {compared['calls']} calls and {compared['files']} files"
    gone = f"; {answer['resolved']} earlier ones are resolved" if answer["resolved"] else ""
    click.echo(f"Compared {told}: {len(answer['findings']) or 'nothing'} found{gone}.")


def _list(from_: float | None, to: float | None, resolved_too: bool, as_json: bool) -> None:
    found = list(_found(from_, to, resolved_too))
    if as_json:
        text.print_json({"findings": [_shape(one) for one in found]})
    elif found:
        made = text.table("No.", "When", "Finding", right=("No.",), whole=("No.", "When"))
        for one in found:
            said = f"{one.finding.kind}{_state(one)}: {text.shown(one.finding.text, LONG)}"
            text.row(made, str(one.number), text.local(one.finding.at)[:16], said)
        text.console().print(made)
    else:
        click.echo("Nothing was found that is not resolved or acknowledged.")
    if any(one.open for one in found):
        raise click.exceptions.Exit(int(Exit.FAILED))


def _found(from_: float | None, to: float | None, resolved_too: bool) -> Iterator[Found]:
    settings = frame.settings()
    if frame.reads_itself(settings):
        with frame.catalogue(settings) as db:
            yield from listed(db, open_only=not resolved_too, from_=from_, to=to)
        return
    after = None
    while True:
        answer = frame.order(settings, "reconcile-list", from_=from_, to=to, all=resolved_too, after=after)
        yield from (unpack(Found, each) for each in answer["findings"])
        after = answer["after"]
        if after is None:
            return


def _state(one: Found) -> str:
    if one.resolved is not None:
        return " (resolved)"
    return f" (acknowledged by {text.shown(one.acknowledged_by)})" if one.acknowledged is not None else ""


def _shape(one: Found) -> dict[str, Any]:
    finding = one.finding
    return {
        "number": one.number, "source": finding.source, "kind": finding.kind, "subject": finding.subject,
        "call": finding.linked_id, "at": text.iso(finding.at),
        "text": finding.text, "found": text.iso(one.found), "seen": text.iso(one.seen),
        "resolved": text.iso(one.resolved), "acknowledged": text.iso(one.acknowledged),
        "acknowledged_by": one.acknowledged_by,
    }  # fmt: skip
