"""How late the event loop is: what it was asked to do at a moment, done so many seconds after it."""

from collections.abc import Callable

from callwarden.ticks import tick

EVERY = 0.5  # seconds


async def measure(late: Callable[[float], None]) -> None:
    """Tell ``late`` the loop's lateness in seconds, twice a second, for ever."""
    while True:
        late(await tick(EVERY))
