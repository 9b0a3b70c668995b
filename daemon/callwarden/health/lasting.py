"""A problem that lasts becomes an alarm, so that somebody is told who does not look at ``callwarden status``.

A restart of Asterisk takes seconds and needs nobody; a link that is away for a minute does. The alarm ends with the
problem, an earlier daemon's too.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from callwarden.alarms import Alarms

EVERY = 15.0  # seconds
LASTS = 60.0  # seconds


class Lasting:
    """``problems`` gives those there are now by their kinds, which are all among ``kinds``."""

    def __init__(
        self, problems: Callable[[], Mapping[str, str]], kinds: frozenset[str], alarms: Alarms, lasts: float = LASTS
    ) -> None:
        self._problems, self._kinds, self._alarms, self._lasts = problems, kinds, alarms, lasts
        self._since: dict[str, float] = {}

    async def run(self, every: float = EVERY) -> None:
        """Look, for ever."""
        while True:
            self.look(time.monotonic())
            await asyncio.sleep(every)

    def look(self, now: float) -> None:
        """Once; ``now`` on a clock that never jumps, in seconds."""
        found = self._problems()
        self._since = {kind: self._since.get(kind, now) for kind in found}
        for kind in self._kinds - found.keys():
            self._alarms.end(kind)
        for kind, sentence in found.items():
            if now - self._since[kind] >= self._lasts:
                self._alarms.begin(kind, sentence)
