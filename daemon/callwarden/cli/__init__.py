"""The command line: one file a noun. Reads the catalogue itself, asks the daemon for every change."""

import asyncio
import logging
import signal
import sys
from pathlib import Path

import click

from callwarden.config import ConfigError, load
from callwarden.notify import notify
from callwarden.service import Service


@click.group()
def main() -> None:
    """Callwarden."""


@main.command()
@click.option("--config", type=click.Path(path_type=Path), required=True)
def run(config: Path) -> None:
    """Run the daemon."""
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = load(config)
    asyncio.run(_serve(settings))


async def _serve(settings):
    service = Service(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await service.start()
    notify("READY=1")
    await stop.wait()
    await service.stop()
