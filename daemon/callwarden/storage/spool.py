"""The spool, as the kernel tells of it: a file is closed when it was seen closed (``IN_CLOSE_WRITE``).

Gives a SegmentFileClosed for every file that its writer closed. Nothing here deletes or reads anything.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from asyncinotify import Inotify, Mask

from callwarden.core import events as ev


class Spool:
    """``directory`` is the spool as this process sees it."""

    def __init__(self, directory: Path, post: Callable[[ev.Event], None]) -> None:
        self._directory, self._post = directory, post
        self._inotify: Inotify | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Watch from now on. Raises OSError when the directory is not there or may not be read."""
        self._inotify = Inotify()
        self._inotify.add_watch(self._directory, Mask.CLOSE_WRITE)
        self._task = asyncio.create_task(self._watch(self._inotify), name="spool")

    async def stop(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._inotify is not None:
            self._inotify.close()

    def count(self) -> int:
        """How many files there are: of calls that are up, and of those that are still to be finished."""
        return sum(not path.name.startswith(".") for path in self._directory.iterdir())

    def resting(self, seconds: float) -> list[str]:
        """The files that were not written to for so long."""
        before = time.time() - seconds
        with os.scandir(self._directory) as entries:
            return [one.name for one in entries if one.is_file(follow_symlinks=False) and _written(one) < before]

    async def _watch(self, inotify: Inotify) -> None:
        async for change in inotify:
            if change.name is not None:
                self.inspect(str(change.name))

    def inspect(self, file: str, missing_only: bool = False) -> None:
        """Tell what is there under this name, and when it was last written; for files that should long be closed.

        With ``missing_only``, for a file that is being written, tell only if it is not there.
        """
        try:
            status = (self._directory / file).stat()
        except OSError:
            self._post(ev.SegmentFileClosed(time.time(), file, -1))
        else:
            if missing_only:
                return
            self._post(ev.SegmentFileClosed(status.st_mtime, file, status.st_size))


def _written(entry: os.DirEntry[str]) -> float:
    """When the file was last written to; never, where it has gone meanwhile."""
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return float("inf")
