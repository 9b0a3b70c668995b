"""Every file that ever appears in the spool or the vault is searched for the card's tones, also after it was deleted.

A file that was deleted cannot grow any more: it is searched and let go while the soak runs. What is left is searched
at the end.
"""

import contextlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lab import tones
from lab.watcher import Kept, Watcher
from soak.tones_of import CARD_TONES

SWEEP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Leak:
    """A card tone in a file, from and to in seconds of the file."""

    file: Path
    tone: int
    spans: tuple[tones.Span, ...]


class LeakWatch(Watcher):
    """`leaks` and `searched` (files) grow while it watches, and are complete after `finish`."""

    def __init__(self, evidence_folder: Path, *directories: Path) -> None:
        super().__init__(*directories)
        self.leaks: list[Leak] = []
        self.searched = 0
        self._folder = evidence_folder
        self._done = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, name="sweeper", daemon=True)

    def __enter__(self) -> Self:
        super().__enter__()
        self._sweeper.start()
        return self

    def finish(self) -> None:
        """Watch no longer, and search what is left."""
        self._done.set()
        self._sweeper.join()
        self.stop()
        for kept in list(self._kept):
            self._search(kept)

    def _sweep(self) -> None:
        while not self._done.wait(SWEEP_SECONDS):
            for kept in [one for one in list(self._kept) if os.fstat(one.handle).st_nlink == 0]:
                self._search(kept)
                self._let_go(kept)

    def _let_go(self, kept: Kept) -> None:
        # In this order: once it is closed its inode may be another file's, which must not be taken for known.
        status = os.fstat(kept.handle)
        self._kept.remove(kept)
        self._known.discard((status.st_dev, status.st_ino))
        os.close(kept.handle)

    def _search(self, kept: Kept) -> None:
        if not tones.is_sound(kept.content):
            return
        self.searched += 1
        for tone in CARD_TONES:
            if spans := tones.bursts_of(kept.content, tone):
                self.leaks.append(Leak(kept.name, tone, tuple(spans)))
                with contextlib.suppress(OSError):
                    self._folder.mkdir(parents=True, exist_ok=True)
                    (self._folder / f"leak-{tone}-{kept.name.name}").write_bytes(kept.content.read_bytes())
