"""Keeps every file that ever appears below some directories, so that what was deleted can still be searched.

Takes directories; opens each file the moment it appears and keeps it open: the kernel then keeps its content, however
it is renamed or deleted. What was there before does not count, but is kept open too: its inode must not come back as
another file's.
"""

import contextlib
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from asyncinotify import Inotify, Mask

from lab import tones

APPEARS = Mask.CREATE | Mask.MOVED_TO | Mask.ONLYDIR


@dataclass(frozen=True, slots=True)
class Kept:
    """A file under the name it first had; `content` can be read even after it was deleted."""

    name: Path
    handle: int

    @property
    def content(self) -> Path:
        return Path(f"/proc/self/fd/{self.handle}")


class Watcher:
    def __init__(self, *directories: Path) -> None:
        self._directories = directories
        self._inotify = Inotify(sync_timeout=0.05)
        self._known: set[tuple[int, int]] = set()
        self._kept: list[Kept] = []
        self._before: list[Kept] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def __enter__(self) -> Self:
        for directory in self._directories:
            directory.mkdir(parents=True, exist_ok=True)
            self._take_directory(directory)
        self._before, self._kept = self._kept, []
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()
        for kept in (*self._before, *self._kept):
            os.close(kept.handle)
        self._before, self._kept = [], []

    def stop(self) -> None:
        """Watch no longer; what was kept stays until the `with` block ends."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        self._inotify.close()

    @property
    def sounds(self) -> list[Kept]:
        """Every sound file that ever was there, empty ones included."""
        return [kept for kept in list(self._kept) if tones.is_sound(kept.content)]

    def bursts_of(self, frequency: float) -> list[tuple[Path, tones.Span]]:
        """Every place in every file that ever was there where this tone is."""
        return [(kept.name, span) for kept in self.sounds for span in tones.bursts_of(kept.content, frequency)]

    def _watch(self) -> None:
        while not self._ended.is_set():
            for event in self._inotify:
                if event.path is not None:
                    self._take(event.path)

    def _take_directory(self, directory: Path) -> None:
        # The watch first, the look second: what is made in between is then seen by one of them.
        with contextlib.suppress(FileNotFoundError):
            self._inotify.add_watch(directory, APPEARS)
            self._take_all(directory.iterdir())

    def _take_all(self, paths: Iterable[Path]) -> None:
        for path in paths:
            self._take(path)

    def _take(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            self._take_directory(path)
            return
        if not path.is_file():
            return
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            status = os.fstat(handle)
            identity = (status.st_dev, status.st_ino)
            if identity in self._known:
                os.close(handle)
            else:
                self._known.add(identity)
                self._kept.append(Kept(path, handle))
