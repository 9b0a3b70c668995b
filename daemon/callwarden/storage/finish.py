"""From the closed segments of an ended channel to one recording in the vault and its row; or to nothing, on purpose.

Takes a job, gives what came of it; never raises for what a disk or a file does. It is for a worker thread: it reads,
hashes and writes in chunks that release the GIL. It may stop dead between any two steps and be asked again:

1. A row that is stored already (with its file in the vault) is the result; only the spool is left to clear.
2. What may have been recorded of a card time (``card_check``) is told in the catalogue, and left out of what follows.
   Join into the vault under the recording's own name. Asked again, the same name is replaced as a whole. Where it is
   sealed, it is sealed on its way: the audio is nowhere in the vault, not even in a file without a name.
3. The row: stored, with path, hash, length and expiry, in one transaction.
4. Only then the spool's files go.
"""

import sqlite3
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from callwarden.core.card_time import CardTime
from callwarden.core.facts import RecordingState
from callwarden.storage import card_check
from callwarden.storage.audio import Joined, Part, encoding_of, join, measure
from callwarden.storage.database import CatalogueError, belongs, transaction
from callwarden.storage.findings import Finding, about
from callwarden.storage.keys import Keys
from callwarden.storage.parts import Piece, SpoolFile, SuspendedTime, parts
from callwarden.storage.riff import AudioError, Encoding, Media, pcm
from callwarden.storage.run import Run as Run
from callwarden.storage.sealing import Sealed, SealError, seal, sealed_name
from callwarden.storage.spool import is_written
from callwarden.storage.strays import expect, settle
from callwarden.storage.vault import Vault, VaultError, name_of

# Behind the event loop's thread and Asterisk, in front of nothing.
# A recorder starts and ends some frames beside its confirmations; more than this many seconds is worth a note.
NOTED_SECONDS = 1.0
# Asterisk's longest header: what is no longer than this holds nothing (0 bytes: it crashed before it wrote one).
HEADER_BYTES = 60
FAILURES = (OSError, AudioError, VaultError, SealError, sqlite3.Error, CatalogueError)
OVER = (RecordingState.DISCARDED, RecordingState.PURGING, RecordingState.PURGED)


@dataclass(frozen=True, slots=True)
class FinishJob:
    """One channel's recording: its pieces in order (see ``parts``), what the configuration says of it, and when a card
    may have been read out (see ``core.card_time``) until the channel ``ended``.

    ``keys``: what it is to be sealed with, None where it is not.
    """

    unique_id: str
    plan: tuple[Piece, ...]
    format: str = "wav"
    suspended_time: SuspendedTime = "silence"
    expires: float | None = None
    keys: Keys | None = None
    card_times: tuple[CardTime, ...] = ()
    ended: float = 0.0

    @property
    def files(self) -> list[SpoolFile]:
        """The files among its pieces, each once."""
        return list({piece.path: piece for piece in self.plan if isinstance(piece, SpoolFile)}.values())


@dataclass(frozen=True, slots=True)
class Finished:
    """The recording is in the vault and in the catalogue. ``problems``: what was not as it should be, in sentences;
    ``leaks``: what was recorded of a card time, and is gone."""

    unique_id: str
    path: str
    sha256: str
    bytes: int
    seconds: float
    problems: tuple[str, ...] = ()
    leaks: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishFailed:
    """Nothing was lost: what was in the spool is still there. ``retry``: whether another try may help."""

    unique_id: str
    reason: str
    retry: bool = True


@dataclass(frozen=True, slots=True)
class Discarded:
    """The recording was let go, and its files are gone."""

    unique_id: str


@dataclass(frozen=True, slots=True)
class _Row:
    state: str
    path: str | None
    sha256: str
    bytes: int
    seconds: float
    note: str


def finish(job: FinishJob, vault: Vault, run: Run) -> Finished | FinishFailed:
    """Make the job's recording; asked again, finish what was begun."""
    try:
        if not run(lambda db: belongs(db, vault.identity)):
            return FinishFailed(job.unique_id, vault.foreign)
        row = run(lambda db: _row(db, job.unique_id))
        if row is None:
            return FinishFailed(job.unique_id, "its row is not in the catalogue yet")
        if row.state in OVER:
            _clear_spool(job)
            return FinishFailed(job.unique_id, f"it is {row.state} already", retry=False)
        if job.card_times:
            times = run(lambda db: card_check.reached_in(db, job.card_times, job.ended))
            job = replace(job, card_times=times)
        _destroy_strays(job, run)
        result = _stored_before(job, row, vault, run) or _store(job, vault, run)
        if isinstance(result, Finished):
            _clear_spool(job)
    except FAILURES as error:
        return FinishFailed(job.unique_id, str(error))
    return result


def discard(job: FinishJob, run: Run, why: str) -> Discarded | FinishFailed:
    """Let a recording go that must not be kept (nobody answered): first the row says so, then its files go."""
    try:
        if not run(lambda db: _set_discarded(db, job.unique_id, why)):
            return FinishFailed(job.unique_id, "its row is not in the catalogue, or it is stored", retry=False)
        for file in job.files:
            file.path.unlink(missing_ok=True)
    except FAILURES as error:
        return FinishFailed(job.unique_id, str(error))
    return Discarded(job.unique_id)


def _stored_before(job: FinishJob, row: _Row, vault: Vault, run: Run) -> Finished | None:
    if row.path is None or not vault.exists(row.path):
        return None
    problems = tuple(row.note.split("\n")) if row.note else ()
    return Finished(job.unique_id, row.path, row.sha256, row.bytes, row.seconds, problems, _leaks(job, run))


def _leaks(job: FinishJob, run: Run) -> tuple[Finding, ...]:
    """What was catalogued of this recording's card times, now or before a crash."""
    return tuple(one.finding for one in run(lambda db: about(db, card_check.SOURCE, job.unique_id)))


def _destroy_strays(job: FinishJob, run: Run) -> None:
    """What somebody else wrote into the spool while a card was read out: first it is said, then it goes. A file that
    holds no sound, and will not, goes without a word."""
    if not job.card_times or not job.files:
        return
    spool = job.files[0].path.parent
    for path in card_check.strays(job.unique_id, spool, job.files, job.card_times):
        if not _is_empty(path):
            found = card_check.Leak(card_check.destroyed(job.unique_id, path, job.card_times[0].started))
            run(partial(card_check.save, unique_id=job.unique_id, found=[found]))
        path.unlink(missing_ok=True)


def _store(job: FinishJob, vault: Vault, run: Run) -> Finished | FinishFailed:
    files = job.files
    if not any(file.path.exists() for file in files):
        return FinishFailed(job.unique_id, "none of its files is in the spool", retry=False)
    looked_at = {file.path: _look(file.path) for file in files}
    media = {path: found for path, found in looked_at.items() if isinstance(found, Media) and found.blocks}
    problems = [problem for file in files if (problem := _problem(file, looked_at[file.path]))]
    encoding = _encoding(job, media)
    heard = {path: found.seconds for path, found in media.items()}
    checked = card_check.check(job.unique_id, files, heard, job.card_times)
    # Said before anything is stored: a crash may come in between, and what is said is said once.
    run(partial(card_check.save, unique_id=job.unique_id, found=checked.leaks))
    heard_parts = parts(job.plan, heard, job.suspended_time, checked.kept)
    name, joined, sealed = _put(job, vault, run, encoding, heard_parts)
    if not run(lambda db: _set_stored(db, job, name, joined, sealed, problems)):
        return FinishFailed(job.unique_id, "its row is gone from the catalogue")
    return Finished(
        job.unique_id, name, joined.sha256, joined.bytes, joined.seconds, tuple(problems), _leaks(job, run)
    )


def _put(
    job: FinishJob, vault: Vault, run: Run, encoding: Encoding, heard: Sequence[Part]
) -> tuple[str, Joined, Sealed | None]:
    """Into the vault, sealed where there are keys; the name, the audio, the sealed file."""
    name, keys = name_of(job.unique_id, encoding.extension), job.keys
    if keys is None:
        with vault.put(name) as out:
            return name, join(heard, out, encoding, vault.scratch), None
    vault.remove(name)  # of a try that a crash ended, before there were keys
    name, results = sealed_name(name, keys), list[Sealed]()
    run(lambda db: expect(db, name, job.unique_id))
    with vault.put(name) as out:
        joined = join(
            heard, out, encoding, vault.scratch, lambda chunks, out: results.append(seal(chunks, out, keys))
        )
    return name, joined, results[0]


def _is_empty(path: Path) -> bool:
    """Whether there is no sound in a file, and nobody who still might write some. Asterisk writes 2 s at a time."""
    if is_written(path):
        return False
    found = _look(path)
    return isinstance(found, Media) and not found.blocks


def _look(path: Path) -> Media | AudioError | None:
    """What the file holds, what is wrong with it, or None when there is none."""
    try:
        return measure(path)
    except FileNotFoundError:
        return None
    except AudioError as error:
        there = path.lstat()
        begun = stat.S_ISREG(there.st_mode) and there.st_size <= HEADER_BYTES
        return Media(pcm(), 0, 0) if begun else error


def _problem(file: SpoolFile, found: Media | AudioError | None) -> str:
    name = file.path.name
    if found is None:
        return f"{name} is not in the spool" if file.expected else ""
    if isinstance(found, AudioError):
        return f"{name} is left in the spool: {found}"
    if not found.blocks:
        # one that was stopped while it was being started is usual: each consultation before a card line leaves one
        return f"{name} holds no audio" if file.ended - file.started > NOTED_SECONDS else ""
    lacking = file.ended - file.started - found.seconds
    return f"{name} holds {lacking:.1f} s less than its recorder ran" if lacking > NOTED_SECONDS else ""


def _encoding(job: FinishJob, media: Mapping[Path, Media]) -> Encoding:
    """The configured format at the rate that Asterisk wrote, so that usually nothing is converted."""
    written = (found.encoding for found in media.values() if found.encoding.name == job.format)
    return next(written, encoding_of(job.format))


def _clear_spool(job: FinishJob) -> None:
    """Remove the job's files, except one that could not be read as audio: it may be all there is of a call."""
    for file in job.files:
        if not isinstance(_look(file.path), AudioError):
            file.path.unlink(missing_ok=True)


def _row(db: Database, unique_id: str) -> _Row | None:
    row = db.conn.execute(
        "SELECT state, path, sha256, bytes, seconds, note FROM recordings WHERE unique_id = ?", [unique_id]
    ).fetchone()
    return None if row is None else _Row(*row)


def _set_stored(
    db: Database, job: FinishJob, path: str, joined: Joined, sealed: Sealed | None, problems: Sequence[str]
) -> bool:
    values = (path, job.format, joined.sha256, joined.bytes, joined.seconds, time.time(), job.expires)
    with transaction(db) as connection:
        changed = connection.execute(
            "UPDATE recordings SET state = 'stored', path = ?, format = ?, sha256 = ?, bytes = ?, seconds = ?, "
            "stored = ?, expires = ?, note = ? WHERE unique_id = ? AND state NOT IN ('purging', 'purged')",
            [*values, "\n".join(problems), job.unique_id],
        ).rowcount
        if changed and sealed is not None:
            settle(connection, job.unique_id, path, sealed)
    return changed == 1


def _set_discarded(db: Database, unique_id: str, why: str) -> bool:
    with transaction(db) as connection:
        changed = connection.execute(
            "UPDATE recordings SET state = 'discarded', note = ? WHERE unique_id = ? AND path IS NULL",
            [why, unique_id],
        ).rowcount
    return changed == 1
