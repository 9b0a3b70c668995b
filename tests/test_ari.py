"""The ARI edge: whispers through a snoop channel, against a scripted server."""

import asyncio
import base64
import hashlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callwarden.asterisk.ari import AriClient, AriState, Event, WhisperResult
from peers import FakeAri, eventually


class Heard:
    """What a client told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.states: list[tuple[AriState, str]] = []

    def event(self, event: Event, at: float) -> None:
        self.events.append(event)

    def state(self, state: AriState, why: str) -> None:
        self.states.append((state, why))


@asynccontextmanager
async def connected(
    server: FakeAri, until: AriState | None = AriState.READY, **options: Any
) -> AsyncIterator[tuple[AriClient, Heard]]:
    heard = Heard()
    quick = {"first_retry": 0.01, "last_retry": 0.05, "refused_retry": 0.1}
    callbacks = {"on_event": heard.event, "on_state": heard.state}
    client = AriClient(server.url, "cw", "s3cret", "callwarden", **(quick | callbacks | options))
    await client.start()
    try:
        await eventually(lambda: until is None or client.state is until)
        yield client, heard
    finally:
        await client.stop()


async def test_a_whisper_snoops_plays_to_that_party_alone_and_hangs_the_snoop_up() -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        before = time.time()
        result = await client.whisper("1795310419.0", "sound:callwarden/en/outbound")
        assert result.complete
        assert result.reason == ""
        assert result.started_at is not None
        assert before <= result.started_at <= result.finished_at <= time.time()
        (snoop,) = server.asked("POST", "/ari/channels/1795310419.0/snoop")
        assert (snoop["whisper"], snoop["spy"], snoop["app"]) == ("out", "none", "callwarden")
        assert server.asked("POST", f"/ari/channels/{snoop['snoopId']}/play") == [
            {"media": "sound:callwarden/en/outbound"}
        ]
        assert server.requests[-1][:2] == ("DELETE", f"/ari/channels/{snoop['snoopId']}")


async def test_no_address_holds_the_password_and_every_request_has_it_in_its_header() -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        await client.whisper("1.1", "sound:x")
        assert "s3cret" not in str(server.requests)
        expected = "Basic " + base64.b64encode(b"cw:s3cret").decode()
        assert set(server.authorizations) == {expected}


async def test_only_our_own_channels_events_are_asked_for() -> None:
    async with FakeAri() as server, connected(server):
        assert server.asked("GET", "/events") == [{"app": "callwarden"}]


async def test_a_hostile_id_stays_within_its_place_in_the_address() -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        await client.whisper("../../asterisk/x?y=z#a b%2F", "sound:a&app=other")
        paths = [path for method, path, _ in server.requests if method == "POST"]
        assert paths[0] == "/ari/channels/..%2F..%2Fasterisk%2Fx%3Fy%3Dz%23a%20b%252F/snoop"
        assert server.asked("POST", "/play") == [{"media": "sound:a&app=other"}]


@pytest.mark.parametrize(
    ("playback", "reason"), [("failed", "could not play it to the end"), ("hang up", "the party hung up")]
)
async def test_a_playback_that_ends_early_is_not_complete(playback: str, reason: str) -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        server.playback = playback
        result = await client.whisper("1.1", "sound:x")
        assert not result.complete
        assert reason in result.reason
        assert len(server.asked("DELETE", "/channels/")) == 1


@pytest.mark.parametrize("part", ["snoop", "play"])
async def test_a_refusal_is_the_results_reason_and_the_snoop_is_hung_up(part: str) -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        server.refused[f"/{part}"] = (404, "Channel not found")
        result = await client.whisper("1.1", "sound:x")
        assert (result.complete, result.started_at) == (False, None)
        assert result.reason == "Asterisk answered 404: Channel not found"
        assert len(server.asked("DELETE", "/channels/callwarden-")) == 1


async def test_a_refusal_without_a_reason_is_one_all_the_same() -> None:
    async with FakeAri() as server:
        async with connected(server) as (client, _):
            await server.stop()
            result = await client.whisper("1.1", "sound:x")
            assert "the request failed" in result.reason
        await server.start()


async def test_a_playback_that_never_ends_is_ended_in_time() -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        server.playback = None
        result = await client.whisper("1.1", "sound:x", timeout=0.1)
        assert result.started_at is not None
        assert result.reason == "not finished within 0.1 s"
        assert len(server.asked("DELETE", "/channels/")) == 1


async def test_a_snoop_channel_that_never_starts_is_given_up() -> None:
    async with FakeAri() as server, connected(server, snoop_timeout=0.05) as (client, _):
        server.snoop_enters = False
        assert "did not start" in (await client.whisper("1.1", "sound:x")).reason


async def test_a_whisper_that_is_cancelled_hangs_its_snoop_up() -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        server.playback = None
        task = asyncio.create_task(client.whisper("1.1", "sound:x"))
        await eventually(lambda: server.asked("POST", "/play"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(server.asked("DELETE", "/channels/")) == 1


async def test_stopping_ends_whispers_and_hangs_their_snoops_up() -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        server.playback = None
        tasks = [asyncio.create_task(client.whisper(f"1.{n}", "sound:x")) for n in range(3)]
        await eventually(lambda: len(server.asked("POST", "/play")) == 3)
        await client.stop()
        results: list[WhisperResult] = await asyncio.gather(*tasks)
        assert {result.reason for result in results} == {"the daemon stops"}
        assert len(server.asked("DELETE", "/channels/")) == 3


async def test_whispers_at_the_same_time_do_not_end_each_other() -> None:
    async with FakeAri() as server, connected(server) as (client, _):
        results = await asyncio.gather(*(client.whisper(f"1.{n}", "sound:x") for n in range(10)))
        assert all(result.complete for result in results)


async def test_a_lost_event_connection_ends_the_whisper_and_is_made_again() -> None:
    async with FakeAri() as server, connected(server) as (client, heard):
        server.playback = None
        task = asyncio.create_task(client.whisper("1.1", "sound:x"))
        await eventually(lambda: server.asked("POST", "/play"))
        await server.drop_events()
        assert "connection to ARI was lost" in (await task).reason
        await eventually(lambda: len(server.sockets) == 2 and client.state is AriState.READY)
        assert AriState.DOWN in [state for state, _ in heard.states]
        server.playback = "done"
        assert (await client.whisper("1.1", "sound:x")).complete


async def test_a_server_that_does_not_answer_pings_is_connected_to_anew() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line[19:] for line in request.split("\r\n") if line.lower().startswith("sec-websocket-key: "))
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())
        writer.write(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        connections.append(writer)

    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    fake = FakeAri()
    fake.port = server.sockets[0].getsockname()[1]
    async with connected(fake, heartbeat=0.05) as (_, heard):
        await eventually(lambda: len(connections) >= 2)
        assert AriState.DOWN in [state for state, _ in heard.states]
    server.close()
    for writer in connections:
        writer.close()


async def test_a_wrong_password_is_refused_said_once_and_never_written(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with FakeAri() as server:
        server.refused["/events"] = (401, "Authentication required")
        async with connected(server, AriState.REFUSED) as (client, heard):
            assert "refused ARI user 'cw' (status 401)" in heard.states[-1][1]
            await eventually(lambda: len(server.asked("GET", "/events")) == 3)
            assert [r.levelname for r in caplog.records if "refused" in r.getMessage()].count("WARNING") == 1
            assert "Basic" not in caplog.text
            server.refused.clear()
            await eventually(lambda: client.state is AriState.READY)
    assert "connected to Asterisk again" in caplog.text


@pytest.mark.parametrize(("status", "state"), [(404, AriState.REFUSED), (503, AriState.DOWN)])
async def test_an_asterisk_without_ari_is_told_with_what_to_do(status: int, state: AriState) -> None:
    async with FakeAri() as server:
        server.refused["/events"] = (status, "x")
        async with connected(server, None) as (_, heard):
            await eventually(lambda: state in [state for state, _ in heard.states])
            assert any(("ari.conf" if status == 404 else "503") in why for _, why in heard.states)


async def test_an_asterisk_that_is_still_starting_is_asked_again_soon() -> None:
    """Its HTTP server is there before its ARI. Found by a soak: no whisper for half a minute after each restart."""
    async with FakeAri() as server:
        server.refused["/events"] = (404, "x")
        async with connected(server, AriState.REFUSED, refused_retry=60.0) as (client, _):
            server.refused.clear()
            await eventually(lambda: client.state is AriState.READY)


async def test_nobody_listening_is_a_warning_once_and_the_client_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "callwarden")
    async with FakeAri() as server:
        await server.stop()
        async with connected(server, None) as (client, heard):
            await eventually(lambda: len(heard.states) > 6)
            assert "the request failed" in (await client.whisper("1.1", "sound:x")).reason
            levels = [r.levelname for r in caplog.records if "trying again" in r.getMessage()]
            assert levels[0] == "WARNING"
            assert set(levels[1:]) == {"DEBUG"}
            await server.start()
            await eventually(lambda: client.state is AriState.READY)


async def test_an_event_that_cannot_be_handled_does_not_end_the_client(caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: Event, at: float) -> None:
        raise KeyError("channel")

    async with FakeAri() as server, connected(server, on_event=handler) as (client, _):
        await server.sockets[-1].send_str("no JSON")
        await server.say(type="ChannelHold")
        assert (await client.whisper("1.1", "sound:x")).complete
        assert "could not be handled" in caplog.text
        assert len(server.sockets) == 1


async def test_a_state_handler_that_raises_does_not_end_the_client(caplog: pytest.LogCaptureFixture) -> None:
    def handler(state: AriState, why: str) -> None:
        raise RuntimeError

    async with FakeAri() as server, connected(server, on_state=handler) as (client, _):
        assert (await client.whisper("1.1", "sound:x")).complete


async def test_before_the_start_a_whisper_fails_with_that_reason() -> None:
    client = AriClient(
        "http://127.0.0.1:1/ari/", "u", "p", "a", on_event=lambda e, at: None, on_state=lambda s, w: None
    )
    assert (await client.whisper("1.1", "sound:x")).reason == "the ARI client is not started"
