"""The control socket, with real sockets: who asks, what is answered, and what no client can do to the others."""

import asyncio
import grp
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from callwarden.asking import ask
from callwarden.control import (
    LONGEST_REQUEST,
    ControlError,
    ControlServer,
    Kind,
    Listed,
    Peer,
    text_of,
    user_name,
)
from callwarden.local_socket import is_answered

GROUP = grp.getgrgid(os.getegid()).gr_name


async def whoami(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    return {"user": peer.user, "pid": peer.pid, "uid": peer.uid, "gid": peer.gid, "request": dict(request)}


async def suspend(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    call = text_of(request, "call")
    if call == "gone":
        raise ControlError("No such call is up.", Kind.NOT_FOUND)
    if call == "director's":
        raise ControlError("You may not suspend this call.", Kind.NOT_ALLOWED)
    return {"done": True, "message": call}


async def stumble(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    raise KeyError("a secret detail")


async def unspeakable(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    return {"set": {1, 2}}


async def sleep(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    await asyncio.sleep(60)
    return {}


async def listed(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    return Listed({"after": None} if request.get("more") else {}, "rows", b'[[1, "a"], [2, "b"]]')


async def much(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
    return {"much": "x" * 5_000_000}


HANDLERS = {
    "whoami": whoami, "suspend": suspend, "stumble": stumble, "sleep": sleep, "much": much, "unspeakable": unspeakable,
    "listed": listed,
}  # fmt: skip


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ControlServer]:
    made = ControlServer(path_in(tmp_path), GROUP, HANDLERS, idle=0.5, answer=0.5, max_clients=8)
    await made.start()
    yield made
    await made.stop()


def path_in(folder: Path) -> Path:
    return folder / "control.sock"


async def asked(folder: Path, verb: str, **arguments: object) -> dict[str, Any]:
    return await asyncio.to_thread(ask, path_in(folder), verb, patience=5.0, **arguments)


async def raw(folder: Path, sent: bytes, end: bool = False) -> list[dict[str, Any]]:
    """Every line that is answered to these bytes until the server closes."""
    reader, writer = await asyncio.open_unix_connection(str(path_in(folder)), limit=10_000_000)
    writer.write(sent)
    if end:
        writer.write_eof()
    received = await asyncio.wait_for(reader.read(-1), 5)
    writer.close()
    return [json.loads(line) for line in received.splitlines()]


async def test_a_handler_is_told_by_the_kernel_who_asks(server: ControlServer, tmp_path: Path) -> None:
    answer = await asked(tmp_path, "whoami", user="director", pid=1)
    assert (answer["user"], answer["pid"]) == (user_name(os.getuid()), os.getpid())
    assert (answer["uid"], answer["gid"]) == (os.getuid(), os.getgid())
    assert answer["request"] == {"user": "director", "pid": 1}


async def test_only_owner_and_group_may_use_the_socket(server: ControlServer, tmp_path: Path) -> None:
    found = path_in(tmp_path).stat()
    assert stat.S_IMODE(found.st_mode) == 0o660
    assert found.st_gid == os.getegid()


async def test_a_list_that_a_thread_has_written_is_part_of_the_answer(server: ControlServer, tmp_path: Path) -> None:
    assert await asked(tmp_path, "listed") == {"rows": [[1, "a"], [2, "b"]]}
    assert await asked(tmp_path, "listed", more=True) == {"after": None, "rows": [[1, "a"], [2, "b"]]}


async def test_several_requests_go_over_one_connection(server: ControlServer, tmp_path: Path) -> None:
    one = json.dumps({"verb": "suspend", "call": "1763775574.12"}).encode() + b"\n"
    answers = await raw(tmp_path, one * 3, end=True)
    assert [answer["message"] for answer in answers] == ["1763775574.12"] * 3


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"GET / HTTP/1.1\r\n", "The request is not JSON."),
        (b"\x00\xff\xfe\n", "The request is not JSON."),
        (b"[" * 30_000 + b"\n", "The request is not JSON."),
        (b"[]\n", 'A request is an object with a "verb".'),
        (b'{"verb": 7}\n', 'A request is an object with a "verb".'),
        (
            b'{"verb": "__class__"}\n',
            "There is no such verb. There are: listed, much, sleep, stumble, suspend, unspeakable, whoami.",
        ),
        (b'{"verb": "suspend"}\n', 'This needs "call".'),
        (b'{"verb": "suspend", "call": ["x"]}\n', 'This needs "call".'),
        (b'{"verb": "whoami"', "The request does not end with a line end."),
    ],
)
async def test_rubbish_gets_a_clear_answer(server: ControlServer, tmp_path: Path, sent: bytes, sentence: str) -> None:
    answers = await raw(tmp_path, sent, end=True)
    assert answers == [{"ok": False, "kind": "bad-request", "error": sentence}]
    assert (await asked(tmp_path, "suspend", call="still here"))["done"]


async def test_a_request_that_is_too_long_is_not_read_to_its_end(server: ControlServer, tmp_path: Path) -> None:
    answers = await raw(tmp_path, b"x" * (2 * LONGEST_REQUEST))
    assert answers == [{"ok": False, "kind": "bad-request", "error": "A request has at most 65536 bytes."}]


async def test_half_a_line_is_let_go_in_time(server: ControlServer, tmp_path: Path) -> None:
    answers = await raw(tmp_path, b'{"verb": "who')
    assert answers == [{"ok": False, "kind": "bad-request", "error": "No whole request came within 0.5 s."}]


async def test_a_connection_without_a_request_is_no_trouble(server: ControlServer, tmp_path: Path) -> None:
    assert await raw(tmp_path, b"", end=True) == []


async def test_a_handler_that_fails_says_so_without_its_details(server: ControlServer, tmp_path: Path) -> None:
    for verb in ("stumble", "unspeakable"):
        with pytest.raises(ControlError, match="The daemon met an error; its log says which") as caught:
            await asked(tmp_path, verb)
        assert caught.value.kind is Kind.FAILED
    assert (await asked(tmp_path, "whoami"))["pid"] == os.getpid()


async def test_a_handler_that_takes_too_long_is_given_up(server: ControlServer, tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"not done within 0\.5 s"):
        await asked(tmp_path, "sleep")


@pytest.mark.parametrize(("call", "kind"), [("gone", Kind.NOT_FOUND), ("director's", Kind.NOT_ALLOWED)])
async def test_a_refusal_arrives_with_its_kind(server: ControlServer, tmp_path: Path, call: str, kind: Kind) -> None:
    with pytest.raises(ControlError) as caught:
        await asked(tmp_path, "suspend", call=call)
    assert caught.value.kind is kind


async def test_a_text_that_a_caller_chose_comes_back_as_it_was(server: ControlServer, tmp_path: Path) -> None:
    hostile = 'a\n{"verb": "stumble"}\n\x00\x1b[2J \u202e \udcff 📞'
    assert (await asked(tmp_path, "suspend", call=hostile))["message"] == hostile


async def test_clients_beyond_the_limit_are_told_so(server: ControlServer, tmp_path: Path) -> None:
    held = [await asyncio.open_unix_connection(str(path_in(tmp_path))) for _ in range(8)]
    with pytest.raises(ControlError, match="serves 8 clients already"):
        await asked(tmp_path, "whoami")
    for _, writer in held:
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.1)
    assert (await asked(tmp_path, "whoami"))["pid"] == os.getpid()


async def test_many_at_once_are_all_answered(server: ControlServer, tmp_path: Path) -> None:
    answers = await asyncio.gather(*(asked(tmp_path, "suspend", call=str(n)) for n in range(6)))
    assert [answer["message"] for answer in answers] == [str(n) for n in range(6)]


async def test_a_client_that_does_not_take_its_answer_holds_up_nobody(
    server: ControlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callwarden.control.TAKE", 0.2)
    _, writer = await asyncio.open_unix_connection(str(path_in(tmp_path)))
    writer.write(b'{"verb": "much"}\n')
    assert (await asked(tmp_path, "whoami"))["pid"] == os.getpid()
    await asyncio.sleep(0.6)
    assert not server._clients
    writer.close()


async def test_a_long_answer_arrives_whole(server: ControlServer, tmp_path: Path) -> None:
    assert len((await asked(tmp_path, "much"))["much"]) == 5_000_000


async def test_stopping_removes_the_socket_and_lets_clients_go(tmp_path: Path) -> None:
    server = ControlServer(path_in(tmp_path), "", HANDLERS)
    await server.start()
    reader, writer = await asyncio.open_unix_connection(str(path_in(tmp_path)))
    writer.write(b'{"verb": "whoami"}\n')
    await reader.readline()
    await server.stop()
    assert await asyncio.wait_for(reader.read(), 5) == b""
    assert not path_in(tmp_path).exists()
    writer.close()
    with pytest.raises(ControlError, match="does not run") as caught:
        await asked(tmp_path, "whoami")
    assert caught.value.kind is Kind.NOT_RUNNING


async def test_a_socket_that_a_killed_daemon_left_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path_in(tmp_path)))
    assert not is_answered(path_in(tmp_path))
    with pytest.raises(ControlError, match="does not run"):
        await asked(tmp_path, "whoami")
    server = ControlServer(path_in(tmp_path), "", HANDLERS)
    await server.start()
    assert (await asked(tmp_path, "whoami"))["pid"] == os.getpid()
    await server.stop()


async def test_a_second_daemon_does_not_take_the_socket(server: ControlServer, tmp_path: Path) -> None:
    second = ControlServer(path_in(tmp_path), "", HANDLERS)
    with pytest.raises(ControlError, match="Another Callwarden is running"):
        await second.start()
    await second.stop()
    assert (await asked(tmp_path, "whoami"))["pid"] == os.getpid()


async def test_a_file_that_is_no_socket_is_never_removed(tmp_path: Path) -> None:
    path_in(tmp_path).write_text("precious")
    with pytest.raises(ControlError, match="is there and is no socket"):
        await ControlServer(path_in(tmp_path), "", HANDLERS).start()
    assert path_in(tmp_path).read_text() == "precious"


async def test_a_socket_that_another_daemon_made_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    first = ControlServer(path_in(tmp_path), "", HANDLERS)
    await first.start()
    path_in(tmp_path).unlink()  # an admin's tidying
    second = ControlServer(path_in(tmp_path), "", HANDLERS)
    await second.start()
    await first.stop()
    assert (await asked(tmp_path, "whoami"))["pid"] == os.getpid()
    await second.stop()


@pytest.mark.parametrize(
    ("folder", "group", "sentence"),
    [("", "no-such-group", "There is no group no-such-group"), ("missing", "", "cannot be made: No such file")],
)
async def test_a_socket_that_cannot_be_made_says_why(tmp_path: Path, folder: str, group: str, sentence: str) -> None:
    with pytest.raises(ControlError, match=sentence):
        await ControlServer(tmp_path / folder / "c.sock", group, HANDLERS).start()


async def test_a_peer_that_is_no_daemon_is_told_apart(tmp_path: Path) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp ready\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(babble, path_in(tmp_path)):
        with pytest.raises(ControlError, match="no answer that can be read"):
            await asked(tmp_path, "status")


async def test_a_daemon_that_hangs_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(path_in(tmp_path)))
        hanging.listen()
        with pytest.raises(ControlError, match=r"did not answer within 0\.2 s"):
            await asyncio.to_thread(ask, path_in(tmp_path), "status", patience=0.2)
