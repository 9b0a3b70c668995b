"""What was left behind by the dialplan, which did alone what it could, and by a daemon that was killed.

Looks at the notes in AstDB and at the spool: before every snapshot, so that this finds them remembered, and every few
seconds, for what ends or appears between two looks. Gives the core the channels that are to be finished; tells of sound
that belongs to no recording any more.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable

from callwarden.alarms import Alarms
from callwarden.asterisk import notes
from callwarden.asterisk.ami import ActionFailed, AmiLink, LinkState
from callwarden.core import events as ev
from callwarden.core.book import Book
from callwarden.core.facts import Note
from callwarden.storage.database import CatalogueError
from callwarden.storage.keeper import Keeper
from callwarden.storage.leftovers import channel_of
from callwarden.storage.spool import Spool

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
PATIENCE = 5.0  # seconds: a catalogue that cannot be written must not keep us from looking after calls
RESTING_SECONDS = 2.0  # a file that was written to a moment ago may be about to be told of


class LeftBehind:
    """``book`` tells who is being looked after, ``receive`` takes the events."""

    def __init__(
        self,
        link: AmiLink,
        keeper: Keeper,
        spool: Spool,
        book: Book,
        receive: Callable[[ev.Event], None],
        alarms: Alarms,
    ) -> None:
        self._link, self._keeper, self._spool = link, keeper, spool
        self._book, self._receive, self._alarms = book, receive, alarms
        self._looking = asyncio.Lock()
        self._told: set[str] = set()

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._book.blind and self._link.state is LinkState.READY:
                await self.take_in()

    async def take_in(self) -> None:
        """One look. What fails is tried again by the next."""
        try:
            async with self._looking, asyncio.timeout(PATIENCE):
                for note in await notes.read(self._link):
                    await self._take_in_note(note)
                await self._take_in_leftovers()
        except (ActionFailed, TimeoutError, sqlite3.Error, CatalogueError, OSError) as error:
            log.warning("what was left behind is looked at later: %s", error or "the catalogue is busy")

    async def _take_in_note(self, note: Note) -> None:
        book = self._book
        if note.unique_id in book.calls.legs:
            for told in note.told:
                sha256 = self._keeper.prompt_hash(told.prompt, told.language)
                self._receive(ev.ToldByDialplan(time.time(), note.unique_id, told, sha256))
            return  # while its channel lives the dialplan may add to it
        if note.unique_id in book.recorders:
            return  # it is being finished: the next look finds it done
        for event in await self._keeper.take_in(note):
            self._receive(event)
        if not book.blind:  # its channel has ended: nothing is added to the note any more
            await notes.forget(self._link, note)

    async def _take_in_leftovers(self) -> None:
        files = self._spool.resting(RESTING_SECONDS, self._is_left_over)
        if not files:
            return
        leftovers = await self._keeper.take_in_leftovers(files, sighted=not self._book.blind)
        for event in leftovers.found:
            log.info("channel %s is finished with a file that nobody waited for", event.channel.unique_id)
            self._receive(event)
        for file in leftovers.cleared:
            log.info("%s is removed from the spool: its recording is finished", file)
        self._tell([file for file in leftovers.left if file not in self._told])

    def _is_left_over(self, file: str) -> bool:
        """Whether nobody looks after the channel that it belongs to."""
        unique_id, book = channel_of(file), self._book
        return bool(unique_id) and unique_id not in book.calls.legs and unique_id not in book.recorders

    def _tell(self, files: list[str]) -> None:
        self._told.update(files)
        for file in files:
            text = f"{file} in the spool holds sound that is not in its recording: listen to it and move it elsewhere"
            self._alarms.sound("left-over-file", text, channel_of(file))
