"""Timers as events: a key and a delay go in, ``TimerExpired(key)`` comes out.

Those that nobody waits for expire together, at moments that are ``LATER`` apart: being woken costs more than what most
of them are for. One of no seconds expires at once.
"""

import asyncio
import math
import time
from collections.abc import Callable

from callwarden.core import actions as do
from callwarden.core import events as ev

LATER = 0.25  # seconds


class Clock:
    """Setting a key again replaces what was set; cancelling what is not set is nothing."""

    def __init__(self, post: Callable[[ev.Event], None]) -> None:
        self._post = post
        self._handles: dict[tuple[str, ...], asyncio.TimerHandle] = {}

    def set(self, action: do.SetTimer) -> None:
        self.cancel(action.key)
        if not action.seconds:
            self._post(ev.TimerExpired(time.time(), action.key))
            return
        loop = asyncio.get_running_loop()
        when = loop.time() + action.seconds
        if action.later:
            when = math.ceil(when / LATER) * LATER
        self._handles[action.key] = loop.call_at(when, self._expire, action.key)

    def cancel(self, key: tuple[str, ...]) -> None:
        handle = self._handles.pop(key, None)
        if handle is not None:
            handle.cancel()

    def stop(self) -> None:
        """Forget all timers."""
        for key in list(self._handles):
            self.cancel(key)

    def _expire(self, key: tuple[str, ...]) -> None:
        del self._handles[key]
        self._post(ev.TimerExpired(time.time(), key))
