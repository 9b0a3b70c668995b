"""Those who wait for the same tick are woken together."""

import asyncio
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


async def test_what_is_done_as_often_is_done_in_one_turn_and_knows_how_late_it_is() -> None:
    loop = asyncio.get_running_loop()
    seen: list[tuple[str, int]] = []
    turns: list[int] = []

    def note(who: str, late: float) -> None:
        seen.append((who, len(turns)))
        moment = next_tick(loop.time(), 0.05) - 0.05
        assert late == pytest.approx(loop.time() - moment, abs=0.002)

    async def count() -> None:
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    ends = [every(0.05, partial(note, who)) for who in "ab"]
    counting = asyncio.create_task(count())
    await asyncio.sleep(0.12)
    for end in ends:
        end()
    done = len(seen)
    await asyncio.sleep(0.12)
    counting.cancel()
    assert len(seen) == done >= 4
    assert [who for who, _ in seen] == ["a", "b"] * (done // 2)
    assert all(one[1] == other[1] for one, other in zip(seen[::2], seen[1::2], strict=True))


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
