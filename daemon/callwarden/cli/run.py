"""`callwarden run`: the daemon, until it is told to stop."""

import asyncio
import logging
import sqlite3
from pathlib import Path

import click

from callwarden.checks.finding import Finding
from callwarden.cli import frame
from callwarden.cli.frame import Exit
from callwarden.config import Settings, doubts
from callwarden.control import ControlError
from callwarden.guard import guarded
from callwarden.priority import go_first
from callwarden.storage.database import CatalogueError
from callwarden.unattended import CannotRun, Unattended, alone, set_up_logs

log = logging.getLogger(__name__)


@click.command()
def run() -> None:
    """Run the daemon, in the foreground: systemd starts it like this.

    It stops on SIGTERM and leaves live calls recording; on SIGHUP it reads the configuration again.
    """
    path, settings = frame.config_path(), frame.settings(need_secrets=True)
    set_up_logs(settings)
    for doubt in doubts(settings, path):
        log.warning("configuration: %s", doubt)
    if not go_first():
        log.info("the daemon runs at the usual priority: a busy machine may make callers wait at the card line")
    try:
        asyncio.run(_run(path, settings))
    except CannotRun as error:
        frame.stop(str(error), Exit.ENVIRONMENT)


async def _run(path: Path, settings: Settings) -> None:
    # Here, because they bring half of everything: `callwarden status` need not wait for that.
    from callwarden.checks.examine import before_start, unusable
    from callwarden.service import Service

    _refuse(unusable(settings))
    with alone(settings.catalogue.path):
        _refuse(await before_start(settings))
        try:
            service = Service(settings, str(path))
            unattended = Unattended(path, settings, service, service.apply, service.ready)
            service.desk.reload = unattended.reload
            with guarded():
                await unattended.run()
        except (OSError, sqlite3.Error, CatalogueError, ControlError) as error:
            raise CannotRun(f"The daemon could not start: {error}") from error


def _refuse(problems: list[Finding]) -> None:
    if problems:
        sentences = [f"  {each.about}: {each.text}. {each.advice}." for each in problems]
        raise CannotRun("\n".join(["The daemon cannot run like this:", *sentences]))
