"""`callwarden purge`: delete what has outlived its retention now, or only print what would go."""

import time
from typing import Any

import click

from callwarden.cli import frame, text
from callwarden.cli.frame import Exit
from callwarden.config import Settings

PATIENCE = 120.0  # seconds


@click.command()
@click.option("--dry-run", is_flag=True, help="Only print exactly what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--clock-is-right",
    is_flag=True,
    help="Say that the machine's clock stands right, after an alarm that it jumped; root only, and on the record.",
)
@frame.json_option
def purge(dry_run: bool, yes: bool, clock_is_right: bool, as_json: bool) -> None:
    """Delete the recordings that have outlived their retention, without waiting for the schedule.

    Each leaves a tombstone (id, hash, when, why) in the catalogue. By a clock that jumped nothing is deleted: set it
    right, or look at `date` and say that it is (--clock-is-right).
    """
    settings = frame.settings()
    if clock_is_right:
        _confirm_clock(settings, yes)
    if not dry_run and not yes:
        plan = frame.order(settings, "purge", dry_run=True, patience=PATIENCE)
        if plan["problems"]:
            frame.stop(" ".join(plan["problems"]), Exit.FAILED)
        if plan["due"]:
            click.confirm(f"Delete {_recordings(len(plan['due']))}, {_bytes(plan)} for ever?", abort=True, err=True)
    answer = frame.order(settings, "purge", dry_run=dry_run, patience=PATIENCE)
    if as_json:
        text.print_json(answer)
    else:
        _print(answer)
    if answer["problems"]:
        raise click.exceptions.Exit(int(Exit.FAILED))


def _confirm_clock(settings: Settings, yes: bool) -> None:
    if not yes:
        click.confirm(f"It is {text.local(time.time())}. Is that right?", abort=True, err=True)
    frame.order(settings, "purge", dry_run=True, clock_is_right=True, patience=PATIENCE)


def _print(answer: dict[str, Any]) -> None:
    if answer["dry_run"]:
        _print_plan(answer)
    else:
        forgotten = answer["forgotten"]
        calls = f"; personal data of {forgotten} calls forgotten" if forgotten else ""
        click.echo(f"{_recordings(answer['purged'])} deleted{calls}.")
        if answer["waiting"]:
            click.echo(f"{_recordings(answer['waiting'])} deleted here; done when gone from the external store too.")
    for sentence in answer["problems"]:
        click.echo(text.shown(sentence, 1000), err=True)


def _print_plan(answer: dict[str, Any]) -> None:
    if not answer["due"]:
        click.echo("Nothing is due.")
        return
    made = text.table("Recording", "Size", "Why", right=("Size",), whole=("Size",))
    for due in answer["due"]:
        size = text.NOTHING if due["bytes"] is None else text.size(due["bytes"])
        text.row(made, text.identity(due["recording"]), size, text.shown(due["why"], 200))
    text.console().print(made)
    click.echo(f"\n{_recordings(len(answer['due']))}, {_bytes(answer)}, would be deleted.")


def _recordings(count: int) -> str:
    return f"{count} recording{'' if count == 1 else 's'}"


def _bytes(answer: dict[str, Any]) -> str:
    return text.size(sum(due["bytes"] or 0 for due in answer["due"]))
