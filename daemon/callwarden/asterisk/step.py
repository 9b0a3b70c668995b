"""One call that waits in AGI(): takes what Asterisk said of it, gives methods for what may be asked of its channel.

Rules: every command has a time limit; values are quoted, and refused when they hold a line break or NUL, or make
the line longer than Asterisk reads as one, for the rest would be a command of its own; once the caller has gone
every command raises CallerGone; once an answer is missing, answers and commands no longer match, and every
command raises AgiFailed. Which digits a caller pressed is told to nobody.

panoramisk's fast_agi.Request writes the commands. Its reading of answers is replaced: it takes the end of the
connection for a broken number, reads one of Asterisk's several lines about a wrong command, so that each later
answer is taken for the one before, and takes HANGUP, which Asterisk sends at any time, for an answer.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from panoramisk.fast_agi import Request  # type: ignore[import-untyped]

COMMAND_TIMEOUT = 5.0  # seconds
# Seconds. After "result=-1" Asterisk says HANGUP 40 ms later, if that was why (measured, 16.28 and 22.10).
HANGUP_GRACE = 0.3
MAX_LINE = 2000  # bytes: Asterisk 16 reads 2048 at a time (AGI_BUF_LEN)
FORBIDDEN = frozenset("\r\n\0")

_ANSWER = re.compile(r"200 result=(?P<result>\S*)(?: endpos=(?P<endpos>\d+))?(?: ?\((?P<value>.*)\))?", re.DOTALL)


class CallerGone(Exception):
    """The channel has hung up, or Asterisk has closed the connection: no command reaches it any more."""


class AgiFailed(Exception):
    """Asterisk refused a command, or did not answer it."""


@dataclass(frozen=True, slots=True)
class StreamResult:
    offset: int  # how far it was played, in samples of the file
    hung_up: bool = False  # before the end
    failed: bool = False  # no such file, or no format of it that the channel can have

    @property
    def complete(self) -> bool:
        return not (self.hung_up or self.failed)


@dataclass(frozen=True, slots=True)
class Answer:
    result: str
    offset: int = 0
    value: str | None = None


def quoted(value: str) -> str:
    """A value as one AGI argument. Raises ValueError for what no quoting makes safe."""
    if FORBIDDEN.intersection(value):
        raise ValueError("a value for AGI holds a line break or a NUL")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class AgiStep:
    """`script`, `query` and `args` are those of AGI(agi://host/script?query,args); `headers` all that Asterisk sent,
    without `agi_`, where it says `unknown` for what it does not know."""

    def __init__(self, request: "Conversation") -> None:
        self.headers = {name.removeprefix("agi_"): value for name, value in request.headers.items()}
        self.script, _, query = self.headers.get("network_script", "").partition("?")
        self.query = dict(parse_qsl(query, keep_blank_values=True))
        self.args = _arguments(self.headers)
        self.unique_id = self.headers.get("uniqueid", "")
        self.channel = self.headers.get("channel", "")
        self._request = request

    async def answer(self, *, seconds: float = COMMAND_TIMEOUT) -> None:
        await self._done("ANSWER", seconds)

    async def stream_file(self, name: str, escape: str = "", *, seconds: float | None = None) -> StreamResult:
        """Plays a sound file, named without its extension, until its end, an escape digit or the hang-up.
        A hang-up is a result here, not CallerGone, for how much was heard is wanted."""
        try:
            answer = await self._request.ask(f"STREAM FILE {quoted(name)} {quoted(escape)}", seconds)
        except CallerGone:
            return StreamResult(0, hung_up=True)
        if answer.result != "-1":
            return StreamResult(answer.offset)
        gone = await self._request.hangs_up()
        return StreamResult(answer.offset, hung_up=gone, failed=not gone)

    async def set_variable(self, name: str, value: str, *, seconds: float = COMMAND_TIMEOUT) -> None:
        await self._done(f"SET VARIABLE {quoted(name)} {quoted(value)}", seconds)

    async def get_variable(self, name: str, *, seconds: float = COMMAND_TIMEOUT) -> str | None:
        """A variable's value, None when it is not set; or a function's, `CHANNEL(linkedid)`, empty when unset."""
        if "(" in name:
            return (await self._done(f"GET FULL VARIABLE {quoted('${' + name + '}')}", seconds)).value
        return (await self._done(f"GET VARIABLE {quoted(name)}", seconds)).value

    async def verbose(self, text: str, level: int = 1, *, seconds: float = COMMAND_TIMEOUT) -> None:
        await self._done(f"VERBOSE {quoted(text)} {level:d}", seconds)

    async def exec(self, app: str, *args: str, seconds: float | None = COMMAND_TIMEOUT) -> None:
        """Runs a dialplan application; a comma in an argument separates arguments."""
        if (await self._done(f"EXEC {quoted(app)} {quoted(','.join(args))}", seconds)).result == "-2":
            raise AgiFailed(f"Asterisk has no application {app}")

    async def _done(self, line: str, seconds: float | None) -> Answer:
        answer = await self._request.ask(line, seconds)
        if answer.result != "-1":
            return answer
        if await self._request.hangs_up():
            raise CallerGone
        raise AgiFailed(f"{_verb(line)} failed")


class Conversation(Request):  # type: ignore[misc]
    """The commands and answers of one connection."""

    headers: Mapping[str, str]
    reader: asyncio.StreamReader
    gone = False
    out_of_step = False

    async def ask(self, line: str, seconds: float | None) -> Answer:
        """Raises CallerGone, AgiFailed, and ValueError for a line that Asterisk would read as two."""
        if len(line.encode()) > MAX_LINE:
            raise ValueError(f"an AGI command is longer than {MAX_LINE} bytes")
        if self.gone:
            raise CallerGone
        if self.out_of_step:
            raise AgiFailed("an earlier command was not answered")
        try:
            async with asyncio.timeout(seconds):
                return await self.send_command(line)
        except TimeoutError:
            self.out_of_step = True
            raise AgiFailed(f"{_verb(line)}: no answer within {seconds:g} s") from None
        except ConnectionError:
            self.gone = True
            raise CallerGone from None

    async def send_command(self, command: str) -> Answer:
        self.writer.write((command + "\n").encode())
        line = await self._line()
        while line.startswith("100 "):  # "Trying...": the answer follows
            line = await self._line()
        if line.startswith("511"):
            self.gone = True
            raise CallerGone
        if line.startswith("520-"):
            while not line.startswith("520 "):
                line = await self._line()
        return await self._answer(line, _verb(command))

    async def _answer(self, line: str, verb: str) -> Answer:
        while line.startswith("200 result=1 (") and not line.endswith(")"):
            line += "\n" + await self._line()  # a value with line breaks
        found = _ANSWER.fullmatch(line)
        if found is None:
            raise AgiFailed(f"{verb}: Asterisk refused the command ({line[:3]})")
        return Answer(found["result"], int(found["endpos"] or 0), found["value"])

    async def _line(self) -> str:
        try:
            line = await self.reader.readline()
        except ValueError:
            self.out_of_step = True
            raise AgiFailed("an answer is longer than any that Asterisk gives") from None
        if line == b"HANGUP\n" or not line.endswith(b"\n"):
            self.gone = True
            raise CallerGone
        return line[:-1].decode("utf-8", "replace")

    async def hangs_up(self) -> bool:
        """Whether Asterisk now says that the caller has hung up: the one way to know why a command failed."""
        try:
            async with asyncio.timeout(HANGUP_GRACE):
                await self._line()
        except (CallerGone, ConnectionError):
            self.gone = True
        except TimeoutError:
            return False
        return self.gone


def _arguments(headers: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    while (name := f"arg_{len(found) + 1}") in headers:
        found.append(headers[name])
    return found


def _verb(line: str) -> str:
    """The command's words, without its values: they may be anything."""
    return line.partition(' "')[0]
