"""The external store: files by their names in the vault, over SFTP or S3, by way of fsspec.

Every failure that is the store's is a :class:`StoreAway`, with what it said and never a secret. One store belongs to
one thread: paramiko's connection is made for one. Nothing here trusts a reply: whoever sends reads back, whoever
removes looks again.
"""

import contextlib
import errno
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, cast
from urllib.parse import urlsplit

from callwarden.config.archive import Archive
from callwarden.storage.stores import StoreAway, remove_versions, s3, sftp

CHUNK_BYTES = 1 << 20
MARK = ".callwarden-store"
NOT_OURS = (
    "The external store is not the one that recordings were copied to: its file {mark} is missing. Is its disk "
    "mounted, is [archive] url right? If you moved the store, move that file too."
)


class Stopped(Exception):
    """The daemon is stopping: what was under way is left as it is."""


class Store:
    """The store of these settings, connected. Raises :class:`StoreAway`."""

    def __init__(self, archive: Archive, stopping: Callable[[], bool] = lambda: False) -> None:
        self._stopping = stopping
        parts = urlsplit(archive.url)
        self.is_s3 = parts.scheme == "s3"
        self._base = f"{parts.netloc}{parts.path}" if self.is_s3 else parts.path
        with _told("could not be reached"):
            self._fs = s3(archive) if self.is_s3 else sftp(archive)

    def close(self) -> None:
        """Never fails."""
        with contextlib.suppress(Exception):
            if self.is_s3:
                self._fs.close_session(self._fs.loop, self._fs.s3)
            else:
                self._fs.client.close()

    def claim(self, identity: str, first: bool) -> None:
        """Make sure that this is the store that was used before: a folder whose disk is not mounted, or another
        bucket, looks like a store that has lost everything, and a purge would believe it.

        ``first``: none was used before, so that this one is marked as ours. Raises :class:`StoreAway`.
        """
        try:
            found = b"".join(self._read(MARK)).decode(errors="replace").strip()
        except FileNotFoundError:
            if not first:
                raise StoreAway(errno.ENOENT, NOT_OURS.format(mark=MARK)) from None
            self.send(MARK, io.BytesIO(f"{identity}\n".encode()))
            return
        if found != identity:
            raise StoreAway(errno.EPERM, f"The external store belongs to another Callwarden: its file {MARK} says so.")

    def send(self, name: str, file: BinaryIO) -> str:
        """Write all of ``file`` under ``name``; the SHA-256 of what was sent."""
        digest = hashlib.sha256()
        with _told("did not take a recording", missing=True):
            if not self.is_s3:
                self._make_folders(PurePosixPath(name))
            with self._fs.open(self._path(name), "wb") as out:
                _hurry(out)
                for chunk in self._chunks(file):
                    digest.update(chunk)
                    out.write(chunk)
        return digest.hexdigest()

    def sha256(self, name: str) -> tuple[str, int]:
        """Read back what is there: its SHA-256 and its size. Raises FileNotFoundError."""
        digest, size = hashlib.sha256(), 0
        for chunk in self._read(name):
            digest.update(chunk)
            size += len(chunk)
        return digest.hexdigest(), size

    def fetch(self, name: str, out: IO[bytes]) -> None:
        """Write what is there to ``out``. Raises FileNotFoundError."""
        for chunk in self._read(name):
            out.write(chunk)

    def size(self, name: str) -> int | None:
        """Bytes; None when there is no such file."""
        with _told("could not be asked"):
            try:
                return int(self._fs.info(self._path(name))["size"])
            except FileNotFoundError:
                return None

    def alive(self) -> None:
        """Whether it answers at all. Raises :class:`StoreAway`."""
        with _told("could not be asked"):
            self._fs.exists(self._base)

    def remove(self, name: str) -> None:
        """Delete the file, with every version of it; return only when it was seen to be gone."""
        path = self._path(name)
        with _told("did not delete a recording", missing=True):
            with contextlib.suppress(FileNotFoundError):
                self._fs.rm_file(path)
            if self.is_s3:
                remove_versions(self._fs, path)
            else:
                self._prune(PurePosixPath(name))
        if self.size(name) is not None:
            raise StoreAway(errno.EIO, "The external store says that it deleted a recording, and still has it.")

    def _make_folders(self, name: PurePosixPath) -> None:
        """Another connection may be making the same ones."""
        for folder in (PurePosixPath(), *reversed(list(name.parents)[:-1])):
            path = self._path(str(folder))
            if not self._fs.exists(path):
                try:
                    self._fs.mkdir(path, create_parents=folder == PurePosixPath())
                except OSError:
                    if not self._fs.exists(path):
                        raise

    def _prune(self, name: PurePosixPath) -> None:
        """The day, the month, the year, where they are empty."""
        with contextlib.suppress(OSError):
            for folder in list(name.parents)[:-1]:
                self._fs.rmdir(self._path(str(folder)))

    def _path(self, name: str) -> str:
        return f"{self._base}/{name}"

    def _read(self, name: str) -> Iterator[bytes]:
        with _told("did not give a recording"), self._fs.open(self._path(name), "rb") as file:
            _prefetch(file)
            yield from self._chunks(file)

    def _chunks(self, file: IO[bytes]) -> Iterator[bytes]:
        while chunk := file.read(CHUNK_BYTES):
            if self._stopping():
                raise Stopped
            yield chunk


@contextmanager
def opened(archive: Archive, stopping: Callable[[], bool] = lambda: False) -> Iterator[Store]:
    """The store, closed at the end."""
    store = Store(archive, stopping)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def fetched(archive: Archive, identity: str, name: str, scratch: Path) -> Iterator[BinaryIO]:
    """What the store has under ``name``, in a file of ``scratch`` without a name. Raises FileNotFoundError."""
    with tempfile.TemporaryFile(dir=scratch) as file, opened(archive) as store:
        store.claim(identity, first=False)
        store.fetch(name, file)
        file.seek(0)
        yield cast(BinaryIO, file)


@contextmanager
def _told(what: str, missing: bool = False) -> Iterator[None]:
    """The libraries' many errors as one; our own pass, and FileNotFoundError where it is not ``missing`` too."""
    try:
        yield
    except (Stopped, StoreAway):
        raise
    except ImportError as error:
        raise StoreAway(
            errno.ENOPKG,
            f"The package {error.name} for the external store is missing: pip install callwarden[archive].",
        ) from None
    except Exception as error:
        if isinstance(error, FileNotFoundError) and not missing:
            raise
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise StoreAway(errno.EHOSTUNREACH, f"The external store {what}: {said.rstrip('.')}.") from error


def _hurry(file: Any) -> None:
    """SFTP waits for the reply to each 32 kB otherwise; closing the file collects them, and their errors."""
    if hasattr(file, "set_pipelined"):
        file.set_pipelined(True)


def _prefetch(file: Any) -> None:
    if hasattr(file, "prefetch"):
        file.prefetch()
