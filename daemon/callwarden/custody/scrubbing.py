"""The scrub: every recording in the vault is read again, slowly, and compared with the SHA-256 it was stored with.

Takes the keeper; goes on where it was after a restart, for its place is in the catalogue. A recording whose file is not
what was stored is marked, entered and sounded once; one that is right again (a backup was put back) is mended. At the
end the audit chain is verified as well.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.custody import audit
from callwarden.custody.auditing import Auditing
from callwarden.custody.hearing import report_damage
from callwarden.priority import give_way
from callwarden.storage import requested
from callwarden.storage.database import CatalogueError, set_setting, setting, transaction
from callwarden.storage.keeper import Keeper
from callwarden.storage.opening import Damaged, check
from callwarden.storage.reading import StoredFile, recording

log = logging.getLogger(__name__)

PLACE = "scrub"
"""The rowid that a scrub under way has come to; empty when none is."""
PAGE = 100
LATE_SECONDS = 3600
MEGABYTE = 1e6


@dataclass(slots=True)
class Scrubbed:
    """What a scrub saw since the daemon started it."""

    checked: int = 0
    damaged: int = 0
    unreadable: int = 0


class Scrub:
    """Also runs what else custody does on schedule: sending the audit chain's head."""

    def __init__(self, keeper: Keeper, alarms: Alarms, auditing: Auditing) -> None:
        self._keeper, self._alarms, self._auditing = keeper, alarms, auditing
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="scrub", initializer=give_way)
        self._scheduler = AsyncIOScheduler()
        self._running = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Schedule, and go on with a scrub that a restart interrupted."""
        self._scheduler.start()
        self.reschedule()
        if await self._keeper.on_catalogue(lambda db: setting(db, PLACE)):
            self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """Begin no other file; what is left is for the next start."""
        self._scheduler.shutdown(wait=False)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._worker.shutdown)

    def reschedule(self) -> None:
        """Take the schedules of the present settings."""
        settings = self._keeper.settings
        for name, job, schedule in (
            ("scrub", self._begin, settings.scrub.schedule),
            ("head", self._auditing.send_head, settings.audit.schedule),
        ):
            self._scheduler.add_job(
                job, CronTrigger.from_crontab(schedule), id=name, replace_existing=True,
                misfire_grace_time=LATE_SECONDS, coalesce=True,
            )  # fmt: skip

    async def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        try:
            await self.run()
        except (OSError, sqlite3.Error, CatalogueError) as error:
            log.warning("the scrub was interrupted (%s); it goes on with the next", error)

    async def run(self) -> Scrubbed:
        """From where the last one was, to the end. Raises what the catalogue raises."""
        async with self._running:
            seen = Scrubbed()
            place = int(await self._keeper.on_catalogue(lambda db: setting(db, PLACE)) or 0)
            while page := await self._keeper.on_catalogue(partial(_page, place=place)):
                for _, unique_id in page:
                    await self._look(unique_id, seen)
                place = page[-1][0]
            await self._keeper.on_catalogue(lambda db: _ended(db, seen))
        log.info("scrub: %d recordings checked, %d are damaged", seen.checked, seen.damaged)
        with contextlib.suppress(ValueError):
            await self._auditing.verify()
        return seen

    async def _look(self, unique_id: str, seen: Scrubbed) -> None:
        found = await self._keeper.on_catalogue(lambda db: recording(db, unique_id))
        if found is None or found.file is None or str(found.recording.state) != "stored":
            return  # it went in the meantime
        began = time.monotonic()
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, check, self._keeper.vault, found.file)
        except Damaged as error:
            await self._damaged(unique_id, str(error), seen)
        except OSError as error:
            seen.unreadable += 1
            log.warning("scrub: a recording cannot be read: %s", error.strerror)
        else:
            seen.checked += 1
            await self._keeper.on_catalogue(lambda db: _mended(db, unique_id))
        await asyncio.sleep(self._rest(found.file, time.monotonic() - began))

    def _rest(self, file: StoredFile, took: float) -> float:
        """Seconds to wait, so that no more is read than the settings say."""
        return max(0.0, file.bytes / MEGABYTE / self._keeper.settings.scrub.megabytes_per_second - took)

    async def _damaged(self, unique_id: str, problem: str, seen: Scrubbed) -> None:
        again = await self._keeper.on_catalogue(lambda db: recording(db, unique_id))
        if again is None or again.file is None or str(again.recording.state) != "stored":
            return  # it was purged while it was read
        seen.damaged += 1
        if not await self._keeper.on_catalogue(lambda db: requested.damage(db, unique_id)):
            await report_damage(self._keeper, self._alarms, unique_id, problem)


def _page(db: Database, place: int) -> list[tuple[int, str]]:
    """What comes after ``place``, which is remembered: a restart goes on there. What only the external store has is
    not fetched to be looked at: it was read back there, and is compared whenever it is opened."""
    set_setting(db, PLACE, str(place))
    sql = (
        "SELECT r.rowid, r.unique_id FROM recordings r WHERE r.rowid > ? AND r.state = 'stored' AND r.path IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM external_copies c WHERE c.unique_id = r.unique_id AND c.path = r.path "
        "AND c.local_removed IS NOT NULL) ORDER BY r.rowid LIMIT ?"
    )
    return db.conn.execute(sql, [place, PAGE]).fetchall()


def _mended(db: Database, unique_id: str) -> None:
    if not requested.damage(db, unique_id):
        return
    with transaction(db):
        requested.mend(db, unique_id)
        audit.append(db, time.time(), audit.DAEMON, "mended", unique_id, {})


def _ended(db: Database, seen: Scrubbed) -> None:
    set_setting(db, PLACE, "")
    audit.append(
        db, time.time(), audit.DAEMON, "scrub", "",
        {"checked": seen.checked, "damaged": seen.damaged, "unreadable": seen.unreadable},
    )  # fmt: skip
