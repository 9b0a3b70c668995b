"""The daemon from its configuration to its end: everything that it needs is imported here."""

import asyncio
import logging
import sqlite3
from pathlib import Path

from callwarden.checks.finding import Finding
from callwarden.checks.starting import before_start, unusable
from callwarden.cli import frame
from callwarden.cli.frame import Exit
from callwarden.cli.given import config_path
from callwarden.config import Settings, doubts
from callwarden.control import ControlError
from callwarden.guard import guarded
from callwarden.priority import go_first
from callwarden.service import Service
from callwarden.storage.database import CatalogueError
from callwarden.unattended import CannotRun, Unattended, alone, set_up_logs

log = logging.getLogger(__name__)


def serve() -> None:
    """Until it is told to stop. Ends the command with a sentence when running is pointless."""
    path, settings = config_path(), frame.settings(need_secrets=True)
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
    _refuse(unusable(settings))
    with alone(settings.catalogue.path):
        _refuse(await before_start(settings))
        try:
            service = Service(settings, str(path))
            unattended = Unattended(path, settings, service, service.apply, service.ready)
            service.reload = unattended.reload
            with guarded():
                await unattended.run()
        except (OSError, sqlite3.Error, CatalogueError, ControlError) as error:
            raise CannotRun(f"The daemon could not start: {error}") from error


def _refuse(problems: list[Finding]) -> None:
    if problems:
        sentences = [f"  {each.about}: {each.text}. {each.advice}." for each in problems]
        raise CannotRun("\n".join(["The daemon cannot run like this:", *sentences]))
