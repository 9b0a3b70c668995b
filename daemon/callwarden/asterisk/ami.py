"""The link to Asterisk's manager interface (AMI), kept up for ever: one connection at a time.

Takes actions, and gives futures of replies; gives every event, in order, to one callable.
Rules: an action is written inside `send`, in call order, on the connection of that moment and never again. One
that cannot be written, is not answered in time, or whose connection ends fails with ActionFailed, and whoever
sent it decides anew from a new snapshot. An event handler that raises does not end the link.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from enum import Enum

from callwarden.asterisk.session import ActionFailed, Fields, OnDelay, OnEvent, Reply, Session, Then, check
from callwarden.asterisk.wire import Headers

__all__ = ["ActionFailed", "AmiLink", "Headers", "LinkState", "Reply", "Then"]

log = logging.getLogger(__name__)

OPEN_TIMEOUT = 5.0  # seconds to connect and log in
FIRST_RETRY = 0.2  # seconds, doubled after every failure
LAST_RETRY = 10.0  # seconds
STOPPED = "stopped"
REFUSED_RETRY = 30.0  # seconds: each attempt is a line in Asterisk's security log, and may get us banned


class LinkState(Enum):
    DOWN = "down"
    CONNECTING = "connecting"
    LOGGED_IN = "logged in"
    READY = "ready"  # Asterisk has said FullyBooted: it knows all its channels
    REFUSED = "refused"  # the user name or secret is wrong, or our address is not permitted


class AmiLink:
    """`on_event(event, at)` is called for every event, `at` being when its bytes were read; `on_state(state, why)`
    on every change of state, `why` a sentence for an operator; `on_delay(since, until)` where what was read now may
    have happened since then. All are called in the event loop. Raises ValueError for a user name or secret with a line
    break."""

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        secret: str,
        *,
        on_event: OnEvent,
        on_state: Callable[[LinkState, str], None],
        on_delay: OnDelay = lambda _since, _until: None,
        events: str = "call,system,user",
        action_timeout: float = 2.0,
        ping_interval: float = 5.0,
        ping_timeout: float = 3.0,
        first_retry: float = FIRST_RETRY,
        last_retry: float = LAST_RETRY,
        refused_retry: float = REFUSED_RETRY,
    ) -> None:
        check({"Username": username, "Secret": secret, "Events": events})
        self.state = LinkState.DOWN
        self.asterisk_version = ""  # from CoreSettings; empty when our user may not ask (class `system` or `reporting`)
        self.uptime: int | None = None  # seconds, at this connection's FullyBooted
        self._where = {"host": host, "port": port, "username": username, "secret": secret, "events": events}
        self._pings = (ping_interval, ping_timeout)
        self._on_event, self._on_state, self._on_delay = on_event, on_state, on_delay
        self._action_timeout = action_timeout
        self._first_retry, self._last_retry, self._refused_retry = first_retry, last_retry, refused_retry
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._booted = self._version_known = self._complained = False
        self._changed = asyncio.Event()

    def credentials(self, username: str, secret: str) -> None:
        """Log in with these from the next connection on; at once, where Asterisk refused the ones before. Raises
        ValueError for a line break."""
        check({"Username": username, "Secret": secret})
        if (username, secret) != (self._where["username"], self._where["secret"]):
            self._where |= {"username": username, "secret": secret}
            self._changed.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_up(), name="ami")

    async def stop(self) -> None:
        """Ends the link; what was unanswered fails. Calls and recordings go on in Asterisk."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._enter(LinkState.DOWN, STOPPED)

    def send(
        self, action: Fields, *, timeout: float | None = None, then: Then | None = None
    ) -> asyncio.Future[Reply]:
        """Writes an action to the socket before it returns. The future fails with ActionFailed; raises ValueError
        for a value with a line break or NUL, before anything is written. Instead of awaiting the future, have it given
        to ``then`` when it is done: a turn of the loop earlier."""
        return self._request(action, timeout, as_list=False, then=then)

    async def listing(self, action: Fields, *, timeout: float | None = None) -> list[Headers]:  # noqa: ASYNC109
        """The events that an action such as Status or CoreShowChannels answers with, without the closing one.
        Raises ActionFailed, also when Asterisk refuses the action."""
        reply = await self._request(action, timeout, as_list=True)
        if not reply.success:
            raise ActionFailed(f"{action.get('Action')}: {reply.message}")
        return list(reply.items)

    def _request(
        self, action: Fields, timeout: float | None, as_list: bool, then: Then | None = None
    ) -> asyncio.Future[Reply]:
        check(action)
        if self._session is not None and self.state in (LinkState.LOGGED_IN, LinkState.READY):
            return self._session.request(action, timeout or self._action_timeout, as_list, then)
        failed = _failed(f"{action.get('Action')}: not sent: there is no connection to Asterisk")
        if then is not None:
            asyncio.get_running_loop().call_soon(then, failed)
        return failed

    async def _keep_up(self) -> None:
        retry = self._first_retry
        while True:
            self._enter(LinkState.CONNECTING, f"connecting to {self._where['host']}:{self._where['port']}")
            was_up = await self._one_connection()
            retry = self._first_retry if was_up else min(retry * 2, self._last_retry)
            await self._wait(self._refused_retry if self.state is LinkState.REFUSED else retry)

    async def _wait(self, seconds: float) -> None:
        """For so long, or until there are other credentials to try."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        self._changed.clear()

    async def _one_connection(self) -> bool:
        """Returns whether it was logged in."""
        self._booted = self._version_known = False
        self._session = session = Session(self._where, self._receive, self._on_delay, *self._pings)
        try:
            reply = await session.open(OPEN_TIMEOUT)
            if not reply.success:
                self._enter(LinkState.REFUSED, f"Asterisk refused user {self._where['username']!r}: {reply.message}")
                return False
            self._logged_in(session)
            self._enter(LinkState.DOWN, await session.ended)
        except (OSError, ActionFailed) as error:
            self._enter(LinkState.DOWN, str(error) or "Asterisk did not answer in time")
            return False
        else:
            return True
        finally:
            session.give_up(STOPPED)
            self._session = None

    def _logged_in(self, session: Session) -> None:
        if self._complained:
            log.info("AMI: connected to Asterisk again")
        self._complained = False
        self._enter(LinkState.LOGGED_IN, "logged in")
        session.request({"Action": "CoreSettings"}, self._action_timeout).add_done_callback(self._versioned)

    def _versioned(self, future: asyncio.Future[Reply]) -> None:
        if future.cancelled() or future.exception() is not None:
            return  # the connection has ended, or is about to
        self.asterisk_version = future.result().headers.get("asteriskversion")
        self._version_known = True
        self._ready_when_complete()

    def _receive(self, headers: Mapping[str, str], at: float) -> None:
        if headers["event"] == "FullyBooted":
            if self._booted:
                # Asterisk says it once a connection. Said again, it is a caller's number with line breaks in it.
                log.warning("AMI: a second FullyBooted on one connection is ignored")
                return
            uptime = headers.get("uptime", "")
            self.uptime = int(uptime) if uptime.isdecimal() else None
            self._booted = True
        self._on_event(headers, at)
        self._ready_when_complete()

    def _ready_when_complete(self) -> None:
        if self.state is LinkState.LOGGED_IN and self._booted and self._version_known:
            self._enter(LinkState.READY, f"Asterisk {self.asterisk_version or '(unknown version)'} is ready")

    def _enter(self, state: LinkState, why: str) -> None:
        if state is self.state:
            return
        self.state = state
        if state in (LinkState.DOWN, LinkState.REFUSED) and why != STOPPED:
            log.log(logging.DEBUG if self._complained else logging.WARNING, "AMI: %s; trying again", why)
            self._complained = True
        try:
            self._on_state(state, why)
        except Exception:
            log.exception("AMI: the change of state to %s could not be handled", state.value)


def _failed(why: str) -> asyncio.Future[Reply]:
    future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    future.set_exception(ActionFailed(why))
    future.exception()  # nobody need look at it
    return future
