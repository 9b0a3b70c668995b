"""The one thread that writes the catalogue, so that the event loop never waits for a disk.

Takes facts (``save``, returns at once) and jobs (``run``, a function given the write connection); performs
them in order, facts in batches. Two states of the same thing that wait together are written once, as the
newer. While the catalogue cannot be written (locked, full, read-only) everything waits in memory and is tried
again; ``report`` is told when that begins and ends. It is called on this thread: hand it on with
``loop.call_soon_threadsafe``.
"""

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Condition, Thread
from typing import Any, TypeVar

from sqlite_utils import Database

from callwarden.core.facts import Fact, Suspension
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import BUSY_SECONDS, CatalogueError, open_catalogue, region, unhurried
from callwarden.storage.rows import key

log = logging.getLogger(__name__)

# Different rows that may wait: about 50 MB, some thousand calls without a disk.
LIMIT = 100_000
# Rows in one transaction: long enough to be cheap, short enough to let a reader's checkpoint and a job in.
BATCH = 500
# Facts of one call come in bursts; waiting this long (seconds) writes a burst once, with one fsync. A killed daemon
# loses as much: twice of it costs the thread a quarter less CPU.
LINGER = 0.05
# How often facts wait for the disk (seconds): what a power failure may take of the calls that are up, whose sound it
# takes as well. Proofs of silence always wait, and so does all that is done about recordings.
SYNC_SECONDS = 1.0
RETRY_FIRST, RETRY_LONGEST = 0.1, 5.0
# The disk's or another process's trouble: worth waiting for. Any other error is the fact's own, and no retry cures it.
TROUBLE = (sqlite3.Error, OSError, CatalogueError)
FACTS_OWN = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)

T = TypeVar("T")
Group = dict[tuple[object, ...], Fact]


@dataclass(frozen=True, slots=True)
class WriterState:
    """How writing is going: ``problem`` is empty when it works; ``lost`` counts facts that were given up."""

    problem: str
    waiting: int
    lost: int


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do on the write connection after everything that was saved before it."""

    work: Callable[[Database], Any]
    done: "Future[Any]"


class Writer:
    """Starts its thread when made; raises what opening the catalogue raises. ``after_job`` is called on that thread
    when a job is done and before anybody knows, and when the audit chain has grown by facts."""

    def __init__(
        self,
        path: Path,
        report: Callable[[WriterState], None],
        region: str | None = None,
        limit: int = LIMIT,
        after_job: Callable[[Database], None] = lambda _: None,
    ) -> None:
        self._after_job = after_job
        self._path, self._report, self._region, self._limit = path, report, region, limit
        self._queue: deque[Group | Job] = deque()
        self._ripe = 0.0  # when the last group has waited for long enough (monotonic)
        self._changed = Condition()
        self._waiting = 0
        self._lost = 0
        self._problem = ""
        self._busy_since: float | None = None
        self._closing = self._abandoned = False
        self._db: Database | None = None
        self._dialled_in = ""
        self._synced = 0.0  # monotonic
        opened: Future[None] = Future()
        self._thread = Thread(target=self._live, args=[opened], name="catalogue-writer", daemon=True)
        self._thread.start()
        opened.result()

    @property
    def thread_id(self) -> int:
        """The kernel's number of the writer's thread."""
        return self._thread.native_id or 0

    @property
    def state(self) -> WriterState:
        """How it is going now."""
        return WriterState(self._problem, self._waiting, self._lost)

    @property
    def busy_for(self) -> float:
        """How long the present piece of work has lasted, in seconds; 0 while there is none, and while a disk in trouble
        is waited for (that is ``state.problem``)."""
        since = self._busy_since
        return 0.0 if since is None or self._problem else time.monotonic() - since

    def save(self, *facts: Fact) -> None:
        """Have ``facts`` written soon. Never blocks, never raises for what a fact holds."""
        with self._changed:
            idle = not self._queue
            for fact in facts:
                self._put(fact)
            if idle:  # else it is awake, or waits for more of the same: being woken for each costs what writing does
                self._changed.notify()

    def run(self, work: Callable[[Database], T]) -> "Future[T]":
        """Do ``work`` on the write connection after everything saved so far; its errors are in the future."""
        done: Future[T] = Future()
        with self._changed:
            if self._closing:
                raise RuntimeError("The catalogue is being closed; nothing more can be written.")
            self._queue.append(Job(work, done))
            self._changed.notify()
        return done

    def wait(self, work: Callable[[Database], T]) -> T:
        """:meth:`run` for a worker thread: wait for the result. Never in the event loop."""
        return self.run(work).result()

    async def flush(self) -> None:
        """Return when all that was saved so far is in the catalogue, however long the disk is in trouble."""
        await asyncio.wrap_future(self.run(lambda _: None))

    async def close(self, patience: float = 10.0) -> WriterState:
        """Write what waits, for at most some ``patience`` seconds, and stop; what still waits is lost."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join, patience)
        with self._changed:
            self._abandoned = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join, BUSY_SECONDS + 1)
        return self.state

    def _put(self, fact: Fact) -> None:
        if not self._queue or not isinstance(self._queue[-1], dict):
            self._queue.append({})
            self._ripe = time.monotonic() + LINGER
        group = self._queue[-1]
        assert isinstance(group, dict)
        name = key(fact)
        if name not in group:
            if self._waiting >= self._limit:
                self._lost += 1
                return
            self._waiting += 1
        group[name] = fact

    # From here on: the writer's own thread.

    def _live(self, opened: "Future[None]") -> None:
        try:
            self._connection()
        except BaseException as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        while (item := self._next()) is not None:
            self._busy_since = time.monotonic()
            self._perform(item)
            self._busy_since = None
        self._disconnect()

    def _next(self) -> Group | Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._queue)
            if len(self._queue) == 1 and isinstance(self._queue[0], dict):
                # What came while the disk was in trouble has waited already.
                left = max(0.0, self._ripe - time.monotonic())
                self._changed.wait_for(lambda: self._closing or len(self._queue) > 1, left)
            return self._queue.popleft() if self._queue else None

    def _perform(self, item: Group | Job) -> None:
        if isinstance(item, Job):
            self._do(item)
            return
        facts = iter(item.values())
        while batch := list(islice(facts, BATCH)):
            self._busy_since = time.monotonic()
            self._save(batch)
            with self._changed:
                self._waiting -= len(batch)
        self._recovered()

    def _do(self, job: Job) -> None:
        if not job.done.set_running_or_notify_cancel():
            return
        try:
            db = self._connection()
            result = job.work(db)
            self._after_job(db)
            job.done.set_result(result)
        except BaseException as error:
            job.done.set_exception(error)

    def _save(self, batch: list[Fact]) -> None:
        """Until it is saved, given up as impossible, or the writer was told to stop trying."""
        delay = RETRY_FIRST
        while not self._abandoned:
            try:
                self._write(self._connection(), batch)
            except Exception as error:  # this thread must outlive every error there is
                if isinstance(error, TROUBLE) and not isinstance(error, FACTS_OWN):
                    self._wait_out(error, delay)
                    delay = min(delay * 2, RETRY_LONGEST)
                    continue
                self._save_singly(batch, error)
            return
        self._lost += len(batch)

    def _write(self, db: Database, batch: list[Fact]) -> None:
        proves = any(isinstance(fact, Suspension) for fact in batch)
        now = time.monotonic()
        if proves or now - self._synced >= SYNC_SECONDS:
            save_all(db, batch, self._dialled_in)
            self._synced = now
        else:
            with unhurried(db):
                save_all(db, batch, self._dialled_in)
        if proves:  # it is in the audit chain by now
            self._after_job(db)

    def _save_singly(self, batch: list[Fact], error: Exception) -> None:
        """One fact that can never be saved must not hold up the others."""
        if len(batch) > 1:
            for fact in batch:
                self._save([fact])
            return
        self._lost += 1
        what = f"A {type(batch[0]).__name__} could not be saved and was given up ({type(error).__name__})."
        self._tell(WriterState(what, self._waiting, self._lost))

    def _connection(self) -> Database:
        if self._db is None:
            self._db = open_catalogue(self._path, self._region)
            self._dialled_in = region(self._db)
        return self._db

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _wait_out(self, error: Exception, seconds: float) -> None:
        """A new connection is tried next: what was wrong may have been the file under this one."""
        if not self._problem:
            self._problem = str(error)
            self._tell(self.state)
        self._disconnect()
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned, seconds)

    def _recovered(self) -> None:
        if self._problem and not self._abandoned:
            self._problem = ""
            self._tell(self.state)

    def _tell(self, state: WriterState) -> None:
        try:
            self._report(state)
        except Exception:  # a loop that is closed already must not cost the facts that are still to be written
            log.exception("nobody could be told of the catalogue's state")
