"""Stands between the daemon and Asterisk's manager interface: can keep messages to itself, and cut the line.

Takes Asterisk's port; gives one of its own (`port`). `with Middleman(lab.pbx.ports.ami) as middle:`, the daemon
configured to `{"ami.port": middle.port}`.
"""

import contextlib
import socket
import threading
from typing import Self

END = b"\r\n\r\n"


class Middleman:
    """`keeps`: actions with these bytes in them are not passed on, nor answered."""

    def __init__(self, ami_port: int) -> None:
        self._ami_port = ami_port
        self.keeps = b""
        self.kept = 0
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
                if not orders:
                    target.sendall(data)
                    continue
                *messages, rest = (rest + data).split(END)
                target.sendall(b"".join(one + END for one in messages if self._passes(one)))
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _passes(self, message: bytes) -> bool:
        keep = bool(self.keeps) and self.keeps in message
        self.kept += keep
        return not keep
