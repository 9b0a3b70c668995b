"""The spool, as the kernel tells of it: a file is closed when it was seen closed (``IN_CLOSE_WRITE``).

Gives a SegmentFileClosed for every file that its writer closed. Nothing here deletes or reads anything.

asyncinotify asks the kernel; what the kernel then tells is read here, for of each event only the name is wanted, and
what the library makes of it takes longer than all that follows.
"""

import asyncio
import errno
import fcntl
import os
import signal
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from asyncinotify import Inotify, Mask

from callwarden.core import events as ev

AGAIN_SECONDS = 1.0
# The head of struct inotify_event: wd, mask, cookie, len; the name follows, filled up with NUL (inotify(7)).
EVENT = struct.Struct("iIII")
READ_BYTES = 65536  # an event is 32 to 272 bytes
# Where the kernel will not say whether a file is open (to a user who does not own it, without CAP_LEASE): Asterisk
# writes 32 kB at a time, which is 2 s of sound.
QUIET_SECONDS = 2.5


def is_written(path: Path) -> bool:
    """Whether somebody has this file open for writing. The kernel tells whoever asks for a lease on it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Somebody who opened it for writing just now would have us sent a signal: one that nobody dies of.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN or time.time() - os.fstat(handle).st_mtime < QUIET_SECONDS
    else:
        return False
    finally:
        os.close(handle)


def names(events: bytes) -> Iterator[str]:
    """The files' names in what the kernel told; an event without one (it could not keep all) is passed over."""
    at = 0
    while at < len(events):
        length = EVENT.unpack_from(events, at)[3]
        at += EVENT.size + length
        name = events[at - length : at].rstrip(b"\0")
        if name:
            yield os.fsdecode(name)


class Spool:
    """``directory`` is the spool as this process sees it."""

    def __init__(self, directory: Path, post: Callable[[ev.Event], None]) -> None:
        self._directory, self._post = directory, post
        self._inotify: Inotify | None = None

    def start(self) -> None:
        """Watch from now on. Raises OSError when the directory is not there or may not be read."""
        inotify = Inotify()
        inotify.add_watch(self._directory, Mask.CLOSE_WRITE)
        asyncio.get_running_loop().add_reader(inotify.fd, self._read, inotify.fd)
        self._inotify = inotify

    async def stop(self) -> None:
        """Watch no longer."""
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.fd)
            self._inotify.close()
            self._inotify = None

    def count(self) -> int:
        """How many files there are: of calls that are up, and of those that are still to be finished."""
        return sum(not path.name.startswith(".") for path in self._directory.iterdir())

    def resting(self, seconds: float, wanted: Callable[[str], bool] = lambda _: True) -> list[str]:
        """The files of a ``wanted`` name that were not written to for so long."""
        before = time.time() - seconds
        with os.scandir(self._directory) as entries:
            files = [one for one in entries if wanted(one.name) and one.is_file(follow_symlinks=False)]
            return [one.name for one in files if _written(one) < before]

    def _read(self, handle: int) -> None:
        for name in names(os.read(handle, READ_BYTES)):
            self._tell_closed(name)

    def inspect(self, file: str, missing_only: bool = False) -> None:
        """Tell what is there under this name, and when it was last written; for files that should long be closed. One
        that somebody still writes is looked at again until nobody does; while the spool is away nothing is told.

        With ``missing_only``, for a file that is being written, tell only if it is not there.
        """
        path = self._directory / file
        if missing_only and path.exists():
            return
        if not self._directory.exists():  # away for a moment: Asterisk writes on into the files that it has open
            self._again(file, missing_only)
        elif not path.exists():
            self._post(ev.SegmentFileClosed(time.time(), file, -1))
        elif is_written(path):
            self._again(file)
        else:
            self._tell_closed(file)

    def _again(self, file: str, missing_only: bool = False) -> None:
        if self._inotify is not None:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.inspect, file, missing_only)

    def _tell_closed(self, file: str) -> None:
        try:
            status = os.stat(f"{self._directory}/{file}")  # noqa: PTH116 -- of every file of every call
        except OSError:
            if self._directory.exists():
                self._post(ev.SegmentFileClosed(time.time(), file, -1))
            else:
                self._again(file)
        else:
            self._post(ev.SegmentFileClosed(status.st_mtime, file, status.st_size))


def _written(entry: os.DirEntry[str]) -> float:
    """When the file was last written to; never, where it has gone meanwhile."""
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return float("inf")
