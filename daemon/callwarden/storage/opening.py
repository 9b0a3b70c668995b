"""The one door by which a recording's audio is opened for reading: to listen, to release, to scrub.

Takes the vault and what the catalogue says of a file; gives the audio, whole and checked: what is given is what was
hashed. A file that is missing, of another kind, cut or changed is refused as :class:`Damaged`; whoever opens it sounds
the alarm and has it entered. For a worker thread.
"""

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from callwarden.storage.reading import StoredFile
from callwarden.storage.vault import Vault, VaultError

CHUNK = 1 << 20  # bytes


class Damaged(Exception):
    """The file is not what was stored; the text says how, without a path."""


@contextmanager
def opened(vault: Vault, stored: StoredFile) -> Iterator[BinaryIO]:
    """The audio from its beginning, once all of it was checked. Raises Damaged; OSError when it cannot be read."""
    with _file(vault, stored) as file:
        _compare(_sha256(file), stored)
        file.seek(0)
        yield file


def check(vault: Vault, stored: StoredFile) -> None:
    """Only look. Raises Damaged; OSError when it cannot be read."""
    with _file(vault, stored) as file:
        _compare(_sha256(file), stored)


def copy(vault: Vault, stored: StoredFile, out: IO[bytes]) -> None:
    """Write the audio to ``out``, which is to be thrown away when this raises: Damaged, OSError."""
    with _file(vault, stored) as file:
        _compare(_sha256(file, out), stored)
    out.flush()


def unlinked_copy(vault: Vault, stored: StoredFile) -> int:
    """A descriptor, for reading only, of a copy that has no name: it is gone when the last holder closes it. The
    recording's own file is never handed out, so deleting it deletes it. Raises Damaged, OSError."""
    path = vault.scratch / f"heard-{secrets.token_hex(16)}"
    writing = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(writing, "wb") as out:
        try:
            reading = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        finally:
            path.unlink()
        try:
            copy(vault, stored, out)
        except BaseException:
            os.close(reading)
            raise
    return reading


def _file(vault: Vault, stored: StoredFile) -> BinaryIO:
    try:
        file = vault.open(stored.path)
    except FileNotFoundError:
        raise Damaged("its file is missing from the vault") from None
    except VaultError:
        raise Damaged("the catalogue names a file that the vault never gave") from None
    except IsADirectoryError:
        raise Damaged("what stands in the place of its file is no file") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise Damaged("a symbolic link stands in the place of its file") from None
        raise
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode):
        file.close()
        raise Damaged("what stands in the place of its file is no file")
    if found.st_size != stored.bytes:
        file.close()
        raise Damaged(f"its file has {found.st_size} bytes and was stored with {stored.bytes}")
    return file


def _sha256(file: BinaryIO, out: IO[bytes] | None = None) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        if out is not None:
            out.write(chunk)
    return digest.hexdigest()


def _compare(found: str, stored: StoredFile) -> None:
    if found != stored.sha256:
        raise Damaged("its file has another SHA-256 than what was stored")
