"""Whether recordings grow: Asterisk reports neither a disk that is full nor a MixMonitor that writes nothing.

Looks at every running recording's file, and where one has not grown, at what the channel's RTP has carried meanwhile:
where no packets flow there is nothing to write (measured, 22 and 16: a call on hold without RTP writes nothing for as
long as that lasts), where they do the file has to grow. Asterisk writes 32 kB at a time, which is 2 s of ``wav`` and
20 s of ``wav49``; what it had not yet written is lost with a full disk. A channel that counts no packets (not PJSIP) is
not judged. A file begins with its header, at once: one that was empty and then grows was begun on a full disk, and
nobody can read it.
"""

import asyncio
import logging
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

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
RESTING_SECONDS = 2.5  # a file that grew since then is not asked about
# Packets (20 ms each) of one direction that are more than 32 kB in the file.
PACKETS = {".wav": 150, ".WAV": 1500}
BUFFERED = {".wav": 2.05, ".WAV": 20.2}  # seconds of sound in 32 kB
HEADER_SECONDS = 1.0
COUNTS = re.compile(r"\b[rt]xcount=(\d+)")
STATISTICS = "CHANNEL(rtcp,all)"


@dataclass(slots=True)
class Watched:
    """A file of this ``size`` since ``grown`` (UTC epoch seconds), and the packets that had been ``carried`` by then,
    received and sent; empty while not asked."""

    size: int
    grown: float
    carried: tuple[int, ...] = ()


class Growth:
    """``spool`` as this process sees it. Gives RecorderStuck to ``receive``."""

    def __init__(self, link: AmiLink, spool: Path, book: Book, receive: Callable[[ev.Event], None]) -> None:
        self._link, self._spool, self._book, self._receive = link, spool, book, receive
        self._watched: dict[str, Watched] = {}

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
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
        resting = [(file, one) for file, one in running.items() if self._rests(file, one, now)]
        for file, recorder in resting:
            if await self._is_stuck(file, recorder):
                self._tell(recorder, file)

    def _tell(self, recorder: Recorder, file: str) -> None:
        watched = self._watched.pop(file, None)
        if watched is not None:
            since = watched.grown - BUFFERED.get(Path(file).suffix, 0.0)
            self._receive(ev.RecorderStuck(time.time(), recorder.unique_id, file, since))

    def _should_grow(self, recorder: Recorder) -> bool:
        leg = self._book.leg(recorder.unique_id)
        return recorder.state is RecordingState.RECORDING and leg is not None and leg.answered is not None

    def _rests(self, file: str, recorder: Recorder, now: float) -> bool:
        try:
            size = (self._spool / file).stat().st_size
        except OSError:
            return False  # that there is none is seen elsewhere
        known = self._watched.get(file)
        if known is not None and known.size == 0 < size and now - known.grown > HEADER_SECONDS:
            self._tell(recorder, file)
            return False
        if known is None or known.size != size:
            self._watched[file] = Watched(size, now)
            return False
        return now - known.grown > RESTING_SECONDS

    async def _is_stuck(self, file: str, recorder: Recorder) -> bool:
        get = {"Action": "Getvar", "Channel": recorder.unique_id, "Variable": STATISTICS}
        reply = await self._link.send(get)
        watched = self._watched.get(file)
        carried = tuple(int(count) for count in COUNTS.findall(reply.headers.get("value"))) if reply.success else ()
        if watched is None or not carried:
            return False
        if len(watched.carried) != len(carried) or any(a > b for a, b in zip(watched.carried, carried, strict=True)):
            watched.carried = carried
            return False
        flowed = max(after - before for before, after in zip(watched.carried, carried, strict=True))
        return flowed >= PACKETS.get(Path(file).suffix, PACKETS[".WAV"])
