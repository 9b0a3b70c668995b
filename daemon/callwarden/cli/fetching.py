"""Writing a built release where the asker wants it: a folder or a zip file that nobody else can read.

Takes the list of files and where to read them; every file is checked by its SHA-256 on its way. Names are those that a
release can have and no others; a target that is a symbolic link is refused, and so is writing over anything.
"""

import base64
import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from callwarden.cli import frame
from callwarden.cli.frame import Exit
from callwarden.config import Settings
from callwarden.release.shapes import is_name

PATIENCE = 60.0  # seconds
PART = ".part"
CHUNK_BYTES = 1 << 20
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of a release, as the daemon lists it."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where its pieces come from: the daemon."""

    settings: Settings
    release: int

    def pieces(self, name: str) -> Iterator[bytes]:
        """The file, from its beginning."""
        offset = 0
        while True:
            asked = {"release": self.release, "name": name, "offset": offset}
            piece = base64.b64decode(frame.order(self.settings, "release-read", patience=PATIENCE, **asked)["data"])
            if not piece:
                return
            offset += len(piece)
            yield piece


def check_target(folder: Path | None, file: Path | None) -> None:
    """End the command where nothing could be written: that a release was fetched is on record."""
    if folder is not None and os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        frame.stop(f"{folder} cannot be used: it is no folder. Give a new folder, not a link.", Exit.FAILED)
    if file is not None and os.path.lexists(file):
        frame.stop(f"{file} is there already; nothing is written over.", Exit.FAILED)
    for target in (folder, file):
        if target is not None and not os.access(target.absolute().parent, os.W_OK | os.X_OK):
            frame.stop(f"{target} cannot be written: {target.absolute().parent} is no folder of yours.", Exit.FAILED)


def into_folder(path: Path, files: list[Listed], source: Source) -> Path:
    """Write all files into ``path``; what an earlier try wrote and is right is not fetched again."""
    _check(files)
    try:
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        folder = os.open(path, FOLDER)
    except OSError as error:
        frame.stop(f"{path} cannot be used: {error.strerror}. Give a new folder, not a link.", Exit.FAILED)
    try:
        _room(os.statvfs(folder), sum(file.bytes for file in files), path)
        for file in files:
            _into(folder, file, source, path)
    finally:
        os.close(folder)
    return path


def into_zip(path: Path, files: list[Listed], source: Source) -> Path:
    """Write all files into a new zip file, beside it first."""
    _check(files)
    part = path.with_name(f".{path.name}{PART}")
    if os.path.lexists(path):
        frame.stop(f"{path} is there already; nothing is written over.", Exit.FAILED)
    try:
        _room(os.statvfs(path.parent), sum(file.bytes for file in files), path.parent)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, NEW, 0o600), "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
            for file in files:
                with made.open(_entry(file), "w", force_zip64=True) as entry:
                    _pour(file, source, entry)
        os.link(part, path, follow_symlinks=False)  # refuses to write over what came there meanwhile
        part.unlink()
    except OSError as error:
        part.unlink(missing_ok=True)
        frame.stop(f"{path} cannot be written: {error.strerror}.", Exit.FAILED)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return path


def write_new(path: Path, content: bytes) -> None:
    """One new file of the asker's own."""
    try:
        with os.fdopen(os.open(path, NEW, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        frame.stop(f"{path} cannot be written: {error.strerror}.", Exit.FAILED)


def _check(files: list[Listed]) -> None:
    for file in files:
        if not is_name(file.name):
            frame.stop("The release names a file that no release has; nothing is written.", Exit.FAILED)


def _room(disk: os.statvfs_result, needed: int, where: Path) -> None:
    free = disk.f_bavail * disk.f_frsize
    if free < needed:
        frame.stop(f"{where} has room for {free / 1e6:.0f} MB, and {needed / 1e6:.0f} MB are needed.", Exit.FAILED)


def _into(folder: int, file: Listed, source: Source, path: Path) -> None:
    if _right(folder, file):
        return
    part = f"{file.name}{PART}"
    try:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=folder)
        with os.fdopen(os.open(part, NEW, 0o600, dir_fd=folder), "wb") as out:
            _pour(file, source, out)
            out.flush()
            os.fsync(out.fileno())
        os.link(part, file.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        os.unlink(part, dir_fd=folder)
    except FileExistsError:
        os.unlink(part, dir_fd=folder)
        frame.stop(f"{path / file.name} is there already, and is not the release's. Give a new folder.", Exit.FAILED)
    except OSError as error:
        frame.stop(f"{path / file.name} cannot be written: {error.strerror}.", Exit.FAILED)


def _right(folder: int, file: Listed) -> bool:
    """Whether it is there already, as it should be."""
    try:
        handle = os.open(file.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return False
    digest = hashlib.sha256()
    with os.fdopen(handle, "rb") as there:
        while chunk := there.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == file.sha256


def _pour(file: Listed, source: Source, out: IO[bytes]) -> None:
    digest = hashlib.sha256()
    for piece in source.pieces(file.name):
        digest.update(piece)
        out.write(piece)
    if digest.hexdigest() != file.sha256:
        frame.stop(f"{file.name} came other than it was built. Build the release again.", Exit.FAILED)


def _entry(file: Listed) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(file.name)
    entry.external_attr = 0o600 << 16
    entry.file_size = file.bytes
    return entry
