"""The one door by which a recording's audio is opened for reading: to listen, to release, to scrub.

Takes the vault and what the catalogue says of a file; gives the audio, whole and checked: what is given is what was
hashed. A file that is missing, of another kind, cut or changed is refused as :class:`Damaged`; whoever opens it sounds
the alarm and has it entered. For a worker thread.

A sealed recording is opened into memory (above ``LONGEST_IN_MEMORY`` into a file of the vault without a name), so that
nothing of it is given before all of it was checked, and nothing left when it is closed. One that only the external
store has is fetched for this one opening.
"""

import errno
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, BinaryIO, cast

from callwarden.storage.keys import KeysError
from callwarden.storage.reading import StoredFile
from callwarden.storage.sealing import NoKey, SealError, is_sealed, present, unseal
from callwarden.storage.vault import Vault, VaultError

CHUNK = 1 << 20  # bytes
LONGEST_IN_MEMORY = 256 << 20  # bytes: four hours and a half; the unit gives the daemon 1 GB


class Damaged(Exception):
    """The file is not what was stored; the text says how, without a path."""


class Locked(PermissionError):
    """It is sealed, and the daemon's key does not open it; ``strerror`` says what to do. It may be whole."""


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
    if is_sealed(stored.path) and stored.bytes <= LONGEST_IN_MEMORY:
        return _copy_in_memory(vault, stored)
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


def _copy_in_memory(vault: Vault, stored: StoredFile) -> int:
    with opened(vault, stored) as file:
        return os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def _file(vault: Vault, stored: StoredFile) -> Iterator[BinaryIO]:
    """The audio, of the right size and from its beginning; its hash is still to be compared."""
    with raw_file(vault, stored.path) as raw:
        if not is_sealed(stored.path):
            yield _of_size(raw, stored)
            return
        with _workspace(vault, stored) as plain:
            _unseal(vault, raw, plain)
            plain.seek(0)
            yield _of_size(plain, stored)


@contextmanager
def raw_file(vault: Vault, path: str) -> Iterator[BinaryIO]:
    """The file as it is stored, sealed or not, from the vault or from the external store. Raises Damaged, OSError."""
    with ExitStack() as stack:
        file = local_file(vault, path)
        if file is None and vault.elsewhere is None:
            raise Damaged("its file is missing from the vault")
        yield stack.enter_context(file if file is not None else _fetched(vault, path))


@contextmanager
def _fetched(vault: Vault, path: str) -> Iterator[BinaryIO]:
    assert vault.elsewhere is not None
    with ExitStack() as stack:
        try:
            file = stack.enter_context(vault.elsewhere(path))
        except FileNotFoundError:
            raise Damaged("its file is missing from the vault, and from the external store") from None
        yield file


def _unseal(vault: Vault, sealed: BinaryIO, plain: BinaryIO) -> None:
    try:
        unseal(sealed, plain.write, present(vault.keys()).identities)
    except (NoKey, KeysError) as error:
        raise Locked(errno.EACCES, str(error)) from None
    except SealError as error:
        raise Damaged(str(error).rstrip(".")) from None
    plain.flush()


def _workspace(vault: Vault, stored: StoredFile) -> BinaryIO:
    if stored.bytes > LONGEST_IN_MEMORY:
        return cast(BinaryIO, tempfile.TemporaryFile(dir=vault.scratch))
    return os.fdopen(os.memfd_create("opened", os.MFD_CLOEXEC), "w+b")


def local_file(vault: Vault, path: str) -> BinaryIO | None:
    """The vault's own file as it is stored; None when it has none. Raises Damaged, OSError."""
    try:
        file = vault.open(path)
    except FileNotFoundError:
        return None
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
    return file


def _of_size(file: BinaryIO, stored: StoredFile) -> BinaryIO:
    size = os.fstat(file.fileno()).st_size
    if size != stored.bytes:
        raise Damaged(f"its file has {size} bytes and was stored with {stored.bytes}")
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
