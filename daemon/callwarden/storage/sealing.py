"""Sealing and opening what is sealed: the age format, by pyrage, in chunks, with a flat memory.

Takes streams, gives streams and hashes. pyrage's own file functions hold the interpreter for as long as they take
(measured, 1.4: 0.25 s for two hours of audio), so only those that read and write through Python objects are used:
other threads run in between. pyrage turns errors of those objects into its own; the original is raised here.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

import pyrage
from pyrage import x25519

from callwarden.storage.keys import Keys

SUFFIX = ".age"
CHUNK_BYTES = 256 * 1024
PyrageError = (pyrage.DecryptError, pyrage.EncryptError, OSError)


class SealError(Exception):
    """A sealed file cannot be opened, or a file not be sealed; the text says what to do."""


class NoKey(SealError):
    """The file may be whole; the daemon has no key that opens it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The sealed file: its own hash and size, and the name of the keys that open it."""

    sha256: str
    bytes: int
    keys: str


def sealed_name(name: str, keys: Keys) -> str:
    """The name in the vault of the recording ``name`` when it is sealed with ``keys``.

    It differs with the keys, so that a re-sealed file never replaces the only good one. No unsealed name ends so.
    """
    stem, _, extension = name.rpartition(".")
    return f"{stem}_{keys.name[:8]}.{extension}{SUFFIX}"


def is_sealed(name: str) -> bool:
    """Whether a name of the vault is that of a sealed file."""
    return name.endswith(SUFFIX)


def present(keys: Keys | None) -> Keys:
    """The keys, which a sealed recording needs. Raises :class:`NoKey`."""
    if keys is None:
        raise NoKey("It is sealed, and the daemon has no key: [seal] identity names none. Give it its key again.")
    return keys


def seal(chunks: Iterable[bytes], out: IO[bytes], keys: Keys) -> Sealed:
    """Write ``chunks`` to ``out``, sealed. Raises :class:`SealError`, and what the chunks and ``out`` raise."""
    source, target = _Source(iter(chunks)), _Target(out.write)
    try:
        pyrage.encrypt_io(source, target, keys.targets)
    except PyrageError as error:
        raise source.trouble or target.trouble or SealError(f"It could not be sealed: {error}.") from None
    return Sealed(target.digest.hexdigest(), target.bytes, keys.name)


def unseal(sealed: IO[bytes], write: Callable[[bytes], object], identities: Sequence[x25519.Identity]) -> None:
    """Hand what is in ``sealed`` to ``write``, piece by piece. Raises :class:`SealError`, and what ``write`` raises.

    A truncated or changed file raises after the pieces before the damage: nothing may be used before the end.
    """
    source, target = _Source(_chunks(sealed)), _Target(write)
    try:
        pyrage.decrypt_io(source, target, list(identities))
    except PyrageError as error:
        raise source.trouble or target.trouble or _explained(error) from None


@contextmanager
def unsealed(sealed: BinaryIO, identities: Sequence[x25519.Identity]) -> Iterator[Iterator[bytes]]:
    """What is in ``sealed`` as an iterator, opened by a thread beside: nothing is held but some kilobytes.

    The iterator raises :class:`SealError` where the file turns out to be damaged.
    """
    reading, writing = os.pipe()
    trouble: list[Exception] = []
    with os.fdopen(reading, "rb") as plain:
        thread = threading.Thread(target=_pour, args=[sealed, writing, identities, trouble], name="unseal", daemon=True)
        thread.start()
        try:
            yield _until_end(plain, thread, trouble)
        finally:
            plain.close()  # a thread that still writes gets EPIPE
            thread.join()


def _pour(sealed: BinaryIO, writing: int, identities: Sequence[x25519.Identity], trouble: list[Exception]) -> None:
    try:
        with os.fdopen(writing, "wb", buffering=CHUNK_BYTES) as out:
            unseal(sealed, out.write, identities)
    except (SealError, OSError) as error:
        trouble.append(error)


def _until_end(plain: BinaryIO, thread: threading.Thread, trouble: list[Exception]) -> Iterator[bytes]:
    yield from _chunks(plain)
    thread.join()
    if trouble:
        raise trouble[0]


def _explained(error: Exception) -> SealError:
    said = str(error)
    if "No matching keys" in said:
        return NoKey(
            "It is sealed to other keys than the daemon has. Put the key that it was sealed with into the file of "
            "[seal] identity, below the first, and reload; or the DPO opens it with `age --decrypt`."
        )
    if isinstance(error, pyrage.DecryptError):
        return SealError(f"It is no sealed recording, or its beginning is damaged ({said}). Take it from a backup.")
    return SealError("It is truncated or was changed: it does not open to its end. Take it from a backup.")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


class _Source:
    """An iterator as the file that pyrage reads."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, memoryview(b"")
        self.trouble: Exception | None = None

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        try:
            while not self._left:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return b""
                self._left = memoryview(chunk)
        except Exception as error:
            self.trouble = error
            raise
        part, self._left = self._left[:size], self._left[size:]
        return bytes(part)


class _Target:
    """A function as the file that pyrage writes; counts and hashes."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write, self.digest, self.bytes = write, hashlib.sha256(), 0
        self.trouble: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            self._write(data)
        except Exception as error:
            self.trouble = error
            raise
        self.digest.update(data)
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """Whoever owns the file does that."""
