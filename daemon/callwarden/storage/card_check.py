"""The card time, checked again before a recording is stored: what leaked is left out, its original goes.

Takes the job of ``finish``; gives what of each file may be kept, and says in the catalogue and to whoever asks what was
found. The recording in the vault is the cut version; the files of the spool go only when it is safely there.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from callwarden.core.card_time import CUT, LATE_SECONDS, CardTime, Stretch, Written, kept, leaks, reached, stray
from callwarden.core.facts import Role
from callwarden.core.recorder import NOT_SAFE_IN_A_FILE_NAME
from callwarden.storage.audio import measure
from callwarden.storage.database import transaction
from callwarden.storage.findings import Finding, record
from callwarden.storage.parts import SpoolFile
from callwarden.storage.riff import AudioError

SOURCE = "card time"
CUT_OUT, DESTROYED = "card-audio-cut", "card-audio-destroyed"


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that was heard in a card time: ``lost`` is the time (UTC epoch seconds) that is missing now although
    it was recorded before the hand-over, because nobody can tell the two apart."""

    finding: Finding
    lost: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """``kept`` names only files of which something has to go."""

    kept: Mapping[Path, Sequence[Stretch]]
    leaks: tuple[Leak, ...]


def check(
    unique_id: str, files: Sequence[SpoolFile], heard: Mapping[Path, float], times: Sequence[CardTime]
) -> Checked:
    """What of ``files`` (those that hold so many seconds are in ``heard``) may be kept."""
    left: dict[Path, Sequence[Stretch]] = {}
    found: list[Leak] = []
    for file in files if times else ():
        if file.path not in heard:
            continue
        begun = file.started if file.asked is None else min(file.asked, file.started)
        written = Written(begun, file.ended, file.path.stat().st_mtime, heard[file.path])
        leaked = leaks(written, times)
        if leaked:
            left[file.path] = kept(written.seconds, leaked)
            found += [_leak(unique_id, file, written, one, times) for one in leaked]
    return Checked(left, tuple(found))


def reached_in(db: Database, times: Sequence[CardTime], ended: float) -> tuple[CardTime, ...]:
    """``times`` of a channel that ended at ``ended``, the doubtful ones only as far as a card line was up."""
    if all(one.proven for one in times):
        return tuple(times)
    first = min(one.started for one in times)
    sql = (
        "SELECT started, coalesce(ended, ?) FROM channels WHERE role = ? AND answered IS NOT NULL AND answered < ? AND "
    )
    parameters = [ended, str(Role.CARD_LINE), ended]
    rows = [
        *db.conn.execute(f"{sql} ended > ?", [*parameters, first]),
        *db.conn.execute(f"{sql} ended IS NULL", parameters),
    ]
    return tuple(reached(times, rows))


def strays(unique_id: str, spool: Path, files: Sequence[SpoolFile], times: Sequence[CardTime]) -> list[Path]:
    """Files in the spool that bear this channel's name, are none of its recording, and may hold a card time."""
    known = {file.path for file in files}
    return [path for path in _named(unique_id, spool) if path not in known and _overlaps(path, times)] if times else []


def destroyed(unique_id: str, path: Path, at: float) -> Finding:
    """What to say of a stray file."""
    text = (
        f"A file of no recorder of ours ({path.name}) was being written while a card was read out: it was destroyed. "
        "Find out what records into Callwarden's spool."
    )
    return Finding(SOURCE, DESTROYED, path.name, text, at, unique_id)


def save(db: Database, unique_id: str, found: Sequence[Leak]) -> None:
    """Catalogue what was found and remedied, and the time that is lost by it."""
    with transaction(db) as connection:
        for leak in found:
            record(connection, leak.finding, time.time(), remedied=True)
            if leak.lost is not None:
                connection.execute(
                    "INSERT INTO gaps (unique_id, started, ended, cause) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    [unique_id, *leak.lost, CUT],
                )


def _leak(unique_id: str, file: SpoolFile, written: Written, leaked: Stretch, times: Sequence[CardTime]) -> Leak:
    begun = next((one for one in times if one.ended > file.started + leaked.start), times[-1])
    after = written.written - written.ended
    late = f"its file was still written {after:.1f} s after the recorder was proven stopped"
    proof = late if after > LATE_SECONDS else "its recorder ran on"
    text = (
        f"{leaked.end - leaked.start:.1f} s of sound that may have been heard after the hand-over ({begun.why}) were "
        f"cut out of a recording: {proof}. The original is destroyed. Find out what kept the recorder running."
    )
    before = min(begun.started, written.ended)
    lost = (written.started + leaked.start, before) if written.started + leaked.start < before else None
    return Leak(Finding(SOURCE, CUT_OUT, file.path.name, text, begun.started, unique_id), lost)


def _named(unique_id: str, spool: Path) -> Iterator[Path]:
    begin = NOT_SAFE_IN_A_FILE_NAME.sub("_", unique_id) + "-"
    names = sorted(name for name in os.listdir(spool) if name.startswith(begin))  # noqa: PTH208 -- few of many
    return (path for path in (spool / name for name in names) if not path.is_dir())


def _overlaps(path: Path, times: Sequence[CardTime]) -> bool:
    """A file that cannot be read as sound may hold anything: it is known by its last writing alone."""
    try:
        seconds = measure(path).seconds
    except FileNotFoundError:
        return False
    except AudioError:
        seconds = 0.0
    written = path.lstat().st_mtime
    return stray(Written(written - seconds, written, written, seconds), times)
