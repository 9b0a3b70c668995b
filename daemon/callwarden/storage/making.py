"""One recording's file: what its segments hold, what may be kept of it, joined into the vault under its own name.

Takes a job, gives what was made, or None when there is nothing to make it of. A name that was made is safe on the disk
only after ``Vault.settle``. Raises what disks, files, keys and the catalogue raise (:data:`FAILURES`).
"""

import sqlite3
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from callwarden.core.card_time import CardTime
from callwarden.storage import card_check
from callwarden.storage.audio import Joined, Part, encoding_of, join, measure
from callwarden.storage.database import CatalogueError
from callwarden.storage.keys import Keys
from callwarden.storage.parts import Piece, SpoolFile, SuspendedTime, parts
from callwarden.storage.riff import AudioError, Encoding, Media, pcm
from callwarden.storage.run import Run
from callwarden.storage.sealing import Sealed, SealError, seal, sealed_name
from callwarden.storage.spool import is_written
from callwarden.storage.strays import expect
from callwarden.storage.vault import Vault, VaultError, name_of

# A recorder starts and ends some frames beside its confirmations; more than this many seconds is worth a note.
NOTED_SECONDS = 1.0
# Asterisk's longest header: what is no longer than this holds nothing (0 bytes: it crashed before it wrote one).
HEADER_BYTES = 60
FAILURES = (OSError, AudioError, VaultError, SealError, sqlite3.Error, CatalogueError)


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
class Made:
    """The file ``name`` of the vault: its audio, and where it is sealed, how. ``problems``: in sentences."""

    job: FinishJob
    name: str
    joined: Joined
    sealed: Sealed | None
    problems: tuple[str, ...]
    unreadable: frozenset[Path]  # not taken in, and so not to be removed from the spool


def make(job: FinishJob, vault: Vault, run: Run) -> Made | None:
    """Join the job's files into the vault. None when none of them is there."""
    looked_at = {file.path: look(file.path) for file in job.files}
    if all(found is None for found in looked_at.values()):
        return None
    media = {path: found for path, found in looked_at.items() if isinstance(found, Media) and found.blocks}
    problems = tuple(problem for file in job.files if (problem := _problem(file, looked_at[file.path])))
    encoding = _encoding(job, media)
    heard = {path: found.seconds for path, found in media.items()}
    checked = card_check.check(job.unique_id, job.files, heard, job.card_times)
    if checked.leaks:
        # Said before anything is stored: a crash may come in between, and what is said is said once.
        run(partial(card_check.save, unique_id=job.unique_id, found=checked.leaks))
    heard_parts = parts(job.plan, heard, job.suspended_time, checked.kept)
    name, joined, sealed = _put(job, vault, run, encoding, heard_parts)
    unreadable = frozenset(path for path, found in looked_at.items() if isinstance(found, AudioError))
    return Made(job, name, joined, sealed, problems, unreadable)


def _put(
    job: FinishJob, vault: Vault, run: Run, encoding: Encoding, heard: Sequence[Part]
) -> tuple[str, Joined, Sealed | None]:
    """Into the vault, sealed where there are keys; the name, the audio, the sealed file."""
    name, keys = name_of(job.unique_id, encoding.extension), job.keys
    if keys is None:
        with vault.put(name, settled=False) as out:
            return name, join(heard, out, encoding, vault.scratch), None
    vault.remove(name)  # of a try that a crash ended, before there were keys
    name, results = sealed_name(name, keys), list[Sealed]()
    run(lambda db: expect(db, name, job.unique_id))
    with vault.put(name, settled=False) as out:
        joined = join(
            heard, out, encoding, vault.scratch, lambda chunks, out: results.append(seal(chunks, out, keys))
        )
    return name, joined, results[0]


def is_empty(path: Path) -> bool:
    """Whether there is no sound in a file, and nobody who still might write some. Asterisk writes 2 s at a time."""
    if is_written(path):
        return False
    found = look(path)
    return isinstance(found, Media) and not found.blocks


def look(path: Path) -> Media | AudioError | None:
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
    """The configured format; ``wav`` at the rate that Asterisk wrote, so that usually nothing is converted."""
    written = (found.encoding for found in media.values() if found.encoding.name == job.format)
    return next(written, encoding_of(job.format))
