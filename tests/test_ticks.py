"""Those who wait for the same tick are woken together."""

import asyncio
import time
from functools import partial

import pytest

from callwarden.ticks import every, next_tick, tick
from peers import eventually


async def test_a_tick_is_a_moment_that_all_share() -> None:
    loop = asyncio.get_running_loop()
    for _ in range(3):
        moment = next_tick(loop.time(), 0.05)
        await tick(0.05)
        assert moment <= loop.time()


async def test_what_is_done_as_often_is_done_in_one_turn_until_it_is_ended() -> None:
    seen: list[tuple[str, int]] = []
    turns: list[int] = []

    def note(who: str, _late: float) -> None:
        seen.append((who, len(turns)))

    async def count() -> None:
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    ends = [every(0.05, partial(note, who)) for who in "ab"]
    counting = asyncio.create_task(count())
    await eventually(lambda: len(seen) >= 4)
    for end in ends:
        end()
    done = len(seen)
    await asyncio.sleep(0.12)
    counting.cancel()
    assert len(seen) == done
    assert [who for who, _ in seen] == ["a", "b"] * (done // 2)
    assert all(one[1] == other[1] for one, other in zip(seen[::2], seen[1::2], strict=True))


async def test_who_is_woken_late_is_told_by_how_much() -> None:
    """Due within 0.05 s, and the loop stands still for 0.2."""
    seen: list[float] = []
    end = every(0.05, seen.append)
    began = time.monotonic()
    time.sleep(0.2)  # noqa: ASYNC251
    await eventually(lambda: seen)
    end()
    assert 0.15 <= seen[0] <= time.monotonic() - began


async def test_ones_trouble_is_no_others(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[float] = []

    def fail(_late: float) -> None:
        raise RuntimeError("broken")

    ends = [every(0.02, fail), every(0.02, seen.append)]
    await eventually(lambda: len(seen) >= 2)
    for end in ends:
        end()
    assert "every 0.02 s failed" in caplog.text


@pytest.mark.parametrize(("now", "moment"), [(0.0, 0.5), (0.1, 0.5), (0.5, 1.0), (99.99, 100.0)])
def test_the_next_tick_is_never_now(now: float, moment: float) -> None:
    assert next_tick(now, 0.5) == moment
