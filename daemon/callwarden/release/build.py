"""Building a release: one folder, made beside its own place on the same filesystem, renamed when it is whole.

Takes a plan and where releases are kept; gives a folder ``release-N`` (0700, files 0600). It may stop dead at any point
and be asked again: a recording that is done, by the journal in the folder, and is still what it was is not done anew.
A recording whose file is missing or damaged is left out, with the reason; a disk that is full, or ffmpeg missing, stops
the build and leaves it to be gone on with. For a worker thread.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from callwarden.release.manifest import COVER_HTML, COVER_PDF, MANIFEST, SUMS, About, Delivered, File, manifest, sums
from callwarden.release.plan import CannotBuild, Entry, LeftOut, Plan
from callwarden.release.sound import mute, seconds_of, to_mp3
from callwarden.storage.audio import CHUNK_BYTES
from callwarden.storage.opening import Damaged
from callwarden.storage.reading import StoredFile
from callwarden.storage.riff import AudioError

JOURNAL, PART = "journal.json", ".part"
RESERVE_BYTES = 100_000_000  # left free for calls: they write to a disk, too
Copy = Callable[[StoredFile, IO[bytes]], None]
"""Writes a recording's audio, checked, to a file; raises Damaged, OSError."""


class Stopped(Exception):
    """The daemon stops: the build is gone on with later."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a build is: ``done`` of ``total`` recordings."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Built:
    """A release that lies in its folder: the SHA-256 of its manifest, what is in it and what was left out."""

    manifest_sha256: str
    delivered: tuple[Delivered, ...]
    left_out: tuple[LeftOut, ...]
    bytes: int


def folder(root: Path, release: int) -> Path:
    """Where a built release lies."""
    return root / f"release-{release}"


def unfinished(root: Path, release: int) -> Path:
    """Where it is built: beside it, so that it is never moved from one filesystem to another."""
    return root / f".building-{release}"


def build(
    root: Path, plan: Plan, about: About, copy: Copy, told: Callable[[Step], None], stopped: Callable[[], bool]
) -> Built:
    """Build it, or go on with it. Raises CannotBuild, Stopped, OSError, AudioError (no ffmpeg)."""
    work = _workplace(root, about.release)
    journal = _journal(work)
    _room(root, plan, journal)
    delivered: list[Delivered] = []
    left_out = list(plan.left_out)
    for number, entry in enumerate(plan.entries):
        told(Step(number, len(plan.entries)))
        if stopped():
            raise Stopped
        try:
            done = _before(work, entry, journal) or _deliver(work, entry, copy)
        except Damaged as error:
            started = entry.found.call.started
            left_out.append(
                LeftOut(entry.item.unique_id, started, f"its audio cannot be given: {error}", decided=False)
            )
            continue
        journal[entry.item.unique_id] = {"of": _fingerprint(entry), "done": asdict_of(done)}
        _write(work, JOURNAL, json.dumps(journal))
        delivered.append(done)
    told(Step(len(plan.entries), len(plan.entries)))
    built = _papers(work, about, delivered, left_out)
    _put_in_place(work, folder(root, about.release))
    return built


def remove(root: Path, release: int) -> bool:
    """Delete a release and what is left of its building; whether there was anything. Raises OSError."""
    there = False
    for path in (folder(root, release), unfinished(root, release)):
        if os.path.lexists(path):
            there = True
            path.unlink() if path.is_symlink() else shutil.rmtree(path)
    return there


def checked_folder(path: Path) -> Path:
    """``path``, which is a directory of ours and no link. Raises CannotBuild."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise CannotBuild(f"{path} is not a directory of Callwarden's own. Look at it, and remove it.")
    return path


def sha256_of(path: Path) -> str:
    """Of a file, which is no link."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def asdict_of(done: Delivered) -> dict[str, Any]:
    """What the journal keeps of a recording that is done."""
    return {"files": [asdict(file) for file in done.files], "seconds": done.seconds, "original": done.original_sha256}


def _workplace(root: Path, release: int) -> Path:
    for path in (root, unfinished(root, release)):
        with suppress(FileExistsError):
            path.mkdir(mode=0o700, parents=path == root)
        checked_folder(path)
    return unfinished(root, release)


def _journal(work: Path) -> dict[str, Any]:
    try:
        found = json.loads((work / JOURNAL).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _room(root: Path, plan: Plan, journal: dict[str, Any]) -> None:
    """Raises CannotBuild when the disk has no room for all of it, calls included."""
    done = sum(file["bytes"] for one in journal.values() for file in one["done"]["files"])
    needed, free = plan.bytes - done, shutil.disk_usage(root).free
    if free < needed + RESERVE_BYTES:
        raise CannotBuild(
            f"The release needs {needed / 1e6:.0f} MB in {root}, and {RESERVE_BYTES / 1e6:.0f} MB stay free, but "
            f"there are {free / 1e6:.0f} MB. Make room, then build again."
        )


def _fingerprint(entry: Entry) -> list[Any]:
    """What a recording that is done was made of: when anything of it changed, it is made anew."""
    stored = entry.found.file
    spans = [[one.span.started, one.span.ended] for one in entry.item.mutes]
    return [entry.wav, stored.sha256 if stored is not None else "", spans]


def _before(work: Path, entry: Entry, journal: dict[str, Any]) -> Delivered | None:
    """What an earlier try made of it, if it is still whole."""
    known = journal.get(entry.item.unique_id)
    if known is None or known["of"] != _fingerprint(entry):
        return None
    files = tuple(File(**file) for file in known["done"]["files"])
    try:
        if any(sha256_of(work / file.name) != file.sha256 for file in files):
            return None
    except OSError:
        return None
    return Delivered(entry, files, known["done"]["seconds"], known["done"]["original"])


def _deliver(work: Path, entry: Entry, copy: Copy) -> Delivered:
    stored = entry.found.file
    if stored is None:
        raise Damaged("it has no file")
    part = work / f"{entry.wav}{PART}"
    with _new(part) as file:
        copy(stored, file)
        try:
            mute(file, [one.span for one in entry.item.mutes])
            file.seek(0)
            seconds = seconds_of(file)
        except AudioError as error:
            raise Damaged(str(error)) from error
        os.fsync(file.fileno())
    mp3 = work / f"{entry.mp3}{PART}"
    mp3.unlink(missing_ok=True)
    to_mp3(part, mp3)
    part.rename(work / entry.wav)
    mp3.rename(work / entry.mp3)
    files = tuple(_file(work / name) for name in (entry.mp3, entry.wav))
    return Delivered(entry, files, seconds, stored.sha256)


def _papers(work: Path, about: About, delivered: list[Delivered], left_out: list[LeftOut]) -> Built:
    """The cover pages, the manifest and the sums."""
    # Here, because fpdf2 brings 35 MB and half a second, and most daemons never build a release.
    from callwarden.release import cover

    said = cover.contents(about, delivered, left_out)
    _write(work, COVER_HTML, cover.html(said))
    _write(work, COVER_PDF, cover.pdf(said))
    papers = [_file(work / name) for name in (COVER_HTML, COVER_PDF)]
    _write(work, MANIFEST, manifest(about, delivered, left_out, papers))
    listed = _file(work / MANIFEST)
    files = [file for one in delivered for file in one.files] + [*papers, listed]
    _write(work, SUMS, sums(files))
    _only(work, {*(file.name for file in files), SUMS})
    return Built(listed.sha256, tuple(delivered), tuple(left_out), sum(file.bytes for file in files))


def _only(work: Path, names: set[str]) -> None:
    """Nothing but what is in the manifest is handed over: not the journal, no leftover of an earlier try."""
    for path in work.iterdir():
        if path.name not in names:
            path.unlink()


def _put_in_place(work: Path, target: Path) -> None:
    if os.path.lexists(target):
        shutil.rmtree(checked_folder(target))
    work.rename(target)
    handle = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _new(path: Path) -> IO[bytes]:
    path.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "w+b")


def _write(work: Path, name: str, content: str | bytes) -> None:
    part = work / f"{name}{PART}"
    with _new(part) as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(work / name)


def _file(path: Path) -> File:
    return File(path.name, sha256_of(path), path.stat().st_size)
