"""Stands between the daemon and Asterisk's manager interface: can keep messages to itself, and cut the line.

Takes Asterisk's port; gives one of its own (`port`). `with Middleman(lab.pbx.ports.ami) as middle:`, the daemon
configured to `{"ami.port": middle.port}`.
"""

import contextlib
import socket
import threading
import time
from typing import Self

END = b"\r\n\r\n"


class Middleman:
    """`keeps`: actions with these bytes in them are not passed on, nor answered. `withholds`: they are passed on, and
    Asterisk's replies to them are not. `kept` counts both. `misquotes`: in the next action with the first of these
    bytes the second stand for them. `dwells`: before the next action with these bytes it waits so many seconds.
    `pieces`: what Asterisk sends is passed on in pieces of so many bytes, wherever they cut it. `stalled`: nothing is
    passed on, and nothing closed, on the connections of now."""

    def __init__(self, ami_port: int) -> None:
        self._ami_port = ami_port
        self.keeps = b""
        self.withholds = b""
        self.kept = 0
        self.misquotes: tuple[bytes, bytes] | None = None
        self.dwells: tuple[bytes, float] | None = None
        self.pieces = 0
        self._stalled: set[socket.socket] = set()
        self._unheard: set[bytes] = set()
        self._halves = False
        self._saying = threading.Lock()  # what `say` says is not to come in the middle of a message of Asterisk's
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(self, *failure: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """Every connection ends; the next one is passed on as before."""
        for pair in self._pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._pairs.clear()

    def cut_in_half(self) -> None:
        """Of the next message that Asterisk sends half is passed on; then every connection ends."""
        self._halves = True

    def stall(self) -> None:
        """Nothing comes through any more on today's connections, and nothing is closed."""
        self._stalled = {one for pair in self._pairs for one in pair}

    def say(self, data: bytes) -> None:
        """Something that Asterisk never said."""
        with self._saying:
            self._pairs[-1][0].sendall(data)

    def _run(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._ami_port))
                self._pairs.append((client, server))
                self._run(self._pass_on, client, server, True)
                self._run(self._pass_on, server, client, False)

    def _pass_on(self, source: socket.socket, target: socket.socket, orders: bool) -> None:
        rest = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                *messages, rest = (rest + data).split(END)
                passes = self._passes if orders else self._is_heard
                if source in self._stalled:
                    continue
                quote = self._quoted if orders else bytes
                passed = b"".join(quote(one) + END for one in messages if passes(one))
                if orders:
                    self._dwell(passed)
                if passed and self._halves and not orders:
                    self._halves = False
                    target.sendall(passed[: len(passed) // 2])
                    break
                with contextlib.nullcontext() if orders else self._saying:
                    for piece in self._cut(passed, orders):
                        target.sendall(piece)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _cut(self, data: bytes, orders: bool) -> list[bytes]:
        size = len(data) if orders or not self.pieces else self.pieces
        return [data[at : at + size] for at in range(0, len(data), size)] if data else []

    def _passes(self, message: bytes) -> bool:
        if self.withholds and self.withholds in message:
            self._unheard.add(_action_id(message))
        keep = bool(self.keeps) and self.keeps in message
        self.kept += keep
        return not keep

    def _dwell(self, passed: bytes) -> None:
        if self.dwells is not None and self.dwells[0] in passed:
            (_, seconds), self.dwells = self.dwells, None
            time.sleep(seconds)

    def _quoted(self, message: bytes) -> bytes:
        if self.misquotes is None or self.misquotes[0] not in message:
            return message
        said, self.misquotes = message.replace(*self.misquotes), None
        return said

    def _is_heard(self, message: bytes) -> bool:
        unheard = bool(self._unheard) and _action_id(message) in self._unheard
        self.kept += unheard
        return not unheard


def _action_id(message: bytes) -> bytes:
    return message.partition(b"\nActionID: ")[2].partition(b"\r\n")[0]
