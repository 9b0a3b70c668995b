"""Builds in the background, one at a time: begun, gone on with after a restart, removed when their time is over.

Takes the numbers of releases; each step is in the catalogue and in the audit chain. A purge takes a release
with it that holds what was purged.
"""

import asyncio
import logging
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.custody import audit
from callwarden.custody.hearing import report_damage
from callwarden.priority import give_way
from callwarden.release import cases
from callwarden.release.build import Built, Step, Stopped, build, remove
from callwarden.release.cases import NoSuchRelease, NotNow, State
from callwarden.release.manifest import About
from callwarden.release.plan import CannotBuild, Plan, plan
from callwarden.storage.database import transaction
from callwarden.storage.keeper import Keeper
from callwarden.storage.opening import Damaged, copy
from callwarden.storage.reading import StoredFile
from callwarden.storage.riff import AudioError
from callwarden.storage.vault import Vault

log = logging.getLogger(__name__)

SWEEP_SECONDS = 600.0
NAME = re.compile(r"(release|\.building)-(\d{1,15})", re.ASCII)
FAILURES = (CannotBuild, OSError, AudioError, NotNow, NoSuchRelease)


class Building:
    """``keeper`` holds the settings, the vault and the catalogue."""

    def __init__(self, keeper: Keeper, alarms: Alarms) -> None:
        self._keeper, self._alarms = keeper, alarms
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="release", initializer=give_way)
        self._stopping = False
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self.steps: dict[int, Step] = {}

    @property
    def root(self) -> Path:
        """Where releases lie."""
        return self._keeper.settings.release.path

    async def start(self) -> None:
        """Go on with what a stop or a crash interrupted, and remove what is over from now on."""
        interrupted = [one for one in await self._keeper.on_catalogue(cases.releases) if one.state is State.BUILDING]
        for one in interrupted:
            self._go(one.number, one.built_by)
        self._sweeper = asyncio.create_task(self._sweep_again(), name="releases")

    async def stop(self) -> None:
        """A build stops after the recording that it is at; the next start goes on with it."""
        self._stopping = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.to_thread(self._worker.shutdown)

    async def begin(self, number: int, by: str) -> None:
        """Begin a build, or go on with it. Raises CannotBuild, NotNow, NoSuchRelease."""
        if number in self._tasks:
            raise NotNow(f"Release {number} is being built already.")
        now = time.time()

        def work(db: Database) -> None:
            one = cases.release(db, number)
            cases.basis(db, one.request, now)
            planned = plan(cases.items(db, number))
            with transaction(db) as connection:
                cases.set_building(connection, number, by)
                detail = {"recordings": len(planned.entries), "left_out": len(planned.left_out)}
                audit.append(db, now, by, "release-build", f"release {number}", detail)

        await self._keeper.on_catalogue(work)
        self._go(number, by)

    async def sweep(self) -> list[int]:
        """Remove what is over, and what belongs to no release; the numbers of the releases that went."""
        now = time.time()
        over = await self._keeper.on_catalogue(lambda db: cases.to_remove(db, now))
        gone = [number for number, why in over if number not in self._tasks and await self._remove(number, why)]
        states = {one.number: one.state for one in await self._keeper.on_catalogue(cases.releases)}
        await asyncio.to_thread(self._remove_strays, states)
        return gone

    async def _remove(self, number: int, why: str) -> bool:
        now = time.time()
        try:
            await asyncio.to_thread(remove, self.root, number)
        except OSError as error:
            self._alarms.sound(
                "release", f"Release {number} could not be removed: {error.strerror}. Remove its folder."
            )
            return False

        def work(db: Database) -> None:
            with transaction(db) as connection:
                cases.set_removed(connection, number, now)
                audit.append(db, now, "daemon", "release-removed", f"release {number}", {"why": why})

        await self._keeper.on_catalogue(work)
        return True

    def _remove_strays(self, states: dict[int, State]) -> None:
        """A folder whose release is not built (any more), nor being built."""
        if not self.root.is_dir():
            return
        for path in self.root.iterdir():
            named = NAME.fullmatch(path.name)
            if named is None or int(named[2]) in self._tasks:
                continue
            belongs = (State.BUILT,) if named[1] == "release" else (State.BUILDING, State.FAILED)
            if states.get(int(named[2])) not in belongs:
                _remove_path(path)

    async def _sweep_again(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception:  # a sweep that fails must not be the last one
                log.exception("releases could not be looked after")
            await asyncio.sleep(SWEEP_SECONDS)

    def _go(self, number: int, by: str) -> None:
        task = asyncio.create_task(self._build(number, by), name=f"release {number}")
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    async def _build(self, number: int, by: str) -> None:
        began = time.time()
        try:
            planned, about = await self._keeper.read(lambda db: self._planned(db, number, by, began))
            damaged: dict[str, str] = {}
            work = partial(
                build, self.root, planned, about, partial(_copy, self._keeper.vault, damaged),
                partial(self.steps.__setitem__, number), lambda: self._stopping,
            )  # fmt: skip
            built = await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except Stopped:
            return
        except FAILURES as error:
            await self._failed(number, str(error) if not isinstance(error, OSError) else f"{error.strerror or error}")
        else:
            for entry in planned.entries:
                if problem := damaged.get(entry.found.file.path if entry.found.file else ""):
                    unique_id = entry.item.unique_id
                    await report_damage(self._keeper, self._alarms, unique_id, problem, by, about.request)
            await self._built(number, by, began, built)

    def _planned(self, db: Database, number: int, by: str, began: float) -> tuple[Plan, About]:
        one = cases.release(db, number)
        settings, basis = self._keeper.settings.release, cases.basis(db, one.request, began)
        about = About(number, one.request, basis.kind, basis.received, began, by, settings.organisation, settings.note)
        return plan(cases.items(db, number)), about

    async def _built(self, number: int, by: str, began: float, built: Built) -> None:
        now, expires = time.time(), self._keeper.settings.release.keep.seconds_after(began)

        def work(db: Database) -> None:
            with transaction(db) as connection:
                cases.set_built(connection, number, built.manifest_sha256, began, expires)
                detail = {
                    "manifest_sha256": built.manifest_sha256,
                    "recordings": [each.entry.item.unique_id for each in built.delivered],
                    "left_out": [each.unique_id for each in built.left_out],
                }
                audit.append(db, now, by, "release-built", f"release {number}", detail)

        await self._keeper.on_catalogue(work)
        for missing in (each for each in built.left_out if not each.decided):
            self._alarms.sound("release", f"Release {number} lacks a recording: {missing.why}.", missing.unique_id)

    async def _failed(self, number: int, problem: str) -> None:
        now, expires = time.time(), self._keeper.settings.release.keep.seconds_after(time.time())

        def work(db: Database) -> None:
            with transaction(db) as connection:
                cases.set_failed(connection, number, problem, expires)
                audit.append(db, now, "daemon", "release-failed", f"release {number}", {"why": problem})

        await self._keeper.on_catalogue(work)
        log.warning("release %d was not built: %s", number, problem)


def _copy(vault: Vault, damaged: dict[str, str], stored: StoredFile, out: IO[bytes]) -> None:
    """As :func:`copy`; whose file is not as it was stored is noted by its path."""
    try:
        copy(vault, stored, out)
    except Damaged as error:
        damaged[stored.path] = str(error)
        raise


def _remove_path(path: Path) -> None:
    number = int(path.name.rpartition("-")[2])
    try:
        remove(path.parent, number)
    except OSError as error:
        log.warning("%s belongs to no release and cannot be removed: %s", path, os.strerror(error.errno or 0))
