"""Timers: exact where somebody waits, together where nobody does."""

import asyncio

from callwarden.clock import LATER, Clock
from callwarden.core import actions as do
from callwarden.core import events as ev


async def expired(clock: Clock, told: asyncio.Queue[ev.Event], *timers: do.SetTimer) -> list[tuple[str, float]]:
    """The timers' names in the order in which they expired, and how long after they were set."""
    loop = asyncio.get_running_loop()
    began, found = loop.time(), list[tuple[str, float]]()
    for timer in timers:
        clock.set(timer)
    for _ in timers:
        event = await told.get()
        assert isinstance(event, ev.TimerExpired)
        found.append((event.key[0], loop.time() - began))
    return found


async def test_timers_that_nobody_waits_for_expire_together_and_never_too_early() -> None:
    told: asyncio.Queue[ev.Event] = asyncio.Queue()
    timers = [do.SetTimer((name,), seconds, later=True) for name, seconds in (("seen", 0.01), ("lost", 0.02))]
    turns = 0

    def receive(event: ev.Event) -> None:
        nonlocal turns
        if told.empty():
            turns += 1
        told.put_nowait(event)

    loop = asyncio.get_running_loop()
    await asyncio.sleep(LATER - loop.time() % LATER)  # else the two might be on both sides of a moment
    found = await expired(Clock(receive), told, *timers)
    assert [name for name, _ in found] == ["seen", "lost"]
    assert all(0.02 <= after <= LATER + 0.2 for _, after in found)
    assert turns == 1


async def test_a_timer_that_somebody_waits_for_is_not_late() -> None:
    told: asyncio.Queue[ev.Event] = asyncio.Queue()
    exact, late = do.SetTimer(("gate",), 0.01), do.SetTimer(("seen",), 0.0101, later=True)
    loop = asyncio.get_running_loop()
    await asyncio.sleep(LATER - loop.time() % LATER)
    found = await expired(Clock(told.put_nowait), told, late, exact)
    assert [name for name, _ in found] == ["gate", "seen"]


async def test_a_key_that_is_set_again_or_cancelled_expires_once_or_never() -> None:
    told: asyncio.Queue[ev.Event] = asyncio.Queue()
    clock = Clock(told.put_nowait)
    clock.set(do.SetTimer(("gate",), 0.001))
    clock.set(do.SetTimer(("gate",), 0.02))
    clock.set(do.SetTimer(("lost",), 0.01, later=True))
    clock.cancel(("lost",))
    clock.cancel(("nobody",))
    await told.get()
    await asyncio.sleep(LATER * 1.5)
    assert told.empty()


def test_a_timer_of_no_seconds_expires_at_once() -> None:
    told: list[ev.Event] = []
    Clock(told.append).set(do.SetTimer(("files",), 0.0))
    assert [event.key for event in told if isinstance(event, ev.TimerExpired)] == [("files",)]
