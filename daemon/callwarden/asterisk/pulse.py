"""Shows the dialplan that the daemon lives: the global variable CALLWARDEN_ALIVE, in Asterisk's own time.

A hanging daemon keeps its connections open, so Asterisk cannot tell it from one that is thinking (measured: AGI() waits
for ever). The dialplan does not ask a daemon whose sign is older than five seconds.
"""

import asyncio
import logging
from collections.abc import Callable

from callwarden.asterisk.ami import ActionFailed, AmiLink

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds
VARIABLE = "CALLWARDEN_ALIVE"


class Pulse:
    """``seeing`` tells whether calls are looked after: who is blind had better not be asked."""

    def __init__(self, link: AmiLink, seeing: Callable[[], bool]) -> None:
        self._link, self._seeing = link, seeing
        self._complained = False

    async def run(self) -> None:
        """For ever, until cancelled."""
        while True:
            if self._seeing():
                await self.beat()
            await asyncio.sleep(EVERY)

    async def beat(self) -> None:
        """Once. What cannot be sent now is sent the next time."""
        try:
            # Asterisk's clock, which the dialplan compares with, may not be ours.
            now = (await self._link.send({"Action": "Ping"})).headers.get("timestamp").partition(".")[0]
            reply = await self._link.send({"Action": "Setvar", "Variable": VARIABLE, "Value": now})
            trouble = "" if reply.success else reply.message
        except ActionFailed as error:
            trouble = str(error)
        if trouble:
            log.log(
                logging.DEBUG if self._complained else logging.WARNING,
                "the dialplan cannot be shown that the daemon lives, and does its work itself: %s", trouble,
            )  # fmt: skip
        self._complained = bool(trouble)
