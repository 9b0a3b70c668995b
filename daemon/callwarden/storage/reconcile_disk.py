"""The catalogue compared with the disk: the vault's names and lengths, and what lies in the spool.

Names of all days are compared, a day at a time; what files hold is compared for the calls of the time asked for.
"""

import hashlib
import os
import re
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from callwarden.core.numbers import mask
from callwarden.core.reconcile import OF_NAMES, Kinds, SeenMedia, StoredMedia, differences, disagreement
from callwarden.storage.database import VAULT, setting
from callwarden.storage.findings import Finding
from callwarden.storage.leftovers import OURS
from callwarden.storage.reconciled import SOURCE, Asked, Compared
from callwarden.storage.riff import SEARCHED, AudioError, read_media
from callwarden.storage.vault import IDENTITY, INCOMING, NAME, Vault

LONG_NUMBER = re.compile(r"\d{7,}")
SHOWN = 120  # characters of a file's name
OVER = ("stored", "discarded", "missing", "purging", "purged")
# The vault's own file may have gone on purpose, because the copy in the external store is kept.
ELSEWHERE = "SELECT 1 FROM external_copies e WHERE e.path = r.path AND e.local_removed IS NOT NULL"
ROWS = f"SELECT path FROM recordings r WHERE path >= ? AND path < ? AND state = 'stored' AND NOT EXISTS ({ELSEWHERE})"
MEDIA = (
    "SELECT r.linked_id, c.started, r.path, coalesce(s.bytes, r.bytes), r.seconds, s.unique_id IS NOT NULL "
    "FROM calls c CROSS JOIN recordings r ON r.linked_id = c.linked_id LEFT JOIN seals s ON s.unique_id = r.unique_id "
    "WHERE c.started >= ? AND c.started < ? AND r.state = 'stored' AND r.path IS NOT NULL "
    f"AND NOT EXISTS ({ELSEWHERE})"
)


def compare(db: Database, vault: Vault, spool: Path, asked: Asked, result: Compared) -> None:
    """All of it. A vault whose disk is not mounted is told of and not compared."""
    if setting(db, VAULT) not in (None, vault.identity):
        result.problems.append(vault.foreign)
        return
    try:
        suspects = list(_names(db, vault, asked, result))
        result.findings += [one for one in suspects if one.at <= asked.quiet and _again(db, vault, one)]
        result.findings += _media(db, vault, asked, result)
        result.findings += _spooled(db, spool, asked)
    except OSError as error:
        result.problems.append(f"The disk could not be compared: {error}.")
        return
    result.checked |= {*OF_NAMES, Kinds.DURATION_DISAGREES}
    result.windowed.add(Kinds.DURATION_DISAGREES)


def shown(name: str) -> str:
    """A file's name as it may be written down: what another program called it may hold a caller's number."""
    safe = "".join(c if c.isprintable() else "?" for c in name[:SHOWN])
    base = name.rpartition("/")[2]
    return safe if OURS.fullmatch(base) or NAME.fullmatch(name) else LONG_NUMBER.sub(lambda n: mask(n[0]), safe)


def subject_of(name: str) -> str:
    """What names a file in the findings: itself where it is ours, else a hash of it."""
    if shown(name) == name:
        return name
    return "file " + hashlib.sha256(os.fsencode(name)).hexdigest()[:16]


# -- names --------------------------------------------------------------------------------------------------------


def _names(db: Database, vault: Vault, asked: Asked, result: Compared) -> Iterator[Finding]:
    on_disk = _days_on_disk(vault.root)
    for day in sorted({*on_disk, *_days_of_rows(db)}):
        names = {f"{day}/{entry.name}" for entry in _entries(vault.root / day)} if day in on_disk else set()
        rows = {path for (path,) in db.conn.execute(ROWS, [f"{day}/", f"{day}0"])}
        result.files += len(names)
        for kind, name in differences(names, rows):
            yield _of_name(kind, name, vault.root, asked)
    for entry in _entries(vault.root):
        if entry.name not in (INCOMING, IDENTITY) and not re.fullmatch(r"\d{4}", entry.name):
            yield _of_name(Kinds.FILE_WITHOUT_ROW, entry.name, vault.root, asked)


def _of_name(kind: Kinds, name: str, root: Path, asked: Asked) -> Finding:
    at = asked.quiet
    if kind is Kinds.ROW_WITHOUT_FILE:
        said = "the catalogue has a recording whose file is not in the vault: bring it back from a backup"
    else:
        said = "a file in the vault belongs to no recording: find out who put it there, and remove it"
        at = _written(root / name) or asked.quiet
    return Finding(SOURCE, kind, subject_of(name), f"{shown(name)}: {said}.", at)


def _again(db: Database, vault: Vault, finding: Finding) -> bool:
    """Whether it still holds: recordings were stored and purged while this looked."""
    name = finding.subject
    if finding.kind == Kinds.FILE_WITHOUT_ROW:
        known = "SELECT 1 FROM recordings WHERE path = ? UNION SELECT 1 FROM strays WHERE path = ?"
        return db.conn.execute(known, [name, name]).fetchone() is None
    sql = f"SELECT 1 FROM recordings r WHERE path = ? AND state = 'stored' AND NOT EXISTS ({ELSEWHERE})"
    return db.conn.execute(sql, [name]).fetchone() is not None and not vault.exists(name)


def _days_on_disk(root: Path) -> set[str]:
    """``2026/11/22``, of every folder three below the root, and those between that hold a file."""
    days: set[str] = set()
    folders = [entry.name for entry in _entries(root) if re.fullmatch(r"\d{4}", entry.name) and entry.is_dir()]
    for _ in range(2):
        folders = [
            f"{folder}/{entry.name}"
            for folder in folders
            for entry in _entries(root / folder)
            if entry.is_dir(follow_symlinks=False)
        ]
    days.update(folders)
    return days


def _days_of_rows(db: Database) -> Iterator[str]:
    """A skip through the index of paths: one step a day."""
    after = ""
    while row := db.conn.execute("SELECT min(path) FROM recordings WHERE path > ?", [after]).fetchone():
        if row[0] is None:
            return
        day = str(row[0])[:10]
        yield day
        after = f"{day}0"


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    with os.scandir(folder) as entries:
        return list(entries)


def _written(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except OSError:
        return None


# -- what files hold ------------------------------------------------------------------------------------------------


def _media(db: Database, vault: Vault, asked: Asked, result: Compared) -> Iterator[Finding]:
    for linked_id, started, path, size, seconds, sealed in db.conn.execute(MEDIA, [asked.from_, asked.to]):
        try:
            seen = look(vault, path, bool(sealed))
        except FileNotFoundError:
            continue  # told of by its name
        problem = disagreement(StoredMedia(size, seconds, bool(sealed)), seen)
        if problem:
            text = f"{path}: {problem}. Somebody changed it, or the disk is failing: bring it back from a backup."
            yield Finding(SOURCE, Kinds.DURATION_DISAGREES, path, text, started, linked_id)


def look(vault: Vault, path: str, sealed: bool) -> SeenMedia:
    """What is on the disk under this name. Raises FileNotFoundError."""
    with vault.open(path) as file:
        size = os.fstat(file.fileno()).st_size
        if sealed:
            return SeenMedia(size, 0.0, 0.0)
        try:
            media = read_media(file)
            file.seek(0)
            said = _said(file.read(SEARCHED), media.offset)
        except AudioError as error:
            return SeenMedia(size, 0.0, 0.0, str(error))
    said_blocks = min(said, size - media.offset) // media.encoding.block_bytes
    return SeenMedia(size, media.seconds, media.encoding.seconds(said_blocks))


def _said(head: bytes, offset: int) -> int:
    """How many bytes of audio the header claims, which stand before it."""
    (claimed,) = struct.unpack_from("<I", head, offset - 4)
    return int(claimed)


# -- the spool --------------------------------------------------------------------------------------------------------


def _spooled(db: Database, spool: Path, asked: Asked) -> Iterator[Finding]:
    for entry in sorted(_entries(spool), key=lambda one: one.name):
        status = entry.stat(follow_symlinks=False)
        if entry.name.startswith(".") or status.st_mtime > asked.quiet:
            continue
        found = _of_spooled(db, entry.name) if stat.S_ISREG(status.st_mode) else Kinds.SPOOL_FILE_WITHOUT_ROW
        if found is None or (not (spool / entry.name).is_symlink() and not (spool / entry.name).exists()):
            continue
        left = "its recording is finished without it: listen to it, and move it elsewhere"
        said = left if found is Kinds.SPOOL_FILE_LEFT else "no recorder of ours wrote it: find out who did"
        text = f"{shown(entry.name)} in the spool: {said}."
        yield Finding(SOURCE, found, subject_of(entry.name), text, status.st_mtime)


def _of_spooled(db: Database, name: str) -> Kinds | None:
    row = db.conn.execute(
        "SELECT r.state FROM segments s LEFT JOIN recordings r ON r.unique_id = s.unique_id WHERE s.file = ?",
        [name],
    ).fetchone()
    if row is None:
        return Kinds.SPOOL_FILE_WITHOUT_ROW
    return Kinds.SPOOL_FILE_LEFT if row[0] in OVER else None
