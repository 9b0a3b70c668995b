"""The control socket, the daemon's end: how it is asked, on this machine only. ``asking`` is the other end.

A request is one line, ``{"verb": "suspend", "call": "1763775574.12"}``; the answer is one line, ``{"ok": true, ...}``
or ``{"ok": false, "kind": "not-found", "error": "A sentence."}``. What the answers hold stands in ``answers``.

Rules: who asks is what the kernel says (SO_PEERCRED), never what the request says; the socket's mode (0660) and group
decide who may ask at all. A request has a length and a time, a client a number of seconds without a request, the
server a number of clients; whatever a client sends, it gets one clear answer or is let go, and nobody else feels it.
"""

import asyncio
import json
import logging
import os
import pwd
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from callwarden.asterisk.quiet import Quiet
from callwarden.local_socket import SocketTaken, bind, inode

log = logging.getLogger(__name__)

LONGEST_REQUEST = 64 * 1024  # bytes
MAX_CLIENTS = 32
IDLE = 30.0  # seconds a client may take to send its next whole request
ANSWER = 120.0  # seconds for a handler: a purge of many files takes its time
TAKE = 5.0  # seconds for a client to take its answer
_UCRED = struct.Struct("3i")


class Kind(StrEnum):
    """Why a request was not done, for the exit status and for scripts."""

    BAD_REQUEST = "bad-request"
    NOT_FOUND = "not-found"
    NOT_ALLOWED = "not-allowed"
    FAILED = "failed"
    NOT_RUNNING = "not-running"


class ControlError(Exception):
    """A request that was not done: raised by a handler, carried over the socket, raised again by
    :func:`callwarden.asking.ask`."""

    def __init__(self, sentence: str, kind: Kind = Kind.FAILED) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that asks, as the kernel knows it."""

    pid: int
    uid: int
    gid: int
    user: str


class Handed(dict[str, object]):
    """An answer with a descriptor: the client gets its own of it (SCM_RIGHTS), ours is closed."""

    def __init__(self, answer: Mapping[str, object], handle: int) -> None:
        super().__init__(answer)
        self.handle = handle


class Listed(dict[str, object]):
    """An answer with a list that a thread has written as JSON: writing a long one here would keep calls waiting."""

    def __init__(self, answer: Mapping[str, object], name: str, rows: bytes) -> None:
        super().__init__(answer)
        self.name, self.rows = name, rows


Handler = Callable[[Peer, Mapping[str, object]], Awaitable[Mapping[str, object]]]


class ControlServer:
    """``handlers`` by verb; each is given the peer and the request's other fields. Between :meth:`listen` and
    :meth:`start` whoever asks waits for the answer."""

    def __init__(
        self,
        path: Path,
        group: str,
        handlers: Mapping[str, Handler],
        *,
        idle: float = IDLE,
        answer: float = ANSWER,
        max_clients: int = MAX_CLIENTS,
    ) -> None:
        self._path, self._group, self.handlers = path, group, dict(handlers)
        self._idle, self._answer, self._max_clients = idle, answer, max_clients
        self._listening: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._inode: tuple[int, int] | None = None
        self._quiet = Quiet(log, "control: %s from %s")

    def listen(self) -> None:
        """Be there to be asked. Raises ControlError when another daemon has the socket, or it cannot be made."""
        try:
            self._listening = bind(self._path, self._group)
        except SocketTaken as error:
            raise ControlError(str(error)) from error
        except OSError as error:
            raise ControlError(f"The control socket {self._path} cannot be made: {error.strerror}.") from error
        self._inode = inode(self._path)

    async def start(self) -> None:
        """Answer. Raises what :meth:`listen` raises, where that was not done."""
        if self._listening is None:
            self.listen()
        self._server = await asyncio.start_unix_server(self._connected, sock=self._listening, limit=LONGEST_REQUEST)

    async def stop(self) -> None:
        """Lets every client go and removes the socket, if it is still ours."""
        if self._listening is None:
            return
        if self._server is not None:
            self._server.close()
        self._listening.close()
        self._server = self._listening = None
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        if self._inode is not None and inode(self._path) == self._inode:
            self._path.unlink(missing_ok=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="control")
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)
        # A task that is cancelled before its first step runs none of its code, so nothing in it can close this.
        task.add_done_callback(lambda _: writer.close())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async for line, handle in self._answers(peer_of(writer.get_extra_info("socket")), reader):
                async with asyncio.timeout(TAKE):
                    await _send(writer, line, handle)
        except (OSError, TimeoutError):
            pass  # the client has gone, or does not take its answer
        finally:
            await _close(writer)

    async def _answers(self, peer: Peer, reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, int | None]]:
        """An answer to each request, some with a descriptor; the last one says why no more are taken."""
        if len(self._clients) > self._max_clients:
            full = f"The daemon serves {self._max_clients} clients already. Ask again later."
            yield _refusal(ControlError(full)), None
            return
        try:
            while request := await self._request(reader):
                yield await self._handle(peer, request)
        except ControlError as error:
            yield _refusal(error), None

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        """One line, or nothing when the client has no more. Raises ControlError."""
        try:
            async with asyncio.timeout(self._idle):
                return await reader.readuntil(b"\n")
        except TimeoutError:
            raise ControlError(f"No whole request came within {self._idle:g} s.", Kind.BAD_REQUEST) from None
        except asyncio.LimitOverrunError:
            raise ControlError(f"A request has at most {LONGEST_REQUEST} bytes.", Kind.BAD_REQUEST) from None
        except asyncio.IncompleteReadError as error:
            if error.partial.strip():
                raise ControlError("The request does not end with a line end.", Kind.BAD_REQUEST) from None
            return b""

    async def _handle(self, peer: Peer, line: bytes) -> tuple[bytes, int | None]:
        try:
            return await self._done(peer, *parse(line))
        except ControlError as error:
            if error.kind is Kind.BAD_REQUEST:
                self._quiet.warn(str(error), f"user {peer.user}")
            return _refusal(error), None
        except TimeoutError:
            log.warning("control: a request of user %s was not done within %g s", peer.user, self._answer)
            return _refusal(ControlError(f"It was not done within {self._answer:g} s; it may be done later.")), None
        except Exception:
            log.exception("control: an error in a request of user %s", peer.user)
            return _refusal(ControlError("The daemon met an error; its log says which.")), None

    async def _done(self, peer: Peer, verb: str, arguments: Mapping[str, object]) -> tuple[bytes, int | None]:
        handler = self.handlers.get(verb)
        if handler is None:
            known = ", ".join(sorted(self.handlers))
            raise ControlError(f"There is no such verb. There are: {known}.", Kind.BAD_REQUEST)
        async with asyncio.timeout(self._answer):
            answer = await handler(peer, arguments)
        handle = answer.handle if isinstance(answer, Handed) else None
        return _line_of(answer), handle


def parse(line: bytes) -> tuple[str, dict[str, object]]:
    """The verb of a request and its other fields. Raises ControlError."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        raise ControlError("The request is not JSON.", Kind.BAD_REQUEST) from None
    if not isinstance(request, dict) or not isinstance(request.get("verb"), str):
        raise ControlError('A request is an object with a "verb".', Kind.BAD_REQUEST)
    return request.pop("verb"), request


def text_of(arguments: Mapping[str, object], name: str) -> str:
    """An argument that has to be a text. Raises ControlError."""
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f'This needs "{name}".', Kind.BAD_REQUEST)
    return value


def peer_of(connection: socket.socket) -> Peer:
    """Who is at the other end."""
    pid, uid, gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, uid, gid, user_name(uid))


def user_name(uid: int) -> str:
    """The name of a user, or its number where it has none here (a container)."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _refusal(error: ControlError) -> bytes:
    return json.dumps({"ok": False, "kind": str(error.kind), "error": str(error)}).encode() + b"\n"


def _line_of(answer: Mapping[str, object]) -> bytes:
    line = json.dumps({**answer, "ok": True}).encode()
    if isinstance(answer, Listed):
        line = b'%b, "%b": %b}' % (line[:-1], answer.name.encode(), answer.rows)
    return line + b"\n"


async def _send(writer: asyncio.StreamWriter, line: bytes, handle: int | None) -> None:
    """An answer, and the descriptor with its first byte. Ours is closed whatever happens."""
    if handle is not None:
        try:
            await writer.drain()
            with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as same:
                line = line[socket.send_fds(same, [line[:1]], [handle]) :]
        finally:
            os.close(handle)
    writer.write(line)
    await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    """For real: a client that takes nothing would keep a closing connection for ever."""
    writer.close()
    try:
        async with asyncio.timeout(TAKE):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
