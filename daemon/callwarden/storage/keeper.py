"""The daemon's side of storage: facts into the catalogue, ended channels into the vault, one door for the service.

Nothing here blocks the event loop: rows go to the writer's thread, files to one worker thread of low priority. What
came of a file is told as an event.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.answers import Sound, Sounds
from callwarden.assets import prompts
from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core import policy
from callwarden.core.calls import Leg
from callwarden.core.facts import Fact, Note
from callwarden.custody import audit
from callwarden.custody.head import HeadFile, text_of
from callwarden.priority import ahead
from callwarden.sounds import FORMATS, SoundsError, prompt_hash
from callwarden.storage import leftovers
from callwarden.storage.database import belongs, open_readonly
from callwarden.storage.keys import load_keys
from callwarden.storage.leftovers import Leftovers
from callwarden.storage.noted import Unseen, take_in
from callwarden.storage.remembered import known_trunks, remembered
from callwarden.storage.strays import sweep
from callwarden.storage.vault import Vault
from callwarden.storage.writer import Writer, WriterState

if TYPE_CHECKING:
    from callwarden.storage.finishing import Finishing

log = logging.getLogger(__name__)

T = TypeVar("T")


class Keeper:
    """``post`` takes events, in the event loop. ``settings`` may be replaced while it runs."""

    def __init__(self, settings: Settings, post: Callable[[ev.Event], None], alarms: Alarms) -> None:
        self.settings, self._post, self._alarms = settings, post, alarms
        self._since = time.time()
        self.vault = Vault(settings.vault.path)
        self.vault.keys = lambda: load_keys(self.settings)
        self.head = HeadFile(head_path(settings))
        self.state = WriterState("", 0, 0)
        self._finishing: Finishing | None = None
        self.prompt_hash = lru_cache(maxsize=64)(self._prompt_hash)

    async def start(self) -> list[ev.Event]:
        """Open the catalogue; gives what it knows of trunks and open calls. Raises CatalogueError, VaultError."""
        loop = asyncio.get_running_loop()

        def report(state: WriterState) -> None:
            loop.call_soon_threadsafe(self._reported, state)

        settings = self.settings
        self.writer = await asyncio.to_thread(
            Writer, settings.catalogue.path, report, settings.calls.country, after_job=self.head.follow
        )
        with ahead(self.writer.thread_id):  # calls wait for it
            lost, known = await self.on_catalogue(self._take_up)
        if lost:
            self._alarms.sound("audit-chain", lost)
        return known

    def _take_up(self, db: Database) -> tuple[str, list[ev.Event]]:
        """What lacks of the audit chain, and what is known of trunks and open calls; all in one go."""
        lost = self._find_the_head(db)
        self.vault.sweep()
        self._sweep(db)
        now = time.time()
        return lost, [known_trunks(db, now), *remembered(db, now, self.settings.spool.path)]

    def _sweep(self, db: Database) -> None:
        """Remove what a crash left in the vault under a name that no recording has."""
        if not belongs(db, self.vault.identity):
            return
        try:
            count = sweep(lambda work: work(db), self.vault)
        except OSError as error:
            log.warning("a file that no recording has could not be removed from the vault: %s", error)
            return
        if count:
            log.info("%d files that a crash left in the vault were removed", count)

    async def stop(self) -> None:
        """Let what is being finished end, and write what waits."""
        if self._finishing is not None:
            await self._finishing.stop()
        await self.writer.close()

    async def on_catalogue(self, work: Callable[[Database], T]) -> T:
        """Do ``work`` on the catalogue's write connection, after everything that was saved before."""
        return await asyncio.wrap_future(self.writer.run(work))

    async def read(self, work: Callable[[Database], T]) -> T:
        """Do ``work`` that takes its time on a connection of its own, which cannot write; writing goes on meanwhile."""
        return await asyncio.to_thread(_read, self.settings.catalogue.path, work)

    async def take_in(self, note: Note) -> list[ev.ChannelRemembered]:
        """Have the dialplan's note of a channel written; gives the channel where it is not finished. Raises what the
        catalogue raises."""
        spool, sha256 = self.settings.spool.path, self.prompt_hash
        leg = Leg(note.unique_id, note.linked_id, note.channel, note.at)
        unseen = Unseen(self._since, policy.not_recorded(leg, self.settings))
        return await self.on_catalogue(lambda db: take_in(db, note, spool, sha256, time.time(), unseen))

    async def take_in_leftovers(self, files: Sequence[str], sighted: bool) -> Leftovers:
        """Files of the spool that nobody waits for: see ``leftovers``. Raises OSError, and as the catalogue does."""
        spool = self.settings.spool.path
        return await self.on_catalogue(
            lambda db: leftovers.take_in(db, spool, self.vault, files, time.time(), sighted)
        )

    def sounds(self) -> Sounds:
        """The prompts in use, by their hashes, read again."""
        self.prompt_hash.cache_clear()
        built = prompts(self.settings.announce.built)
        found: list[Sound] = []
        for path in sorted(built.glob(f"*/*{FORMATS['slin'].suffix}")):
            language, prompt = path.parent.name, path.stem
            found.append({"language": language, "prompt": prompt, "sha256": self.prompt_hash(prompt, language)})
        return {"sounds": found, "problems": [] if found else [f"no prompt is built in {built}"]}

    def _prompt_hash(self, prompt: str, language: str) -> str:
        """What a party hears, by its hash; empty when the prompt is not built here."""
        try:
            return prompt_hash(prompts(self.settings.announce.built), language, prompt)
        except (SoundsError, FileNotFoundError) as error:
            log.warning("no hash for prompt %s/%s: %s", language, prompt, error)
            return ""

    def _find_the_head(self, db: Database) -> str:
        """What to say when the chain does not hold the link that was kept; the chain says so too from then on."""
        try:
            lost = self.head.lost(db)
        except OSError as error:
            return f"the head of the audit chain at {self.head.path} cannot be read: {error.strerror}"
        if lost is None:
            return ""
        audit.append(db, time.time(), audit.DAEMON, "audit-head-lost", "", {"kept": text_of(lost)})
        return (
            f"the audit chain does not hold entry {lost.number} as it was kept in {self.head.path}: entries were "
            "removed or rewritten. Run `callwarden audit verify`, and compare with the heads that were mailed."
        )

    async def enter(self, who: str, act: str, about: str = "", /, **detail: object) -> None:
        """Add an entry to the audit chain. Raises what the catalogue raises."""
        await self.on_catalogue(partial(_enter, who=who, act=act, about=about, detail=detail))

    def save(self, fact: Fact) -> None:
        """Have a fact written."""
        self.writer.save(fact)

    def finish(self, order: do.FinishRecording) -> None:
        """Turn an ended channel's files into one recording, or let them go; an event tells what came of it."""
        if self._finishing is None:
            # Here: the calls that are up at a start do not wait for what is done when they have ended.
            from callwarden.storage.finishing import Finishing

            self._finishing = Finishing(lambda: self.settings, self.vault, self._run, self._post, self._alarms)
        self._finishing.add(order)

    def _run(self, work: Callable[[Database], T]) -> T:
        """As :meth:`on_catalogue`, for worker threads."""
        return self.writer.wait(work)

    def _reported(self, state: WriterState) -> None:
        self.state = state
        if state.problem:
            self._alarms.begin("catalogue", f"{state.problem} ({state.waiting} facts wait)")
        else:
            log.info("the catalogue is written again")
            self._alarms.end("catalogue")


def head_path(settings: Settings) -> Path:
    """Where the head of the audit chain is kept."""
    return Path(settings.audit.head or settings.vault.path.parent / "audit-head")


def _enter(db: Database, who: str, act: str, about: str, detail: Mapping[str, object]) -> None:
    audit.append(db, time.time(), who, act, about, detail)


def _read(path: Path, work: Callable[[Database], T]) -> T:
    db = open_readonly(path)
    try:
        return work(db)
    finally:
        db.close()
