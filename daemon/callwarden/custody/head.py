"""The audit chain's last link, kept in a small file outside of the catalogue: an end that was cut off is noticed.

Takes the catalogue's connection after each commit; gives the link that was kept. The file is one line, number and hash,
0600, replaced as a whole.
"""

import logging
import os
from pathlib import Path

from sqlite_utils import Database

from callwarden.custody.audit import EMPTY, Head, head, holds

log = logging.getLogger(__name__)


class HeadFile:
    """``path`` is the file. :meth:`follow` is for the thread that writes the catalogue."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = EMPTY

    def kept(self) -> Head:
        """What the file says; the beginning when there is none. Raises OSError, and ValueError when it is no head."""
        try:
            return parse(self.path.read_text("ascii"))
        except FileNotFoundError:
            return EMPTY

    def follow(self, db: Database) -> None:
        """Write the link that the chain ends with now, if it is a newer one than was written last. Never raises: the
        next commit tries again."""
        try:
            found = head(db)
            if found != self._written:
                self._write(found)
                self._written = found
        except OSError as error:
            log.warning("the head of the audit chain was not written to %s: %s", self.path, error)

    def lost(self, db: Database) -> Head | None:
        """For start-up, before anything is appended: the link that was kept and is not in the chain any more, or None
        when all is well. A file that does not fit is put aside, never overwritten. Raises OSError."""
        try:
            kept = self.kept()
        except ValueError:
            kept = Head(-1, "unreadable")
        if holds(db, kept):
            return None
        self.path.replace(self.path.with_name(f"{self.path.name}.lost-{max(kept.number, 0)}"))
        return kept

    def _write(self, link: Head) -> None:
        new = self.path.with_name(f"{self.path.name}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{text_of(link)}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)


def text_of(link: Head) -> str:
    """``12:9f86d0...``: for a file, a mail, a sheet of paper."""
    return f"{link.number}:{link.hash}"


def parse(text: str) -> Head:
    """What :func:`text_of` gave. Raises ValueError with a sentence."""
    number, _, digest = text.strip().partition(":")
    if not number.isdecimal() or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValueError("The head of an audit chain is a number, a colon and 64 hexadecimal digits.")
    return Head(int(number), digest)
