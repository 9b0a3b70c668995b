"""What a look at the live Asterisk shows, by AMI and without changing anything.

Takes settings, gives :class:`Seen`, the material of the judges beside this module, or why it could not be had. Every
question is one that our own user may ask (measured on 22.10 and 16.28: class `system` includes GetConfig, class
`reporting` ShowDialPlan); one that is refused leaves its part of Seen None.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from callwarden.asterisk.ami import ActionFailed, AmiLink, Headers, LinkState
from callwarden.config import Settings

PATIENCE = 8.0  # seconds: AMI's own time to connect and log in is 5
LONG_LISTING = 20.0  # seconds: a FreePBX dialplan has some ten thousand lines
FILE_OF_MONITOR = "MIXMONITOR_FILENAME"
GLOBALS = ("CALLWARDEN_AGI", "CALLWARDEN_SPOOL")
# What dialplan/callwarden.conf and the recorders call. Without func_env it cannot see that the daemon hangs, without
# func_timeout it cannot break a step off, without func_db, func_uri and func_strings it leaves no notes.
MODULES = (
    "app_mixmonitor.so", "app_stack.so", "func_db.so", "func_env.so", "func_logic.so", "func_periodic_hook.so",
    "func_strings.so", "func_timeout.so", "func_uri.so", "res_agi.so",
)  # fmt: skip

T = TypeVar("T")
Section = tuple[tuple[str, str], ...]
Sections = Mapping[str, Section]
"""A configuration file of Asterisk's, includes and templates resolved: options in order, some more than once."""


@dataclass(frozen=True, slots=True)
class Line:
    """One priority of the dialplan."""

    context: str
    extension: str
    application: str
    data: str


@dataclass(frozen=True, slots=True)
class Monitored:
    """A channel on which a MixMonitor was started, and the file it was given."""

    channel: str
    file: str


@dataclass(frozen=True, slots=True)
class Permitted:
    """What our user may do and hear; ``manager`` is its own section of manager.conf. None: it may not ask for it."""

    version: str
    booted: bool
    actions: frozenset[str]
    manager: Section | None


@dataclass(frozen=True, slots=True)
class Seen(Permitted):
    """Everything that `callwarden check` looks at."""

    features: Sections | None
    dialplan: tuple[Line, ...] | None
    settings: Mapping[str, str] | None
    monitored: tuple[Monitored, ...] | None
    modules: Mapping[str, bool] | None


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Asterisk was not reached, or refused us (``refused``); ``why`` is a sentence without its full stop."""

    refused: bool
    why: str


async def look(settings: Settings) -> Seen | NotSeen:
    """Log in, ask for everything, and log off."""
    return await _ask(settings, _seen)


async def permitted(settings: Settings) -> Permitted | NotSeen:
    """Log in, ask what we may, and log off: a start need not wait for the dialplan's ten thousand lines."""
    return await _ask(settings, _permitted)


async def _ask(settings: Settings, questions: Callable[[AmiLink, Settings, bool], Awaitable[T]]) -> T | NotSeen:
    arrived: asyncio.Queue[tuple[LinkState, str]] = asyncio.Queue()
    ami = settings.ami
    link = AmiLink(
        ami.host,
        ami.port,
        ami.username,
        ami.secret.get_secret_value(),
        on_event=lambda *_: None,
        on_state=lambda state, why: arrived.put_nowait((state, why)),
        action_timeout=LONG_LISTING,
    )
    link.start()
    try:
        state, why = await _settled(arrived)
        if state in (LinkState.READY, LinkState.LOGGED_IN):
            return await questions(link, settings, state is LinkState.READY)
        return NotSeen(state is LinkState.REFUSED, why)
    except ActionFailed as error:
        return NotSeen(False, str(error))
    finally:
        await link.stop()


async def _settled(arrived: "asyncio.Queue[tuple[LinkState, str]]") -> tuple[LinkState, str]:
    """The first state that says something. Logged in and never ready: FullyBooted is of read class `system`."""
    state, why = LinkState.CONNECTING, "Asterisk did not answer in time"
    try:
        async with asyncio.timeout(PATIENCE) as limit:
            while state in (LinkState.CONNECTING, LinkState.LOGGED_IN):
                state, why = await arrived.get()
                if state is LinkState.LOGGED_IN:
                    limit.reschedule(asyncio.get_running_loop().time() + 1.0)
    except TimeoutError:
        return state, why
    return state, why


async def _permitted(link: AmiLink, settings: Settings, booted: bool) -> Permitted:
    actions, manager = await asyncio.gather(_actions(link), _config(link, "manager.conf"))
    own = None if manager is None else manager.get(settings.ami.username)
    return Permitted(link.asterisk_version, booted, actions, own)


async def _seen(link: AmiLink, settings: Settings, booted: bool) -> Seen:
    may = await _permitted(link, settings, booted)
    return Seen(
        version=may.version,
        booted=may.booted,
        actions=may.actions,
        manager=may.manager,
        features=await _config(link, "features.conf"),
        dialplan=await _dialplan(link),
        settings=await _globals(link),
        monitored=await _monitored(link),
        modules=await _modules(link),
    )


async def _actions(link: AmiLink) -> frozenset[str]:
    """What our user may do, in lower case: ListCommands names only that (16 and 22)."""
    reply = await link.send({"Action": "ListCommands"})
    return frozenset(name for name in reply.headers if name not in ("response", "actionid", "event"))


async def _config(link: AmiLink, name: str) -> Sections | None:
    reply = await link.send({"Action": "GetConfig", "Filename": name})
    return sections(reply.headers) if reply.success else None


def sections(headers: Headers) -> Sections:
    """GetConfig's answer, whose lines are numbered by section: ``Line-000002-000000: secret=x``."""
    found: dict[str, str] = {}
    lines: dict[str, list[tuple[str, str]]] = {}
    for key, value in headers.items():
        kind, _, numbers = key.partition("-")
        if kind == "category":
            found[numbers] = value
        elif kind == "line":
            name, _, given = value.partition("=")
            lines.setdefault(numbers.partition("-")[0], []).append((name.strip(), given.lstrip("> ").strip()))
    merged: dict[str, Section] = {}
    for number, section in found.items():
        merged[section] = (*merged.get(section, ()), *lines.get(number, []))
    return merged


async def _dialplan(link: AmiLink) -> tuple[Line, ...] | None:
    try:
        listed = await link.listing({"Action": "ShowDialPlan"})
    except ActionFailed:
        return None
    return tuple(
        Line(one.get("context"), one.get("extension"), one.get("application"), one.get("appdata"))
        for one in listed
        if one.get("application")
    )


async def _globals(link: AmiLink) -> Mapping[str, str] | None:
    replies = [await link.send({"Action": "Getvar", "Variable": name}) for name in GLOBALS]
    if not all(reply.success for reply in replies):
        return None
    return {name: reply.headers.get("value") for name, reply in zip(GLOBALS, replies, strict=True)}


async def _monitored(link: AmiLink) -> tuple[Monitored, ...] | None:
    try:
        listed = await link.listing({"Action": "Status", "Variables": FILE_OF_MONITOR})
    except ActionFailed:
        return None
    pairs = [(one.get("channel"), _file(one)) for one in listed]
    return tuple(Monitored(channel, file) for channel, file in pairs if file)


def _file(channel: Headers) -> str:
    value = next((v for v in channel.all("variable") if v.startswith(f"{FILE_OF_MONITOR}=")), "").partition("=")[2]
    return "" if re.fullmatch(r"\(null\)", value) else value


async def _modules(link: AmiLink) -> Mapping[str, bool] | None:
    replies = [await link.send({"Action": "ModuleCheck", "Module": name}) for name in MODULES]
    if any("permission" in reply.message.lower() for reply in replies):
        return None
    return {name: reply.success for name, reply in zip(MODULES, replies, strict=True)}
