"""What is done on schedule: the purge, by a cron expression in local time.

A purge that was missed while the daemon was down is made up for at the start. Only one runs at a time; it takes the
catalogue for short moments, so that calls go on meanwhile.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.clock_watch import LAST_PURGE, ClockWatch
from callwarden.custody import audit
from callwarden.schedule import Nightly, trigger
from callwarden.storage import ruling
from callwarden.storage.alarm_rows import forget_alarms
from callwarden.storage.database import set_setting, setting, transaction
from callwarden.storage.expiry import date_recordings
from callwarden.storage.keeper import Keeper
from callwarden.storage.purge import DueRecording, PurgeReport, finish_marked, preview, purge
from callwarden.storage.ruling import Ruling

log = logging.getLogger(__name__)

LAST = LAST_PURGE
# APScheduler 3.11 skips a run that is more than this late; its default of 1 s would skip one on a busy machine.
LATE_SECONDS = 3600
PROBLEMS_SAID = 3  # in an alarm
OVERDUE_SECONDS = 2 * 3600.0
UNREACHABLE = (
    "{count} recordings are deleted here, and the external store still has them, but [archive] url is empty: name the "
    "store again until they are gone there too"
)


class Housekeeping:
    """``keeper`` holds the catalogue and the vault, ``clock`` tells whether the time can be believed; ``afterwards`` is
    done after each purge, where it is set."""

    def __init__(self, keeper: Keeper, alarms: Alarms, clock: ClockWatch | None = None) -> None:
        self._keeper, self._alarms = keeper, alarms
        self.clock = clock or ClockWatch(keeper, alarms)
        self._watching: asyncio.Task[None] | None = None
        self._scheduler = AsyncIOScheduler()
        self._purging = asyncio.Lock()
        self.afterwards: Callable[[], Awaitable[object]] | None = None
        self.last_purge: float | None = None
        """When the last one was done (UTC epoch seconds), an earlier daemon's too."""
        self.last_problems = 0
        """How many things it could not do."""

    async def start(self) -> None:
        """Schedule the purge, and make up for one that was missed."""
        self._scheduler.start()
        self.reschedule()
        await self.settle_rules()
        self.last_purge = await self._keeper.on_catalogue(_last_purge)
        if self._due_since(time.time()) is not None:
            self._scheduler.add_job(self.purge, id="purge missed", misfire_grace_time=None)
        self._watching = asyncio.create_task(self.clock.run(self.set_by_the_clock), name="clock watch")

    async def stop(self) -> None:
        """Schedule nothing more; a purge that is under way stops between two of its steps, and is gone on with."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        self._scheduler.shutdown(wait=False)

    def reschedule(self) -> None:
        """Take the schedule of the present settings."""
        self._scheduler.add_job(
            self.purge, self._trigger(), id="purge", replace_existing=True, misfire_grace_time=LATE_SECONDS,
            coalesce=True, max_instances=1,
        )  # fmt: skip

    def set_by_the_clock(self) -> None:
        """A next purge that was reckoned by a clock that stood ahead would be next year: reckon it anew."""
        due = self._trigger().get_next_fire_time(None, datetime.now(UTC))
        planned = self.next_purge
        if due is not None and planned is not None and planned > due.timestamp() + 1:
            self.reschedule()

    @property
    def next_purge(self) -> float | None:
        """When the next purge is due (UTC epoch seconds)."""
        job = self._scheduler.get_job("purge")
        return job.next_run_time.timestamp() if job is not None and job.next_run_time is not None else None

    async def confirm_clock(self, by: str) -> None:
        """A person says that the clock is right as it stands; see :class:`callwarden.clock_watch.ClockWatch`."""
        await self.clock.confirm(by)
        self.last_purge = await self._keeper.on_catalogue(_last_purge)
        self.reschedule()

    async def due(self) -> list[DueRecording]:
        """Exactly what a purge would delete now."""
        configured, now = self._keeper.settings.retention, time.time()

        def read(db: Database) -> list[DueRecording]:
            rules = ruling.read(db, configured, now)
            return list(preview(db, rules.rules, now, rules.asked))

        return await self._keeper.on_catalogue(read)

    async def settle_rules(self) -> Ruling:
        """Which retention rules count now, by the present settings; a change is remembered and said in the log.

        By a clock that jumped nothing is remembered: a change that waits for its day must not find it come.
        """
        configured = self._keeper.settings.retention
        now, why = await self.clock.check()
        if why:
            return await self._keeper.on_catalogue(lambda db: ruling.read(db, configured, now))

        def settle(db: Database) -> tuple[Ruling, str]:
            with transaction(db) as connection:
                settled, told = ruling.settle(db, connection, configured, now)
                if told:
                    audit.append(db, now, "daemon", "retention-changed", "", {"change": told})
            return settled, told

        rules, changed = await self._keeper.on_catalogue(settle)
        if changed:
            log.log(logging.INFO if rules.pending is None else logging.WARNING, "retention: %s", changed)
        return rules

    async def changed(self) -> None:
        """The settings were read again: a change of the rules begins to wait from now on."""
        await self.settle_rules()

    async def date_recordings(self) -> Ruling:
        """Write down until when each recording is kept, by the rules that count now; gives those."""
        rules = await self.settle_rules()
        run = self._keeper.writer.wait
        await asyncio.to_thread(date_recordings, run, rules.rules, rules.name, rules.asked)
        return rules

    async def purge(self, by: str = audit.DAEMON) -> PurgeReport:
        """Delete what is due; says so in the log and, with who wanted it, in the audit chain. By a clock that jumped
        nothing is deleted, and the report says so."""
        async with self._purging:
            now, why = await self.clock.check()
            if why:
                self.last_problems = 1
                log.warning("nothing was purged: %s", why)
                return PurgeReport(problems=[why])
            rules = await self.date_recordings()
            run = self._keeper.writer.wait
            report = await asyncio.to_thread(purge, run, self._keeper.vault, rules.rules, now, rules.asked)
            await self._keeper.on_catalogue(lambda db: _purged(db, now, by, report))
            await self._keeper.on_catalogue(partial(forget_alarms, now=now))
            if report.waiting and not self._keeper.settings.archive.url:
                report.problems.append(UNREACHABLE.format(count=report.waiting))
            self.last_purge, self.last_problems = now, len(report.problems)
        log.info("purge: %d recordings deleted, %d calls forgotten", report.purged, report.forgotten)
        if report.problems:
            more = len(report.problems) - PROBLEMS_SAID
            others = f" (and {more} more: see the log)" if more > 0 else ""
            self._alarms.begin("purge", " ".join(f"{one}." for one in report.problems[:PROBLEMS_SAID]) + others)
            for problem in report.problems:
                log.warning("purge: %s", problem)
        else:
            self._alarms.end("purge")
        if self.afterwards is not None:
            await self.afterwards()
        return report

    async def finish_purge(self) -> PurgeReport:
        """Go on with what waited for the external store; says so in the log."""
        async with self._purging:
            now, why = await self.clock.check()
            if why:
                return PurgeReport(problems=[why])
            report = await asyncio.to_thread(finish_marked, self._keeper.writer.wait, self._keeper.vault, now)
        log.info("purge: %d recordings are gone from the external store too", report.purged)
        return report

    def overdue_since(self, now: float) -> float | None:
        """When the purge was due that has not been done, though there was time for it; None when none is missing."""
        due = self._due_since(now)
        return due if due is not None and now - due > OVERDUE_SECONDS else None

    def _due_since(self, now: float) -> float | None:
        if self.last_purge is None:
            return None
        due = self._trigger().get_next_fire_time(None, datetime.fromtimestamp(self.last_purge, UTC))
        return due.timestamp() if due is not None and due.timestamp() <= now else None

    def _trigger(self) -> Nightly:
        return trigger(self._keeper.settings.purge.schedule)


def _purged(db: Database, now: float, by: str, report: PurgeReport) -> None:
    set_setting(db, LAST, repr(now))
    counts = {name: getattr(report, name) for name in ("purged", "gone", "stuck", "forgotten", "held", "left")}
    audit.append(db, time.time(), by, "purge", "", {**counts, "problems": report.problems})


def _last_purge(db: Database) -> float | None:
    last = setting(db, LAST)
    return float(last) if last is not None else None
