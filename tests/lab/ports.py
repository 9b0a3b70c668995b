"""A block of ports for one Asterisk, so that several run beside each other on one loopback.

A block is held by an flock for as long as its holder lives; a killed run leaves nothing behind. The fixed ports are
also tried, because another mount namespace on the same network has other lock files.
"""

import fcntl
import os
import random
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

FIRST, LAST, BLOCK = 12000, 60000, 800
LOCKS = Path(tempfile.gettempdir()) / f"callwarden-lab-ports.{os.getuid()}"


class NoFreePorts(Exception):
    """Every block is taken."""


@dataclass(slots=True)
class PortBlock:
    """`sip`, `ami`, `http`, `spare` are single ports; `rtp_first..rtp_last` is Asterisk's range for audio."""

    base: int
    lock: int = field(repr=False)

    @property
    def sip(self) -> int:
        return self.base

    @property
    def ami(self) -> int:
        return self.base + 1

    @property
    def http(self) -> int:
        return self.base + 2

    @property
    def spare(self) -> int:
        return self.base + 3

    @property
    def rtp_first(self) -> int:
        return self.base + 16

    @property
    def rtp_last(self) -> int:
        return self.base + BLOCK - 1

    def release(self) -> None:
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


def reserve() -> PortBlock:
    LOCKS.mkdir(exist_ok=True)
    bases = list(range(FIRST, LAST, BLOCK))
    random.shuffle(bases)
    for base in bases:
        lock = _lock(base)
        if lock is None:
            continue
        if _all_free(base):
            return PortBlock(base, lock)
        os.close(lock)
    raise NoFreePorts(f"No free block of {BLOCK} ports between {FIRST} and {LAST} on loopback.")


def _lock(base: int) -> int | None:
    handle = os.open(LOCKS / str(base), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _all_free(base: int) -> bool:
    return all(_free(port) for port in range(base, base + 16))


def _free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True
