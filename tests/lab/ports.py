"""A block of ports for one Asterisk, so that several run beside each other on one loopback.

A block is held by an abstract socket's name, which like the ports belongs to the network: it is seen from every
container or chroot that shares this loopback, and is free again when its holder dies. The fixed ports are tried as
well, because others use ports too.
"""

import random
import socket
from dataclasses import dataclass, field

FIRST, LAST = 10000, 60000
BLOCK = 480  # audio for 230 channels: the benchmark's hundred calls, and room for a hundred Asterisks
FIXED = 16


class NoFreePorts(Exception):
    """Every block is taken."""


@dataclass(frozen=True, slots=True)
class PortBlock:
    """`sip`, `ami`, `http`, `spare` are single ports; `rtp_first` to `rtp_last` is Asterisk's range for audio."""

    base: int
    lock: socket.socket = field(repr=False, compare=False)

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
        return self.base + FIXED

    @property
    def rtp_last(self) -> int:
        return self.base + BLOCK - 1

    def release(self) -> None:
        self.lock.close()


def reserve() -> PortBlock:
    bases = list(range(FIRST, LAST - BLOCK, BLOCK))
    random.shuffle(bases)
    for base in bases:
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if _bind(lock, f"\0callwarden-lab-{base}") and _all_free(base):
            return PortBlock(base, lock)
        lock.close()
    raise NoFreePorts(f"No free block of {BLOCK} ports between {FIRST} and {LAST} on loopback.")


def _all_free(base: int) -> bool:
    return all(_free(port) for port in range(base, base + FIXED))


def _free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if not _bind(probe, ("0.0.0.0", port)):
                return False
    return True


def _bind(to: socket.socket, address: str | tuple[str, int]) -> bool:
    try:
        to.bind(address)
    except OSError:
        return False
    return True
