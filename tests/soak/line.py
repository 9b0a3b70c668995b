"""A TCP line between the daemon and Asterisk that can be cut, stalled, refused, or end in the middle of a message.

Takes the port it leads to; gives one of its own (`port`). Knows nothing of what is said on it.
"""

import contextlib
import socket
import threading

CHUNK = 65536


class Line:
    """A line that leads to a dead Asterisk refuses, as the port itself would."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._flows = threading.Event()
        self._flows.set()
        self._refuses = False
        self._breaks = False
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def cut(self) -> None:
        """Every connection ends; the next one is put through as before."""
        with self._lock:
            ending, self._open = self._open, set()
        for one in ending:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def break_off(self) -> None:
        """The next thing that is said ends in its middle, and the line with it."""
        self._breaks = True

    def refuse(self) -> None:
        """Every connection ends, and no new one is put through until `restore`."""
        with self._lock:
            self._refuses = True
        self.cut()

    def stall(self) -> None:
        """Nothing comes through any more in either direction, and nothing ends, until `restore`."""
        self._flows.clear()

    def restore(self) -> None:
        self._refuses = self._breaks = False
        self._flows.set()

    def close(self) -> None:
        self.refuse()
        self._flows.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            if self._refuses:
                raise ConnectionRefusedError
            far = socket.create_connection(("127.0.0.1", self._to_port))
        except OSError:
            near.close()
            return
        with self._lock:
            refused = self._refuses  # since it was put through
            if not refused:
                self._open |= {near, far}
        if refused:
            near.close()
            far.close()
            return
        ends = _Ends(near, far)
        threading.Thread(target=self._pass_on, args=(near, far, ends, False), daemon=True).start()
        threading.Thread(target=self._pass_on, args=(far, near, ends, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, ends: "_Ends", answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self._flows.wait()
                if answers and self._breaks and len(data) > 1:
                    self._breaks = False
                    target.sendall(data[: len(data) // 2])
                    break
                target.sendall(data)
        if ends.leave():
            with self._lock:
                self._open -= {source, target}


class _Ends:
    """Both directions end together; the sockets are closed by whichever leaves last."""

    def __init__(self, *sockets: socket.socket) -> None:
        self._sockets, self._left, self._lock = sockets, 0, threading.Lock()

    def leave(self) -> bool:
        with self._lock:
            self._left += 1
            last = self._left == 2
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            if last:
                one.close()
        return last
