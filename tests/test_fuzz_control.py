"""Any bytes on the control socket: an answer or a refusal to each line, and the next client is served."""

import asyncio
import grp
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from callwarden.control import ControlServer, Peer, text_of
from fuzzing import CUTS, chunks, fuzzed, mutated

GROUP = grp.getgrgid(os.getegid()).gr_name
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=10,
)  # fmt: skip
LINES = mutated(
    [b'{"verb": "status"}\n', b'{"verb": "suspend", "call": "1795310419.0"}\n', b'{"verb": "x", "a": [{}]}\n'],
    (b"\n", b'"', b"{", b"}", b"[", b"\0", b"\xff", b"\\u", b'"verb": ', b"1e999", b"[" * 3000, b"NaN", b"9" * 5000),
) | JSON.map(lambda value: json.dumps({"verb": "suspend", "call": value}).encode() + b"\n")  # fmt: skip


async def status(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    return {"fine": True}


async def suspend(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    return {"call": text_of(request, "call")}


async def talk(lines: list[bytes], cuts: list[float]) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c"
        server = ControlServer(path, GROUP, {"status": status, "suspend": suspend}, idle=0.3, answer=1.0)
        await server.start()
        reader, writer = await asyncio.open_unix_connection(str(path), limit=10_000_000)
        with suppress(ConnectionError):  # it was refused, and what it still says is not read
            for chunk in chunks(b"".join(lines), cuts):
                writer.write(chunk)
                await writer.drain()
            writer.write_eof()
        answered = b""
        with suppress(ConnectionError):
            answered = await reader.read(-1)
        writer.close()
        honest_reader, honest = await asyncio.open_unix_connection(str(path))
        honest.write(b'{"verb": "status"}\n')
        assert json.loads(await honest_reader.readline()) == {"fine": True, "ok": True}
        honest.close()
        await server.stop()
        return [json.loads(line) for line in answered.splitlines()]


@fuzzed(80)
@given(st.lists(LINES, min_size=1, max_size=4), CUTS)
def test_any_line_is_answered_or_refused_and_the_next_client_is_served(lines: list[bytes], cuts: list[float]) -> None:
    answers = asyncio.run(asyncio.wait_for(talk(lines, cuts), 40))
    for answer in answers:
        assert isinstance(answer["ok"], bool)
        assert answer["ok"] or answer["error"]
