"""The vault: where finished recordings lie, 0700 and 0600, read and written by the daemon alone.

A name in the vault is ``YYYY/MM/DD/<id>.<extension>``, made from the recording's id and from nothing else: no number,
no name, nothing a caller chose. A file appears under its name only when it is whole and on the disk (written in
``.incoming`` of the same filesystem, fsync, rename, fsync of the directory). Below the root no symbolic link is
followed, whoever made it. Everything here raises OSError, or :class:`VaultError` for a name that is none.
"""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, local
from typing import IO, TYPE_CHECKING, BinaryIO

from callwarden.core.calls import born
from callwarden.storage.unlinking import Unlinked, unlink, unlink_all

if TYPE_CHECKING:
    from callwarden.storage.keys import Keys

Elsewhere = Callable[[str], AbstractContextManager[BinaryIO]]
"""Gives a name's file from where it is besides the vault. Raises FileNotFoundError, OSError."""

INCOMING = ".incoming"
IDENTITY = ".vault-id"
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
NAME = re.compile(r"\d{4}/\d{2}/\d{2}/[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)
PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}", re.ASCII)
UNDATED = "0000/00/00"


class VaultError(Exception):
    """A name that the vault never gave."""


def name_of(unique_id: str, extension: str) -> str:
    """Where the recording ``unique_id`` belongs. Different ids have different names, whatever is in them."""
    if PLAIN_ID.fullmatch(unique_id):
        stem = unique_id
    else:
        cleaned = re.sub(r"[^A-Za-z0-9.-]", "", unique_id)[:60].strip(".-")
        # "_" is in no plain id, so no made-up id can have the name of another one.
        stem = f"x{cleaned}_{hashlib.sha256(unique_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    birth = born(unique_id)
    day = UNDATED if birth is None else datetime.fromtimestamp(birth, UTC).strftime("%Y/%m/%d")
    return f"{day}/{stem}.{extension}"


class Vault:
    """The vault in ``root``, which is made (0700) when it is missing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Held by whoever replaces a recording's file or deletes it: neither finds the other half done.
        self.changing = Lock()
        # How a sealed recording is opened, and where a file is that is not here any more; see ``opening``.
        self.keys: Callable[[], Keys | None] = lambda: None
        self.elsewhere: Elsewhere | None = None
        self._kept = _Kept()
        self.scratch = root / INCOMING
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.scratch.mkdir(mode=0o700, exist_ok=True)
        self.identity = self._identity()

    @property
    def foreign(self) -> str:
        """What to say when the catalogue knows another vault."""
        return (
            f"{self.root} is not the vault that the catalogue was used with. Is its disk mounted? "
            f"If you moved the vault, move its file {IDENTITY} too."
        )

    @contextmanager
    def put(self, name: str, settled: bool = True) -> Iterator[IO[bytes]]:
        """Write a recording: when the block ends well it lies under ``name``, whole and safe; else there is nothing.
        Not ``settled``: its name is safe only after :meth:`settle`, which many share."""
        directory, _, base = _checked(name).rpartition("/")
        with self._opened(INCOMING) as incoming:
            try:
                with _new_file(base, incoming) as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                with self._opened(directory, make=True) as target:
                    os.rename(base, base, src_dir_fd=incoming, dst_dir_fd=target)
                    if settled:
                        os.fsync(target)
            except BaseException:
                unlink(base, incoming)
                raise

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """For this thread: a directory is walked to once for all that is put into it while the block lasts, and again
        when it was pruned meanwhile."""
        self._kept.handles = handles = dict[str, int]()
        try:
            yield
        finally:
            self._kept.handles = None
            for handle in handles.values():
                os.close(handle)

    def settle(self, names: Iterable[str]) -> None:
        """The directories of these names are on the disk, and with them what was put there."""
        for directory in {_checked(name).rpartition("/")[0] for name in names}:
            with self._opened(directory) as opened:
                os.fsync(opened)

    def open(self, name: str) -> BinaryIO:
        """The recording ``name``, for reading."""
        directory, _, base = _checked(name).rpartition("/")
        with self._opened(directory) as opened:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe there blocks nobody
            return os.fdopen(os.open(base, flags, dir_fd=opened), "rb")

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name. Not being able to look raises: it is not a no."""
        directory, _, base = _checked(name).rpartition("/")
        try:
            with self._opened(directory) as opened:
                os.stat(base, dir_fd=opened, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def remove(self, name: str) -> bool:
        """Delete one recording for good; False when it was gone already."""
        result = self.remove_all([name])[name]
        if isinstance(result, OSError):
            raise result
        return result

    def remove_all(self, names: Iterable[str]) -> dict[str, Unlinked]:
        """Delete many: for each, True, False when it was gone already, or why it is still there.

        A directory is written to the disk once, after its last deletion, and goes when it is empty.
        """
        results: dict[str, Unlinked] = {}
        in_directories: dict[str, list[str]] = {}
        for name in names:
            directory, _, base = _checked(name).rpartition("/")
            in_directories.setdefault(directory, []).append(base)
        for directory, bases in in_directories.items():
            results |= self._remove_in(directory, bases)
        return results

    def sweep(self) -> int:
        """Remove what a crash left half written; for start-up only, when nothing is being put. How many there were."""
        left = list(self.scratch.iterdir())
        for path in left:
            path.unlink()
        return len(left)

    def _identity(self) -> str:
        """A name made once and kept in the vault, whatever the path by which it is reached."""
        path = self.root / IDENTITY
        if not path.exists():
            with self._opened(INCOMING) as incoming, _new_file(IDENTITY, incoming) as file:
                file.write(secrets.token_hex(16).encode())
                file.flush()
                os.fsync(file.fileno())
                os.rename(IDENTITY, path, src_dir_fd=incoming)
        return path.read_text().strip()

    def _remove_in(self, directory: str, bases: list[str]) -> dict[str, Unlinked]:
        try:
            with self._opened(directory) as opened:
                results = {f"{directory}/{base}": result for base, result in unlink_all(bases, opened).items()}
                os.fsync(opened)
        except FileNotFoundError:
            return {f"{directory}/{base}": False for base in bases}
        except OSError as error:
            return {f"{directory}/{base}": error for base in bases}
        self._prune(directory)
        return results

    def _prune(self, directory: str) -> None:
        """Remove the day, the month and the year when they are empty."""
        day = self.root / directory
        for path in (day, day.parent, day.parent.parent):
            try:
                path.rmdir()
            except OSError:
                return

    @contextmanager
    def _opened(self, directory: str, make: bool = False) -> Iterator[int]:
        kept = self._kept.handles
        if kept is not None:
            if directory in kept and os.fstat(kept[directory]).st_nlink == 0:
                os.close(kept.pop(directory))
            if directory not in kept:
                kept[directory] = self._walk(directory, make)
            yield kept[directory]
            return
        handle = self._walk(directory, make)
        try:
            yield handle
        finally:
            os.close(handle)

    def _walk(self, directory: str, make: bool) -> int:
        """A directory below the root, every step of the way without following a link."""
        current = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for step in directory.split("/"):
            try:
                below = _step(step, current, make)
            finally:
                os.close(current)
            current = below
        return current


class _Kept(local):
    """Directories that a thread keeps open, by their names; None where it keeps none."""

    handles: dict[str, int] | None = None


def _new_file(base: str, directory: int) -> IO[bytes]:
    return os.fdopen(os.open(base, NEW_FILE, 0o600, dir_fd=directory), "wb")


def _step(name: str, parent: int, make: bool) -> int:
    """One directory further, which is made where it is missing."""
    try:
        return os.open(name, DIRECTORY, dir_fd=parent)
    except FileNotFoundError:
        if not make:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        os.fsync(parent)
    return os.open(name, DIRECTORY, dir_fd=parent)


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise VaultError(f"{name!r} is not a name of the vault.")
    return name
