"""A small synchronous client for Asterisk's manager interface, for the laboratory only.

Takes host, port, user and secret; gives replies as dictionaries (a repeated header keeps its last value) and keeps
the events, in order, for `wait_for`. Independent of the product's client on purpose: a mistake there
must not hide itself here.
"""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

Message = dict[str, str]
REPLY_TIMEOUT = 10.0
CHATTER = {"VarSet", "Newexten", "TestEvent", "RTCPSent", "RTCPReceived"}  # three quarters of all events


class AmiError(Exception):
    """Asterisk refused an action, or the connection is gone."""


class Ami:
    def __init__(self, port: int, user: str, secret: str, host: str = "127.0.0.1") -> None:
        self._address = (host, port)
        self._login = (user, secret)
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._send_lock = threading.Lock()
        self._replies: dict[str, Message] = {}
        self._closed = False
        self.events: list[Message] = []

    def connect(self, timeout: float = REPLY_TIMEOUT) -> Self:
        self._socket = socket.create_connection(self._address, timeout=timeout)
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="ami-reader", daemon=True)
        self._reader.start()
        user, secret = self._login
        self.action("Login", Username=user, Secret=secret)
        return self

    @property
    def own_port(self) -> int:
        """Our end of the connection."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):  # Asterisk was quicker
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(timeout=5)
        self._socket.close()

    def action(self, name: str, variables: Sequence[str] = (), **headers: str) -> Message:
        """Send one action and return its reply. `variables` become repeated `Variable:` headers."""
        reply = self.try_action(name, variables, **headers)
        if reply.get("Response") == "Error":
            raise AmiError(f"{name}: {reply.get('Message', 'refused without a message')}")
        return reply

    def try_action(self, name: str, variables: Sequence[str] = (), **headers: str) -> Message:
        """As `action`, but a refusal is returned like any other reply."""
        identity = f"lab-{next(self._ids)}"
        lines = [f"Action: {name}", f"ActionID: {identity}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        lines += [f"Variable: {value}" for value in variables]
        if any("\r" in line or "\n" in line for line in lines):
            raise AmiError(f"{name}: a header value contains a line end")
        with self._send_lock:
            self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return self._reply(identity, name)

    def command(self, line: str) -> str:
        """The output of one CLI command."""
        return self.try_action("Command", Command=line).get("Output", "")

    def wait_for(self, wanted: Callable[[Message], bool], timeout: float, since: int = 0) -> Message:
        """The first event from number `since` on that is wanted; waits for it."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for event in self.events[since:]:
                    if wanted(event):
                        return event
                since = len(self.events)
                if self._closed or not self._changed.wait(deadline - time.monotonic()):
                    raise AmiError(f"the awaited event did not come within {timeout} s")

    def getvar(self, variable: str, channel: str = "") -> str:
        headers = {"Channel": channel} if channel else {}
        return self.try_action("Getvar", Variable=variable, **headers).get("Value", "")

    def setvar(self, variable: str, value: str, channel: str = "") -> None:
        headers = {"Channel": channel} if channel else {}
        self.action("Setvar", Variable=variable, Value=value, **headers)

    def channels(self) -> list[str]:
        """The names of all channels that exist now. A list that is made while one is answered may have it twice (seen
        once, 22.10)."""
        lines = self.command("core show channels concise").splitlines()
        return list(dict.fromkeys(line.split("!")[0] for line in lines if line.count("!") > 5))

    def _reply(self, identity: str, name: str) -> Message:
        deadline = time.monotonic() + REPLY_TIMEOUT
        with self._changed:
            while identity not in self._replies:
                if self._closed:
                    raise AmiError(f"{name}: the connection to Asterisk is closed")
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AmiError(f"{name}: no reply within {REPLY_TIMEOUT} s")
            return self._replies.pop(identity)

    def _read(self) -> None:
        with self._socket.makefile("rb") as stream:
            lines: list[str] = []
            try:
                for raw in stream:
                    line = raw.decode("utf-8", "replace").rstrip("\r\n")
                    if line:
                        lines.append(line)
                    elif lines:
                        self._take(parse(lines))
                        lines = []
            except OSError:
                pass  # closed under us: the same as the end of the stream
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take(self, message: Message) -> None:
        with self._changed:
            if "Response" in message:
                self._replies[message.get("ActionID", "")] = message
            elif message.get("Event", "VarSet") not in CHATTER:
                self.events.append(message)
            self._changed.notify_all()


def parse(lines: Sequence[str]) -> Message:
    """One message. `Output:` of a command comes once a line and is joined again."""
    message: Message = {}
    for line in lines:
        key, separator, value = line.partition(":")
        if not separator:
            continue
        value = value[1:] if value.startswith(" ") else value
        message[key] = f"{message[key]}\n{value}" if key == "Output" and key in message else value
    return message
