"""Whether recordings grow: Asterisk reports neither a disk that is full nor a MixMonitor that writes nothing.

Looks at every running recording's file, and where one has not grown, at what the channel's RTP has carried meanwhile:
where no packets flow there is nothing to write (measured, 22 and 16: a call on hold without RTP writes nothing for as
long as that lasts), where they do the file has to grow. Asterisk writes 32 kB at a time, which is 2 s; what it
had not yet written is lost with a full disk. So a file is not waited for where the disk has no room for those 32 kB. A
channel that counts no packets (not PJSIP) is not judged. A file begins with its header, at once (measured): one that is
empty while there is room was begun on a full disk, and nobody can read it.
"""

import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callwarden.asterisk.ami import ActionFailed, AmiLink, LinkState
from callwarden.core import events as ev
from callwarden.core.book import Book
from callwarden.core.facts import RecordingState
from callwarden.core.recorder import Recorder
from callwarden.core.unseen import HEADER_BYTES
from callwarden.ticks import tick

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
GROWS_SECONDS = 2.0  # a file that grew is not looked at sooner, while there is room: it grows every 2 s at most
RESTING_SECONDS = 2.5  # a file that grew since then is not asked about
WRITTEN_AT_ONCE = 32768  # bytes
BUFFERED = 2.05  # seconds of sound in 32 kB
PACKETS = 150  # of one direction (20 ms each) after which the file has grown: more than those seconds
PACKETS_IN_VAIN = 50  # where the disk is full: there is sound
MOST_PACKETS = 100  # a second, of one direction: 10 ms each
HEADER_SECONDS = 1.0
COUNTS = re.compile(r"\b[rt]xcount=(\d+)")
STATISTICS = "CHANNEL(rtcp,all)"


@dataclass(slots=True)
class Watched:
    """A file of this ``size`` since ``grown`` (UTC epoch seconds), or for longer if that was not ``seen``, and the
    packets that had been ``carried`` by then, received and sent; empty while not asked. It was ``looked`` at then, and
    while there is room it need not be before ``due``."""

    size: int
    grown: float
    seen: bool
    carried: tuple[int, ...] = ()
    looked: float = 0.0
    due: float = 0.0


class Growth:
    """``spool`` as this process sees it. Gives RecorderStuck to ``receive``."""

    def __init__(self, link: AmiLink, spool: Path, book: Book, receive: Callable[[ev.Event], None]) -> None:
        self._link, self._spool, self._book, self._receive = link, spool, book, receive
        self._watched: dict[str, Watched] = {}

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await tick(LOOK_SECONDS)
            if self._book.blind or self._link.state is not LinkState.READY:
                self._watched.clear()
                continue
            try:
                await self.look(time.time())
            except ActionFailed as error:
                log.debug("whether recordings grow is looked at later: %s", error)

    async def look(self, now: float) -> None:
        """Once. Raises ActionFailed."""
        running = {one.segments[-1].file: one for one in self._book.recorders.values() if self._should_grow(one)}
        self._watched = {file: one for file, one in self._watched.items() if file in running}
        if not running:
            return
        room = has_room(self._spool, WRITTEN_AT_ONCE * len(running))
        due = [(file, one) for file, one in running.items() if self._is_due(file, now) or not room]
        for file, recorder in [(file, one) for file, one in due if self._rests(file, one, now, room)]:
            if await self._is_stuck(file, recorder, room, now):
                self._tell(recorder, file)

    def _tell(self, recorder: Recorder, file: str) -> None:
        watched = self._watched.pop(file, None)
        if watched is not None:
            self._receive(ev.RecorderStuck(time.time(), recorder.unique_id, file, missing_since(watched)))

    def _should_grow(self, recorder: Recorder) -> bool:
        if recorder.state is not RecordingState.RECORDING:
            return False
        leg = self._book.leg(recorder.unique_id)
        return leg is not None and leg.answered is not None

    def _is_due(self, file: str, now: float) -> bool:
        known = self._watched.get(file)
        return known is None or now >= known.due

    def _rests(self, file: str, recorder: Recorder, now: float, room: bool) -> bool:
        try:
            status = os.stat(f"{self._spool}/{file}")  # noqa: PTH116 -- of hundreds of files, every two seconds
        except OSError:
            return False  # that there is none is seen elsewhere
        size, known = status.st_size, self._watched.get(file)
        headless = known is not None and known.size == 0 and now - known.grown > HEADER_SECONDS
        if headless and (size or room):
            self._tell(recorder, file)
            return False
        if known is None or known.size != size:
            grown = now if known is None else min(now, max(known.looked, status.st_mtime))
            due = grown + GROWS_SECONDS if size else now
            self._watched[file] = Watched(size, grown, seen=known is not None, looked=now, due=due)
            return False
        known.looked = now
        return now - known.grown > RESTING_SECONDS

    async def _is_stuck(self, file: str, recorder: Recorder, room: bool, now: float) -> bool:
        get = {"Action": "Getvar", "Channel": recorder.unique_id, "Variable": STATISTICS}
        reply = await self._link.send(get)
        watched = self._watched.get(file)
        carried = tuple(int(count) for count in COUNTS.findall(reply.headers.get("value"))) if reply.success else ()
        if watched is None or not carried:
            return False
        if len(watched.carried) != len(carried) or any(a > b for a, b in zip(watched.carried, carried, strict=True)):
            watched.carried = carried
            watched.due = now + PACKETS / MOST_PACKETS
            return False
        flowed = max(after - before for before, after in zip(watched.carried, carried, strict=True))
        return flowed >= (PACKETS if room else PACKETS_IN_VAIN)


def missing_since(watched: Watched) -> float:
    """Since when sound is missing (UTC epoch seconds): of the 32 kB that came last a full disk took only a part."""
    part = (watched.size - HEADER_BYTES) % WRITTEN_AT_ONCE / WRITTEN_AT_ONCE if watched.seen else 0.0
    whole = watched.seen and part == 0
    return watched.grown - (0.0 if whole else BUFFERED * (1 - part))


def has_room(directory: Path, wanted: int) -> bool:
    """Whether a writer without privileges may still write so many bytes there, as far as it can be told."""
    try:
        disk = os.statvfs(directory)
    except OSError:
        return True
    return disk.f_bavail * disk.f_frsize >= wanted
