"""Any bytes from the manager interface: the stream goes on, or the link is begun anew; nothing hangs or grows."""

import asyncio
from collections.abc import Mapping
from itertools import pairwise
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from callwarden.asterisk import framing
from callwarden.asterisk.ami import AmiLink, LinkState
from callwarden.asterisk.framing import Framer, NotAmi
from callwarden.asterisk.translate import Incomplete, Translator
from callwarden.asterisk.wire import Headers
from fuzzing import CUTS, chunks, fuzzed, mutated
from peers import BOOTED, GREETING, FakeAmi, ami_text, channel_headers, event, eventually

CALL = [
    BOOTED, event("Newchannel"), {"Response": "Success", "ActionID": "x", "MixMonitorID": "0x7f"},
    event("Newstate", ChannelState="6"), event("Newchannel", Channel="PJSIP/202-1", Uniqueid="1795310419.1"),
    {"Event": "DialBegin"} | channel_headers() | channel_headers("Dest") | {"DialString": "202"},
    {"Event": "BridgeEnter", "Privilege": "call,all", "BridgeUniqueid": "b1"} | channel_headers(),
    {"Event": "BridgeLeave", "Privilege": "call,all", "BridgeUniqueid": "b1"} | channel_headers(),
    {"Event": "LocalBridge"} | channel_headers("LocalOne") | channel_headers("LocalTwo") | {"LocalOptimization": "Yes"},
    {"Event": "BlindTransfer"} | channel_headers("Transferer") | channel_headers("Transferee") | {"Extension": "700"},
    event("MixMonitorStart"), event("Hangup", Cause="16"), {"Event": "Shutdown", "Restart": "False"},
]  # fmt: skip
STREAM = "".join(map(ami_text, CALL)).encode()
PIECES = (
    b"\r\n", b"\r\n\r\n", b": ", b"Event: ", b"Response: ", b"Event: Hangup\r\n", b"Uniqueid: ", b"Linkedid: x\r\n",
    b"\r\n\r\nEvent: Newchannel\r\n", b"\xff", b"\0", b"ActionID: ", b"Channel: ", b"\xf0\x9f", b"\r", b"\n",
    b"x" * 400,
)  # fmt: skip
STREAMS = mutated([STREAM, *(ami_text(one).encode() for one in CALL)], PIECES) | st.binary(max_size=300)
SMALL = 4096  # stands for the mebibyte that a message without an end may have


def taken(framer: Framer, data: bytes, cuts: list[float]) -> list[Headers]:
    """What comes of it until the framer gives up; it never keeps more than it may."""
    found: list[Headers] = []
    try:
        for chunk in chunks(data, cuts):
            found += framer.feed(chunk)
            assert len(framer._rest) <= framing.MAX_MESSAGE
            assert len(framer._held) <= framing.MAX_PIECES
    except NotAmi:
        pass
    return found


@fuzzed(300)
@given(STREAMS, CUTS, st.sampled_from([GREETING.encode(), b""]))
def test_any_bytes_are_messages_or_the_end_of_the_connection(data: bytes, cuts: list[float], greeting: bytes) -> None:
    with patch.object(framing, "MAX_MESSAGE", SMALL):
        for headers in taken(Framer(), greeting + data, cuts):
            assert all(name == name.lower() for name in headers)
            assert all(isinstance(value, str) for name in headers for value in headers.all(name))


@fuzzed(200)
@given(STREAMS, CUTS)
def test_any_message_is_understood_or_named_as_incomplete(data: bytes, cuts: list[float]) -> None:
    translator = Translator()
    for headers in taken(Framer(), GREETING.encode() + data, cuts):
        try:
            events = translator.translate(headers, 1.0)
        except Incomplete:
            continue
        assert all(one.at == 1.0 for one in events)


@fuzzed(100)
@given(CUTS)
def test_a_real_stream_is_the_same_however_it_is_cut(cuts: list[float]) -> None:
    data = GREETING.encode() + STREAM
    assert taken(Framer(), data, cuts) == taken(Framer(), data, [])


@fuzzed(30)
@given(st.binary(min_size=1, max_size=40).filter(lambda data: b"\r\n" not in data), st.integers(2, 40))
def test_what_has_no_end_is_not_kept_for_ever(data: bytes, times: int) -> None:
    framer = Framer()
    with patch.object(framing, "MAX_MESSAGE", SMALL):
        taken(framer, GREETING.encode() + data * (times * SMALL // 20), [n / times for n in range(times)])


@fuzzed(20)
@given(st.lists(st.tuples(STREAMS, CUTS), min_size=1, max_size=3))
def test_the_link_lives_through_any_bytes_and_hears_what_comes_after(talks: list[tuple[bytes, list[float]]]) -> None:
    asyncio.run(asyncio.wait_for(_live_through(talks), 40))


async def _live_through(talks: list[tuple[bytes, list[float]]]) -> None:
    heard: list[str] = []
    states: list[LinkState] = []

    def on_event(headers: Mapping[str, str], _at: float) -> None:
        heard.append(headers["event"])

    async with FakeAmi() as ami:
        link = AmiLink(
            "127.0.0.1", ami.port, "cw", "s3cret", first_retry=0.01, last_retry=0.05, on_event=on_event,
            on_state=lambda state, _why: states.append(state),
        )  # fmt: skip
        link.start()
        for data, cuts in talks:
            await eventually(lambda: link.state is LinkState.READY)
            for chunk in chunks(data, cuts):
                ami.say_bytes(chunk)
                await asyncio.sleep(0)
            ami.hang_up()
            connections = len(ami.received)
            await eventually(lambda before=connections: len(ami.received) > before)  # type: ignore[misc]
        await eventually(lambda: link.state is LinkState.READY)
        heard.clear()
        ami.say({"Event": "Reload", "Module": "after"})
        await eventually(lambda: "Reload" in heard)
        await link.stop()
    assert all(one is not other for one, other in pairwise(states))
