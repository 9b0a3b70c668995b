"""The daemon's side of storage: facts into the catalogue, ended channels into the vault, one door for the service.

Nothing here blocks the event loop: rows go to the writer's thread, files to one worker thread of low priority. What
came of a file is told as an event.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.answers import Sound, Sounds
from callwarden.assets import prompts
from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.card_time import card_times
from callwarden.core.facts import Fact, Note
from callwarden.custody import audit
from callwarden.custody.head import HeadFile, text_of
from callwarden.priority import give_way
from callwarden.sounds import FORMATS, SoundsError, prompt_hash
from callwarden.storage import beside, leftovers
from callwarden.storage.database import belongs, open_readonly
from callwarden.storage.finish import (
    Discarded,
    Finished,
    FinishFailed,
    FinishJob,
    discard,
    finish,
)
from callwarden.storage.keys import KeysError, load_keys
from callwarden.storage.leftovers import Leftovers
from callwarden.storage.noted import take_in
from callwarden.storage.parts import pieces
from callwarden.storage.remembered import known_trunks, remembered
from callwarden.storage.strays import sweep
from callwarden.storage.vault import Vault
from callwarden.storage.writer import Writer, WriterState

log = logging.getLogger(__name__)

T = TypeVar("T")
NEVER_ANSWERED = "never answered"
NOTHING_RECORDED = "nothing was recorded: silent or without a recorder from beginning to end"


class Keeper:
    """``post`` takes events, in the event loop. ``settings`` may be replaced while it runs."""

    def __init__(self, settings: Settings, post: Callable[[ev.Event], None], alarms: Alarms) -> None:
        self.settings, self._post, self._alarms = settings, post, alarms
        self.vault = Vault(settings.vault.path)
        self.vault.keys = lambda: load_keys(self.settings)
        self.head = HeadFile(head_path(settings))
        self.state = WriterState("", 0, 0)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="finish", initializer=give_way)
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
        if lost := await self.on_catalogue(self._find_the_head):
            self._alarms.sound("audit-chain", lost)
        await asyncio.to_thread(self.vault.sweep)
        await asyncio.to_thread(self._sweep)
        return await self.on_catalogue(
            lambda db: [known_trunks(db, time.time()), *remembered(db, time.time(), settings.spool.path)]
        )

    def _sweep(self) -> None:
        """Remove what a crash left in the vault under a name that no recording has."""
        if not self.writer.wait(lambda db: belongs(db, self.vault.identity)):
            return
        try:
            count = sweep(self.writer.wait, self.vault)
        except OSError as error:
            log.warning("a file that no recording has could not be removed from the vault: %s", error)
            return
        if count:
            log.info("%d files that a crash left in the vault were removed", count)

    async def stop(self) -> None:
        """Let what is being finished end, and write what waits."""
        await asyncio.to_thread(self._worker.shutdown)
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
        return await self.on_catalogue(lambda db: take_in(db, note, spool, sha256, time.time()))

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

    def save(self, fact: Fact) -> None:
        """Have a fact written."""
        self.writer.save(fact)

    def _reported(self, state: WriterState) -> None:
        self.state = state
        if state.problem:
            self._alarms.begin("catalogue", f"{state.problem} ({state.waiting} facts wait)")
        else:
            log.info("the catalogue is written again")
            self._alarms.end("catalogue")

    # -- ended channels -------------------------------------------------------------------------------------------

    def finish(self, action: do.FinishRecording) -> None:
        """Turn an ended channel's files into one recording, or let them go; an event tells what came of it."""
        loop = asyncio.get_running_loop()
        work = self._worker.submit(self._finish, action)
        work.add_done_callback(lambda done: loop.call_soon_threadsafe(self._finished, action.unique_id, done))

    def _finish(self, action: do.FinishRecording) -> Finished | FinishFailed | Discarded:
        settings = self.settings
        try:
            keys = load_keys(settings)
        except KeysError as error:  # better in the spool, to be tried again, than in the vault unsealed
            return FinishFailed(action.unique_id, str(error))
        found = beside.look(action, settings.spool.path)
        if found.action != action:
            self.writer.wait(lambda db: beside.save(db, found))
            action = found.action
        job = FinishJob(
            action.unique_id,
            pieces(action.segments, action.suspensions, settings.spool.path, action.ended, action.answered),
            settings.recording.format,
            settings.recording.suspended_time,
            None if settings.retention.rule else settings.retention.keep.seconds_after(action.ended),
            keys if settings.seal.enabled else None,
            tuple(card_times(action.suspensions, action.ended, action.segments)),
            action.ended,
        )
        if action.answered is None and not settings.recording.keep_unanswered:
            return discard(job, self.writer.wait, NEVER_ANSWERED)
        if not action.segments:
            return discard(job, self.writer.wait, NOTHING_RECORDED)
        return finish(job, self.vault, self.writer.wait)

    def _finished(self, unique_id: str, done: "Future[Finished | FinishFailed | Discarded]") -> None:
        self._post(_outcome(unique_id, done))
        if done.exception() is None and isinstance(result := done.result(), Finished):
            for leak in result.leaks:
                self._alarms.sound(leak.kind, leak.text, unique_id)


def head_path(settings: Settings) -> Path:
    """Where the head of the audit chain is kept."""
    return Path(settings.audit.head or settings.vault.path.parent / "audit-head")


def _read(path: Path, work: Callable[[Database], T]) -> T:
    db = open_readonly(path)
    try:
        return work(db)
    finally:
        db.close()


def _outcome(unique_id: str, done: "Future[Finished | FinishFailed | Discarded]") -> ev.Event:
    now = time.time()
    if done.exception() is not None:
        return ev.RecordingStoreFailed(now, unique_id, str(done.exception()))
    match done.result():
        case Finished(problems=problems):
            for problem in problems:
                log.warning("recording %s: %s", unique_id, problem)
            return ev.RecordingStored(now, unique_id)
        case Discarded():
            return ev.RecordingDiscarded(now, unique_id)
        case FinishFailed(reason=reason, retry=retry):
            return ev.RecordingStoreFailed(now, unique_id, reason, final=not retry)
