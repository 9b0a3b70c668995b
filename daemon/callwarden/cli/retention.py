"""`callwarden retention`: how long recordings are kept, what a change would do, and the report that proves it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from callwarden.cli import frame, text
from callwarden.cli.frame import Exit
from callwarden.config import Settings

PATIENCE = 120.0  # seconds: every recording is looked at
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def retention() -> None:
    """Show, prove and confirm how long recordings are kept."""


@retention.command()
@frame.json_option
def preview(as_json: bool) -> None:
    """Show what the rules in the configuration file would do, beside those in force.

    The file is read as it is now: change it, look here, then `systemctl reload callwarden`. Rules that shorten anything
    delete nothing before the next day, unless `callwarden retention confirm` says so.
    """
    settings = frame.settings()
    rules = settings.retention.model_dump(mode="json")
    answer = frame.order(settings, "retention-preview", patience=PATIENCE, rules=rules)
    if as_json:
        text.print_json({**answer, "counts_from": text.iso(answer["counts_from"])})
    else:
        _print_preview(answer)


@retention.command()
@click.option("--html", type=FILE, metavar="FILE", help="Write the report as a page, for an auditor.")
@click.option("--csv", type=FILE, metavar="FILE", help="Write every recording and tombstone as a table.")
@frame.json_option
def report(html: Path | None, csv: Path | None, as_json: bool) -> None:
    """Prove the state: oldest recording kept, due, on hold, purged with tombstones.

    Exit status 1 when something is kept too long, or was purged without a tombstone.
    """
    settings = frame.settings()
    answer = frame.order(settings, "retention-report", patience=PATIENCE)
    page = answer.pop("html")
    if html is not None:
        _write(html, [page])
    if csv is not None:
        _write(csv, _csv(settings))
    if as_json:
        times = {name: text.iso(answer[name]) for name in ("at", "oldest", "last_purge", "counts_from")}
        text.print_json({**answer, **times})
    else:
        _print_report(answer)
        for path in (html, csv):
            if path is not None:
                click.echo(f"Written: {path}")
    if not all(verdict["good"] for verdict in answer["verdicts"]):
        raise click.exceptions.Exit(int(Exit.FAILED))


@retention.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@frame.json_option
def confirm(yes: bool, as_json: bool) -> None:
    """Let changed rules count now, and not only from the next day on.

    The rules are those that the daemon has loaded.
    """
    settings = frame.settings()
    if not yes:
        answer = frame.order(settings, "retention-preview", patience=PATIENCE)
        _print_preview(answer)
        click.confirm("Let these rules count at once?", abort=True, err=True)
    answer = frame.order(settings, "retention-confirm", patience=PATIENCE)
    if as_json:
        text.print_json(answer)
    else:
        click.echo(f"These rules count from now on: {text.shown(answer['confirmed'], 1000)}")


def _print_preview(answer: dict[str, Any]) -> None:
    before = "; ".join(f"{name} {period} ({calls})" for name, period, calls in answer["in_force"])
    click.echo(f"In force now: {text.shown(before, 2000)}.\n")
    columns = ("Recordings", "Due in force", "Due then", "Then on hold")
    made = text.table("Rule", "Kept for", "Calls", *columns, right=columns)
    for rule in answer["rules"]:
        counts = (str(rule[name]) for name in ("kept", "due_before", "due_after", "held"))
        text.row(made, text.shown(rule["name"]), rule["period"], text.shown(rule["calls"], 200), *counts)
    text.console().print(made)
    more = sum(rule["due_after"] - rule["due_before"] for rule in answer["rules"])
    click.echo(f"\n{_difference(more)}")
    if answer["pending"] and answer["loaded"]:
        from_ = text.local(answer["counts_from"])
        click.echo(f"Pending: what shortens counts from {from_}, or after `retention confirm`.")
    elif answer["pending"]:
        click.echo("Not loaded yet: `systemctl reload callwarden` begins the change, and what shortens waits a day.")
    else:
        click.echo("These rules are in force.")


def _difference(more: int) -> str:
    if more == 0:
        return "As many recordings would be due as by the rules in force."
    return f"{abs(more)} recording{'' if abs(more) == 1 else 's'} {'more' if more > 0 else 'fewer'} would be due."


def _print_report(answer: dict[str, Any]) -> None:
    for verdict in answer["verdicts"]:
        click.echo(f"{'ok      ' if verdict['good'] else 'PROBLEM '} {verdict['sentence']}")
    click.echo()
    oldest = text.local(answer["oldest"]) + (" (on hold)" if answer["oldest_held"] else "")
    values = {
        "Recordings kept": str(answer["kept"]),
        "Oldest, call ended": oldest,
        "Due now": str(answer["due"]),
        "Due, but on hold": f"{answer['held_and_due']} (holds in force: {answer['holds']})",
        "Purged": f"{answer['purged']}, each with a tombstone" if not answer["unproven"] else str(answer["purged"]),
        "People forgotten in": f"{answer['forgotten']} calls",
        "Last purge": text.local(answer["last_purge"]),
    }
    text.console().print(text.pairs(values))
    if answer["rules"]:
        made = text.table("Kept by", "Recordings", "Due", "Due, on hold", right=("Recordings", "Due", "Due, on hold"))
        for rule in answer["rules"]:
            text.row(made, text.shown(rule["rule"], 200), str(rule["kept"]), str(rule["due"]), str(rule["held"]))
        click.echo()
        text.console().print(made)
    for stuck in answer["stuck"]:
        click.echo(f"{text.identity(stuck['recording'])}: {text.shown(stuck['problem'], 200)}", err=True)


def _csv(settings: Settings) -> Iterator[str]:
    after = ""
    while True:
        answer = frame.order(settings, "retention-lines", patience=PATIENCE, after=after)
        yield answer["csv"]
        after = answer["after"]
        if not after:
            return


def _write(path: Path, pieces: Iterable[str]) -> None:
    """As a whole or not at all; an older file of the name is replaced."""
    part = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            for piece in pieces:
                file.write(piece)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        frame.stop(f"{path} cannot be written: {error.strerror}.", Exit.FAILED)
