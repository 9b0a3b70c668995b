"""From the closed segments of ended channels to recordings in the vault and their rows; or to nothing, on purpose.

Takes jobs, gives what came of each; never raises for what a disk or a file does. It is for a worker thread: it reads,
hashes and writes in chunks that release the GIL. Jobs that are there together share two looks at the catalogue and one
write of each directory; what fails of one is no matter of the others. It may stop dead between any two steps and be
asked again:

1. A row that is stored already (with its file in the vault) is the result; only the spool is left to clear.
2. What may have been recorded of a card time (``card_check``) is told in the catalogue, and left out of what follows.
   Join into the vault under the recording's own name (``making``). Asked again, the same name is replaced as a whole.
   Where it is sealed, it is sealed on its way: the audio is nowhere in the vault, not even in a file without a name.
3. The rows: stored, with path, hash, length and expiry, in one transaction.
4. Only then the spool's files go.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from callwarden.core.card_time import CardTime
from callwarden.core.facts import RecordingState
from callwarden.storage import card_check
from callwarden.storage.database import belongs, transaction
from callwarden.storage.findings import Finding, about
from callwarden.storage.making import FAILURES, Made, is_empty, look, make
from callwarden.storage.making import FinishJob as FinishJob
from callwarden.storage.riff import AudioError
from callwarden.storage.run import Run as Run
from callwarden.storage.strays import settle
from callwarden.storage.vault import Vault

OVER = (RecordingState.DISCARDED, RecordingState.PURGING, RecordingState.PURGED)


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


@dataclass(frozen=True, slots=True)
class _Known:
    """What the catalogue knows of a job's recording: its row, and its card times as far as a card line was up."""

    row: _Row | None
    card_times: tuple[CardTime, ...]


def finish(job: FinishJob, vault: Vault, run: Run) -> Finished | FinishFailed:
    """Make one recording; asked again, finish what was begun."""
    return finish_all([job], vault, run)[0]


def finish_all(jobs: Sequence[FinishJob], vault: Vault, run: Run) -> list[Finished | FinishFailed]:
    """Make the jobs' recordings; asked again, finish what was begun. What came of each, in their order."""
    try:
        known = run(lambda db: [_known(db, job) for job in jobs] if belongs(db, vault.identity) else None)
    except FAILURES as error:
        return [FinishFailed(job.unique_id, str(error)) for job in jobs]
    if known is None:
        return [FinishFailed(job.unique_id, vault.foreign) for job in jobs]
    with vault.kept_open():
        begun = [_begin(job, what, vault, run) for job, what in zip(jobs, known, strict=True)]
        stored = iter(_store([one for one in begun if isinstance(one, Made)], vault, run))
    return [next(stored) if isinstance(one, Made) else one for one in begun]


def discard(job: FinishJob, run: Run, why: str) -> Discarded | FinishFailed:
    """Let one recording go: see :func:`discard_all`."""
    return discard_all([(job, why)], run)[0]


def discard_all(jobs: Sequence[tuple[FinishJob, str]], run: Run) -> list[Discarded | FinishFailed]:
    """Let recordings go that must not be kept (nobody answered), each for its reason: first the rows say so, then their
    files go."""
    try:
        changed = run(lambda db: _set_discarded(db, jobs)) if jobs else []
    except FAILURES as error:
        return [FinishFailed(job.unique_id, str(error)) for job, _ in jobs]
    return [_discarded(job, said) for (job, _), said in zip(jobs, changed, strict=True)]


def _discarded(job: FinishJob, said: bool) -> Discarded | FinishFailed:
    if not said:
        return FinishFailed(job.unique_id, "its row is not in the catalogue, or it is stored", retry=False)
    try:
        for file in job.files:
            file.path.unlink(missing_ok=True)
    except OSError as error:
        return FinishFailed(job.unique_id, str(error))
    return Discarded(job.unique_id)


# -- one recording ------------------------------------------------------------------------------------------------


def _begin(job: FinishJob, known: _Known, vault: Vault, run: Run) -> Made | Finished | FinishFailed:
    """Up to its file in the vault; or what came of it already."""
    row, job = known.row, replace(job, card_times=known.card_times)
    if row is None:
        return FinishFailed(job.unique_id, "its row is not in the catalogue yet")
    try:
        if row.state in OVER:
            _clear_spool(job)
            return FinishFailed(job.unique_id, f"it is {row.state} already", retry=False)
        _destroy_strays(job, run)
        if row.path is not None and vault.exists(row.path):
            _clear_spool(job)
            return _stored_before(job, row, row.path, run)
        made = make(job, vault, run)
    except FAILURES as error:
        return FinishFailed(job.unique_id, str(error))
    return made or FinishFailed(job.unique_id, "none of its files is in the spool", retry=False)


def _stored_before(job: FinishJob, row: _Row, path: str, run: Run) -> Finished:
    problems = tuple(row.note.split("\n")) if row.note else ()
    leaks = run(lambda db: _leaks(db, job))
    return Finished(job.unique_id, path, row.sha256, row.bytes, row.seconds, problems, leaks)


def _destroy_strays(job: FinishJob, run: Run) -> None:
    """What somebody else wrote into the spool while a card was read out: first it is said, then it goes. A file that
    holds no sound, and will not, goes without a word."""
    if not job.card_times or not job.files:
        return
    spool = job.files[0].path.parent
    for path in card_check.strays(job.unique_id, spool, job.files, job.card_times):
        if not is_empty(path):
            found = card_check.Leak(card_check.destroyed(job.unique_id, path, job.card_times[0].started))
            run(partial(card_check.save, unique_id=job.unique_id, found=[found]))
        path.unlink(missing_ok=True)


def _clear_spool(job: FinishJob, unreadable: frozenset[Path] | None = None) -> None:
    """Remove the job's files, except one that could not be read as audio: it may be all there is of a call."""
    for file in job.files:
        kept = isinstance(look(file.path), AudioError) if unreadable is None else file.path in unreadable
        if not kept:
            file.path.unlink(missing_ok=True)


# -- all that were made -------------------------------------------------------------------------------------------


def _store(made: Sequence[Made], vault: Vault, run: Run) -> list[Finished | FinishFailed]:
    """The names are safe on the disk, then the rows say so, then the spool is cleared."""
    try:
        vault.settle(one.name for one in made)
        stored = run(lambda db: _set_stored(db, made)) if made else []
    except FAILURES as error:
        return [FinishFailed(one.job.unique_id, str(error)) for one in made]
    return [_stored(one, leaks) for one, leaks in zip(made, stored, strict=True)]


def _stored(made: Made, leaks: tuple[Finding, ...] | None) -> Finished | FinishFailed:
    unique_id, joined = made.job.unique_id, made.joined
    if leaks is None:
        return FinishFailed(unique_id, "its row is gone from the catalogue")
    try:
        _clear_spool(made.job, made.unreadable)
    except OSError as error:
        return FinishFailed(unique_id, str(error))
    return Finished(unique_id, made.name, joined.sha256, joined.bytes, joined.seconds, made.problems, leaks)


# -- the catalogue ------------------------------------------------------------------------------------------------


def _known(db: Database, job: FinishJob) -> _Known:
    row = db.conn.execute(
        "SELECT state, path, sha256, bytes, seconds, note FROM recordings WHERE unique_id = ?", [job.unique_id]
    ).fetchone()
    times = card_check.reached_in(db, job.card_times, job.ended)
    return _Known(None if row is None else _Row(*row), times)


def _leaks(db: Database, job: FinishJob) -> tuple[Finding, ...]:
    """What was catalogued of this recording's card times, now or before a crash."""
    if not job.card_times:
        return ()
    return tuple(one.finding for one in about(db, card_check.SOURCE, job.unique_id))


def _set_stored(db: Database, made: Sequence[Made]) -> list[tuple[Finding, ...] | None]:
    """For each its leaks, or None where there is no row for it any more."""
    with transaction(db) as connection:
        changed = []
        for one in made:
            job, joined = one.job, one.joined
            values = (one.name, job.format, joined.sha256, joined.bytes, joined.seconds, time.time(), job.expires)
            changed.append(
                connection.execute(
                    "UPDATE recordings SET state = 'stored', path = ?, format = ?, sha256 = ?, bytes = ?, seconds = ?, "
                    "stored = ?, expires = ?, note = ? WHERE unique_id = ? AND state NOT IN ('purging', 'purged')",
                    [*values, "\n".join(one.problems), job.unique_id],
                ).rowcount
            )
            if changed[-1] and one.sealed is not None:
                settle(connection, job.unique_id, one.name, one.sealed)
    return [_leaks(db, one.job) if said else None for one, said in zip(made, changed, strict=True)]


def _set_discarded(db: Database, jobs: Sequence[tuple[FinishJob, str]]) -> list[bool]:
    with transaction(db) as connection:
        return [
            connection.execute(
                "UPDATE recordings SET state = 'discarded', note = ? WHERE unique_id = ? AND path IS NULL",
                [why, job.unique_id],
            ).rowcount
            == 1
            for job, why in jobs
        ]
