"""The external store: every recording is copied there, checked, fetched back, and deleted there when it is purged.

Works in rounds, in threads that give way: first what must go, then what is to be sent, then what need not be here any
more. Whatever fails is tried again, ever more rarely while the store is away; nothing waits for it but the purge of
what it has. Nothing blocks the event loop.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from functools import partial
from typing import BinaryIO, TypeVar

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.answers import ArchiveStatus
from callwarden.control import Handler, Peer
from callwarden.storage import copies
from callwarden.storage.database import CatalogueError, open_readonly
from callwarden.storage.keeper import Keeper
from callwarden.storage.keys import KeysError, load_keys
from callwarden.storage.lanes import Job, Lanes
from callwarden.storage.sending import delete, leave, send
from callwarden.storage.store import Stopped, Store, fetched
from callwarden.storage.stores import StoreAway

log = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_SECONDS = 20.0  # between looks for recordings that were stored meanwhile
EVERYTHING_SECONDS = 3600.0  # between looks at the whole catalogue: a second for a million recordings
RETRY_SECONDS = 300.0  # after a recording that could not be copied, while others could
OVERLAP_SECONDS = 120.0
BACK_OFF_FIRST, BACK_OFF_LONGEST = 5.0, 900.0
DAY_SECONDS = 86400.0
TROUBLE = (StoreAway, OSError, KeysError, CatalogueError, sqlite3.Error)


class Archiver:
    """``confirm`` finishes the purges that waited for the store."""

    def __init__(self, keeper: Keeper, alarms: Alarms, confirm: Callable[[], Awaitable[object]]) -> None:
        self._keeper, self._alarms, self._confirm = keeper, alarms, confirm
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._looked = self._everything_at = float("-inf")  # UTC epoch seconds
        self._back_off = 0.0
        self._lanes = Lanes(keeper.vault.identity)
        self.counters = self._lanes.counters
        self.problems = self._lanes.problems
        self.trouble = ""
        keeper.vault.elsewhere = self._elsewhere

    def start(self) -> None:
        """Begin with what is left from last time."""
        self._task = asyncio.create_task(self._run())
        self.wake()

    async def stop(self) -> None:
        """Break off what is being copied; it is begun again at the next start."""
        self._lanes.stopping.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._lanes.shutdown)

    def wake(self) -> None:
        """Look at everything again, and do not wait for a store that was away."""
        self._everything_at = float("-inf")
        self._wanted.set()

    @property
    def away(self) -> bool:
        """Whether the store could not be used at the last try."""
        return bool(self.trouble)

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb of the control socket."""
        return {"archive-status": self._status, "archive-retry": self._retry}

    async def _retry(self, peer: Peer, request: Mapping[str, object]) -> ArchiveStatus:
        self.wake()
        return await self._status(peer, request)

    async def _status(self, peer: Peer, _request: Mapping[str, object]) -> ArchiveStatus:
        archive = self._keeper.settings.archive
        found = await asyncio.to_thread(lambda: self._read(partial(copies.counts, keys=self._keys())))
        now = self.counters
        return {
            "url": archive.url,
            "trouble": self.trouble,
            "sent": found.sent,
            "waiting": found.waiting if archive.url else 0,
            "to_delete": found.doomed,
            "only_there": found.only_there,
            "since_start": {
                "sent": now.sent, "bytes": now.sent_bytes, "deleted": now.deleted, "left_here": now.left_here,
                "fetched": now.fetched, "failures": now.failures,
            },
            "problems": [f"{one}: {why}" for one, why in self.problems.items()],
        }  # fmt: skip

    def _elsewhere(self, name: str) -> AbstractContextManager[BinaryIO]:
        """What the vault has not any more, from the store. In the thread of whoever opens it."""
        if not self._keeper.settings.archive.url:
            raise FileNotFoundError(name)
        self.counters.fetched += 1
        vault = self._keeper.vault
        return fetched(self._keeper.settings.archive, vault.identity, name, vault.scratch)

    # -- rounds ---------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self._back_off or LOOK_SECONDS)
            self._wanted.clear()
            try:
                await self._round()
            except Stopped:
                return
            except TROUBLE as error:
                self._troubled(getattr(error, "strerror", None) or str(error))
            else:
                self._recovered()

    async def _round(self) -> None:
        if not self._keeper.settings.archive.url:
            return
        began, failures = time.time(), self.counters.failures
        everything = began >= self._everything_at
        await self._delete()
        await self._send(0.0 if everything else self._looked - OVERLAP_SECONDS)
        await self._delete()  # files that others have taken the place of
        await self._leave()
        self._looked = began
        if self.counters.failures > failures:
            self._everything_at = began + RETRY_SECONDS
        elif everything:
            self._everything_at = began + EVERYTHING_SECONDS

    async def _delete(self) -> None:
        while doomed := await self._ask(copies.doomed):
            before = self.counters.deleted
            await self._over(doomed, self._delete_one)
            if self.counters.deleted > before:
                await self._confirm()
            else:
                return

    async def _send(self, since: float) -> None:
        after, keys = "", await asyncio.to_thread(self._keys)
        while page := await self._ask(partial(copies.wanted, keys=keys, since=since, after=after)):
            await self._over(page, self._send_one)
            after = page[-1].unique_id

    async def _leave(self) -> None:
        days = self._keeper.settings.archive.keep_local
        before = time.time() - days * DAY_SECONDS
        while days and (page := await self._ask(partial(copies.kept_twice, before=before))):
            left = self.counters.left_here
            await self._over(page, self._leave_one)
            if self.counters.left_here == left:
                return

    def _delete_one(self, store: Store, copy: copies.Copy) -> None:
        delete(store, copy, self._keeper.writer.wait)
        self.counters.deleted += 1

    def _send_one(self, store: Store, one: copies.Wanted) -> None:
        if send(store, one, self._keeper.vault, self._keeper.writer.wait):
            self.counters.sent += 1
            self.counters.sent_bytes += one.bytes

    def _leave_one(self, store: Store, copy: copies.Copy) -> None:
        leave(store, copy, self._keeper.vault, self._keeper.writer.wait)
        self.counters.left_here += 1

    # -- the catalogue --------------------------------------------------------------------------------------------

    async def _over(self, jobs: Sequence[Job], do: Callable[[Store, Job], None]) -> None:
        first = not await self._ask(copies.any_copies)
        await self._lanes.over(self._keeper.settings.archive, jobs, do, first)

    def _keys(self) -> str | None:
        """What is to be sealed is sent when it is sealed with the present keys."""
        keys = load_keys(self._keeper.settings)
        return keys.name if keys is not None and keys.enabled else None

    def _read(self, work: Callable[[Database], T]) -> T:
        with closing(open_readonly(self._keeper.settings.catalogue.path)) as db:
            return work(db)

    async def _ask(self, work: Callable[[Database], T]) -> T:
        return await asyncio.to_thread(self._read, work)

    # -- how it goes ----------------------------------------------------------------------------------------------

    def _troubled(self, why: str) -> None:
        self.counters.failures += 1
        if not self.trouble:
            self._alarms.begin("archive", f"{why} Recordings wait in the vault until the external store is back.")
        self.trouble = why
        self._back_off = min(max(self._back_off * 2, BACK_OFF_FIRST), BACK_OFF_LONGEST)

    def _recovered(self) -> None:
        if self.trouble:
            log.info("the external store is back")
            self._alarms.end("archive")
        self.trouble, self._back_off = "", 0.0
