"""A TCP port: takes an address, gives each connection to one callable, in the turn that its first bytes wake.

asyncio's server takes a connection in five turns, and a caller waits for each of them. Here the kernel keeps a
connection until it has something to say (tcp(7), TCP_DEFER_ACCEPT), or for a second or two if it says nothing.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

log = logging.getLogger(__name__)

BACKLOG = 128  # connections that wait in the kernel
SILENT_SECONDS = 1  # a connection that says nothing is given all the same
REST_SECONDS = 1.0  # where the system has no room for another connection


class Port:
    """``take(connection, address)`` is called with a socket that does not block, and with its peer's address."""

    def __init__(self, listen: str, port: int, take: Callable[[socket.socket, str], object]) -> None:
        """Listen there (``port`` 0: a free one). Raises OSError when it cannot be had."""
        family = socket.AF_INET6 if ":" in listen else socket.AF_INET
        self._loop, self._take = asyncio.get_running_loop(), take
        self._socket = socket.create_server((listen, port), family=family, backlog=BACKLOG)
        self._socket.setblocking(False)
        # What is accepted has these from the socket that listened.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, SILENT_SECONDS)
        self.number: int = self._socket.getsockname()[1]
        self._rest: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Listen no more."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _listen(self) -> None:
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        try:
            connection, address = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # it has gone already
        except OSError as error:  # as a rule no descriptor is left: the next try would be at once
            log.warning("AGI: no connection can be taken for %g s: %s", REST_SECONDS, error.strerror)
            self._loop.remove_reader(self._socket)
            self._rest = self._loop.call_later(REST_SECONDS, self._listen)
            return
        connection.setblocking(False)
        self._take(connection, address[0])
