"""What is done again and again is done together: in one turn of the event loop, for one waking of the machine.

Takes how often (seconds); all who do something as often, or twice, three times as often, are woken at the same moments.
A daemon that has nothing to do costs little but this.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from weakref import WeakKeyDictionary

log = logging.getLogger(__name__)

Work = Callable[[float], object]


class _Ticker:
    """All that is done every so many seconds on one loop, by one timer."""

    def __init__(self, seconds: float) -> None:
        self._loop, self._seconds = asyncio.get_running_loop(), seconds
        self._works: list[Work] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, work: Work) -> Callable[[], None]:
        self._works.append(work)
        if self._timer is None:
            self._wait()
        return lambda: self._remove(work)

    def _remove(self, work: Work) -> None:
        if work in self._works:
            self._works.remove(work)
        if not self._works and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        moment = next_tick(self._loop.time(), self._seconds)
        self._timer = self._loop.call_at(moment, self._tick, moment)

    def _tick(self, moment: float) -> None:
        late = max(0.0, self._loop.time() - moment)
        self._wait()
        for work in self._works[:]:
            try:
                work(late)
            except Exception:  # one's trouble is no other's
                log.exception("what is done every %g s failed", self._seconds)


_tickers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[float, _Ticker]] = WeakKeyDictionary()


def every(seconds: float, work: Work) -> Callable[[], None]:
    """Have ``work`` done at each multiple of ``seconds`` on the running loop's clock; it is told by how many seconds it
    is late. Gives what ends that."""
    of_loop = _tickers.setdefault(asyncio.get_running_loop(), {})
    if seconds not in of_loop:
        of_loop[seconds] = _Ticker(seconds)
    return of_loop[seconds].add(work)


async def tick(seconds: float) -> None:
    """Return at the next multiple of ``seconds`` on the loop's clock."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(next_tick(loop.time(), seconds) - loop.time())


def next_tick(now: float, seconds: float) -> float:
    """The first multiple of ``seconds`` after ``now``."""
    return (math.floor(now / seconds) + 1) * seconds
