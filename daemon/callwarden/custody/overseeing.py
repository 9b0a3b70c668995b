"""Whether all is accounted for, for people who may not read the catalogue's file: why, coverage, alarms, findings.

===============  ==========================================  =========================================================
verb             arguments                                   answer
===============  ==========================================  =========================================================
why              ``call`` (an id)                            ``why``: :class:`callwarden.why.Answer`, packed, or None
coverage         ``from_``, ``to`` (UTC epoch seconds)       ``coverage``: :class:`core.coverage.Coverage`, packed
alarms-list      ``all`` (bool), ``limit``                   ``alarms``: :class:`storage.alarm_rows.FoundAlarm`, packed
reconcile-list   ``all`` (bool), ``from_``, ``to``,          ``findings``: :class:`storage.findings.Found`, packed;
                 ``after`` (that of the last answer)         ``after``, None at the end
===============  ==========================================  =========================================================

No number and no name is in any of it. Every look is an audit entry before anything is given.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Any

from sqlite_utils import Database

from callwarden import why
from callwarden.control import ControlError, Handler, Kind, Listed, text_of
from callwarden.core.coverage import Coverage
from callwarden.custody.browsing import Browsing, limit_of, moment_of
from callwarden.custody.door import Door
from callwarden.custody.packed import pack, written
from callwarden.custody.people import Asker
from callwarden.priority import give_way
from callwarden.storage.accounts import coverage
from callwarden.storage.alarm_rows import find_alarms
from callwarden.storage.database import open_readonly
from callwarden.storage.findings import listed
from callwarden.storage.keeper import Keeper

PAGE = 1000  # findings of one answer
# Of counting (a million channels are 37 s of CPU); less than the control socket waits for an answer.
LONGEST_SECONDS = 100.0
REST_SECONDS = 0.001  # after some 15 ms of counting: others' turn


class Overseeing:
    """Counting is done by one thread of low priority: whoever asks at the same time waits for it."""

    def __init__(self, door: Door, keeper: Keeper, browsing: Browsing) -> None:
        self._door, self._keeper, self._browsing = door, keeper, browsing
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="coverage", initializer=give_way)
        self._stopping = threading.Event()

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        verbs = {
            "why": self._why,
            "coverage": self._coverage,
            "alarms-list": self._alarms,
            "reconcile-list": self._findings,
        }
        return {verb: self._door.knowing(handler) for verb, handler in verbs.items()}

    async def stop(self) -> None:
        """What is being counted is dropped."""
        self._stopping.set()
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)

    async def _why(self, who: Asker, request: Mapping[str, object]) -> Mapping[str, object]:
        identity, settings = text_of(request, "call"), self._keeper.settings
        answer = await self._browsing.read(lambda db: pack(why.answer(db, identity, settings)))
        await self._enter(who, "why", identity, found=int(answer is not None))
        return {"why": answer}

    async def _coverage(self, who: Asker, request: Mapping[str, object]) -> Mapping[str, object]:
        from_, to, now = moment_of(request, "from_"), moment_of(request, "to"), time.time()
        patience = Patience(self._stopping.is_set)
        path = self._keeper.settings.catalogue.path

        def count() -> Coverage:
            with closing(open_readonly(path)) as db:
                return coverage(db, from_, to, now, patience.rest)

        counted = await asyncio.get_running_loop().run_in_executor(self._worker, count)
        await self._enter(who, "coverage", found=counted.total.channels, **_given(from_, to))
        return {"coverage": pack(counted)}

    async def _alarms(self, who: Asker, request: Mapping[str, object]) -> Mapping[str, object]:
        everything, limit = request.get("all") is True, limit_of(request)

        def work(db: Database) -> tuple[int, bytes]:
            found = find_alarms(db, only_open=not everything, limit=limit)
            return len(found), written(found)

        count, rows = await self._browsing.read(work)
        await self._enter(who, "alarms", found=count)
        return Listed({}, "alarms", rows)

    async def _findings(self, who: Asker, request: Mapping[str, object]) -> Mapping[str, object]:
        from_, to, after = moment_of(request, "from_"), moment_of(request, "to"), _after(request)
        open_only = request.get("all") is not True

        def work(db: Database) -> tuple[int, tuple[float, int] | None, bytes]:
            found = list(islice(listed(db, open_only=open_only, from_=from_, to=to, after=after), PAGE))
            last = (found[-1].finding.at, found[-1].number) if len(found) == PAGE else None
            return len(found), last, written(found)

        count, last, rows = await self._browsing.read(work)
        await self._enter(who, "reconcile --list", found=count, **_given(from_, to))
        return Listed({"after": last}, "findings", rows)

    async def _enter(self, who: Asker, command: str, about: str = "", **detail: object) -> None:
        await self._door.enter(who.who, "browse", about, command=command, **detail)


class Patience:
    """Rests between portions, and ends with a sentence what takes too long or is no longer wanted."""

    def __init__(self, stopping: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._stopping, self._clock = stopping, clock
        self._until = clock() + LONGEST_SECONDS

    def rest(self) -> None:
        """Raises ControlError."""
        if self._stopping():
            raise ControlError("The daemon is stopping. Ask again when it is back.")
        if self._clock() > self._until:
            raise ControlError(
                f"This takes longer than {LONGEST_SECONDS:g} s: ask for less at a time with --from and --to."
            )
        time.sleep(REST_SECONDS)


def _given(from_: float | None, to: float | None) -> dict[str, Any]:
    return {name: value for name, value in (("from_", from_), ("to", to)) if value is not None}


def _after(request: Mapping[str, object]) -> tuple[float, int] | None:
    value = request.get("after")
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(type(one) in (int, float) for one in value):
        return float(value[0]), int(value[1])
    raise ControlError('"after" is what the last answer gave.', Kind.BAD_REQUEST)
