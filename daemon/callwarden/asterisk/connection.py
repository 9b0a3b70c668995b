"""One connection of a FastAGI client: takes what each read of the socket gave, until the request is whole; then it is a
step's to ask and to hear.

Rules: what is no request, or is not whole in time, ends the connection with a :class:`BadRequest` that says its kind
and nothing of its bytes. A step is begun only for a whole request, and the connection is closed when it ends.

asyncio's streams would do the same with twice as many turns of the loop, each of which a caller waits for.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Protocol

MAX_BREAKS = 200  # empty lines before the end: the caller's fields, of 79 characters each, hold no more
NO_REQUEST = "something that is no AGI request"
# Asterisk 16 to 22 send these last before the arguments; together they are longer than a number that PJSIP lets in.
ALWAYS_SENT = (
    b"\nagi_uniqueid: ", b"\nagi_calleridname: ", b"\nagi_callingpres: ", b"\nagi_callingani2: ",
    b"\nagi_callington: ", b"\nagi_callingtns: ", b"\nagi_context: ", b"\nagi_extension: ",
    b"\nagi_accountcode: ", b"\nagi_threadid: ",
)  # fmt: skip


class BadRequest(Exception):
    """A connection that is no request for a step: its kind, for the log."""


class Host(Protocol):
    """What a connection needs of its server: ``admit`` raises :class:`BadRequest`, ``serve`` runs a request's step."""

    header_timeout: float
    max_header: int

    def admit(self, connection: "Connection") -> None: ...

    def serve(self, connection: "Connection", headers: dict[str, str]) -> Coroutine[Any, Any, None]: ...

    def refuse(self, connection: "Connection", error: BadRequest) -> None: ...

    def gone(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """``reader`` and ``write`` are the step's, which ``task`` serves once the request is whole. ``peer`` is None for
    one that had gone before it was looked at."""

    transport: asyncio.Transport

    def __init__(self, host: Host) -> None:
        self.peer: IPv4Address | IPv6Address | None = None
        self.reader = asyncio.StreamReader(host.max_header)
        self._host = host
        self.task: asyncio.Task[None] | None = None
        self._request = bytearray()
        self._breaks = self._searched = 0
        self._late: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        """Send a command. Each is answered before the next is sent, so there is never much to send."""
        self.transport.write(data)

    def close(self) -> None:
        """Now, whatever the peer has not taken yet: while the socket is open its dialplan waits."""
        if self.task is not None:
            self.task.cancel()
        self.transport.abort()

    # -- called by asyncio ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.reader.set_transport(transport)
        self.peer = _address(transport)
        if self._accepted(lambda: self._host.admit(self)):
            timeout = self._host.header_timeout
            late = BadRequest(f"a request that was not complete in {timeout:g} s")
            self._late = asyncio.get_running_loop().call_later(timeout, self._refuse, late)

    def data_received(self, data: bytes) -> None:
        if self.task is not None:
            self.reader.feed_data(data)
        elif not self.transport.is_closing():
            self._request += data
            self._accepted(self._begin_when_whole)

    def eof_received(self) -> bool:
        """Whether the transport is to stay: a step ends by itself, hearing that its caller has gone."""
        if self.task is not None:
            self.reader.feed_eof()
        elif not self.transport.is_closing():
            self._refuse(BadRequest("half a request" if self._request else "a connection without a request"))
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.task is None and self._late is not None:
            self._refuse(BadRequest("a broken connection"))
        if exc is None:
            self.reader.feed_eof()
        else:
            self.reader.set_exception(exc)
        self._host.gone(self)

    # -- the request --------------------------------------------------------------------------------------------------

    def _accepted(self, look: Callable[[], None]) -> bool:
        try:
            look()
        except BadRequest as error:
            self._refuse(error)
            return False
        return True

    def _refuse(self, error: BadRequest) -> None:
        self._stop_waiting()
        self.transport.abort()
        self._host.refuse(self, error)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _begin_when_whole(self) -> None:
        """Whole up to the empty line that is Asterisk's. A caller's name or number may hold others (PJSIP decodes
        `%0a`), and what followed one of those would be taken for the answers to our commands."""
        while (end := self._request.find(b"\n\n", self._searched)) >= 0:
            self._breaks += 1
            self._searched = end = end + 2
            text = bytes(self._request[:end])
            if self._breaks > MAX_BREAKS or len(text) > self._host.max_header or not text.startswith(b"agi_"):
                raise BadRequest(NO_REQUEST)
            if all(name in text for name in ALWAYS_SENT):
                self._begin(text, bytes(self._request[end:]))
                return
        self._searched = max(self._searched, len(self._request) - 1)
        if len(self._request) > self._host.max_header:
            raise BadRequest(f"a request of more than {self._host.max_header} bytes")

    def _begin(self, request: bytes, rest: bytes) -> None:
        headers = headers_of(request.decode("utf-8", "replace"))
        self._stop_waiting()
        if rest:
            self.reader.feed_data(rest)
        self.task = _begun(self._serve(headers))
        # Not in `_serve` alone: a task that is cancelled before its first step runs nothing of it.
        self.task.add_done_callback(lambda _: self.transport.abort())

    async def _serve(self, headers: dict[str, str]) -> None:
        try:
            await self._host.serve(self, headers)
        finally:
            self.transport.abort()


def _begun(step: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Its first part is run at once where Python can (3.12), else in the loop's next turn: a caller waits for it."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(step, loop=asyncio.get_running_loop(), name="agi", eager_start=True)
    return asyncio.get_running_loop().create_task(step, name="agi")


def headers_of(text: str) -> dict[str, str]:
    """What Asterisk sends before the caller's number is found from the front, the arguments behind everything that
    comes from the caller: so nothing in a number takes their place. Raises :class:`BadRequest`."""
    sent, _, arguments = text.rpartition("\nagi_threadid: ")
    lines = [line.split(": ", 1) for line in sent.split("\n") if ": " in line]
    headers = {name: value for name, value in reversed(lines) if not name.startswith("agi_arg_")}
    if "agi_network_script" not in headers:
        raise BadRequest(NO_REQUEST)
    return headers | dict(line.split(": ", 1) for line in arguments.split("\n") if line.startswith("agi_arg_"))


def _address(transport: asyncio.Transport) -> IPv4Address | IPv6Address | None:
    peername = transport.get_extra_info("peername")
    if not peername:  # it has gone already
        return None
    address = ip_address(peername[0].partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
