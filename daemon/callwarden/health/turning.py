"""How late the event loop is: what it was asked to do at a moment, done so many seconds after it."""

import asyncio
import time
from collections.abc import Callable

EVERY = 0.5  # seconds


async def measure(late: Callable[[float], None]) -> None:
    """Tell ``late`` the loop's lateness in seconds, twice a second, for ever."""
    while True:
        begun = time.monotonic()
        await asyncio.sleep(EVERY)
        late(max(0.0, time.monotonic() - begun - EVERY))
