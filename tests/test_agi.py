"""The FastAGI edge: steps served for scripted callers, and the strangers that a listening port meets."""

import asyncio
import logging
import resource
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from callwarden.asterisk import port
from callwarden.asterisk.agi import AgiFailed, AgiServer, AgiStep, CallerGone, StreamResult
from callwarden.asterisk.quiet import EVERY, MAX_KNOWN, Quiet
from peers import FakeAgiCaller, agi_request, eventually

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
Step = Callable[[AgiStep], Awaitable[None]]


@asynccontextmanager
async def serving(
    step: Step | None = None, expected: tuple[type[Exception], ...] = (CallerGone,), **options: Any
) -> AsyncIterator[AgiServer]:
    """A server of one step. The server logs what a step raises and lives on; here it fails the test."""
    raised: list[BaseException] = []

    async def watched(agi: AgiStep) -> None:
        assert step is not None
        try:
            await step(agi)
        except BaseException as error:
            if not isinstance(error, (asyncio.CancelledError, *expected)):
                raised.append(error)
            raise

    given: dict[str, Any] = {"listen": "127.0.0.1", "port": 0, "allow": LOOPBACK} | options
    server = AgiServer({"announce": watched} if step else {}, **given)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    for error in raised:
        raise error


async def served(step: Step, answers: dict[str, str] | None = None, **changed: str) -> FakeAgiCaller:
    """One caller through one step, until its connection is closed."""
    async with serving(step) as server:
        caller = await FakeAgiCaller(answers).ask(server.port, "announce", **changed)
        await caller.serve()
    return caller


async def told(ask: Callable[[AgiStep], Awaitable[Any]], answer: str = "200 result=0\n") -> Any:
    """What one command gives its step, or the error that it raises, when Asterisk answers so."""
    found: list[Any] = []

    async def step(step: AgiStep) -> None:
        try:
            found.append(await ask(step))
        except (CallerGone, AgiFailed, ValueError) as error:
            found.append(error)

    await served(step, {"": answer})
    return found[0]


# Steps


async def test_a_step_knows_its_call_and_its_arguments() -> None:
    seen: list[AgiStep] = []

    async def step(step: AgiStep) -> None:
        seen.append(step)

    async with serving(step) as server:
        caller = await FakeAgiCaller().ask(server.port, "announce?language=en&x=", "one", "two words", callerid="Zoë")
        await caller.serve()
    (known,) = seen
    assert (known.script, known.query, known.args) == ("announce", {"language": "en", "x": ""}, ["one", "two words"])
    assert (known.unique_id, known.channel) == ("1795310419.0", "PJSIP/trunk-00000000")
    assert (known.headers["callerid"], known.headers["extension"]) == ("Zoë", "123")


async def test_a_step_answers_plays_and_sets_a_variable_and_then_the_dialplan_goes_on() -> None:
    async def step(step: AgiStep) -> None:
        await step.answer()
        assert await step.stream_file("callwarden/en/inbound") == StreamResult(3404)
        await step.set_variable("CALLWARDEN_ANNOUNCED", 'a "b" \\c')
        await step.verbose("done")
        await step.exec("NoOp", "a", "b")

    caller = await served(step, {"STREAM": "200 result=0 endpos=3404\n", "VERBOSE": "200 result=1\n"})
    assert caller.commands == [
        "ANSWER",
        'STREAM FILE "callwarden/en/inbound" ""',
        r'SET VARIABLE "CALLWARDEN_ANNOUNCED" "a \"b\" \\c"',
        'VERBOSE "done" 1',
        'EXEC "NoOp" "a,b"',
    ]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("200 result=0 endpos=80000\n", StreamResult(80000)),
        ("200 result=35 endpos=8000\n", StreamResult(8000)),
        ("200 result=-1 endpos=5600\nHANGUP\n", StreamResult(5600, hung_up=True)),
        ("200 result=-1 endpos=0\n", StreamResult(0, failed=True)),
        ("HANGUP\n511 Command Not Permitted on a dead channel\n", StreamResult(0, hung_up=True)),
        ("511 Command Not Permitted on a dead channel\n", StreamResult(0, hung_up=True)),
    ],
)
async def test_a_playback_is_complete_cut_by_the_hangup_or_failed(answer: str, result: StreamResult) -> None:
    found = await told(lambda step: step.stream_file("x"), answer)
    assert found == result
    assert found.complete is (answer.startswith("200 result=0") or "=35" in answer)


async def test_a_playback_has_no_time_limit_but_the_steps_own() -> None:
    async def step(step: AgiStep) -> None:
        assert (await step.stream_file("long")).complete
        await step.set_variable("A", "b")

    async with serving(step) as server:
        caller = await FakeAgiCaller().ask(server.port, "announce")
        await caller.reader.readline()
        await asyncio.sleep(0.3)
        caller.writer.write(b"200 result=0 endpos=1\n")
        await caller.serve()
    assert caller.commands == ['SET VARIABLE "A" "b"']


@pytest.mark.parametrize(
    ("name", "answer", "value"),
    [
        ("A", "200 result=0\n", None),
        ("A", "200 result=1 ()\n", ""),
        ("A", '200 result=1 (a) (b=c "d")\n', 'a) (b=c "d"'),
        ("CHANNEL(linkedid)", "200 result=1 (1795.1)\n", "1795.1"),
        ("A", "200 result=1 (a\nb\r\n200 result=0)\n", "a\nb\r\n200 result=0"),
        ("A", "100 result=0 Trying...\n200 result=1 (x)\n", "x"),
    ],
)
async def test_a_variable_comes_as_it_is_set(name: str, answer: str, value: str | None) -> None:
    assert await told(lambda step: step.get_variable(name), answer) == value


async def test_a_function_is_asked_for_as_an_expression() -> None:
    async def step(step: AgiStep) -> None:
        await step.get_variable("CHANNEL(linkedid)")
        await step.get_variable("DIALEDTIME")

    caller = await served(step)
    assert caller.commands == ['GET FULL VARIABLE "${CHANNEL(linkedid)}"', 'GET VARIABLE "DIALEDTIME"']


@pytest.mark.parametrize("value", ['a"\nEXEC System "x', "a\rb", "a\0b", "x" * 2000])
async def test_a_value_that_would_be_a_command_of_its_own_is_refused_and_not_sent(value: str) -> None:
    async def step(step: AgiStep) -> None:
        with pytest.raises(ValueError, match="AGI"):
            await step.set_variable("A", value)
        await step.answer()

    assert (await served(step)).commands == ["ANSWER"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("510 Invalid or unknown command\n", AgiFailed),
        ("520-Invalid command syntax.  Proper usage follows:\nAnswers.\n520 End of proper usage.\n", AgiFailed),
        ("200 result=-1\n", AgiFailed),
        ("200 result=-1\nHANGUP\n", CallerGone),
        ("HANGUP\n", CallerGone),
        ("511 Command Not Permitted on a dead channel\n", CallerGone),
        ("nonsense 5551234\n", AgiFailed),
        ("\xff\xfe\n", AgiFailed),
        ("x" * 70_000, AgiFailed),
    ],
)
async def test_a_refusal_and_a_hangup_are_told_apart(answer: str, error: type[Exception]) -> None:
    found = await told(lambda step: step.answer(), answer)
    assert type(found) is error
    assert "5551234" not in str(found)


async def test_after_a_wrong_command_the_answers_still_belong_to_their_commands() -> None:
    usage = (
        "520-Invalid command syntax.  Proper usage follows:\nSets a variable\nto a value.\n520 End of proper usage.\n"
    )

    async def step(step: AgiStep) -> None:
        with pytest.raises(AgiFailed, match="520"):
            await step.set_variable("A", "b")
        assert await step.get_variable("B") == "x"

    caller = await served(step, {"SET": usage, "GET": "200 result=1 (x)\n"})
    assert len(caller.commands) == 2


async def test_an_unknown_application_fails() -> None:
    assert "no application Nope" in str(await told(lambda step: step.exec("Nope"), "200 result=-2\n"))


async def test_after_the_hangup_no_command_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    async def step(step: AgiStep) -> None:
        assert (await step.stream_file("x")).hung_up
        await step.set_variable("A", "b")

    caller = await served(step, {"STREAM": "200 result=-1 endpos=1\nHANGUP\n"})
    assert len(caller.commands) == 1
    assert not caplog.records


async def test_the_end_of_the_connection_is_the_callers_end() -> None:
    found: list[Exception] = []

    async def step(step: AgiStep) -> None:
        try:
            await step.answer()
        except CallerGone as error:
            found.append(error)

    async with serving(step) as server:
        caller = await FakeAgiCaller().ask(server.port, "announce")
        await caller.reader.readline()
        await caller.close()
        await eventually(lambda: found)


async def test_a_command_that_is_not_answered_fails_and_so_does_all_after_it(caplog: pytest.LogCaptureFixture) -> None:
    async def step(step: AgiStep) -> None:
        with pytest.raises(AgiFailed, match=r"ANSWER: no answer within 0\.02 s"):
            await step.answer(seconds=0.02)
        await step.set_variable("A", "b")

    async with serving(step, (AgiFailed,)) as server:
        caller = await FakeAgiCaller().ask(server.port, "announce")
        assert await caller.reader.read() == b"ANSWER\n"
        await caller.close()
    assert "an earlier command was not answered" in caplog.text


async def test_a_step_that_takes_too_long_is_ended_and_named(caplog: pytest.LogCaptureFixture) -> None:
    async def step(step: AgiStep) -> None:
        await asyncio.sleep(60)

    async with serving(step, step_timeout=0.05) as server:
        assert await (await FakeAgiCaller().ask(server.port, "announce")).is_closed()
    assert "announce: 1795310419.0 was not served within 0.05 s" in caplog.text


async def test_an_error_in_one_step_closes_its_connection_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def step(step: AgiStep) -> None:
        if step.args:
            raise RuntimeError("broken")
        await step.answer()

    async with serving(step, (RuntimeError,)) as server:
        assert await (await FakeAgiCaller().ask(server.port, "announce", "break")).is_closed()
        caller = await FakeAgiCaller().ask(server.port, "announce")
        await caller.serve()
    assert caller.commands == ["ANSWER"]
    assert "an error with 1795310419.0" in caplog.text


async def test_stopping_closes_the_connections_of_calls_that_wait() -> None:
    started = asyncio.Event()

    async def step(step: AgiStep) -> None:
        started.set()
        await step.stream_file("long")

    async with serving(step) as server:
        caller = await FakeAgiCaller().ask(server.port, "announce")
        await started.wait()
        await server.stop()
        assert (await caller.reader.read()).startswith(b"STREAM FILE")
        await caller.close()


# A caller's name and number are hostile


@pytest.mark.parametrize(
    "evil",
    ["a\n\nagi_arg_1: fake\n\n200 result=0", "a\nagi_threadid: 1\n\n200 result=1 (x)\n\n", "a\nagi_uniqueid: 9.9"],
)
async def test_line_breaks_in_a_number_answer_no_command_and_change_no_argument(evil: str) -> None:
    seen: list[tuple[Any, ...]] = []

    async def step(step: AgiStep) -> None:
        seen.append((step.script, step.unique_id, step.args, await step.get_variable("A")))

    async with serving(step) as server:
        answers = {"GET": "200 result=1 (true)\n"}
        caller = FakeAgiCaller(answers)
        await caller.ask(server.port, "announce", "one", callerid=evil, calleridname=evil)
        await caller.serve()
    assert seen == [("announce", "1795310419.0", ["one"], "true")]


# Strangers


STRANGERS = {
    "a connection without a request": b"",
    "half a request": agi_request("announce")[:-30],
    "something that is no AGI request": b"GET / HTTP/1.1\nHost: 5551234\n\n",
    "a request for a step that is not known": agi_request("../../5551234"),
    "a request of more than 65536 bytes": b"agi_x: " + b"5551234" * 20_000,
}


@pytest.mark.parametrize("kind", STRANGERS)
async def test_a_stranger_is_closed_logged_once_without_a_byte_of_its_own_and_felt_by_nobody(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def step(step: AgiStep) -> None:
        await step.answer()

    async with serving(step) as server:
        for _ in range(5):
            stranger = await FakeAgiCaller().connect(server.port, STRANGERS[kind])
            if not kind.startswith(("a request", "something")):
                stranger.writer.write_eof()
            assert await stranger.is_closed()
        caller = await FakeAgiCaller().ask(server.port, "announce")
        await caller.serve()
    assert caller.commands == ["ANSWER"]
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", f"AGI: {kind} from 127.0.0.1; the connection is closed")
    ]


NO_REQUESTS = [
    bytes(range(256)) * 20 + b"\n\n",
    b"\n\n" * 30_000,
    b"agi_network: yes" + b"\n\n" * 30_000,
    b"agi_x: " + b"y" * 40_000 + b"\n\n" + b"z" * 40_000 + b"\n\n",
    agi_request("announce").replace(b"agi_network_script", b"agi_network_other"),
]


@pytest.mark.parametrize("data", NO_REQUESTS, ids=range(len(NO_REQUESTS)))
async def test_bytes_that_are_no_request_are_closed_at_once(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as server:
        stranger = await FakeAgiCaller().connect(server.port, data)
        started = time.process_time()
        assert await stranger.is_closed()
        assert time.process_time() - started < 1.0
    assert "something that is no AGI request" in caplog.text


async def test_a_slow_request_is_closed_in_time_and_others_are_served_meanwhile(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def step(step: AgiStep) -> None:
        await step.answer()

    async with serving(step, header_timeout=0.3) as server:
        slow = await FakeAgiCaller().connect(server.port, b"agi_network: yes\n")
        caller = await FakeAgiCaller().ask(server.port, "announce")
        await caller.serve()
        assert caller.commands == ["ANSWER"]
        for _ in range(4):
            slow.writer.write(b"agi_x: y\n")
            await asyncio.sleep(0.05)
        assert await slow.is_closed()
    assert "a request that was not complete in 0.3 s" in caplog.text


async def test_an_address_that_is_not_on_the_list_is_closed_unheard(caplog: pytest.LogCaptureFixture) -> None:
    async def step(step: AgiStep) -> None:
        raise AssertionError

    async with serving(step, allow=(ip_network("192.0.2.0/24"),)) as server:
        stranger = await FakeAgiCaller().ask(server.port, "announce")
        assert await stranger.is_closed()
    assert "the address list does not allow from 127.0.0.1" in caplog.text
    assert "error" not in caplog.text


async def test_more_connections_than_allowed_are_closed_and_the_others_stay(caplog: pytest.LogCaptureFixture) -> None:
    async def step(step: AgiStep) -> None:
        await step.answer()

    async with serving(step, max_connections=2) as server:
        waiting = [await FakeAgiCaller().ask(server.port, "announce") for _ in range(2)]
        await asyncio.gather(*(caller.reader.readexactly(7) for caller in waiting))
        assert await (await FakeAgiCaller().ask(server.port, "announce")).is_closed()
        for caller in waiting:
            caller.writer.write(b"200 result=0\n")
            assert await caller.is_closed()
    assert "more than 2 connections" in caplog.text


async def test_a_port_scan_of_two_hundred_connections_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as server:
        for _ in range(200):
            await (await FakeAgiCaller().connect(server.port)).close()
        await eventually(lambda: caplog.records and not server._connections)
    assert len(caplog.records) == 1


async def test_who_says_nothing_is_closed_too() -> None:
    async with serving(header_timeout=0.1) as server:
        async with asyncio.timeout(10):
            assert await (await FakeAgiCaller().connect(server.port)).is_closed()


async def test_who_sends_without_end_during_a_step_is_not_read_without_end() -> None:
    async def step(step: AgiStep) -> None:
        await asyncio.sleep(60)

    async with serving(step) as server:
        caller = await FakeAgiCaller().ask(server.port, "announce")
        caller.writer.write(b"x" * 50_000_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await caller.writer.drain()
        (connection,) = server._connections
        assert len(connection.reader._buffer) < 1_000_000  # type: ignore[attr-defined]


async def test_where_no_descriptor_is_left_the_next_try_is_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def step(step: AgiStep) -> None:
        await step.answer()

    monkeypatch.setattr(port, "REST_SECONDS", 0.3)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving(step) as server:
        with socket.socket() as early:
            early.setblocking(False)
            resource.setrlimit(resource.RLIMIT_NOFILE, (early.fileno() + 1, hard))
            try:
                await asyncio.get_running_loop().sock_connect(early, ("127.0.0.1", server.port))
                early.send(agi_request("announce"))
                await eventually(lambda: caplog.records)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert await asyncio.get_running_loop().sock_recv(early, 100) == b"ANSWER\n"
    assert caplog.messages == ["AGI: no connection can be taken for 0.3 s: Too many open files"]


async def test_a_port_that_is_taken_is_an_error_at_start() -> None:
    async with serving() as server:
        with pytest.raises(OSError, match="Address already in use"):
            await AgiServer({}, listen="127.0.0.1", port=server.port, allow=LOOPBACK).start()


# The quiet log


def test_a_kind_is_logged_again_after_a_minute_with_what_was_left_out(caplog: pytest.LogCaptureFixture) -> None:
    now = [1000.0]
    quiet = Quiet(logging.getLogger("q"), "%s from %s", lambda: now[0])
    for _ in range(3):
        quiet.warn("a scan", "192.0.2.1")
    quiet.warn("a scan", "192.0.2.2")
    quiet.warn("half a request", "192.0.2.1")
    now[0] += EVERY
    quiet.warn("a scan", "192.0.2.1")
    assert caplog.messages == [
        "a scan from 192.0.2.1",
        "a scan from 192.0.2.2",
        "half a request from 192.0.2.1",
        "a scan from 192.0.2.1 (2 more since the last such line)",
    ]


def test_a_scan_from_many_addresses_does_not_fill_the_memory() -> None:
    quiet = Quiet(logging.getLogger("q"), "%s from %s", lambda: 0.0)
    for n in range(3 * MAX_KNOWN):
        quiet.warn("a scan", str(n))
    assert len(quiet._known) <= MAX_KNOWN
