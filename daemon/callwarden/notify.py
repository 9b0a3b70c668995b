"""What systemd is told (sd_notify(3)): ready, reloading, stopping, and that the loop still turns.

The datagram is a line of text to the socket named by ``NOTIFY_SOCKET``; no library that is kept up does more.
"""

import os
import socket


def notify(message: str) -> None:
    """Tell systemd ``message`` (``READY=1``, ``WATCHDOG=1``, ...); nothing where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(message.encode(), address)
        except OSError:
            return  # the manager is gone or restarting: no reason to stop recording


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear from us: half of its limit; None where it does not watch."""
    limit = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not limit.isdecimal() or int(limit) == 0 or pid != str(os.getpid()):
        return None
    return int(limit) / 2_000_000
