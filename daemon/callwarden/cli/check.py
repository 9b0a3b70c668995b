"""`callwarden check`: the configuration, this machine and the live Asterisk, each finding with what to do."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.text import Text

from callwarden.checks.finding import Finding, Level, problem
from callwarden.cli import frame, text
from callwarden.cli.frame import Exit
from callwarden.cli.given import config_path
from callwarden.config import ConfigError, load

STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}
LEFT = 9  # columns that the level takes


@click.command()
@click.option("--quiet", "-q", is_flag=True, help="Leave out what is well.")
@frame.json_option
def check(quiet: bool, as_json: bool) -> None:
    """Look at everything: configuration, permissions, disk, Asterisk, dialplan, other recorders.

    Changes nothing, whether the daemon runs or not. Run it as root to have everything looked at. Exit status 2 when
    there is a problem.
    """
    logging.getLogger("callwarden").addHandler(logging.NullHandler())  # what it would log is a finding here
    findings = _findings()
    shown = [finding for finding in findings if not quiet or finding.level is not Level.OK]
    counts = Counter(finding.level for finding in findings)
    if as_json:
        text.print_json({"findings": [asdict(each) for each in shown], **{f"{n}s": counts[n] for n in list(Level)[1:]}})
    else:
        _print(shown, counts)
    if counts[Level.PROBLEM]:
        raise click.exceptions.Exit(int(Exit.ENVIRONMENT))


def _findings() -> list[Finding]:
    from callwarden.checks.examine import examine  # here: it brings aiohttp, which other commands need not wait for

    path = config_path()
    try:
        settings = load(path, need_secrets=True)
    except ConfigError as error:
        return [problem("configuration", str(each).rstrip("."), f"Mend {path}") for each in error.problems]
    return asyncio.run(examine(settings, path))


def _print(findings: Sequence[Finding], counts: Counter[Level]) -> None:
    console = text.console()
    for finding in findings:
        table = text.pairs({})
        table.columns[0].width = LEFT - 2
        told = f"{finding.about}: {finding.text}."
        table.add_row(Text(finding.level, style=STYLES[finding.level]), Text(text.shown(told, 1000)))
        if finding.advice:
            table.add_row(Text(""), Text(text.shown(f"-> {finding.advice}.", 1000), style="dim"))
        console.print(table)
    console.print(f"\n{_count(counts[Level.PROBLEM], 'problem')}, {_count(counts[Level.WARNING], 'warning')}.")


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
