"""Ended channels on their way into the vault: gathered for a moment, then finished together on a thread that gives way.

Takes the core's orders in the event loop, gives an event of what came of each. What channels share when they end at
about the same time, as the two of a call do, is done once for all of them: looks at the spool and at the catalogue,
transactions, the directory's way to the disk. Nobody waits for a recording; a crash finds its files in the spool.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from callwarden.alarms import Alarms
from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.card_time import card_times
from callwarden.priority import give_way
from callwarden.storage import beside
from callwarden.storage.finish import Discarded, Finished, FinishFailed, FinishJob, discard_all, finish_all
from callwarden.storage.keys import Keys, KeysError, load_keys
from callwarden.storage.parts import pieces
from callwarden.storage.run import Run
from callwarden.storage.vault import Vault

log = logging.getLogger(__name__)

NEVER_ANSWERED = "never answered"
NOTHING_RECORDED = "nothing was recorded: silent or without a recorder from beginning to end"
GATHER_SECONDS = 0.5
TOGETHER = 20
# What comes of so many is told in one go: the event loop is busy with it for a millisecond.
TOLD_TOGETHER = 5

T = TypeVar("T")
Order = do.FinishRecording
Result = Finished | FinishFailed | Discarded


class Finishing:
    """``settings`` gives those of the moment, ``run`` does something on the catalogue's write connection and waits for
    it, ``post`` takes events in the event loop."""

    def __init__(
        self, settings: Callable[[], Settings], vault: Vault, run: Run, post: Callable[[ev.Event], None], alarms: Alarms
    ) -> None:
        self._settings, self._vault, self._run, self._post, self._alarms = settings, vault, run, post, alarms
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="finish", initializer=give_way)
        self._ended: list[Order] = []

    def add(self, order: Order) -> None:
        """Turn an ended channel's files into one recording, or let them go; an event tells what came of it."""
        self._ended.append(order)
        if len(self._ended) == 1:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._hand_over)

    async def stop(self) -> None:
        """Let what is being finished end."""
        self._hand_over()
        await asyncio.to_thread(self._worker.shutdown)

    def _hand_over(self) -> None:
        loop = asyncio.get_running_loop()
        ended, self._ended = self._ended, []
        for first in range(0, len(ended), TOGETHER):
            orders = ended[first : first + TOGETHER]
            work = self._worker.submit(self._finish, orders)
            work.add_done_callback(partial(_on_loop, loop, partial(self._tell, orders)))

    def _tell(self, orders: Sequence[Order], done: "Future[list[Result]]") -> None:
        error = done.exception()
        results = done.result() if error is None else [FinishFailed(one.unique_id, str(error)) for one in orders]
        self._tell_some(results)

    def _tell_some(self, results: Sequence[Result]) -> None:
        for result in results[:TOLD_TOGETHER]:
            self._post(_event(result))
            for leak in result.leaks if isinstance(result, Finished) else ():
                self._alarms.sound(leak.kind, leak.text, result.unique_id)
        if len(results) > TOLD_TOGETHER:
            asyncio.get_running_loop().call_soon(self._tell_some, results[TOLD_TOGETHER:])

    # -- on the worker's thread -----------------------------------------------------------------------------------

    def _finish(self, orders: Sequence[Order]) -> list[Result]:
        settings = self._settings()
        try:
            keys = load_keys(settings)
        except KeysError as error:  # better in the spool, to be tried again, than in the vault unsealed
            return [FinishFailed(order.unique_id, str(error)) for order in orders]
        there = _names(settings.spool.path)
        planned = [self._planned(order, settings, keys, there) for order in orders]
        failed = [one for one in planned if isinstance(one, FinishFailed)]
        plans = [one for one in planned if not isinstance(one, FinishFailed)]
        unwanted = [(job, why) for job, why in plans if why]
        jobs = [job for job, why in plans if not why]
        return [*failed, *discard_all(unwanted, self._run), *finish_all(jobs, self._vault, self._run)]

    def _planned(
        self, order: Order, settings: Settings, keys: Keys | None, there: Sequence[str]
    ) -> tuple[FinishJob, str] | FinishFailed:
        """The job, and why there is to be no recording; empty when there is."""
        try:
            found = beside.look(order, settings.spool.path, there)
            if found.action != order:
                self._run(lambda db: beside.save(db, found))
        except Exception as error:  # of this one alone: the others go on
            return FinishFailed(order.unique_id, str(error))
        return _job(found.action, settings, keys if settings.seal.enabled else None), _unwanted(found.action, settings)


def _job(order: Order, settings: Settings, keys: Keys | None) -> FinishJob:
    return FinishJob(
        order.unique_id,
        pieces(order.segments, order.suspensions, settings.spool.path, order.ended, order.answered),
        settings.recording.format,
        settings.recording.suspended_time,
        None if settings.retention.rule else settings.retention.keep.seconds_after(order.ended),
        keys,
        tuple(card_times(order.suspensions, order.ended, order.segments)),
        order.ended,
    )


def _unwanted(order: Order, settings: Settings) -> str:
    if order.answered is None and not settings.recording.keep_unanswered:
        return NEVER_ANSWERED
    return "" if order.segments else NOTHING_RECORDED


def _names(spool: Path) -> list[str]:
    """The files of the spool; none while it is away."""
    try:
        return os.listdir(spool)  # noqa: PTH208 -- names are what is wanted, of as many files as there are
    except OSError:
        return []


def _on_loop(loop: asyncio.AbstractEventLoop, tell: "Callable[[Future[T]], None]", done: "Future[T]") -> None:
    loop.call_soon_threadsafe(tell, done)


def _event(result: Result) -> ev.Event:
    now = time.time()
    match result:
        case Finished(unique_id=unique_id, problems=problems):
            for problem in problems:
                log.warning("recording %s: %s", unique_id, problem)
            return ev.RecordingStored(now, unique_id)
        case Discarded(unique_id=unique_id):
            return ev.RecordingDiscarded(now, unique_id)
        case FinishFailed(unique_id=unique_id, reason=reason, retry=retry):
            return ev.RecordingStoreFailed(now, unique_id, reason, final=not retry)
