"""Shows the dialplan that the daemon lives: the file ``.alive`` in the spool, touched every second.

A hanging daemon keeps its connections open, so Asterisk cannot tell it from one that is thinking (measured: AGI() waits
for ever). The dialplan does not ask a daemon whose file is older than five seconds. The spool is what both can see, a
container's too; a variable set over AMI would be a line in Asterisk's log each second (measured, 16 and 22).
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from callwarden.ticks import every

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds
FILE = ".alive"


class Pulse:
    """``seeing`` tells whether calls are looked after: who is blind had better not be asked.

    A thread of its own gives the sign, for the disk may hang; and only when the loop has turned since the last one.
    """

    def __init__(self, spool: Path, seeing: Callable[[], bool]) -> None:
        self._file, self._seeing = spool / FILE, seeing
        self.trouble = ""
        """Why the sign cannot be given; empty while it can."""
        self._beaten: float | None = None
        self._turned = False
        self._over = threading.Event()

    @property
    def silent_for(self) -> float:
        """Seconds for which the sign is missing though it is to be given; 0 while nobody is to be asked."""
        return 0.0 if self._beaten is None or self.trouble else time.monotonic() - self._beaten

    async def run(self) -> None:
        """Until cancelled; then the sign is gone, and Asterisk finds nobody listening."""
        self._over.clear()
        thread = threading.Thread(target=self._live, name="pulse", daemon=True)
        self._turn(0.0)
        thread.start()
        end = every(EVERY / 2, self._turn)
        try:
            await asyncio.Event().wait()
        finally:
            end()
            self._over.set()
            thread.join(EVERY)
            self._file.unlink(missing_ok=True)

    def _turn(self, _late: float) -> None:
        self._turned = self._seeing()
        self._beaten = (self._beaten or time.monotonic()) if self._turned else None

    def _live(self) -> None:
        while True:
            if self._turned:
                self._turned = False
                self.beat()
            if self._over.wait(EVERY):
                return

    def beat(self) -> None:
        """Once. Where there is no file, the dialplan asks all the same."""
        try:
            self._file.touch(0o644)
        except OSError as error:
            if not self.trouble:
                log.warning("the dialplan may take the daemon for hanging and do its work itself: %s", error)
            self.trouble = error.strerror or str(error)
        else:
            self.trouble = ""
            self._beaten = time.monotonic()
