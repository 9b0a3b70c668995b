"""Sealing in the background: what was stored before sealing was switched on, and everything when the keys change.

Starts with the daemon, with a reload and with `callwarden seal rotate`; goes on where it was, for what is left is read
from the catalogue. One recording at a time, in a thread that gives way, resting as long as it worked.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TypeVar

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.answers import SealStatus
from callwarden.control import Handler, Peer
from callwarden.custody import audit
from callwarden.priority import give_way
from callwarden.storage.database import CatalogueError, open_readonly
from callwarden.storage.keeper import Keeper
from callwarden.storage.keys import Keys, KeysError, load_keys
from callwarden.storage.opening import Damaged, raw_file
from callwarden.storage.resealing import Stored, backlog, left, reseal
from callwarden.storage.sealing import SealError

log = logging.getLogger(__name__)

T = TypeVar("T")
RETRY_SECONDS = 300.0  # after a full disk, a key that cannot be read, a catalogue in trouble
PROBLEMS_TOLD = 20
TROUBLE = (OSError, KeysError, CatalogueError, sqlite3.Error)


class Sealer:
    """``keeper`` holds the settings, the catalogue and the vault."""

    def __init__(self, keeper: Keeper, alarms: Alarms) -> None:
        self._keeper, self._alarms = keeper, alarms
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="seal", initializer=give_way)
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.running = False
        self.done = 0
        self.problems: dict[str, str] = {}
        self.trouble = ""

    def start(self) -> None:
        """Begin with what is left from last time."""
        self.wake()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish the recording that is being sealed, and no other."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._worker.shutdown)

    def wake(self) -> None:
        """Look again: the settings or the key have changed."""
        self._wanted.set()

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb of the control socket."""
        return {"seal-status": self._status, "seal-rotate": self._rotate}

    async def _rotate(self, peer: Peer, request: Mapping[str, object]) -> SealStatus:
        self.wake()
        return await self._status(peer, request)

    async def _status(self, peer: Peer, _request: Mapping[str, object]) -> SealStatus:
        enabled = self._keeper.settings.seal.enabled
        try:
            keys = await asyncio.to_thread(load_keys, self._keeper.settings)
            trouble = self.trouble
        except KeysError as error:
            keys, trouble = None, str(error)
        counts = await asyncio.to_thread(self._read, lambda db: _counts(db, keys))
        return {
            "enabled": enabled,
            "recipients": list(keys.recipients) if keys is not None else [],
            "stored": counts[0],
            "sealed": counts[1],
            "left": counts[2] if enabled else 0,
            "running": self.running,
            "done": self.done,
            "problems": [trouble] * bool(trouble) + [f"{one}: {why}" for one, why in self.problems.items()],
        }

    # -- the work -------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), RETRY_SECONDS if self.trouble else None)
            self._wanted.clear()
            self.running = True
            try:
                await self._round()
                self.trouble = ""
            except TROUBLE as error:
                self._troubled(str(error))
            finally:
                self.running = False

    async def _round(self) -> None:
        keys = await asyncio.to_thread(load_keys, self._keeper.settings)
        if keys is None or not self._keeper.settings.seal.enabled:
            return
        self.done, after = 0, ""
        self.problems.clear()
        while page := await self._work(partial(self._read, partial(backlog, keys=keys, after=after))):
            for one in page:
                began = time.monotonic()
                await self._seal(one, keys)
                await asyncio.sleep(time.monotonic() - began)
                if self._wanted.is_set():  # other keys, perhaps
                    return
            after = page[-1].unique_id
        await self._tell(keys)

    async def _seal(self, one: Stored, keys: Keys) -> None:
        keeper = self._keeper
        source = partial(raw_file, keeper.vault)
        try:
            self.done += await self._work(lambda: reseal(one, keeper.vault, keeper.writer.wait, keys, source))
        except (SealError, Damaged) as error:  # of this file, not of the disk
            if len(self.problems) < PROBLEMS_TOLD:
                self.problems[one.unique_id] = str(error)

    async def _tell(self, keys: Keys) -> None:
        if self.done:
            log.info("%d recordings of the vault were sealed with the present keys", self.done)
            done = {"recordings": self.done, "recipients": list(keys.recipients)}
            await self._keeper.on_catalogue(
                lambda db: audit.append(db, time.time(), audit.DAEMON, "sealed-anew", "", done)
            )
        for unique_id, why in self.problems.items():
            self._alarms.sound("seal", f"A recording could not be sealed: {why}", unique_id)

    def _troubled(self, why: str) -> None:
        if why != self.trouble:
            self._alarms.sound("seal", f"Recordings of the vault cannot be sealed: {why}")
        self.trouble = why

    def _read(self, work: Callable[[Database], T]) -> T:
        with closing(open_readonly(self._keeper.settings.catalogue.path)) as db:
            return work(db)

    async def _work(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def _counts(db: Database, keys: Keys | None) -> tuple[int, int, int]:
    """Recordings that are stored; of these sealed, and not sealed with the present keys."""
    sql = (
        "SELECT count(*), count(s.unique_id) FROM recordings r LEFT JOIN seals s ON s.unique_id = r.unique_id "
        "WHERE r.state = 'stored' AND r.path IS NOT NULL"
    )
    stored, sealed = db.conn.execute(sql).fetchone()
    return stored, sealed, left(db, keys) if keys is not None else 0
