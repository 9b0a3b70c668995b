"""What is done again and again is done together: in one turn of the event loop, for one waking of the machine.

Takes how often (seconds); all who do something as often, or twice, three times as often, are woken at the same moments.
"""

import asyncio
import math


async def tick(seconds: float) -> float:
    """Return at the next multiple of ``seconds`` on the loop's clock. Gives by how much it is late, in seconds."""
    loop = asyncio.get_running_loop()
    moment = next_tick(loop.time(), seconds)
    await asyncio.sleep(moment - loop.time())
    return max(0.0, loop.time() - moment)


def next_tick(now: float, seconds: float) -> float:
    """The first multiple of ``seconds`` after ``now``."""
    return (math.floor(now / seconds) + 1) * seconds
