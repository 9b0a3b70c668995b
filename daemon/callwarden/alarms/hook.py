"""A way out for alarms: a command of the admin's, run once for each alarm.

It is a list of arguments and never meets a shell. On its standard input it gets the alarm as one JSON object, in its
environment CALLWARDEN_NEWS, CALLWARDEN_KIND, CALLWARDEN_TEXT and CALLWARDEN_CHANNEL, and nothing of the daemon's own
environment but PATH, LANG and TZ: that holds secrets. It has a time limit, after which it and all it started is killed;
of what it prints the beginning is logged when it fails. It is not run again: it may have done half of its work.
"""

import asyncio
import json
import logging
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

from callwarden import logs
from callwarden.core.alarm import Notice

log = logging.getLogger(__name__)

PASSED_ON = ("PATH", "LANG", "TZ")
PRINTED = 500  # characters of what it printed that are logged
READ = 64 * 1024  # bytes read at once; what is more than PRINTED is read and forgotten, so that it never blocks
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


class HookFailed(Exception):
    """It was run and did not end well, or could not be run; the text says how."""


class Hook:
    """``command`` with its arguments; ``limit`` in seconds."""

    name = "hook"

    def __init__(self, command: Sequence[str], limit: float) -> None:
        self._command, self._limit = tuple(command), limit

    async def send(self, notices: Sequence[Notice], missed: int) -> None:
        """One run after the other; a failure is a log line. Never raises SendingFailed."""
        for notice in notices:
            try:
                await self.run(notice)
            except HookFailed as error:
                log.warning("the alarm hook %s", error)
        if missed:
            log.warning("the alarm hook was not run for %d alarms: they came too fast", missed)

    async def run(self, notice: Notice) -> None:
        """Raises HookFailed."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment(notice, os.environ),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise HookFailed(f"could not be run: {self._command[0]}: {reason}") from None
        try:
            async with asyncio.timeout(self._limit):
                printed = await _talk(process, json.dumps(notice.as_json(socket.gethostname())).encode() + b"\n")
                status = await process.wait()
        except TimeoutError:
            raise HookFailed(f"took longer than {self._limit:g} s and was killed") from None
        finally:
            await _end(process)
        if status:
            raise HookFailed(f"ended with status {status}: {printed or 'it printed nothing'}")


def environment(notice: Notice, ours: Mapping[str, str]) -> dict[str, str]:
    """What the hook finds in its environment."""
    return {
        "PATH": DEFAULT_PATH,
        **{name: ours[name] for name in PASSED_ON if name in ours},
        "CALLWARDEN_NEWS": str(notice.news),
        "CALLWARDEN_KIND": notice.alarm.kind,
        "CALLWARDEN_TEXT": notice.alarm.text,
        "CALLWARDEN_CHANNEL": notice.alarm.about,
    }


async def _talk(process: asyncio.subprocess.Process, told: bytes) -> str:
    """Write what it is told, while reading all that it prints; gives the beginning of that."""
    assert process.stdin is not None
    assert process.stdout is not None
    reading = asyncio.create_task(_read(process.stdout))
    try:
        with suppress(ConnectionError):  # it need not read its input
            process.stdin.write(told)
            await process.stdin.drain()
            process.stdin.close()
            await process.stdin.wait_closed()
        return await reading
    finally:
        reading.cancel()


async def _read(stream: asyncio.StreamReader) -> str:
    kept = b""
    while more := await stream.read(READ):
        kept = (kept + more)[: 4 * PRINTED]
    return logs.one_line(kept.decode("utf-8", "replace").strip())[:PRINTED]


async def _end(process: asyncio.subprocess.Process) -> None:
    """It, and whatever it left behind in its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    process._transport.close()  # type: ignore[attr-defined]  # asyncio has no public way to let go of a pipe
