"""One connection to Asterisk's manager interface: takes actions and gives futures, until it ends.

panoramisk 1.4 connects, logs in, numbers the actions and writes them. This is the one place where it is guarded:
- it re-sends unanswered actions after a reconnection, where a late "start" could land in a card payment:
  each connection has its own Manager here, so there is nothing to remember;
- its futures never fail: these do, when the connection ends and after a time-out;
- it sends pings and ignores their answers: here a connection that does not answer is closed;
- it closes the connection when a callback raises: here the error is logged, with the event's name;
- it drops characters split by two reads, takes `Event: Shutdown` from anybody for the end, and matches a regular
  expression per pattern per event: here `framing` reads the bytes and one callable gets every event;
- it writes line breaks inside values, which become headers of their own: here they are refused;
- a list that Asterisk refuses never completes there: here the refusal completes it;
- it logs actions that it keeps, with all their values: here nothing is kept;
- it tells an event before the reply that was ahead of it in the same read: here both keep Asterisk's order.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from panoramisk.actions import Action  # type: ignore[import-untyped]
from panoramisk.ami_protocol import AMIProtocol  # type: ignore[import-untyped]
from panoramisk.manager import Manager  # type: ignore[import-untyped]
from panoramisk.message import Message  # type: ignore[import-untyped]

from callwarden.asterisk.framing import Framer, NotAmi
from callwarden.asterisk.wire import Headers
from callwarden.ticks import every

log = logging.getLogger(__name__)

FORBIDDEN = re.compile(r"[\r\n\0]")  # each would end a header, or the message, early
CLOSED_BY_PEER = "Asterisk closed the connection"

Fields = Mapping[str, str | list[str]]
OnEvent = Callable[[Mapping[str, str], float], None]
OnDelay = Callable[[float, float], None]
Then = Callable[["asyncio.Future[Reply]"], None]
BEAT_SECONDS = 0.5  # how often the loop is looked at: one that stood still reads late what happened meanwhile
LATE_SECONDS = 0.5  # a reply takes some milliseconds


class ActionFailed(Exception):
    """An action has no reply: not written, not answered in time, or its connection ended. Its effect is unknown."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Asterisk's answer to one action. Success is its opinion, not proof of what the action was for."""

    success: bool
    message: str
    headers: Headers
    items: tuple[Headers, ...] = ()  # of a list, in order, without the closing event


def check(action: Fields) -> None:
    """Raises ValueError, naming the field and never its value, when a value could end its header."""
    for name, value in action.items():
        for text in (name, *(value if isinstance(value, list) else [value])):
            if FORBIDDEN.search(text):
                raise ValueError(f"{name.split()[0]!r} of an AMI action holds a line break or a NUL")


class Pending:
    """An action that waits for its reply, or for its list up to the closing event. ``ended`` are called with ``future``
    when it is done, in the turn of the loop that read the reply."""

    def __init__(self, fields: Fields, as_list: bool = False) -> None:
        self.id: str = Action.action_id_generator()
        self.name, self.as_list = str(fields["Action"]), as_list
        self.fields = {**fields, "ActionID": self.id}
        self.future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.ended: list[Then] = []
        self.awaited = True
        self.reply = Headers()
        self.items_so_far: list[Headers] = []

    def __str__(self) -> str:
        values = ((name, value if isinstance(value, list) else [value]) for name, value in self.fields.items())
        return "".join(f"{name}: {one}\r\n" for name, several in values for one in several) + "\r\n"

    def takes(self, headers: Headers) -> bool:
        return bool("response" in headers or self.as_list)

    def add_message(self, headers: Headers) -> bool:
        """True when this was the last message for the action."""
        if "response" in headers:
            self.reply = headers
            last = not (self.as_list and _succeeded(headers))
        else:
            last = headers.get("eventlist").lower() in ("complete", "cancelled")
            if not last:
                self.items_so_far.append(headers)
        if last and not self.future.done():
            items = tuple(self.items_so_far)
            self.future.set_result(Reply(_succeeded(self.reply), self.reply.get("message"), self.reply, items))
            self._end()
        return last

    def fail(self, why: str) -> None:
        """Nothing will come any more."""
        if not self.future.done():
            self.future.set_exception(ActionFailed(why))
            self._end()

    def _end(self) -> None:
        _seen(self.future)
        for each in self.ended:
            try:
                each(self.future)
            except Exception:  # the connection's other replies and events are to be read all the same
                log.exception("the reply to the AMI action %s could not be handled", self.name)


def _succeeded(headers: Headers) -> bool:
    return headers.get("response") in Message.success_responses


class Protocol(AMIProtocol):  # type: ignore[misc]
    """The socket: bytes in, messages out to the session; actions in, bytes out before `send` returns."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.framer = Framer()
        self.replied = False  # in the read that is being handled

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.factory = self.session

    def send(self, data: Fields | Pending, as_list: bool = False) -> "asyncio.Future[Reply]":
        action = data if isinstance(data, Pending) else Pending(data, as_list)
        if self.closed or self.transport.is_closing():
            action.future.set_exception(ActionFailed("not sent: the connection to Asterisk is closed"))
        else:
            self.responses[action.id] = action
            self.transport.write(str(action).encode())
        return action.future

    def data_received(self, data: bytes) -> None:
        at = time.time()
        self.session.heard()
        self.replied = False
        try:
            for headers in self.framer.feed(data):
                self.handle(headers, at)
        except NotAmi as error:
            self.session.give_up(str(error))

    def handle(self, headers: Headers, at: float) -> None:
        action = self.responses.get(headers.get("actionid"))
        if action is not None and action.takes(headers):
            if self.replied and not action.awaited:
                self.session.loop.call_soon(self._take, action, headers)
            else:
                self._take(action, headers)
        elif "event" in headers and headers.get("actionid") not in self.session.abandoned:
            if self.replied:
                self.session.loop.call_soon(self.session.deliver, headers, at)
            else:
                self.session.deliver(headers, at)

    def _take(self, action: Pending, headers: Headers) -> None:
        """Who awaits a reply goes on in the loop's next turn: what was sent behind it is not to be heard before."""
        if action.add_message(headers):
            self.replied = self.replied or action.awaited
            self.responses.pop(action.id, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.session.connection_lost(exc)


class Session(Manager):  # type: ignore[misc]
    """One connection, from `open` to `ended` (a future of the reason). Never used twice. `on_delay(since, until)` is
    told where what is read may be news of then: a reply was late, or the loop stood still."""

    def __init__(
        self, where: Mapping[str, Any], on_event: OnEvent, on_delay: OnDelay, ping_interval: float, ping_timeout: float
    ) -> None:
        super().__init__(**where, encoding="utf8", protocol_factory=lambda: Protocol(self))
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[str] = self.loop.create_future()
        self.abandoned: set[str] = set()  # lists that were given up: what still comes of them is no event
        self.ping_delay = self.ping_interval = ping_interval
        self.ping_timeout = ping_timeout
        self.pinger: asyncio.TimerHandle | None
        self._on_event, self._on_delay = on_event, on_delay
        self._why = ""
        self._beaten: float | None = None
        self._end_beats: Callable[[], None] = lambda: None
        self._unanswered: float | None = None  # since when an action is that nobody answered

    async def open(self, seconds: float) -> Reply:
        """Connects and logs in. Raises OSError (TimeoutError among them) or ActionFailed."""
        async with asyncio.timeout(seconds):
            await self.connect()
            reply: Reply = await self.authenticated_future
            self._note_turn()
            self._end_beats = every(BEAT_SECONDS, lambda _: self._note_turn())
            return reply

    def request(
        self, fields: Fields, timeout: float, as_list: bool = False, then: Then | None = None
    ) -> asyncio.Future[Reply]:
        """Written before this returns. The future fails with ActionFailed. ``then`` is called with it when it is done,
        never before this returns; nobody may await it then."""
        action, sent = Pending(fields, as_list), self.loop.time()
        future: asyncio.Future[Reply] = self.protocol.send(action)
        if future.done():
            _seen(future)
            if then is not None:
                self.loop.call_soon(then, future)
            return future
        timer = self.loop.call_later(timeout, self._expire, action, timeout)
        action.ended.append(lambda _: self._settled(action, timer, sent))
        if then is not None:
            action.ended.append(then)
            action.awaited = False
        return future

    def _settled(self, action: Pending, timer: asyncio.TimerHandle, sent: float) -> None:
        timer.cancel()
        self.protocol.responses.pop(action.id, None)
        if action.as_list:
            return  # a list takes its time
        if action.future.exception() is None:
            self._late(sent, LATE_SECONDS)
        elif self._unanswered is None:
            self._unanswered = sent

    def heard(self) -> None:
        """Something is read: where the loop stood still, or an action is unanswered, it may be news of long ago."""
        if self._unanswered is not None:
            since, self._unanswered = self._unanswered, None
            self._late(since, LATE_SECONDS)
        self._note_turn()

    def _note_turn(self) -> None:
        if self._beaten is not None:
            self._late(self._beaten, BEAT_SECONDS + LATE_SECONDS)
        self._beaten = self.loop.time()

    def _late(self, since: float, allowed: float) -> None:
        """Tell, where more than what is allowed has passed since then (the loop's time)."""
        seconds, now = self.loop.time() - since, time.time()
        if seconds > allowed:
            self._on_delay(now - seconds, now)

    def _expire(self, action: Pending, timeout: float) -> None:
        if action.as_list:
            self.abandoned.add(action.id)
        self.protocol.responses.pop(action.id, None)  # also of one that nobody waits for any more
        action.fail(f"{action.name}: no reply within {timeout:g} s")

    def connection_made(self, f: "asyncio.Task[Any]") -> None:
        """Called by panoramisk when connecting has ended, one way or the other; `open` tells the failures."""
        if not f.cancelled() and f.exception() is None:
            super().connection_made(f)

    def login(self, future: "asyncio.Future[Reply]") -> bool:
        """Called by panoramisk with the reply to Login; `open` returns it."""
        _seen(future)
        return True

    def ping(self) -> None:
        self.pinger = self.loop.call_later(self.ping_interval, self.ping)
        self.request({"Action": "Ping"}, self.ping_timeout).add_done_callback(self._ponged)

    def _ponged(self, future: asyncio.Future[Reply]) -> None:
        if not future.cancelled() and future.exception() is not None:
            self.give_up(f"Asterisk did not answer a ping within {self.ping_timeout:g} s")

    def deliver(self, headers: Headers, at: float) -> None:
        try:
            self._on_event(headers, at)
        except Exception:
            log.exception("AMI event %s could not be handled", headers["event"])

    def give_up(self, why: str) -> None:
        """Closes the connection at once, whatever is still unsent."""
        self._why = self._why or why
        if self.protocol is not None:
            self.protocol.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.pinger is not None:
            self.pinger.cancel()
            self.pinger = None
        self._end_beats()
        why = self._why or (f"{CLOSED_BY_PEER} ({exc})" if exc else CLOSED_BY_PEER)
        if self.protocol is not None:
            for action in list(self.protocol.responses.values()):
                action.fail(f"{action.name}: no reply: {why}")
        if not self.ended.done():
            self.ended.set_result(why)


def _seen(future: "asyncio.Future[Any]") -> None:
    """Nobody need wait for an action: a failure that nobody looks at is not an error of the event loop."""
    if not future.cancelled():
        future.exception()
