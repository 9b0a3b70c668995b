"""One connection of a FastAGI client: takes what each read of the socket gave, until the request is whole; then it is a
step's to ask and to hear.

Rules: what is no request, or is not whole in time, ends the connection with a :class:`BadRequest` that says its kind
and nothing of its bytes. A step is begun only for a whole request, and the connection is closed when it ends.

asyncio's streams would do the same with twice as many turns of the loop, its transports with half as many again, and a
caller waits for each.
"""

import asyncio
import socket
import sys
from collections.abc import Callable, Coroutine
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Protocol

READ_BYTES = 65536
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


class Connection(asyncio.ReadTransport):
    """``reader`` and ``write`` are the step's, which ``task`` serves once the request is whole. It has begun to read
    when it is made. Whoever reads too slowly has it paused, as any transport."""

    def __init__(self, host: Host, taken: socket.socket, address: str) -> None:
        super().__init__()
        self.peer = _address(address)
        self.reader = asyncio.StreamReader(host.max_header)
        self.reader.set_transport(self)
        self.task: asyncio.Task[None] | None = None
        self._host, self._socket = host, taken
        self._loop = asyncio.get_running_loop()
        self._request = bytearray()
        self._breaks = self._searched = 0
        self._late: asyncio.TimerHandle | None = None
        self._whole = self._closed = False
        self._look(self._begin_reading)

    def write(self, data: bytes) -> None:
        """Send a command. Each is answered before the next is sent, so the kernel has room for it. Raises
        ConnectionError where the connection has ended."""
        if self._closed:
            raise ConnectionResetError("the connection has ended")
        try:
            sent = self._socket.send(data)
        except OSError:
            sent = 0
        if sent < len(data):
            self._break()

    def close(self) -> None:
        """Now, whatever the peer has not taken yet: while the socket is open its dialplan waits."""
        if self._closed:
            return
        self._closed = True
        self._stop_waiting()
        self.pause_reading()
        self._socket.close()
        self.reader.feed_eof()
        self._host.gone(self)

    def is_closing(self) -> bool:
        return self._closed

    def pause_reading(self) -> None:
        self._loop.remove_reader(self._socket)

    def resume_reading(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._socket, self._read)

    # -- the socket ---------------------------------------------------------------------------------------------------

    def _begin_reading(self) -> None:
        """As a rule the whole request is there, and its step has begun, before anything is waited for."""
        self._host.admit(self)
        self._read()
        if not self._whole and not self._closed:
            timeout = self._host.header_timeout
            late = BadRequest(f"a request that was not complete in {timeout:g} s")
            self._late = self._loop.call_later(timeout, self._refuse, late)
        self.resume_reading()

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._break()
            return
        if not data:
            self._end()
        elif self._whole:
            self.reader.feed_data(data)
        else:
            self._request += data
            self._look(self._begin_when_whole)

    def _end(self) -> None:
        """Nothing more comes. A step ends by itself, hearing that its caller has gone."""
        self.pause_reading()
        if self._whole:
            self.reader.feed_eof()
        else:
            self._refuse(BadRequest("half a request" if self._request else "a connection without a request"))

    def _break(self) -> None:
        if self._whole:
            self.reader.set_exception(ConnectionResetError("the connection is broken"))
            self.close()
        else:
            self._refuse(BadRequest("a broken connection"))

    # -- the request --------------------------------------------------------------------------------------------------

    def _look(self, look: Callable[[], None]) -> None:
        try:
            look()
        except BadRequest as error:
            self._refuse(error)

    def _refuse(self, error: BadRequest) -> None:
        self.close()
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
        self._whole = True
        self._stop_waiting()
        if rest:
            self.reader.feed_data(rest)
        self.task = _begun(self._serve(headers))
        if not AT_ONCE:  # a task that is cancelled before its first step runs nothing of it
            self.task.add_done_callback(lambda _: self.close())

    async def _serve(self, headers: dict[str, str]) -> None:
        try:
            await self._host.serve(self, headers)
        finally:
            self.close()


AT_ONCE = sys.version_info >= (3, 12)


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


def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
