"""The one door for alarms: a log line at once, then the catalogue, the hook and the mail, each in its own time.

Before ``start`` and where the catalogue cannot be written, what is said waits in memory and is not lost.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from callwarden import logs
from callwarden.alarms.outbox import Outbox
from callwarden.config.alarms import Alarms as Options
from callwarden.core.alarm import Alarm, Key, News, Notice, said, to_send
from callwarden.storage.alarm_rows import acknowledge, open_alarms, save_alarms

log = logging.getLogger(__name__)

LIMIT = 1000  # alarms remembered, and alarms that wait for the catalogue; older ones are in the catalogue alone
LINGER = 0.2  # seconds: a burst is written once
LOOK_AGAIN = 15.0  # seconds between looks for what may be sent again
RETRY_FIRST, RETRY_LAST = 1.0, 30.0  # seconds, for the catalogue
GATHER = 3.0  # seconds: what one trouble causes comes in one mail
APART = 60.0  # seconds between two mails
SHUT_DOWN = 5.0  # seconds for the catalogue when the daemon stops


class OnCatalogue(Protocol):
    """Does a piece of work on the catalogue's write connection, elsewhere than in the event loop."""

    def __call__(self, work: Callable[[Any], Any], /) -> Awaitable[Any]: ...


class Alarms:
    """``sound``, ``begin`` and ``end`` may be called from the event loop only; none of them waits or raises."""

    def __init__(self, options: Options | None = None, *, gather: float = GATHER, apart: float = APART) -> None:
        self._options = options or Options()
        self._gather, self._apart = gather, apart
        self.counts: Counter[str] = Counter()
        """How often each kind was said since the daemon started."""
        self._known: dict[Key, Alarm] = {}
        self._sent: dict[Key, float] = {}
        self._unsaved: dict[tuple[str, str, float], Alarm] = {}
        self._changed = asyncio.Event()
        self._boxes: list[Outbox] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._on_catalogue: OnCatalogue | None = None

    # -- what is said ---------------------------------------------------------------------------------------------

    def sound(self, kind: str, text: str, unique_id: str = "") -> None:
        """Something happened that a person must look at: its kind is a short name with hyphens, its text a sentence
        with what to do; no full number and no secret in it. ``unique_id`` names the channel it is about, if any."""
        self._say(kind, text, unique_id, lasting=False)

    def begin(self, kind: str, text: str, about: str = "") -> None:
        """Things are not as they must be; say so as often as it is seen, and :meth:`end` when they are well again."""
        self._say(kind, text, about, lasting=True)

    def end(self, kind: str, about: str = "") -> None:
        """Things are well again; nothing if they were."""
        known = self._known.get((kind, about))
        if known is None or not known.lasting:
            return
        del self._known[known.key]
        over = replace(known, ended=time.time())
        log.info("alarm %s is over: %s", kind, known.text, extra=logs.about(channel=about))
        self._keep(over)
        if known.sent is not None:
            self._put(Notice(News.ENDED, over))

    @property
    def open(self) -> list[Alarm]:
        """What somebody still has to look at, the oldest first."""
        return [alarm for alarm in self._known.values() if alarm.open]

    def _say(self, kind: str, text: str, about: str, *, lasting: bool) -> None:
        now = time.time()
        known = self._known.get((kind, about))
        safe = logs.one_line(logs.masked(text))
        alarm = said(known, Alarm(kind=kind, about=about, text=safe, first=now, last=now, lasting=lasting))
        if not lasting or alarm.count == 1:  # that a state goes on is no line a minute
            self.counts[kind] += 1
            log.warning("ALARM %s: %s", kind, text, extra=logs.about(channel=about))
        self._remember(alarm)
        self._consider(alarm, now)

    def _remember(self, alarm: Alarm) -> None:
        if alarm.key not in self._known and len(self._known) >= LIMIT:
            # A state is remembered whatever comes: nobody else ends it.
            oldest = next((one for one in self._known.values() if not one.lasting), alarm)
            self._known.pop(oldest.key, None)
        self._known[alarm.key] = alarm
        self._keep(alarm)

    # -- the ways out ---------------------------------------------------------------------------------------------

    def _consider(self, alarm: Alarm, now: float) -> None:
        if to_send(alarm, self._sent.get(alarm.key), now, self._options.repeat_after) and self._boxes:
            self._sent[alarm.key] = now
            self._known[alarm.key] = replace(alarm, sent=now)
            self._put(Notice(News.RAISED, alarm))

    def _put(self, notice: Notice) -> None:
        for box in self._boxes:
            box.put(notice)

    def _delivered(self, notices: Sequence[Notice]) -> None:
        """Only now the catalogue says so: what was not delivered when the daemon died is sent by the next one."""
        for notice in notices:
            known = self._known.get(notice.alarm.key)
            if known is not None and notice.news is News.RAISED and known.first == notice.alarm.first:
                self._keep(known)

    def _open_boxes(self) -> None:
        # Here: calls do not wait for it.
        from callwarden.alarms.ways import ways

        self._boxes = ways(self._options, self._delivered, gather=self._gather, apart=self._apart)
        for box in self._boxes:
            box.start()

    async def test(self, by: str) -> dict[str, str]:
        """Send a test by every way now; for each way what went wrong, empty when nothing did."""
        from callwarden.alarms.ways import trouble

        now = time.time()
        text = f"This is a test, asked for by {by}. Nothing is wrong."
        notice = Notice(News.TEST, Alarm(kind="test", about="", text=text, first=now, last=now))
        log.warning("ALARM test: %s", text)
        return {box.way.name: await trouble(box.way, notice) for box in self._boxes}

    # -- the catalogue --------------------------------------------------------------------------------------------

    def _keep(self, alarm: Alarm) -> None:
        self._unsaved.pop((*alarm.key, alarm.first), None)
        if len(self._unsaved) < LIMIT:
            self._unsaved[(*alarm.key, alarm.first)] = alarm
        self._changed.set()

    async def _save(self) -> None:
        assert self._on_catalogue is not None
        waiting, self._unsaved = self._unsaved, {}
        try:
            await self._on_catalogue(partial(save_alarms, alarms=[self._told(one) for one in waiting.values()]))
        except BaseException:
            self._unsaved = waiting | self._unsaved
            raise

    def _told(self, alarm: Alarm) -> Alarm:
        """As the catalogue is to have it: sent is what was delivered."""
        waits = any(box.waits(alarm.key) for box in self._boxes)
        return replace(alarm, sent=None) if waits else alarm

    async def _write(self) -> None:
        delay = RETRY_FIRST
        while True:
            await self._changed.wait()
            await asyncio.sleep(LINGER)
            self._changed.clear()
            try:
                await self._save()
            except Exception as error:
                log.debug("alarms are not in the catalogue yet: %s", error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_LAST)
                self._changed.set()
            else:
                delay = RETRY_FIRST

    # -- from start to stop ---------------------------------------------------------------------------------------

    async def start(self, on_catalogue: OnCatalogue) -> None:
        """Take up what an earlier daemon left open. Raises what the catalogue raises."""
        self._on_catalogue = on_catalogue
        for alarm in await on_catalogue(partial(open_alarms, limit=LIMIT)):
            known = self._known.get(alarm.key)
            self._known[alarm.key] = alarm if known is None else replace(alarm, last=known.last, text=known.text)
            if alarm.sent is not None:
                self._sent[alarm.key] = alarm.sent
            if known is not None:
                self._unsaved.pop((*known.key, known.first), None)
                self._keep(self._known[alarm.key])
        self._open_boxes()
        self._tasks = [asyncio.create_task(work(), name="alarms") for work in (self._write, self._look_again)]

    async def stop(self) -> None:
        """Send and write what can be, for some seconds each."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *(box.stop() for box in self._boxes), return_exceptions=True)
        self._boxes, self._tasks = [], []
        if self._unsaved and self._on_catalogue is not None:
            try:
                async with asyncio.timeout(SHUT_DOWN):
                    await self._save()
            except Exception as error:
                log.warning("%d alarms are in the log alone: %s", len(self._unsaved), error or "the catalogue is busy")

    async def apply(self, options: Options) -> None:
        """Go on with other settings; what still waits goes the new ways."""
        if options == self._options or not self._tasks:
            self._options = options
            return
        left = [notice for box in self._boxes for notice in box.waiting]
        await asyncio.gather(*(box.abandon() for box in self._boxes))
        self._options = options
        self._open_boxes()
        for notice in left:
            self._put(notice)

    async def acknowledge(self, ids: Iterable[int] | None, by: str) -> int:
        """A person has seen them (None: all that are open); how many there were. Raises what the catalogue raises."""
        assert self._on_catalogue is not None
        await self._save()
        now = time.time()
        wanted = None if ids is None else tuple(ids)
        seen: list[Alarm] = await self._on_catalogue(partial(acknowledge, ids=wanted, by=by, now=now))
        for alarm in seen:
            known = self._known.get(alarm.key)
            if known is not None and known.first == alarm.first:
                self._known[alarm.key] = replace(known, acknowledged=now, acknowledged_by=by)
                if not known.lasting:
                    del self._known[alarm.key]
        return len(seen)

    async def _look_again(self) -> None:
        while True:
            now = time.time()
            for alarm in list(self._known.values()):
                self._consider(alarm, now)
            self._sent = {
                key: at
                for key, at in self._sent.items()
                if key in self._known or 0 <= now - at < self._options.repeat_after
            }
            await asyncio.sleep(LOOK_AGAIN)
