"""Jobs for the external store, done over a few connections at the same time, each in a thread of low priority.

Takes jobs and what to do with one over a connection; counts what failed. A failure of one recording stops no other; a
store that does not answer any more ends the round.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from callwarden.config.archive import Archive
from callwarden.priority import give_way
from callwarden.storage import copies
from callwarden.storage.sending import Problem
from callwarden.storage.store import Stopped, Store, opened
from callwarden.storage.stores import StoreAway

Job = TypeVar("Job", copies.Wanted, copies.Copy)
MOST_CONNECTIONS = 8
PROBLEMS_TOLD = 20


@dataclass(slots=True)
class Counters:
    """Since the daemon's start; they only grow. ``failures``: of the store, and of single recordings."""

    sent: int = 0
    sent_bytes: int = 0
    deleted: int = 0
    left_here: int = 0
    fetched: int = 0
    failures: int = 0


class Lanes:
    """``identity`` is what the store must be marked with; ``stopping`` ends what is under way."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._workers = ThreadPoolExecutor(MOST_CONNECTIONS, thread_name_prefix="archive", initializer=give_way)
        self.stopping = threading.Event()
        self.counters = Counters()
        self.problems: dict[str, str] = {}

    def shutdown(self) -> None:
        """Wait for what is under way."""
        self._workers.shutdown()

    async def over(
        self, archive: Archive, jobs: Sequence[Job], do: Callable[[Store, Job], None], first: bool
    ) -> None:
        """Do all the jobs; ``first``: the store was never used before. Raises StoreAway, whatever was done by then."""
        waiting, loop = deque(jobs), asyncio.get_running_loop()
        await loop.run_in_executor(self._workers, self._claim, archive, first)
        count = min(archive.connections, len(jobs))
        lanes = [loop.run_in_executor(self._workers, self._lane, archive, waiting, do) for _ in range(count)]
        for error in await asyncio.gather(*lanes, return_exceptions=True):
            if isinstance(error, BaseException):
                raise error

    def _claim(self, archive: Archive, first: bool) -> None:
        with opened(archive, self.stopping.is_set) as store:
            store.claim(self._identity, first)

    def _lane(self, archive: Archive, waiting: deque[Job], do: Callable[[Store, Job], None]) -> None:
        with opened(archive, self.stopping.is_set) as store:
            while waiting:
                if self.stopping.is_set():
                    raise Stopped
                try:
                    job = waiting.popleft()
                except IndexError:  # another lane was quicker
                    return
                self._one(store, job, do)

    def _one(self, store: Store, job: Job, do: Callable[[Store, Job], None]) -> None:
        try:
            do(store, job)
        except (Problem, StoreAway) as error:
            self.counters.failures += 1
            if len(self.problems) < PROBLEMS_TOLD or job.unique_id in self.problems:
                self.problems[job.unique_id] = getattr(error, "strerror", None) or str(error)
            store.alive()  # or the store is away for the others too
        else:
            self.problems.pop(job.unique_id, None)
