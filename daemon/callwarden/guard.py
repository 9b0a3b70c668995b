"""No caller is hostage to an event loop that hangs: a thread beside it ends the process when the loop stands still.

Asterisk sets no limit on a FastAGI connection, so a caller in a step waits as long as its socket is open (asterisk.md
4). When the process ends, the kernel closes it, the dialplan goes on by itself at once, systemd starts the daemon anew,
and that adopts the recordings. A process that is stopped as a whole is systemd's watchdog's to end.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from callwarden.ticks import every

STILL_SECONDS = 3.0  # longer than anything the loop does; a caller hears silence for as long
TICK_SECONDS = 0.5
EXIT_STATUS = 70  # EX_SOFTWARE of sysexits.h: systemd's Restart=on-failure starts it again


class _Guard:
    def __init__(self, still: float) -> None:
        self._still = still
        self._ended = threading.Event()
        self._turned = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="loop-guard", daemon=True)
        self._thread.start()

    def turn(self, _late: float) -> None:
        """Show that the loop turns."""
        self._turned = time.monotonic()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        """Twice in a row: a machine that was paused as a whole finds an old time once."""
        strikes = 0
        while not self._ended.wait(TICK_SECONDS):
            strikes = strikes + 1 if time.monotonic() - self._turned > self._still else 0
            if strikes >= 2:
                self._give_up()

    def _give_up(self) -> None:
        print(f"the event loop stands still for {self._still:g} s; ending, so that no caller waits", file=sys.stderr)  # noqa: T201
        faulthandler.dump_traceback(file=sys.stderr)
        os._exit(EXIT_STATUS)


@contextmanager
def guarded(still: float = STILL_SECONDS) -> Iterator[None]:
    """Watch the running loop, which must turn at least every ``still`` seconds."""
    guard = _Guard(still)
    end = every(TICK_SECONDS, guard.turn)
    try:
        yield
    finally:
        end()
        guard.end()
