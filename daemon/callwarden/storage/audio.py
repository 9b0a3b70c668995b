"""Measuring and joining recordings, of any length in the same little memory.

Takes files of the spool, gives one recording: blocks are copied as they are, never decoded and encoded again, so
nothing is lost and joining costs what reading and hashing cost. pydub loads whole files (57 MB an hour), so it is for
prompts; ffmpeg is asked only for what is in another encoding than the recording, and to encode a second of silence.

A file's time is not the wall's: a recorder that hears nothing (no RTP) writes nothing, so a segment may hold less
audio than its span. Its audio stays together, at its beginning; ``parts`` decides what follows it.
"""

import array
import errno
import hashlib
import math
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat
from pathlib import Path
from typing import IO

from callwarden.storage import ffmpeg
from callwarden.storage.riff import AudioError, Encoding, Media, gsm, header, pcm, read_media

# Big enough that hashing and reading release the GIL for most of the time, small enough for a flat memory.
CHUNK_BYTES = 256 * 1024
IN_BIG_PIECES = 0  # a buffer of its own would be one copy more
# Audible, quiet, and no tone that a telephone network uses.
TONE_HERTZ, TONE_AMPLITUDE = 520, 1600


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A file of the spool, from ``start`` on for ``seconds`` (None: to its end)."""

    path: Path
    start: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Time without sound, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tone:
    """Time that is heard to be missing, in seconds."""

    seconds: float


Part = AudioFile | Silence | Tone
Pour = Callable[[Iterator[bytes], IO[bytes]], object]
"""Writes chunks to a file: as they are, or sealed."""


class Counted:
    """Chunks, hashed and counted as they pass."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.digest, self.bytes = hashlib.sha256(), 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.digest.update(chunk)
            self.bytes += len(chunk)
            yield chunk


@dataclass(frozen=True, slots=True)
class Joined:
    """What was written."""

    sha256: str
    bytes: int
    seconds: float


def measure(path: Path) -> Media:
    """What ``path`` holds, by its header and its real size. Raises :class:`AudioError`, FileNotFoundError."""
    with open_regular(path, IN_BIG_PIECES) as file:
        return read_media(file)


def encoding_of(name: str) -> Encoding:
    """The encoding of a recording format of the configuration (``wav``, ``wav49``)."""
    return gsm() if name == "wav49" else pcm()


def write_as_it_is(chunks: Iterator[bytes], out: IO[bytes]) -> None:
    """The pour of whoever does not seal."""
    for chunk in chunks:
        out.write(chunk)


def join(
    parts: Sequence[Part], out: IO[bytes], encoding: Encoding, scratch: Path, pour: Pour = write_as_it_is
) -> Joined:
    """Write ``parts``, one after the other, to ``out`` as one WAV file, by way of ``pour``; hash it before that.

    What is in another encoding is first turned into ``encoding``, in files in ``scratch`` that nobody else can name.
    """
    with ExitStack() as stack:
        sources = [_source(part, encoding, scratch, stack) for part in parts]
        blocks = sum(source.blocks for source in sources)
        chunks = chain([header(encoding, blocks)], *(source.chunks() for source in sources), _padding(encoding, blocks))
        counted = Counted(chunks)
        pour(iter(counted), out)
    return Joined(counted.digest.hexdigest(), counted.bytes, encoding.seconds(blocks))


def open_regular(path: Path, buffering: int = -1) -> IO[bytes]:
    """Open a file that Asterisk's user could have replaced: no symbolic link, no device, no pipe is opened.
    ``buffering``: as :func:`open` takes it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise AudioError("it is a symbolic link") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise AudioError("it is not a regular file")
    return os.fdopen(descriptor, "rb", buffering)


@dataclass(frozen=True, slots=True)
class _FromFile:
    file: IO[bytes]
    offset: int
    blocks: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        self.file.seek(self.offset)
        left = self.size
        while left:
            chunk = self.file.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise AudioError("it became shorter while it was read")
            left -= len(chunk)
            yield chunk


@dataclass(frozen=True, slots=True)
class _FromPattern:
    """A second of sound, over and over."""

    pattern: bytes
    blocks: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        whole, rest = divmod(self.size, len(self.pattern))
        yield from repeat(self.pattern, whole)
        yield self.pattern[:rest]


def _source(part: Part, encoding: Encoding, scratch: Path, stack: ExitStack) -> _FromFile | _FromPattern:
    if isinstance(part, AudioFile):
        return _from_file(part, encoding, scratch, stack)
    blocks = encoding.blocks(part.seconds)
    hertz = TONE_HERTZ if isinstance(part, Tone) else 0
    return _FromPattern(_second_of(encoding, hertz), blocks, blocks * encoding.block_bytes)


def _from_file(part: AudioFile, encoding: Encoding, scratch: Path, stack: ExitStack) -> _FromFile:
    file: IO[bytes] = stack.enter_context(open_regular(part.path, IN_BIG_PIECES))
    media = read_media(file)
    if media.encoding != encoding:
        file = _converted(file, encoding, scratch, stack)
        media = read_media(file)
    first, beyond = _blocks(part, media)
    offset = media.offset + first * encoding.block_bytes
    return _FromFile(file, offset, beyond - first, (beyond - first) * encoding.block_bytes)


def _blocks(part: AudioFile, media: Media) -> tuple[int, int]:
    """The first block and the one beyond the last: only blocks that lie wholly in the part, for what lies beside it may
    be there to be left out."""
    each = media.encoding.seconds(1)
    first = min(media.blocks, math.ceil(round(part.start / each, 6)))
    if part.seconds is None:
        return first, media.blocks
    beyond = math.floor(round((part.start + part.seconds) / each, 6))
    return first, max(first, min(media.blocks, beyond))


def _padding(encoding: Encoding, blocks: int) -> list[bytes]:
    """A RIFF chunk has an even length; a block of GSM has 65 bytes."""
    return [b"\0"] if blocks * encoding.block_bytes % 2 else []


def _converted(file: IO[bytes], encoding: Encoding, scratch: Path, stack: ExitStack) -> IO[bytes]:
    """``file`` in ``encoding``, as a nameless file."""
    result = stack.enter_context(_nameless(scratch))
    # Asterisk's unfinished header says 0 bytes: -ignore_length reads to the end of the file.
    ffmpeg.convert(file, ["-ignore_length", "1", "-f", "wav"], _written(encoding), result)
    return result


def second_of_silence(encoding: Encoding) -> bytes:
    """A second without sound in ``encoding``: whole blocks."""
    return _second_of(encoding, 0)


@lru_cache(maxsize=8)
def _second_of(encoding: Encoding, hertz: int) -> bytes:
    """A second of a tone (0: of silence) in ``encoding``; a whole number of waves, so it repeats without a click."""
    plain = pcm(encoding.rate, encoding.channels)
    sound = _tone(encoding.rate, encoding.channels, hertz)
    if encoding == plain:
        return sound
    with _nameless() as file, _nameless() as result:
        file.write(header(plain, encoding.rate) + sound)
        ffmpeg.convert(file, ["-f", "wav"], _written(encoding), result)
        media = read_media(result)
        result.seek(media.offset)
        return result.read(media.blocks * encoding.block_bytes)


def _nameless(directory: Path | None = None) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=directory)


def _tone(rate: int, channels: int, hertz: int) -> bytes:
    wave = (round(TONE_AMPLITUDE * math.sin(2 * math.pi * hertz * n / rate)) for n in range(rate))
    samples = array.array("h", (sample for sample in wave for _ in range(channels)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def _written(encoding: Encoding) -> list[str]:
    """How ffmpeg is told of an encoding."""
    codec = "libgsm_ms" if encoding.name == "wav49" else "pcm_s16le"
    rate, channels = str(encoding.rate), str(encoding.channels)
    return ["-map_metadata", "-1", "-c:a", codec, "-ar", rate, "-ac", channels, "-bitexact", "-f", "wav"]
