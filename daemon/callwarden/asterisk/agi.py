"""The FastAGI server: takes a coroutine for each step that the dialplan may ask for, runs one for each connection.

Rules: the dialplan waits for the end of the connection, so every connection is really closed, whatever happened;
a request has a time limit to arrive, a length limit and an address list, a step has a time limit; what is wrong
with one connection is logged once a minute for its kind and its address, never with its bytes, and concerns no
other connection.

panoramisk's fast_agi.Application keeps the routes. Its handler is replaced: it spins for ever, freezing the event
loop, when a peer connects and closes; it waits for ever for half a request and reads any amount of it; a closed
connection that is still being written to is not ended; and it catches the cancellation of its own task. Taking a route
it asks asyncio what Python 3.14 wants inspect to be asked, which works until 3.16.
"""

import asyncio
import logging
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network

from panoramisk.fast_agi import Application  # type: ignore[import-untyped]

from callwarden.asterisk.connection import BadRequest, Connection
from callwarden.asterisk.port import Port
from callwarden.asterisk.quiet import Quiet
from callwarden.asterisk.step import AgiFailed, AgiStep, CallerGone, Conversation, StreamResult

__all__ = ["AgiFailed", "AgiServer", "AgiStep", "CallerGone", "StreamResult"]

log = logging.getLogger(__name__)

HEADER_TIMEOUT = 2.0  # seconds for the whole request; Asterisk writes it at once
MAX_HEADER = 64 * 1024  # bytes
MAX_CONNECTIONS = 500
STEP_TIMEOUT = 120.0  # seconds: longer than any announcement, shorter than a caller's patience

Step = Callable[[AgiStep], Awaitable[None]]
Network = IPv4Network | IPv6Network


class AgiServer(Application):  # type: ignore[misc]
    """`steps` by the path of agi://host/path. `port` 0 takes a free one; `self.port` is the one taken."""

    def __init__(
        self,
        steps: Mapping[str, Step],
        *,
        listen: str,
        port: int,
        allow: Sequence[Network],
        header_timeout: float = HEADER_TIMEOUT,
        max_header: int = MAX_HEADER,
        max_connections: int = MAX_CONNECTIONS,
        step_timeout: float = STEP_TIMEOUT,
    ) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            for path, step in steps.items():
                self.add_route(path, step)
        self.listen, self.port = listen, port
        self.header_timeout, self.max_header = header_timeout, max_header
        self._allow = tuple(allow)
        self._max_connections, self._step_timeout = max_connections, step_timeout
        self._connections: set[Connection] = set()
        self._listening: Port | None = None
        self._quiet = Quiet(log, "AGI: %s from %s; the connection is closed")

    async def start(self) -> None:
        """Raises OSError when the port cannot be had."""
        self._listening = Port(self.listen, self.port, lambda taken, peer: Connection(self, taken, peer))
        self.port = self._listening.number

    async def stop(self) -> None:
        """Closes every connection: the dialplans that wait go on at once."""
        if self._listening is None:
            return
        self._listening.close()
        self._listening = None
        tasks = [connection.task for connection in self._connections if connection.task is not None]
        for task in tasks:
            task.cancel()
        for connection in list(self._connections):
            connection.close()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- called by each connection (its Host) -----------------------------------------------------------------------

    def admit(self, connection: Connection) -> None:
        self._connections.add(connection)
        if not any(connection.peer in network for network in self._allow):
            raise BadRequest("a connection that the address list does not allow")
        if len(self._connections) > self._max_connections:
            raise BadRequest(f"more than {self._max_connections} connections at a time, the last of them")

    def gone(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def refuse(self, connection: Connection, error: BadRequest) -> None:
        self._quiet.warn(str(error), str(connection.peer))

    async def serve(self, connection: Connection, headers: dict[str, str]) -> None:
        step = AgiStep(Conversation(self, headers, connection.reader, connection))
        try:
            await self._run(step, str(connection.peer))
        except BadRequest as error:
            self.refuse(connection, error)

    async def _run(self, step: AgiStep, peer: str) -> None:
        route = self._route.get(step.script)
        if route is None:
            raise BadRequest("a request for a step that is not known")
        try:
            async with asyncio.timeout(self._step_timeout):
                await route(step)
        except CallerGone:
            log.debug("AGI: %s: the caller of %s has gone", step.script, step.unique_id)
        except TimeoutError:
            log.warning("AGI: %s: %s was not served within %g s", step.script, step.unique_id, self._step_timeout)
        except AgiFailed as error:
            log.warning("AGI: %s: %s: %s", step.script, step.unique_id, error)
        except Exception:
            log.exception("AGI: %s: an error with %s from %s", step.script, step.unique_id, peer)
