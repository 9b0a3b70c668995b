"""Scripted peers on real sockets: an AMI server, a FastAGI caller and an ARI server that do what a real Asterisk
does not do on demand. What they say by default is what Asterisk 22.10 was seen to say."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web

GREETING = "Asterisk Call Manager/11.0.0\r\n"
BOOTED = {"Event": "FullyBooted", "Privilege": "system,all", "Uptime": "58", "Status": "Fully Booted"}
Fields = dict[str, str]
Message = Fields | list[tuple[str, str]] | str


def channel_headers(prefix: str = "", **changed: str) -> Fields:
    """One channel as every event describes it, in Asterisk's order."""
    headers = {
        "Channel": "PJSIP/trunk-00000000", "ChannelState": "4", "ChannelStateDesc": "Ring",
        "CallerIDNum": "100", "CallerIDName": "<unknown>", "ConnectedLineNum": "<unknown>",
        "ConnectedLineName": "<unknown>", "Language": "en", "AccountCode": "", "Context": "from-trunk",
        "Exten": "123", "Priority": "1", "Uniqueid": "1795310419.0", "Linkedid": "1795310419.0",
    }  # fmt: skip
    return {prefix + name: value for name, value in (headers | changed).items()}


def event(name: str, **changed: str) -> Fields:
    return {"Event": name, "Privilege": "call,all", **channel_headers(**changed)}


def ami_text(message: Message) -> str:
    if isinstance(message, str):
        return message
    pairs = message.items() if isinstance(message, dict) else message
    return "".join(f"{name}: {value}\r\n" for name, value in pairs) + "\r\n"


class FakeAmi:
    """An AMI server. `answers` says what an action is answered with; the default is Success, None is silence.
    `received` holds every action, one list for each connection."""

    def __init__(self, secret: str = "s3cret", booted: bool = True) -> None:
        self.secret, self.booted = secret, booted
        self.answers: dict[str, Callable[[Fields], Sequence[Message]] | None] = {}
        self.received: list[list[Fields]] = []
        self.greeting = GREETING
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        for writer in self._writers:
            with suppress(OSError):
                await writer.wait_closed()

    def say(self, *messages: Message) -> None:
        self._writers[-1].write("".join(map(ami_text, messages)).encode())

    def say_bytes(self, data: bytes) -> None:
        self._writers[-1].write(data)

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()

    async def until(self, action: str, connection: int = -1, count: int = 1) -> Fields:
        """The `count`-th action of that name on a connection, when it has come."""
        async with asyncio.timeout(5), self._arrived:
            await self._arrived.wait_for(lambda: len(self.named(action, connection)) >= count)
        return self.named(action, connection)[count - 1]

    def named(self, action: str, connection: int = -1) -> list[Fields]:
        connections = self.received[connection:][:1] if self.received else []
        return [fields for actions in connections for fields in actions if fields["Action"] == action]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        actions: list[Fields] = []
        self.received.append(actions)
        writer.write(self.greeting.encode())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                text = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode()
                fields = dict(line.split(": ", 1) for line in text.split("\r\n"))
                actions.append(fields)
                self._answer(fields, writer)
                async with self._arrived:
                    self._arrived.notify_all()

    def _answer(self, fields: Fields, writer: asyncio.StreamWriter) -> None:
        answer = self.answers.get(fields["Action"], self._default)
        for message in answer(fields) if answer else ():
            writer.write(ami_text(message).encode())
        if fields["Action"] == "Login" and fields["Secret"] != self.secret:
            writer.close()

    def _default(self, fields: Fields) -> Sequence[Message]:
        reply = {"Response": "Success", "ActionID": fields["ActionID"]}
        if fields["Action"] == "Login":
            return self._login(reply, fields["Secret"] == self.secret)
        if fields["Action"] == "CoreSettings":
            return [reply | {"AsteriskVersion": "22.10.1"}]
        return [reply]

    def _login(self, reply: Fields, right: bool) -> Sequence[Message]:
        if not right:
            return [reply | {"Response": "Error", "Message": "Authentication failed"}]
        return [reply | {"Message": "Authentication accepted"}, *([BOOTED] if self.booted else [])]


AGI_HEADERS = {
    "network": "yes", "network_script": "announce", "request": "agi://127.0.0.1/announce",
    "channel": "PJSIP/trunk-00000000", "language": "en", "type": "PJSIP", "uniqueid": "1795310419.0",
    "version": "22.10.1", "callerid": "100", "calleridname": "unknown", "callingpres": "0",
    "callingani2": "0", "callington": "0", "callingtns": "0", "dnid": "123", "rdnis": "unknown",
    "context": "from-trunk", "extension": "123", "priority": "2", "enhanced": "0.0", "accountcode": "",
    "threadid": "140663495673536",
}  # fmt: skip


class FakeAgiCaller:
    """Asterisk in AGI(): connects, asks for a step, answers its commands by `answers` (by the command's first words;
    the default is `200 result=0`), and notes them in `commands`."""

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        self.answers = answers or {}
        self.commands: list[str] = []
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def connect(self, port: int, data: bytes = b"") -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(data)
        return self

    async def ask(self, port: int, script: str, *args: str, **changed: str) -> Self:
        return await self.connect(port, agi_request(script, *args, **changed))

    async def serve(self) -> None:
        """Until the server closes the connection, for real."""
        async with asyncio.timeout(10):
            while line := await self.reader.readline():
                self.commands.append(line.decode().rstrip("\n"))
                self.writer.write(self._answer(self.commands[-1]).encode())
        await self.close()

    def _answer(self, command: str) -> str:
        return next((a for words, a in self.answers.items() if command.startswith(words)), "200 result=0\n")

    async def is_closed(self) -> bool:
        """Whether the server closes within a moment, without another byte."""
        try:
            async with asyncio.timeout(3):
                return await self.reader.read() == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        finally:
            await self.close()

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


def agi_request(script: str, *args: str, **changed: str) -> bytes:
    headers = AGI_HEADERS | {"network_script": script} | changed
    arguments = {f"arg_{n}": arg for n, arg in enumerate(args, 1)}
    return ("".join(f"agi_{k}: {v}\n" for k, v in (headers | arguments).items()) + "\n").encode()


class FakeAri:
    """An ARI server. `playback` says how a playback ends: `done`, `failed`, None for never; `refused` maps a part of a
    path to the status and message it is answered with. `requests` holds method, path and query."""

    def __init__(self, password: str = "s3cret") -> None:
        self.credentials = f"cw:{password}"
        self.playback: str | None = "done"
        self.snoop_enters = True
        self.refused: dict[str, tuple[int, str]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.authorizations: list[str] = []
        self.port = 0
        self.sockets: list[web.WebSocketResponse] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/ari/{rest:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self.drop_events()
        assert self._runner is not None
        await self._runner.cleanup()

    async def drop_events(self) -> None:
        for socket in self.sockets:
            await socket.close()

    async def say(self, **event: Any) -> None:
        await self.sockets[-1].send_str(json.dumps(event))

    def asked(self, method: str, part: str) -> list[dict[str, str]]:
        return [query for m, path, query in self.requests if m == method and part in path]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.raw_path.partition("?")[0], dict(request.query)))
        self.authorizations.append(request.headers.get("Authorization", ""))
        for part, (status, message) in self.refused.items():
            if part in request.path:
                return web.json_response({"message": message}, status=status)
        if request.path == "/ari/events":
            return await self._events(request)
        return await self._rest(request)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            assert message.type is not WSMsgType.ERROR
        return socket

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/snoop") and self.snoop_enters:
            await self.say(type="StasisStart", channel={"id": request.query["snoopId"]})
        if request.path.endswith("/play"):
            await self._play(request.path.split("/")[3])
        return web.Response(status=204) if request.method == "DELETE" else web.json_response({})

    async def _play(self, snoop: str) -> None:
        if self.playback == "hang up":
            await self.say(type="StasisEnd", channel={"id": snoop})
            return
        playback = {"target_uri": f"channel:{snoop}"}
        await self.say(type="PlaybackStarted", playback=playback | {"state": "playing"})
        if self.playback is not None:
            await self.say(type="PlaybackFinished", playback=playback | {"state": self.playback})


async def eventually(true: Callable[[], Any], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - it waits for anything at all
            await asyncio.sleep(0.005)
