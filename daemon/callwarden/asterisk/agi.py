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
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from panoramisk.fast_agi import Application  # type: ignore[import-untyped]

from callwarden.asterisk.quiet import Quiet
from callwarden.asterisk.step import AgiFailed, AgiStep, CallerGone, Conversation, StreamResult

__all__ = ["AgiFailed", "AgiServer", "AgiStep", "CallerGone", "StreamResult"]

log = logging.getLogger(__name__)

HEADER_TIMEOUT = 2.0  # seconds for the whole request; Asterisk writes it at once
MAX_HEADER = 64 * 1024  # bytes
MAX_CONNECTIONS = 500
STEP_TIMEOUT = 120.0  # seconds: longer than any announcement, shorter than a caller's patience
MAX_BREAKS = 200  # empty lines before the end: the caller's fields, of 79 characters each, hold no more
NO_REQUEST = "something that is no AGI request"
# Asterisk 16 to 22 send these last before the arguments; together they are longer than a number that PJSIP lets in.
ALWAYS_SENT = (
    b"\nagi_uniqueid: ", b"\nagi_calleridname: ", b"\nagi_callingpres: ", b"\nagi_callingani2: ",
    b"\nagi_callington: ", b"\nagi_callingtns: ", b"\nagi_context: ", b"\nagi_extension: ",
    b"\nagi_accountcode: ", b"\nagi_threadid: ",
)  # fmt: skip

Step = Callable[[AgiStep], Awaitable[None]]
Network = IPv4Network | IPv6Network


class BadRequest(Exception):
    """A connection that is no request for a step: its kind, for the log."""


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
        self._allow = tuple(allow)
        self._header_timeout, self._max_header = header_timeout, max_header
        self._max_connections, self._step_timeout = max_connections, step_timeout
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._quiet = Quiet(log, "AGI: %s from %s; the connection is closed")

    async def start(self) -> None:
        """Raises OSError when the port cannot be had."""
        self._server = await asyncio.start_server(self._connected, self.listen, self.port, limit=self._max_header)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes every connection: the dialplans that wait go on at once."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._server = None

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self.handler(reader, writer), name="agi")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # A task that is cancelled before its first step runs no `finally`: the socket is closed here at the latest.
        task.add_done_callback(lambda _: writer.close())

    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _address(writer)
        try:
            self._admit(peer)
            conversation = Conversation(self, await self._request(reader), reader, writer)
            await self._run(AgiStep(conversation), str(peer))
        except BadRequest as error:
            self._quiet.warn(str(error), str(peer))
        finally:
            await _close(writer)

    def _admit(self, peer: IPv4Address | IPv6Address | None) -> None:
        if peer is None or not any(peer in network for network in self._allow):
            raise BadRequest("a connection that the address list does not allow")
        if len(self._connections) > self._max_connections:
            raise BadRequest(f"more than {self._max_connections} connections at a time, the last of them")

    async def _request(self, reader: asyncio.StreamReader) -> dict[str, str]:
        try:
            async with asyncio.timeout(self._header_timeout):
                return _headers(await self._whole(reader))
        except TimeoutError:
            raise BadRequest(f"a request that was not complete in {self._header_timeout:g} s") from None
        except asyncio.LimitOverrunError:
            raise BadRequest(f"a request of more than {self._max_header} bytes") from None
        except asyncio.IncompleteReadError as error:
            kind = "half a request" if error.partial else "a connection without a request"
            raise BadRequest(kind) from None
        except OSError:
            raise BadRequest("a broken connection") from None

    async def _whole(self, reader: asyncio.StreamReader) -> str:
        """Up to the empty line that is Asterisk's. A caller's name or number may hold others (PJSIP decodes `%0a`),
        and what followed one of those would be taken for the answers to our commands."""
        text = b""
        for _ in range(MAX_BREAKS):
            text += await reader.readuntil(b"\n\n")
            if len(text) > self._max_header or not text.startswith(b"agi_"):
                break
            if all(name in text for name in ALWAYS_SENT):
                return text.decode("utf-8", "replace")
        raise BadRequest(NO_REQUEST)

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


def _headers(text: str) -> dict[str, str]:
    """What Asterisk sends before the caller's number is found from the front, the arguments behind everything that
    comes from the caller: so nothing in a number takes their place."""
    sent, _, arguments = text.rpartition("\nagi_threadid: ")
    lines = [line.split(": ", 1) for line in sent.split("\n") if ": " in line]
    headers = {name: value for name, value in reversed(lines) if not name.startswith("agi_arg_")}
    if "agi_network_script" not in headers:
        raise BadRequest(NO_REQUEST)
    return headers | dict(line.split(": ", 1) for line in arguments.split("\n") if line.startswith("agi_arg_"))


def _address(writer: asyncio.StreamWriter) -> IPv4Address | IPv6Address | None:
    peername = writer.get_extra_info("peername")
    if not peername:  # it has gone already
        return None
    address = ip_address(peername[0].partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


async def _close(writer: asyncio.StreamWriter) -> None:
    """Now, whatever the peer has not taken yet: while the socket is open its dialplan waits."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
