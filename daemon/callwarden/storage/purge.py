"""Deleting what is due, in steps that a crash may come between, at any point: choose, mark, unlink, confirm, forget.

* choose: pure (``core.retention``), over calls in the order of their end; a dry run is this step and nothing else.
* mark: the recording is *purging*, with the reason, in the catalogue. What is on hold at this moment is not marked.
  What is marked is finished by the next purge, unless it was put on hold meanwhile.
* unlink: the file goes from the vault, with whatever re-sealing it has left there. One that was gone already is noted;
  one that cannot go stays marked.
* confirm: only now is it *purged*, and a tombstone proves it: id, hash, when, why. Where the external store may still
  have a copy, this waits until it was seen to be gone (``archiver``, which then asks for :func:`finish_marked`).
* forget: a call whose last recording is gone loses its personal data (``forgetting``). Calls that were never recorded
  fall due like the others.

Takes the catalogue's write connection by ``run``, for short moments: calls go on meanwhile. For a worker thread.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from sqlite_utils import Database

from callwarden.core.retention import Due, Ended, Retention, choose
from callwarden.storage.copies import local_removed, still_out
from callwarden.storage.database import belongs, transaction
from callwarden.storage.ended import COLUMNS, NOTHING, Asked, ended
from callwarden.storage.finish import Run
from callwarden.storage.forgetting import forget, scrub_words
from callwarden.storage.holds import held, unmark_held
from callwarden.storage.strays import clear_of
from callwarden.storage.unlinking import Unlinked
from callwarden.storage.vault import Vault

# Calls a step. Each step waits for the disk a few times (fsync), so many at once; but the write connection is taken
# for some 0.2 s a thousand, while the facts of live calls wait in memory.
BATCH = 1000
# A purge that cannot delete tells of this many recordings, and counts the others.
PROBLEMS_TOLD = 20
GONE = "the file was gone already"
EXTERNAL_TOO = "deleted from the external store too"
WAITS = "the external store still has a copy"

Cleared = tuple[Mapping[str, str], Mapping[str, Unlinked]]
Place = tuple[float, str]
START: Place = (float("-inf"), "")


@dataclass(frozen=True, slots=True)
class DueRecording:
    """A recording that a purge would delete now."""

    unique_id: str
    linked_id: str
    path: str | None
    bytes: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A recording that is being deleted."""

    unique_id: str
    path: str | None
    sha256: str | None
    why: str


@dataclass(slots=True)
class PurgeReport:
    """What a purge did: recordings ``purged`` (``gone``: of these, without a file), those ``stuck`` that could not be
    deleted, those ``waiting`` for the external store to delete its copy, calls ``forgotten``, calls ``held`` that are
    due and on hold, and calls ``left`` that are due but still have a recording: stuck, waiting or never stored."""

    purged: int = 0
    gone: int = 0
    stuck: int = 0
    waiting: int = 0
    forgotten: int = 0
    held: int = 0
    left: int = 0
    problems: list[str] = field(default_factory=list)


def preview(db: Database, retention: Retention, now: float, asked: Asked = NOTHING) -> Iterator[DueRecording]:
    """Exactly what :func:`purge` would delete, one after the other. Reads only."""
    sql = (
        "SELECT r.unique_id, r.linked_id, m.path, r.bytes, m.why "
        "FROM purge_marks m JOIN recordings r ON r.unique_id = m.unique_id ORDER BY m.unique_id"
    )
    marked = [DueRecording(*row) for row in db.conn.execute(sql).fetchall()]
    kept = held(db, [each.linked_id for each in marked])
    yield from (each for each in marked if each.linked_id not in kept)
    for due in _due(db, retention, now, asked):
        sql = "SELECT unique_id, linked_id, path, bytes FROM recordings WHERE linked_id = ? AND state = 'stored'"
        yield from (DueRecording(*(*row, due.why)) for row in db.conn.execute(sql, [due.linked_id]).fetchall())


def purge(run: Run, vault: Vault, retention: Retention, now: float, asked: Asked = NOTHING) -> PurgeReport:
    """Delete what is due at ``now``; ``asked`` is what the rules ask of a call.

    Raises what the catalogue raises; asked again, it goes on where it was.
    """
    report = PurgeReport()
    if not run(partial(belongs, vault_id=vault.identity)):
        report.problems.append(vault.foreign)
        return report
    place, furthest = START, retention.horizon(now)
    # While the disk unlinks the files of some calls, the catalogue confirms and forgets those before them.
    with ThreadPoolExecutor(1, thread_name_prefix="unlink") as unlinking:
        _delete_marked(run, vault, unlinking, now, report)
        before: Callable[[], None] = _nothing
        while page := run(partial(_page, after=place, furthest=furthest, asked=asked)):
            due = choose(page, retention, now)
            marks = run(partial(_mark, calls=due, now=now))
            unlinked = _begin(run, vault, marks, unlinking)
            before()
            before = partial(_finish, run, due, marks, unlinked, now, report)
            place = (page[-1].ended, page[-1].linked_id)
        before()
    if report.forgotten:
        scrub_words(run)
    return report


def finish_marked(run: Run, vault: Vault, now: float) -> PurgeReport:
    """Only go on with what earlier purges marked. Raises what the catalogue raises."""
    report = PurgeReport()
    if run(partial(belongs, vault_id=vault.identity)):
        calls = run(_marked_calls)
        with ThreadPoolExecutor(1, thread_name_prefix="unlink") as unlinking:
            _delete_marked(run, vault, unlinking, now, report)
        report.forgotten, report.held = run(partial(forget, linked_ids=calls, now=now))
        if report.forgotten:
            scrub_words(run)
    return report


def _delete_marked(
    run: Run, vault: Vault, unlinking: ThreadPoolExecutor, now: float, report: PurgeReport
) -> None:
    there = {mark.unique_id for mark in run(_marked) if mark.path is not None and _may_be_there(vault, mark.path)}
    run(partial(unmark_held, there=there))
    marked = run(_marked)
    for start in range(0, len(marked), BATCH):
        marks = marked[start : start + BATCH]
        _settle(run, marks, _begin(run, vault, marks, unlinking).result(), now, report)


def _may_be_there(vault: Vault, path: str) -> bool:
    """Not being able to look is no proof that the file is gone."""
    try:
        return vault.exists(path)
    except OSError:
        return True


def _due(db: Database, retention: Retention, now: float, asked: Asked) -> Iterator[Due]:
    place, furthest = START, retention.horizon(now)
    while page := _page(db, place, furthest, asked):
        due = choose(page, retention, now)
        kept = held(db, [call.linked_id for call in due])
        yield from (call for call in due if call.linked_id not in kept)
        place = (page[-1].ended, page[-1].linked_id)


def _page(db: Database, after: Place, furthest: float, asked: Asked) -> list[Ended]:
    """The next calls, by their end. A call whose end nobody saw counts from its start."""
    sql = (
        f"SELECT {COLUMNS} FROM calls c WHERE c.forgotten IS NULL "
        "AND (coalesce(c.ended, c.started), c.linked_id) > (?, ?) AND coalesce(c.ended, c.started) <= ? "
        "ORDER BY coalesce(c.ended, c.started), c.linked_id LIMIT ?"
    )
    return ended(db, db.conn.execute(sql, [*after, furthest, BATCH]).fetchall(), asked)


def _marked(db: Database) -> list[Mark]:
    sql = "SELECT unique_id, path, sha256, why FROM purge_marks ORDER BY unique_id"
    return [Mark(*row) for row in db.conn.execute(sql)]


def _marked_calls(db: Database) -> list[str]:
    sql = "SELECT DISTINCT r.linked_id FROM purge_marks m JOIN recordings r ON r.unique_id = m.unique_id"
    return [linked_id for (linked_id,) in db.conn.execute(sql)]


def _mark(db: Database, calls: Sequence[Due], now: float) -> list[Mark]:
    with transaction(db) as connection:
        kept = held(db, [call.linked_id for call in calls])
        why = {call.linked_id: call.why for call in calls if call.linked_id not in kept}
        stored = connection.execute(
            "UPDATE recordings SET state = 'purging' WHERE linked_id IN (SELECT value FROM json_each(?)) "
            "AND state = 'stored' RETURNING unique_id, path, sha256, linked_id",
            [json.dumps(list(why))],
        )
        marks = [Mark(*(*row[:3], why[row[3]])) for row in stored.fetchall()]
        connection.executemany(
            "INSERT INTO purge_marks (unique_id, path, sha256, why, marked) VALUES (?, ?, ?, ?, ?)",
            [(mark.unique_id, mark.path, mark.sha256, mark.why, now) for mark in marks],
        )
    return marks


def _nothing() -> None:
    """Before the first calls there are none."""


def _finish(
    run: Run, due: Sequence[Due], marks: Sequence[Mark], unlinked: "Future[Cleared]", now: float, report: PurgeReport
) -> None:
    """Confirm what was unlinked of these calls, and forget them."""
    _settle(run, marks, unlinked.result(), now, report)
    forgotten, kept = run(partial(forget, linked_ids=[call.linked_id for call in due], now=now))
    report.forgotten += forgotten
    report.held += kept
    report.left += len(due) - forgotten - kept


def _begin(run: Run, vault: Vault, marks: Sequence[Mark], unlinking: ThreadPoolExecutor) -> "Future[Cleared]":
    """Have the files of these unlinked, with nobody else changing the vault from here until they are gone."""
    vault.changing.acquire()
    try:
        strays = clear_of(run, vault, [mark.unique_id for mark in marks]) if marks else {}
        return unlinking.submit(_unlink, vault, marks, strays)
    except BaseException:
        vault.changing.release()
        raise


def _unlink(vault: Vault, marks: Sequence[Mark], strays: Mapping[str, str]) -> Cleared:
    """What is left of which recordings, and what came of each file."""
    try:
        return strays, vault.remove_all(mark.path for mark in marks if mark.path is not None)
    finally:
        vault.changing.release()


def _settle(run: Run, marks: Sequence[Mark], unlinked: Cleared, now: float, report: PurgeReport) -> None:
    """Confirm what is gone, and note what is not."""
    if not marks:
        return
    strays, results = unlinked
    outside = run(partial(still_out, unique_ids=[mark.unique_id for mark in marks]))
    done: list[tuple[Mark, str]] = []
    stuck: list[tuple[Mark, str]] = []
    waiting: list[Mark] = []
    for mark in marks:
        result = results[mark.path] if mark.path is not None else False
        if mark.unique_id in strays:
            stuck.append((mark, strays[mark.unique_id]))
        elif not isinstance(result, bool):
            stuck.append((mark, result.strerror or str(result)))
        elif mark.unique_id in outside:
            waiting.append(mark)
        else:
            done.append((mark, _note(mark, result)))
    run(partial(_confirm, done=done, stuck=stuck, waiting=waiting, now=now))
    report.purged += len(done)
    report.gone += sum(1 for _, note in done if note == GONE)
    report.stuck += len(stuck)
    report.waiting += len(waiting)
    told = [f"{mark.unique_id} could not be deleted: {problem}" for mark, problem in stuck]
    report.problems += told[: max(0, PROBLEMS_TOLD - len(report.problems))]


def _note(mark: Mark, removed: bool) -> str:
    """For the tombstone. A mark loses its path when the vault's file is gone and the external store's is not."""
    if mark.path is None:
        return EXTERNAL_TOO
    return "" if removed else GONE


def _confirm(
    db: Database, done: list[tuple[Mark, str]], stuck: list[tuple[Mark, str]], waiting: list[Mark], now: float
) -> None:
    if waiting:
        local_removed(db, [mark.unique_id for mark in waiting])
    with transaction(db) as connection:
        connection.executemany(
            "INSERT INTO tombstones (unique_id, sha256, purged, why, note) VALUES (?, ?, ?, ?, ?)",
            [(mark.unique_id, mark.sha256, now, mark.why, note) for mark, note in done],
        )
        gone = [(mark.unique_id,) for mark, _ in done]
        connection.executemany(
            "UPDATE recordings SET state = 'purged', path = NULL, sha256 = NULL, note = '' WHERE unique_id = ?", gone
        )
        connection.executemany("DELETE FROM seals WHERE unique_id = ?", gone)
        connection.executemany("DELETE FROM purge_marks WHERE unique_id = ?", gone)
        connection.executemany(
            "UPDATE purge_marks SET problem = ? WHERE unique_id = ?",
            [(problem, mark.unique_id) for mark, problem in stuck],
        )
        connection.executemany(
            "UPDATE purge_marks SET path = NULL, problem = ? WHERE unique_id = ?",
            [(WAITS, mark.unique_id) for mark in waiting],
        )
