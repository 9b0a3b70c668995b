"""Those who wait for the same tick are woken together."""

import asyncio

import pytest

from callwarden.ticks import next_tick, tick


async def test_a_tick_is_a_moment_that_all_share_and_knows_how_late_it_is() -> None:
    loop = asyncio.get_running_loop()
    for _ in range(3):
        moment = next_tick(loop.time(), 0.05)
        late = await tick(0.05)
        assert moment <= loop.time()
        assert 0 <= late <= loop.time() - moment


@pytest.mark.parametrize(("now", "moment"), [(0.0, 0.5), (0.1, 0.5), (0.5, 1.0), (99.99, 100.0)])
def test_the_next_tick_is_never_now(now: float, moment: float) -> None:
    assert next_tick(now, 0.5) == moment
