"""What waits for one way out: sent in one go where much comes at once, tried again while the way is shut.

Takes notices (``put`` never blocks), gives each to the way once and tells ``delivered``. A newer notice about the same
thing takes the place of one that still waits. Bounded: what is too much is counted, and the next sending says so.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from callwarden.core.alarm import Key, Notice

log = logging.getLogger(__name__)

LIMIT = 1000  # notices: a mail server that is away for a week must not fill the memory
FIRST_RETRY, LAST_RETRY = 5.0, 900.0  # seconds
SHUT_DOWN = 5.0  # seconds for a last sending when the daemon stops


class SendingFailed(Exception):
    """Nothing was sent; the text says why. It is worth another try."""


class Way(Protocol):
    """``send`` all ``notices`` and that ``missed`` more were too many; raises SendingFailed."""

    name: str

    async def send(self, notices: Sequence[Notice], missed: int) -> None: ...


class Outbox:
    """``gather`` seconds of notices go together, and sendings are at least ``apart`` seconds apart."""

    def __init__(
        self,
        way: Way,
        delivered: Callable[[Sequence[Notice]], None],
        *,
        gather: float,
        apart: float = 0.0,
        first_retry: float = FIRST_RETRY,
        limit: int = LIMIT,
    ) -> None:
        self.way, self._delivered = way, delivered
        self._gather, self._apart, self._first_retry, self._limit = gather, apart, first_retry, limit
        self._waiting: dict[Key, Notice] = {}
        self._missed = 0
        self._came = asyncio.Event()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name=f"alarms by {self.way.name}")

    async def stop(self) -> None:
        """One last try for what waits, for some seconds."""
        if self._task is None:
            return
        self._hurry.set()
        self._came.set()
        await asyncio.wait([self._task], timeout=SHUT_DOWN)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def abandon(self) -> None:
        """Stop without another try."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    @property
    def waiting(self) -> list[Notice]:
        """What is not delivered yet."""
        return list(self._waiting.values())

    def waits(self, key: Key) -> bool:
        """Whether a notice of this kind about this is not delivered yet."""
        return key in self._waiting

    def put(self, notice: Notice) -> None:
        """Have it sent."""
        if notice.alarm.key not in self._waiting and len(self._waiting) >= self._limit:
            self._missed += 1
            return
        self._waiting.pop(notice.alarm.key, None)
        self._waiting[notice.alarm.key] = notice
        self._came.set()

    async def _work(self) -> None:
        while not (self._hurry.is_set() and not self._waiting):
            await self._came.wait()
            await self._pause(self._gather)
            self._came.clear()
            if self._waiting:
                sent = await self._send()
                if self._hurry.is_set() and not sent:
                    return
                await self._pause(self._apart)

    async def _send(self) -> bool:
        """Until it is sent, or there is no time left for another try."""
        delay = self._first_retry
        while True:
            batch, missed = list(self._waiting.values()), self._missed
            try:
                await self.way.send(batch, missed)
            except SendingFailed as error:
                level = logging.WARNING if delay == self._first_retry else logging.DEBUG
                log.log(level, "alarms are not sent by %s, and it is tried again: %s", self.way.name, error)
                if self._hurry.is_set():
                    return False
                await self._pause(delay)
                delay = min(delay * 2, LAST_RETRY)
                continue
            self._sent(batch, missed)
            return True

    def _sent(self, batch: list[Notice], missed: int) -> None:
        for notice in batch:
            if self._waiting.get(notice.alarm.key) is notice:
                del self._waiting[notice.alarm.key]
        self._missed -= missed
        if self._waiting:
            self._came.set()
        self._delivered(batch)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not while the daemon stops."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._hurry.wait()
            except TimeoutError:
                return
