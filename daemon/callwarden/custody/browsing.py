"""Looking at what is known of calls without hearing them, for people who may not read the catalogue's file.

Takes an asker and a search; gives what the catalogue's readers give, packed, veiled for whoever may not see numbers.
Every look is an audit entry before anything is given: who, what for, how much was found. The words that were searched
for are not in it: they are names, and the chain outlives every retention.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, TypeVar

from sqlite_utils import Database

from callwarden.control import ControlError, Handler, Kind, Listed, text_of
from callwarden.core.facts import Direction
from callwarden.custody import veil
from callwarden.custody.door import Door
from callwarden.custody.packed import written
from callwarden.custody.people import Act, Asker, allowed
from callwarden.storage.database import open_readonly
from callwarden.storage.keeper import Keeper
from callwarden.storage.search import TooManyNumbers, find_calls, find_recordings
from callwarden.storage.told import Told, named, told

T = TypeVar("T")
MOST = 10_000  # rows of one answer
TEXTS = ("number", "extension", "direction", "text")


class Browsing:
    """Its verbs: ``calls``, ``recordings``, ``recording``; and ``browsing``, by which root tells that it looks."""

    def __init__(self, door: Door, keeper: Keeper) -> None:
        self._door, self._keeper = door, keeper

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        verbs = {
            "browsing": self._announced,
            "calls": self._calls,
            "recordings": self._recordings,
            "recording": self._recording,
        }
        return {verb: self._door.knowing(handler) for verb, handler in verbs.items()}

    async def read(self, work: Callable[[Database], T]) -> T:
        """Read the catalogue beside the writer. Raises what it raises."""

        def look() -> T:
            with closing(open_readonly(self._keeper.settings.catalogue.path)) as db:
                return work(db)

        return await asyncio.to_thread(look)

    async def _announced(self, who: Asker, request: Mapping[str, object]) -> Mapping[str, object]:
        """Root and our own user read the file themselves; what they say they look at is entered."""
        await self._door.enter(who.who, "browse", "", command=text_of(request, "command"))
        return {"entered": True}

    async def _calls(self, who: Asker, request: Mapping[str, object]) -> Mapping[str, object]:
        options = _options(who, request)
        return await self._listed(who, "calls", "calls", options, find_calls, veil.of_found_call)

    async def _recordings(self, who: Asker, request: Mapping[str, object]) -> Mapping[str, object]:
        options = _options(who, request)
        return await self._listed(who, "recordings", "recordings search", options, find_recordings, veil.of_recording)

    async def _listed(
        self, who: Asker, name: str, command: str, options: Mapping[str, Any], find: Callable[..., list[T]],
        veiled: Callable[[T], T],
    ) -> Listed:  # fmt: skip
        """What a search finds. Ten thousand rows are a second's work: all of it is done in the thread that reads."""

        def work(db: Database) -> tuple[int, bytes]:
            found = find(db, **options)
            return len(found), written(found if _whole(who) else map(veiled, found))

        count, rows = await self.found(work)
        await self._enter(who, command, options, count)
        return Listed({}, name, rows)

    async def _recording(self, who: Asker, request: Mapping[str, object]) -> Mapping[str, object]:
        identity = text_of(request, "recording")

        def work(db: Database) -> tuple[int, bytes]:
            found = [told(db, one) for one in named(db, identity)]
            return len(found), written(found if _whole(who) else map(_veiled, found))

        count, rows = await self.read(work)
        await self._door.enter(who.who, "browse", identity, command="recordings show", found=count)
        return Listed({}, "recordings", rows)

    async def found(self, search: Callable[[Database], T]) -> T:
        """:meth:`read`; too wide a search is a ControlError."""
        try:
            return await self.read(search)
        except TooManyNumbers as error:
            raise ControlError(str(error)) from error

    async def _enter(self, who: Asker, command: str, options: Mapping[str, Any], found: int) -> None:
        said = {name: value for name, value in options.items() if value is not None and name not in ("text", "limit")}
        if options["text"]:
            said["words"] = len(str(options["text"]).split())
        await self._door.enter(who.who, "browse", "", command=command, found=found, **said)


def _whole(who: Asker) -> bool:
    return allowed(who, Act.BROWSE_NUMBERS)


def _veiled(one: Told) -> Told:
    return replace(one, found=veil.of_recording(one.found))


def _options(who: Asker, request: Mapping[str, object]) -> dict[str, Any]:
    """As the searches take them. Raises ControlError."""
    options: dict[str, Any] = {}
    for name in TEXTS:
        value = request.get(name)
        if value is not None and not isinstance(value, str):
            raise ControlError(f'"{name}" must be a text.', Kind.BAD_REQUEST)
        options[name] = value
    options |= {name: moment_of(request, name) for name in ("from_", "to")}
    limit = limit_of(request)
    _refuse_searching_for_people(who, options)
    return {**options, "limit": limit, "direction": _direction(options["direction"])}


def moment_of(request: Mapping[str, object], name: str) -> float | None:
    """A time in UTC epoch seconds, where one is given. Raises ControlError."""
    value = request.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ControlError(f'"{name}" must be a time in seconds.', Kind.BAD_REQUEST)
    return value


def limit_of(request: Mapping[str, object]) -> int:
    """How many rows at most. Raises ControlError."""
    limit = request.get("limit", 50)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST:
        raise ControlError(f'"limit" must be 1 to {MOST}.', Kind.BAD_REQUEST)
    return limit


def _refuse_searching_for_people(who: Asker, options: Mapping[str, Any]) -> None:
    if not _whole(who) and (options["number"] or options["text"]):
        raise ControlError(
            "You may look by extension, direction and time. Searching for a person's number or name needs a request: "
            "callwarden request open --number NUMBER; once approved, `callwarden request show` lists what it covers.",
            Kind.NOT_ALLOWED,
        )


def _direction(text: str | None) -> Direction | None:
    try:
        return Direction(text) if text else None
    except ValueError:
        raise ControlError(f"There is no direction {text}.", Kind.BAD_REQUEST) from None
