"""Any bytes at the FastAGI port and in the answers to commands: served or refused, and nobody else waits."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwarden.asterisk.agi import AgiFailed, AgiServer, AgiStep, CallerGone
from fuzzing import CUTS, chunks, fuzzed, mutated
from peers import FakeAgiCaller, agi_request

LOOPBACK = (ip_network("127.0.0.0/8"),)
PIECES = (
    b"\n", b"\n\n", b": ", b"agi_", b"agi_network_script: ", b"agi_arg_1: x\n", b"agi_threadid: ", b"\0", b"\xff",
    b"\r\n", b"agi_uniqueid: y\n", b"x" * 3000,
)  # fmt: skip
REQUESTS = mutated([agi_request("announce", "1.1", "5"), agi_request("unknown")], PIECES) | st.binary(max_size=200)
ANSWERS = mutated(
    [b"200 result=0\n", b"200 result=1 (a value)\n", b"200 result=0 endpos=8000\n", b"HANGUP\n200 result=-1\n",
     b"520-Invalid command syntax.\n520 End of proper usage.\n", b"510 Invalid or unknown command\n"],
    (b"\n", b"200 ", b"result=", b"HANGUP\n", b"(", b")", b"-1", b"\0", b"\xff", b"520-", b"9" * 5000),
)  # fmt: skip


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Thousands of warnings are not kept."""
    logging.getLogger("callwarden").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("callwarden").setLevel(logging.NOTSET)


async def everything(step: AgiStep) -> None:
    """A step that says all that a step may say."""
    with suppress(AgiFailed, ValueError):
        await step.answer(seconds=0.1)
        await step.set_variable("X", step.unique_id[:50].replace("\n", " "), seconds=0.1)
        await step.get_variable("CHANNEL(linkedid)", seconds=0.1)
        await step.stream_file("callwarden/en/inbound", seconds=0.1)


async def talk(data: bytes, cuts: list[float], answers: bytes) -> list[BaseException]:
    """One stranger, and one honest caller behind it who must be served."""
    raised: list[BaseException] = []

    async def watched(step: AgiStep) -> None:
        try:
            await everything(step)
        except CallerGone:
            raise
        except Exception as error:
            raised.append(error)

    server = AgiServer({"announce": watched}, listen="127.0.0.1", port=0, allow=LOOPBACK)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for chunk in chunks(data, cuts):
        writer.write(chunk)
        await asyncio.sleep(0)
    honest = await FakeAgiCaller().ask(server.port, "announce")
    serving = asyncio.create_task(honest.serve())
    with suppress(ConnectionError, asyncio.LimitOverrunError, ValueError):
        while await _said(reader, writer):
            writer.write(answers)
    with suppress(ConnectionError):  # a machine under load answers later than a step here waits
        await serving
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    await server.stop()
    assert not server._connections
    assert honest.commands
    return raised


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """A stranger who hears nothing for a moment says that it has no more to say."""
    line = asyncio.ensure_future(reader.readline())
    if not (await asyncio.wait({line}, timeout=0.1))[0]:
        writer.write_eof()
    return await asyncio.wait_for(line, 15)


@fuzzed(40)
@given(REQUESTS, CUTS)
def test_any_request_is_served_or_refused_and_the_next_caller_is_served(data: bytes, cuts: list[float]) -> None:
    raised = asyncio.run(asyncio.wait_for(talk(data, cuts, b"200 result=0\n"), 40))
    assert not raised


@fuzzed(20)
@given(ANSWERS)
def test_any_answer_is_understood_or_ends_the_step(answers: bytes) -> None:
    raised = asyncio.run(asyncio.wait_for(talk(agi_request("announce", "1.1", "5"), [], answers), 40))
    assert not raised
