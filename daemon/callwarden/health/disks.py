"""Room for recordings: of the spool's and the vault's file systems, once a minute, and an alarm while it is short.

Takes the settings in force, gives ``rooms`` and the alarms ``disk-vault`` and ``disk-spool``. Nothing here makes room:
what must be kept is never deleted for it; a full disk costs new recordings, each of them with its own alarm.
"""

import asyncio
import logging
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from callwarden.alarms import Alarms
from callwarden.config import Settings
from callwarden.core.room import Room, short
from callwarden.storage.database import CatalogueError
from callwarden.storage.growing import bytes_a_second

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds
RATE_EVERY = 3600.0  # seconds: adding up a week of a large catalogue is work
DAY_SECONDS = 86400.0
MEGABYTE = 1_000_000


class Disks:
    """``settings`` gives those in force at each look."""

    def __init__(self, settings: Callable[[], Settings], alarms: Alarms) -> None:
        self._settings, self._alarms = settings, alarms
        self.rooms: list[Room] = []
        self._short: set[str] = set()
        self._rate = 0.0
        self._rated: float | None = None

    async def run(self) -> None:
        """Look, once a minute, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Once. What cannot be looked at is a log line: the vault's own alarms tell of a vault that is gone."""
        try:
            await self._rate_again()
            self.rooms = await asyncio.to_thread(rooms, self._settings(), self._rate)
        except (OSError, sqlite3.Error, CatalogueError) as error:
            log.warning("the room on the disks could not be looked at: %s", error)
            return
        for kind in ("vault", "spool"):
            self._judge(kind)

    async def _rate_again(self) -> None:
        if self._rated is None or time.monotonic() - self._rated >= RATE_EVERY:
            path = self._settings().catalogue.path
            self._rate = await asyncio.to_thread(bytes_a_second, path, time.time())
            self._rated = time.monotonic()

    def _judge(self, kind: str) -> None:
        options = self._settings().disk
        found = [room for room in self.rooms if kind == room.holds.split()[0]]
        is_short = {
            room.path
            for room in found
            if short(room, room.path in self._short, options.alarm_days, options.least_free_mb * MEGABYTE)
        }
        self._short = (self._short - {room.path for room in found}) | is_short
        told = [sentence(room) for room in found if room.path in is_short]
        if told:
            self._alarms.begin(f"disk-{kind}", " ".join(told))
        else:
            self._alarms.end(f"disk-{kind}")


def rooms(settings: Settings, rate: float) -> list[Room]:
    """What is free for the vault and the spool, each file system once. Raises OSError."""
    vault, spool = settings.vault.path, settings.spool.path
    if vault.stat().st_dev == spool.stat().st_dev:
        return [_room("vault and spool", vault, rate)]
    return [_room("vault", vault, rate), _room("spool", spool, 0.0)]


def sentence(room: Room) -> str:
    """What to say of a disk that is short."""
    days = "" if room.days is None else f", enough for about {room.days:.1f} days at the rate of the last week"
    return (
        f"The disk of the {room.holds} ({room.path}) has {room.free / 1e9:.1f} GB free{days}. Make room: "
        "nothing that must be kept is deleted for it, and what does not fit is not recorded."
    )


def _room(holds: str, path: Path, rate: float) -> Room:
    usage = shutil.disk_usage(path)
    return Room(holds, str(path), usage.free, usage.total, usage.free / (rate * DAY_SECONDS) if rate else None)
