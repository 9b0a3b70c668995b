"""Warnings that a stranger can cause at will: each is logged once a minute for its kind and its address.

Takes a kind (a sentence of ours, never the stranger's bytes) and an address; gives one WARNING, and how many were
left out since the last.
"""

import logging
import time
from collections.abc import Callable

EVERY = 60.0  # seconds
MAX_KNOWN = 1000  # addresses and kinds remembered: a scan from many addresses must not fill the memory


class Quiet:
    """`form` is the log line, with the kind and the address as its two values."""

    def __init__(self, log: logging.Logger, form: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._form, self._clock = log, form, clock
        self._known: dict[tuple[str, str], tuple[float, int]] = {}

    def warn(self, kind: str, address: str) -> None:
        now = self._clock()
        since, left_out = self._known.get((kind, address), (-EVERY, 0))
        if now - since < EVERY:
            self._known[kind, address] = (since, left_out + 1)
            return
        self._forget(now)
        self._known[kind, address] = (now, 0)
        more = f" ({left_out} more since the last such line)" if left_out else ""
        self._log.warning(self._form + "%s", kind, address, more)

    def _forget(self, now: float) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known = {key: known for key, known in self._known.items() if now - known[0] < EVERY}
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
