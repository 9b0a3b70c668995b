"""Running without anybody watching: one daemon a catalogue, signals, and what systemd is told.

Takes the file of the configuration and something to run; gives back when it was told to stop.

* SIGTERM and SIGINT stop it; calls that are up go on being recorded by Asterisk.
* SIGHUP reads the configuration again: one that has errors is reported and changes nothing.
* systemd's watchdog is fed by a task of the same event loop that everything else runs in: a loop that hangs starves it.
"""

import asyncio
import fcntl
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from callwarden import logs
from callwarden.answers import Reloaded
from callwarden.config import ConfigError, Settings, doubts, load
from callwarden.config.credentials import SECRETS
from callwarden.notify import notify, watchdog_seconds
from callwarden.priority import leave_alone_what_is_there
from callwarden.reloading import reload

log = logging.getLogger(__name__)

READY_WITHIN = 2.0  # seconds: then systemd is told so although Asterisk has not answered yet; it does in milliseconds


class CannotRun(Exception):
    """Running is pointless as things are; the text says what to do."""


class Runnable(Protocol):
    """What is run: calls are looked after from ``start`` on, ``open_office`` does the rest beside them. Both raise
    what makes running pointless."""

    async def start(self) -> None: ...
    async def open_office(self) -> None: ...
    async def stop(self) -> None: ...


class Unattended:
    """``apply`` is given the settings to go on with after a reload; ``ready`` returns when calls are looked after."""

    def __init__(
        self,
        config: Path,
        settings: Settings,
        service: Runnable,
        apply: Callable[[Settings], None],
        ready: Callable[[], Awaitable[object]],
    ) -> None:
        self._config, self.settings = config, settings
        self._service, self._apply, self._ready = service, apply, ready
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """From start to SIGTERM. Raises what starting raises."""
        self._listen()
        await self._service.start()
        watchdog = asyncio.create_task(_feed_watchdog(), name="watchdog")
        try:
            await self._until_ready()
            notify("READY=1\nSTATUS=Calls are being recorded")
            await self._service.open_office()
            leave_alone_what_is_there()
            await self._stop.wait()
            notify("STOPPING=1\nSTATUS=Finishing what is being written; Asterisk goes on recording")
        finally:
            await self._service.stop()
            watchdog.cancel()

    def reload(self) -> Reloaded:
        """Read the configuration again; says what came of it, and logs it."""
        try:
            new = load(self._config, need_secrets=True)
        except ConfigError as error:
            return _not_reloaded([str(problem) for problem in error.problems])
        changes = reload(self.settings, new)
        self.settings = changes.settings
        set_up_logs(changes.settings)
        self._apply(changes.settings)
        _tell(self._config, changes.settings, changes.applied, changes.restart)
        return {"applied": list(changes.applied), "restart": list(changes.restart), "problems": []}

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)

    def _hang_up(self) -> None:
        # systemd.service(5), Type=notify-reload: it compares our clock with the moment it sent the signal.
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        done = self.reload()
        notify(
            f"READY=1\nSTATUS={'The configuration has errors; the old one stays' if done['problems'] else 'Reloaded'}"
        )

    async def _until_ready(self) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        ready = asyncio.ensure_future(self._ready())
        await asyncio.wait({stopped, ready}, timeout=READY_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done() and not stopped.done():
            log.warning("Asterisk has not answered within %g s; the daemon goes on trying", READY_WITHIN)
        for task in (stopped, ready):
            task.cancel()


def set_up_logs(settings: Settings) -> None:
    """Log as configured, with the configuration's secrets never in it."""
    secrets = [getattr(getattr(settings, section), option).get_secret_value() for section, option in SECRETS]
    logs.set_up(settings.log.level, settings.log.format, secrets)


@contextmanager
def alone(catalogue: Path) -> Iterator[None]:
    """Hold the catalogue for this process: two daemons would stop each other's recorders. Raises CannotRun."""
    lock = catalogue.with_name(f"{catalogue.name}.lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotRun(f"{lock} cannot be opened: {error.strerror}. Run `callwarden check`.") from error
    try:
        _hold(handle, catalogue)
        yield
    finally:
        os.close(handle)


def _hold(handle: int, catalogue: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
        raise CannotRun(
            f"Another Callwarden (process {pid}) is running with the catalogue {catalogue}. Stop that one first."
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _not_reloaded(problems: list[str]) -> Reloaded:
    log.error("the configuration was not reloaded, the old one stays: %s", " ".join(problems))
    return {"applied": [], "restart": [], "problems": problems}


def _tell(config: Path, settings: Settings, applied: tuple[str, ...], restart: tuple[str, ...]) -> None:
    log.info("configuration reloaded; changed: %s", ", ".join(applied) or "nothing")
    if restart:
        log.warning("changed, but only a restart makes it count: %s", ", ".join(restart))
    for doubt in doubts(settings, config):
        log.warning("configuration: %s", doubt)


async def _feed_watchdog() -> None:
    seconds = watchdog_seconds()
    while seconds is not None:
        notify("WATCHDOG=1")
        await asyncio.sleep(seconds)
