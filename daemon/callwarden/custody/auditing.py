"""The audit chain over the control socket, its daily head, and its look at itself.

Takes an asker; gives entries, a verdict, the head. Reading it is entered too.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from callwarden.alarms import Alarms
from callwarden.control import ControlError, Handler
from callwarden.control import Kind as Why
from callwarden.custody import audit
from callwarden.custody.audit import Entry, Head, Verdict
from callwarden.custody.browsing import Browsing
from callwarden.custody.door import Door
from callwarden.custody.head import parse, text_of
from callwarden.custody.people import Asker
from callwarden.storage.keeper import Keeper

log = logging.getLogger(__name__)

MOST = 10_000  # entries of one answer
COMMAND_SECONDS = 60.0


class Auditing:
    """Its verbs: ``audit-show``, ``audit-verify``, ``audit-head``."""

    def __init__(self, door: Door, keeper: Keeper, browsing: Browsing, alarms: Alarms) -> None:
        self._door, self._keeper, self._browsing, self._alarms = door, keeper, browsing, alarms

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        verbs = {"audit-show": self._show, "audit-verify": self._verify, "audit-head": self._head}
        return {verb: self._door.knowing(handler) for verb, handler in verbs.items()}

    async def verify(self, *more: Head) -> Verdict:
        """Read the whole chain against the head that was kept, and ``more`` of them; sounds the alarm. Raises
        ValueError when the head's file is no head."""
        kept = await asyncio.to_thread(self._keeper.head.kept)
        verdict = await self._browsing.read(partial(audit.verify, kept=[kept, *more], rest=audit.REST_SECONDS))
        if verdict.faults:
            self._alarms.sound(
                "audit-chain", f"The audit chain is not whole: {verdict.faults[0].what}. Run `callwarden audit verify`."
            )
        return verdict

    async def send_head(self) -> None:
        """Give the head to the configured command, as each day. A failure is an alarm."""
        command = self._keeper.settings.audit.head_command
        if not command:
            return
        head = await self._browsing.read(audit.head)
        trouble = await _given(command, f"Callwarden audit head {text_of(head)}\n")
        if trouble:
            self._alarms.sound("audit-head", f"The head of the audit chain was not sent: {trouble}")
            return
        await self._door.enter(audit.DAEMON, "audit-head-sent", "", head=text_of(head))

    async def _show(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        options = _options(fields)
        found = await self._browsing.read(lambda db: audit.entries(db, **options))
        said = {name: value for name, value in options.items() if value and name != "limit"}
        await self._door.enter(who.who, "audit-show", "", found=len(found), **said)
        return {"entries": [entry_shape(entry) for entry in found]}

    async def _verify(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        given = fields.get("head")
        try:
            verdict = await self.verify(*([parse(given)] if isinstance(given, str) else []))
        except ValueError as error:
            raise ControlError(str(error), Why.BAD_REQUEST) from error
        await self._door.enter(who.who, "audit-verify", "", entries=verdict.count, faults=len(verdict.faults))
        return verdict_shape(verdict)

    async def _head(self, _who: Asker, _fields: Mapping[str, object]) -> Mapping[str, object]:
        return {"head": text_of(await self._browsing.read(audit.head)), "at": time.time()}


def entry_shape(entry: Entry) -> dict[str, Any]:
    """For the socket and for `--json`."""
    return {
        "number": entry.number,
        "at": entry.at,
        "who": entry.who,
        "act": entry.act,
        "about": entry.about,
        "detail": entry.details,
        "hash": entry.hash,
    }


def verdict_shape(verdict: Verdict) -> dict[str, Any]:
    """For the socket and for `--json`."""
    return {
        "entries": verdict.count,
        "head": text_of(verdict.head),
        "faults": [{"number": fault.number, "what": fault.what} for fault in verdict.faults],
    }


def _options(fields: Mapping[str, object]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name in ("who", "act", "about"):
        value = fields.get(name) or ""
        if not isinstance(value, str):
            raise ControlError(f'"{name}" must be a text.', Why.BAD_REQUEST)
        options[name] = value
    for name in ("from_", "to"):
        value = fields.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ControlError(f'"{name}" must be a time in seconds.', Why.BAD_REQUEST)
        options[name] = value
    limit = fields.get("limit", 100)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST:
        raise ControlError(f'"limit" must be 1 to {MOST}.', Why.BAD_REQUEST)
    return {**options, "limit": limit}


async def _given(command: tuple[str, ...], text: str) -> str:
    """What went wrong when ``command`` was given ``text``."""
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    except (OSError, ValueError) as error:
        return f"{command[0]} cannot be run: {getattr(error, 'strerror', None) or error}."
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"{command[0]} did not end within {COMMAND_SECONDS:g} s."
    return f"{command[0]} ended with status {process.returncode}." if process.returncode else ""
