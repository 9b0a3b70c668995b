"""The client of Asterisk's REST interface (ARI): whispers a sound to one party in the middle of a call.

Takes the unique id of a channel and what to play; gives when it was played and whether to its end.
Rules: the caller's channel never enters an application of ours: a snoop channel does, and that one is hung up
after every whisper, whatever happened; requests have time limits; the password is in a header, never in an
address; no events are asked for but those of our own channels (`subscribeAll` would bring callers' digits).

Why not ari-py, the library of that name: it cannot be imported on Python 3, and its forks stop silently when the
WebSocket closes, put the password into every address, or hang the event loop on close. aiohttp does all we need.
"""

import asyncio
import json
import logging
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

log = logging.getLogger(__name__)

REQUEST_TIMEOUT = 3.0  # seconds
HEARTBEAT = 10.0  # seconds between WebSocket pings; a missing answer closes it after half of that
FIRST_RETRY = 0.2  # seconds, doubled after every failure
LAST_RETRY = 10.0  # seconds
REFUSED_RETRY = 30.0  # seconds
SNOOP_TIMEOUT = 2.0  # seconds until the snoop channel has entered our application; measured: 2 ms
WHISPER_TIMEOUT = 60.0  # seconds: longer than any announcement
LOST = "ConnectionLost"  # our own, beside Asterisk's types of events
STOPPED = "stopped"

Event = Mapping[str, Any]


class AriState(Enum):
    DOWN = "down"
    CONNECTING = "connecting"
    READY = "ready"
    REFUSED = "refused"  # the user name or the password is wrong, or ARI is not enabled


class AriFailed(Exception):
    """A request was refused or not answered, with Asterisk's reason."""


@dataclass(frozen=True, slots=True)
class WhisperResult:
    """Times are UTC epoch seconds; `started_at` is None when nothing was heard."""

    started_at: float | None
    finished_at: float
    complete: bool
    reason: str = ""  # why it is not complete


class AriClient:
    """`on_event(event, at)` gets every event of our own channels; `on_state(state, why)` every change of state."""

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        app: str,
        *,
        on_event: Callable[[Event, float], None],
        on_state: Callable[[AriState, str], None],
        heartbeat: float = HEARTBEAT,
        snoop_timeout: float = SNOOP_TIMEOUT,
        first_retry: float = FIRST_RETRY,
        last_retry: float = LAST_RETRY,
        refused_retry: float = REFUSED_RETRY,
    ) -> None:
        self.state = AriState.DOWN
        self._url, self._app = url.rstrip("/").removesuffix("/ari") + "/ari", app
        self._credentials = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        self._username = username
        self._on_event, self._on_state = on_event, on_state
        self._heartbeat, self._snoop_timeout = heartbeat, snoop_timeout
        self._turned_away = False
        self._first_retry, self._last_retry, self._refused_retry = first_retry, last_retry, refused_retry
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._whispers: dict[str, _Whisper] = {}
        self._complained = False

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            headers={"Authorization": self._credentials}, timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT)
        )
        self._task = asyncio.create_task(self._keep_up(), name="ari")

    async def stop(self) -> None:
        """Whispers under way end as incomplete; their snoop channels are hung up first."""
        self._lose_whispers("the daemon stops")
        await asyncio.gather(*(whisper.over.wait() for whisper in self._whispers.values()))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self._task = self._session = None
        self._enter(AriState.DOWN, STOPPED)

    async def whisper(self, channel_id: str, media: str, *, timeout: float = WHISPER_TIMEOUT) -> WhisperResult:  # noqa: ASYNC109
        """Plays `media` (`sound:name`) to the channel with this unique id alone. Never raises for what went wrong on
        Asterisk's side: that is the result's reason."""
        whisper = _Whisper(f"callwarden-{uuid.uuid4()}")
        self._whispers[whisper.snoop] = whisper
        try:
            async with asyncio.timeout(timeout):
                reason = await self._play(whisper, channel_id, media)
        except AriFailed as error:
            reason = str(error)
        except TimeoutError:
            reason = f"not finished within {timeout:g} s"
        finally:
            try:
                await asyncio.shield(self._hang_up(whisper.snoop))
            finally:
                del self._whispers[whisper.snoop]
                whisper.over.set()
        return WhisperResult(whisper.started_at, whisper.finished_at or time.time(), not reason, reason)

    async def _play(self, whisper: "_Whisper", channel_id: str, media: str) -> str:
        """Returns why it was not played to its end; empty when it was."""
        await self._request(
            "POST", f"/channels/{quote(channel_id, safe='')}/snoop",
            spy="none", whisper="out", app=self._app, snoopId=whisper.snoop,
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._snoop_timeout):
                await whisper.until("StasisStart")
        except TimeoutError:
            raise AriFailed(f"the snoop channel did not start within {self._snoop_timeout:g} s") from None
        await self._request("POST", f"/channels/{whisper.snoop}/play", media=media)
        event, whisper.started_at = await whisper.until("PlaybackStarted", "PlaybackFinished")
        if event["type"] == "PlaybackStarted":
            event, whisper.finished_at = await whisper.until("PlaybackFinished")
        state = event.get("playback", {}).get("state")
        return "" if state == "done" else "Asterisk could not play it to the end (the party hung up, or no such sound)"

    async def _hang_up(self, snoop: str) -> None:
        try:
            await self._request("DELETE", f"/channels/{snoop}")
        except AriFailed as error:
            # It is gone when the party hung up, or was never made. Otherwise it ends with the party's channel.
            log.debug("ARI: snoop channel %s was not hung up: %s", snoop, error)

    async def _request(self, method: str, path: str, **query: str) -> None:
        """Raises AriFailed."""
        if self._session is None:
            raise AriFailed("the ARI client is not started")
        url = URL(self._url + path, encoded=True).with_query(query)
        try:
            async with self._session.request(method, url, allow_redirects=False) as response:
                if response.status >= 300:
                    raise AriFailed(f"Asterisk answered {response.status}: {await _message(response)}")
        except TimeoutError:
            raise AriFailed(f"no answer within {REQUEST_TIMEOUT:g} s") from None
        except aiohttp.ClientError as error:
            raise AriFailed(f"the request failed ({type(error).__name__})") from None

    async def _keep_up(self) -> None:
        retry = self._first_retry
        while True:
            self._enter(AriState.CONNECTING, f"connecting to {self._url}")
            was_up = await self._one_connection()
            self._lose_whispers("the connection to ARI was lost")
            retry = self._first_retry if was_up else min(retry * 2, self._last_retry)
            await asyncio.sleep(self._refused_retry if self._turned_away else retry)

    async def _one_connection(self) -> bool:
        """Returns whether it was up. An error's text may hold the credentials: only its kind is told."""
        assert self._session is not None
        self._turned_away = False
        try:
            async with self._session.ws_connect(
                URL(self._url + "/events").with_query(app=self._app), heartbeat=self._heartbeat
            ) as socket:
                self._up()
                async for message in socket:
                    self._receive(message)
                self._enter(AriState.DOWN, f"the event connection ended (code {socket.close_code})")
                return True
        except aiohttp.WSServerHandshakeError as error:
            self._handshake_failed(error.status)
        except (aiohttp.ClientError, OSError) as error:
            self._enter(AriState.DOWN, f"no connection to {self._url} ({type(error).__name__})")
        return False

    def _up(self) -> None:
        if self._complained:
            log.info("ARI: connected to Asterisk again")
        self._complained = False
        self._enter(AriState.READY, "ARI is ready")

    def _handshake_failed(self, status: int) -> None:
        # An Asterisk that has just started answers 404 for a moment, so that is asked again as soon as anything else.
        self._turned_away = status in (401, 403)
        if self._turned_away:
            self._enter(AriState.REFUSED, f"Asterisk refused ARI user {self._username!r} (status {status})")
        elif status == 404:
            self._enter(AriState.REFUSED, "there is no ARI at this address: enable it in ari.conf and http.conf")
        else:
            self._enter(AriState.DOWN, f"Asterisk answered the event connection with status {status}")

    def _receive(self, message: aiohttp.WSMessage) -> None:
        at = time.time()
        try:
            event = json.loads(message.data)
            whisper = self._whispers.get(_snoop_of(event))
            if whisper is not None:
                whisper.events.put_nowait((event, at))
            self._on_event(event, at)
        except Exception:
            log.exception("ARI: an event could not be handled")

    def _lose_whispers(self, why: str) -> None:
        for whisper in self._whispers.values():
            whisper.events.put_nowait(({"type": LOST, "why": why}, time.time()))

    def _enter(self, state: AriState, why: str) -> None:
        if state is self.state:
            return
        self.state = state
        if state in (AriState.DOWN, AriState.REFUSED) and why != STOPPED:
            log.log(logging.DEBUG if self._complained else logging.WARNING, "ARI: %s; trying again", why)
            self._complained = True
        try:
            self._on_state(state, why)
        except Exception:
            log.exception("ARI: the change of state to %s could not be handled", state.value)


class _Whisper:
    """One whisper under way: its snoop channel, and what Asterisk says of that."""

    def __init__(self, snoop: str) -> None:
        self.snoop = snoop
        self.started_at: float | None = None
        self.finished_at: float | None = None
        self.over = asyncio.Event()
        self.events: asyncio.Queue[tuple[Event, float]] = asyncio.Queue()

    async def until(self, *kinds: str) -> tuple[Event, float]:
        """Raises AriFailed when the snoop channel or the connection ends first."""
        while True:
            event, at = await self.events.get()
            if event["type"] in kinds:
                return event, at
            if event["type"] == LOST:
                raise AriFailed(event["why"])
            if event["type"] in ("StasisEnd", "ChannelDestroyed"):
                raise AriFailed("the party hung up")


def _snoop_of(event: Event) -> str:
    """The id of the channel that an event is about."""
    if "playback" in event:
        return str(event["playback"].get("target_uri", "")).removeprefix("channel:")
    return str(event.get("channel", {}).get("id", ""))


async def _message(response: aiohttp.ClientResponse) -> str:
    try:
        return str(json.loads(await response.text())["message"])
    except (ValueError, KeyError, TypeError):
        return "no reason given"
