"""AMI's bytes into messages: takes what each read of the socket gave, gives the complete messages in order.

A caller can write AMI headers: PJSIP decodes `%0d%0a` in the From user and in the request URI, and Asterisk
sends the caller's number and the dialled extension unescaped (measured, 16.28 and 22.10). Such a number cuts
its event in two and puts a false one between the halves. The halves are known by the order of the channel
headers, which nobody completes in the 79 characters that PJSIP leaves of a number; everything from the first
half to the second is one message again, the false one is part of the number, as given. What cannot be mended
is dropped and named in the log. (A dialled *extension* may still misname its own call in its own events, where
the dialplan takes one with line breaks. So what must be certain is proved by the reply to an action, whose
ActionID nobody can guess, never by an event.)
"""

import logging
from collections.abc import Iterator

from callwarden.asterisk.wire import DESCRIBED, UNKNOWN_CHANNEL, Headers, as_it_came, event_of, mend, parse

log = logging.getLogger(__name__)

GREETING = b"Asterisk Call Manager/"
MAX_MESSAGE = 1 << 20  # bytes without an end: no AMI message is near it
MAX_PIECES = 24  # a number of 79 characters has at most 19 message ends
MAX_READS = 3  # Asterisk writes an event at once, so its second half is not later than a read or two


class NotAmi(ConnectionError):
    """The peer does not speak AMI, or no longer does; the connection must be closed."""


class Framer:
    """The bytes of one connection. `protocol` is AMI's own version, from the greeting."""

    def __init__(self) -> None:
        self.protocol = ""
        self._rest = b""
        self._held: list[str] = []
        self._reads_held = 0
        self._taken_as_they_come: set[str] = set()

    def feed(self, data: bytes) -> Iterator[Headers]:
        """Raises NotAmi."""
        data = self._rest + data
        if not self.protocol:
            data = self._greeted(data)
        end = data.rfind(b"\r\n\r\n") if self.protocol else -1
        self._rest = data[end + 4 :] if end >= 0 else data
        if len(self._rest) > MAX_MESSAGE:
            raise NotAmi("a message of more than 1 MiB without an end")
        if end >= 0:
            # Decoded only here, at a message's end: a character split by two reads is whole again.
            yield from self._messages(data[:end].decode("utf-8", "replace").split("\r\n\r\n"))
        self._reads_held = self._reads_held + 1 if self._held else 0
        if self._reads_held >= MAX_READS:
            yield from self._release()

    def _greeted(self, data: bytes) -> bytes:
        line, found, rest = data.partition(b"\r\n")
        if not line.startswith(GREETING[: len(line)]):
            raise NotAmi("the peer's greeting is not that of an Asterisk manager interface")
        if not found:
            return data
        self.protocol = line[len(GREETING) :].decode("ascii", "replace").strip() or "unknown"
        return rest

    def _messages(self, texts: list[str]) -> Iterator[Headers]:
        last = len(texts) - 1
        for n, text in enumerate(texts):
            if self._held:
                yield from self._hold(text)
                continue
            headers, fault = parse(text)
            if headers is not None and (n == last or not _is_second_half(texts[n + 1])):
                yield headers
            elif text.strip():
                yield from self._suspect(text, fault)

    def _suspect(self, text: str, fault: str) -> Iterator[Headers]:
        event = event_of(text)
        if event in self._taken_as_they_come:
            yield as_it_came(text)
        elif event in DESCRIBED and not fault:
            self._held = [text]  # whole in itself, but what follows says that it is not
        elif event in DESCRIBED:
            yield from self._hold(text)
        else:
            _dropped(event, fault)

    def _hold(self, text: str) -> Iterator[Headers]:
        """Its other half comes in the same write of Asterisk's, so at most in the next read."""
        self._held.append(text)
        whole = mend("\r\n\r\n".join(self._held))
        if whole is not None:
            self._held = []
            yield whole
        elif len(self._held) > MAX_PIECES:
            yield from self._release()

    def _release(self) -> Iterator[Headers]:
        """No other half. Then what is odd comes after the channel's headers (a dialled string), and the first of each
        is the real one; or it is how this Asterisk describes channels."""
        texts, self._held = self._held, []
        event, fault = event_of(texts[0]), parse(texts[0])[1]
        log.warning("AMI event %s %s; it is taken as it comes", event, fault or "is followed by half a message")
        if fault == UNKNOWN_CHANNEL:
            self._taken_as_they_come.add(event)
        yield as_it_came(texts[0])
        yield from self._messages(texts[1:])


def _is_second_half(text: str) -> bool:
    return not text.startswith(("Event: ", "Response: ")) and "Linkedid: " in text


def _dropped(event: str, fault: str) -> None:
    log.warning("A message from AMI (%s) %s; it is ignored", event if event.isalnum() else "no event", fault)
