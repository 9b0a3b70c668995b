"""How late the event loop is: what it was asked to do at a moment, done so many seconds after it."""

import asyncio
from collections.abc import Callable

from callwarden.ticks import every

EVERY = 0.5  # seconds


async def measure(late: Callable[[float], None]) -> None:
    """Tell ``late`` the loop's lateness in seconds, twice a second, until cancelled."""
    end = every(EVERY, late)
    try:
        await asyncio.Event().wait()
    finally:
        end()
