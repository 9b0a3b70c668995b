"""Watches the machine's clock, so that no purge believes one that jumped.

Looks once a minute and before each purge; what it believed last is in the catalogue, so that a restart of the daemon or
of the machine forgets nothing. A clock that is put right again is believed again by itself; one that was wrong before
and is right now, or a machine that was off for longer than ``purge.largest_clock_jump``, is confirmed by a person:
``callwarden purge --clock-is-right``.
"""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.core.trust import DAY_SECONDS, Reading, Trusted, believed, doubt
from callwarden.custody.audit import append
from callwarden.storage.database import set_setting, setting, transaction
from callwarden.storage.keeper import Keeper

log = logging.getLogger(__name__)

ALARM = "clock-jumped"
CLOCK, LAST_PURGE = "clock", "last purge"
EVERY = 60.0  # seconds
NOTED_EVERY = 600.0  # seconds: each is a write
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
WHAT_TO_DO = (
    "nothing is purged meanwhile. Look at `date`: if it is wrong, set it right; if it is right, run "
    "`callwarden purge --clock-is-right`."
)


def read_clocks() -> Reading:
    """As they stand now."""
    return Reading(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), boot_id())


@cache
def boot_id(path: Path = BOOT_ID) -> str:
    """Names this boot of the machine; where a sandbox hides it (ProcSubset=pid), this process, which is in one."""
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return f"process {secrets.token_hex(8)}"


class ClockWatch:
    """``read`` gives the clocks."""

    def __init__(self, keeper: Keeper, alarms: Alarms, read: Callable[[], Reading] = read_clocks) -> None:
        self._keeper, self._alarms, self._read = keeper, alarms, read
        self._trusted: Trusted | None = None
        self._noted = float("-inf")
        self._loaded = False

    async def run(self, moved: Callable[[], None]) -> None:
        """Look once a minute, for ever; ``moved`` is told each time, to set the schedule by the clock as it is."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.check()
                moved()
            except Exception as error:  # a catalogue in trouble has its own alarm
                log.debug("the clock could not be looked at: %s", error)

    async def check(self) -> tuple[float, str]:
        """The time by the wall clock, and why it is not to be believed (empty when it is). Raises what the catalogue
        raises."""
        if not self._loaded:
            self._trusted = await self._keeper.on_catalogue(load)
            self._loaded = True
        now = self._read()
        largest = self._keeper.settings.purge.largest_clock_jump * DAY_SECONDS
        why = doubt(self._trusted, now, largest)
        if why:
            self._alarms.begin(ALARM, f"{why}: {WHAT_TO_DO}")
            return now.wall, f"{why}: {WHAT_TO_DO}"
        self._alarms.end(ALARM)
        await self._note(believed(self._trusted, now), now)
        return now.wall, ""

    async def confirm(self, by: str) -> None:
        """A person says that the clock is right as it stands now; that goes on the record."""
        now = self._read()
        trusted = Trusted(now, now.wall)
        await self._keeper.on_catalogue(partial(confirmed, trusted=trusted, by=by))
        self._trusted, self._loaded, self._noted = trusted, True, now.uptime
        self._alarms.end(ALARM)
        log.warning("the clock was confirmed by %s", by)

    async def _note(self, trusted: Trusted, now: Reading) -> None:
        new_anchor = self._trusted is None or trusted.anchor != self._trusted.anchor
        self._trusted = trusted
        if new_anchor or now.uptime - self._noted >= NOTED_EVERY:
            await self._keeper.on_catalogue(partial(note, trusted=trusted))
            self._noted = now.uptime


def load(db: Database) -> Trusted | None:
    """What was believed last; a catalogue that never noted it has the time of its last purge, or else of its newest
    call. None where nothing is known."""
    noted = setting(db, CLOCK)
    if noted is not None:
        told = json.loads(noted)
        return Trusted(Reading(**told["anchor"]) if told["anchor"] else None, told["latest"])
    (newest,) = db.conn.execute("SELECT max(started) FROM calls").fetchone()
    last = setting(db, LAST_PURGE)
    times = [float(each) for each in (newest, last) if each is not None]
    return Trusted(None, max(times), floor=last is None) if times else None


def note(db: Database, trusted: Trusted) -> None:
    """Remember what is believed."""
    anchor = asdict(trusted.anchor) if trusted.anchor is not None else None
    set_setting(db, CLOCK, json.dumps({"anchor": anchor, "latest": trusted.latest}))


def confirmed(db: Database, trusted: Trusted, by: str) -> None:
    """Remember it as a person's word. A last purge that seems to be yet to come was by the wrong clock."""
    note(db, trusted)
    last = setting(db, LAST_PURGE)
    if last is not None and float(last) > trusted.latest:
        set_setting(db, LAST_PURGE, repr(trusted.latest))
    with transaction(db):
        append(db, trusted.latest, by, "clock-confirmed", "clock", {"wall": trusted.latest})
