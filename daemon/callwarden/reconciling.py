"""The catalogue compared with Asterisk's call detail records and the disk, every night and when somebody asks.

What is found is catalogued once, however many nights it lasts, and resolved when it is gone; what is new is one alarm.
The comparison reads by a connection of its own in a worker thread, so calls go on meanwhile.
"""

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.control import ControlError, Handler, Kind, Peer
from callwarden.core.reconcile import in_sentences
from callwarden.custody import audit
from callwarden.priority import give_way
from callwarden.schedule import Nightly, trigger
from callwarden.storage.database import open_readonly, set_setting, setting, transaction
from callwarden.storage.findings import Finding, Found, acknowledge, lasting, record, resolve
from callwarden.storage.keeper import Keeper
from callwarden.storage.reconcile import compare
from callwarden.storage.reconciled import SOURCE, Asked, Compared

log = logging.getLogger(__name__)

LAST = "last reconciliation"
DAY_SECONDS = 86400.0
# APScheduler 3.11 skips a run that is more than this late; its default of 1 s would skip one on a busy machine.
LATE_SECONDS = 3600
ALARM, FAILED = "reconcile", "reconcile-failed"


class Reconciling:
    """``keeper`` holds the catalogue and the vault."""

    def __init__(self, keeper: Keeper, alarms: Alarms) -> None:
        self._keeper, self._alarms = keeper, alarms
        self._scheduler = AsyncIOScheduler()
        self._one = asyncio.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="reconcile", initializer=give_way)
        self._running: set[asyncio.Task[dict[str, Any]]] = set()

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb of the control socket."""
        return {"reconcile": self._on_demand, "reconcile-acknowledge": self._acknowledge}

    async def start(self) -> None:
        """Schedule the comparison, and make up for one that was missed."""
        self._scheduler.start()
        self.reschedule()
        if await self._missed():
            self._scheduler.add_job(self.nightly, id="reconcile missed", misfire_grace_time=None)

    async def stop(self) -> None:
        """Schedule nothing more; what is being read is read to its end and dropped."""
        self._scheduler.shutdown(wait=False)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._worker.shutdown(wait=False, cancel_futures=True)

    def reschedule(self) -> None:
        """Take the schedule of the present settings."""
        self._scheduler.add_job(
            self.nightly, self._trigger(), id="reconcile", replace_existing=True, misfire_grace_time=LATE_SECONDS,
            coalesce=True, max_instances=1,
        )  # fmt: skip

    async def nightly(self) -> None:
        """The calls of the last days, and everything on the disk."""
        now = time.time()
        await self.run(now - self._keeper.settings.reconcile.days * DAY_SECONDS, now)
        await self._keeper.on_catalogue(lambda db: set_setting(db, LAST, repr(now)))

    async def run(self, from_: float, to: float, cdr: Path | None = None) -> dict[str, Any]:
        """Compare, catalogue, alarm. ``cdr`` stands for the configured files. Gives what the desk answers."""
        settings = self._keeper.settings.reconcile
        files = settings.cdr if cdr is None else (cdr,)
        async with self._one:
            await self._keeper.on_catalogue(lambda _: None)  # what is known by now is written
            now = time.time()
            asked = Asked(from_, to, now - settings.grace, files, settings.csv_times, settings.table)
            try:
                compared = await asyncio.get_running_loop().run_in_executor(self._worker, self._compare, asked)
            except Exception as error:
                self._alarms.sound(FAILED, f"The comparison of the catalogue failed ({error}): see the log.")
                raise
            new, gone = await self._keeper.on_catalogue(lambda db: catalogue(db, compared, from_, to, now))
            seen = await self._keeper.on_catalogue(_acknowledged)
        self._tell(compared, new, gone)
        return {
            "findings": [
                {**shape(one), "new": one in new, "acknowledged": (one.kind, one.subject) in seen}
                for one in compared.findings
            ],
            "resolved": gone, "problems": compared.problems, "notes": compared.notes,
            "compared": {"records": compared.cdrs, "calls": compared.calls, "files": compared.files},
        }  # fmt: skip

    def _compare(self, asked: Asked) -> Compared:
        settings = self._keeper.settings
        with closing(open_readonly(settings.catalogue.path)) as db:
            return compare(db, self._keeper.vault, settings.spool.path, asked)

    def _tell(self, compared: Compared, new: list[Finding], gone: int) -> None:
        log.info("reconciled: %d findings, %d of them new, %d are gone", len(compared.findings), len(new), gone)
        for note in compared.notes:
            log.warning("reconcile: %s", note)
        for problem in compared.problems:
            self._alarms.sound(FAILED, problem)
        if new:
            counted = in_sentences(Counter(one.kind for one in new))
            self._alarms.sound(ALARM, f"The catalogue does not fit: {counted}. See `callwarden reconcile --list`.")

    async def _on_demand(self, peer: Peer, request: Mapping[str, object]) -> Mapping[str, Any]:
        now = time.time()
        from_, to = (_seconds(request, name) for name in ("from", "to"))
        cdr = request.get("cdr")
        if cdr is not None and (not isinstance(cdr, str) or not Path(cdr).is_absolute()):
            raise ControlError('"cdr" is the full path of a file.', Kind.BAD_REQUEST)
        if cdr is not None and peer.uid not in (0, os.geteuid()):
            raise ControlError("Only root may name another file of records.", Kind.NOT_ALLOWED)
        # A task of its own: it goes on when the one who asked no longer waits.
        work = self.run(0.0 if from_ is None else from_, now if to is None else to, Path(cdr) if cdr else None)
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def _acknowledge(self, peer: Peer, request: Mapping[str, object]) -> Mapping[str, Any]:
        numbers = request.get("numbers")
        if not isinstance(numbers, list) or not numbers or not all(type(one) is int for one in numbers):
            told = '"numbers" is a list of those that `callwarden reconcile --list` shows.'
            raise ControlError(told, Kind.BAD_REQUEST)
        given, now = [int(one) for one in numbers], time.time()

        def work(db: Database) -> list[int]:
            with transaction(db) as connection:
                done = acknowledge(connection, given, peer.user, now)
                for number in done:
                    audit.append(db, now, peer.user, "finding-acknowledged", f"finding {number}", {})
            return done

        return {"acknowledged": len(await self._keeper.on_catalogue(work))}

    def _done(self, task: "asyncio.Task[dict[str, Any]]") -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("the comparison of the catalogue failed", exc_info=task.exception())

    async def _missed(self) -> bool:
        last = await self._keeper.on_catalogue(lambda db: setting(db, LAST))
        if last is None:
            return False
        due = self._trigger().get_next_fire_time(None, datetime.fromtimestamp(float(last), UTC))
        return due is not None and due.timestamp() <= time.time()

    def _trigger(self) -> Nightly:
        return trigger(self._keeper.settings.reconcile.schedule)


def catalogue(db: Database, compared: Compared, from_: float, to: float, now: float) -> tuple[list[Finding], int]:
    """Write down what was found and what is gone: the new ones, and how many are gone."""
    still = {(one.kind, one.subject) for one in compared.findings}
    gone = [one for one in lasting(db, SOURCE) if _is_gone(one, compared, from_, to, still)]
    with transaction(db) as connection:
        new = [one for one in compared.findings if record(connection, one, now)]
        resolve(connection, gone, now)
    return new, len(gone)


def _acknowledged(db: Database) -> set[tuple[str, str]]:
    found = lasting(db, SOURCE)
    return {(one.finding.kind, one.finding.subject) for one in found if one.acknowledged is not None}


def shape(finding: Finding) -> dict[str, Any]:
    """A finding in an answer."""
    return {
        "kind": str(finding.kind), "subject": finding.subject, "call": finding.linked_id, "at": finding.at,
        "text": finding.text,
    }  # fmt: skip


def _is_gone(one: Found, compared: Compared, from_: float, to: float, still: set[tuple[str, str]]) -> bool:
    finding = one.finding
    looked = finding.kind in compared.checked and (finding.kind not in compared.windowed or from_ <= finding.at < to)
    return looked and (finding.kind, finding.subject) not in still


def _seconds(request: Mapping[str, object], name: str) -> float | None:
    value = request.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ControlError(f'"{name}" is a time in seconds.', Kind.BAD_REQUEST)
    return float(value)
