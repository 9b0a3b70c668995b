"""The audio of a release: silence over what is muted, an mp3 beside it, and how loud it is when.

Takes copies of recordings, in files of their own; never a file of the vault. Audio is read and written in pieces, so a
recording of any length takes the same little memory.
"""

import array
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from callwarden.storage import ffmpeg
from callwarden.storage.audio import CHUNK_BYTES, encoding_of, second_of_silence
from callwarden.storage.riff import Media, read_media

# Speech at telephone quality: what every player knows (MPEG-2 layer III), and no less than is in the recording.
MP3_RATE, MP3_BITS = 16_000, "48k"
MP3_BYTES_PER_SECOND = 6_000
PEAK = 32768.0


@dataclass(frozen=True, slots=True)
class Span:
    """From ``started`` to ``ended``, in seconds from the beginning of the recording."""

    started: float
    ended: float


def mute(file: IO[bytes], spans: Sequence[Span]) -> None:
    """Overwrite the spans with silence, to the whole block around each end. ``file`` is open for reading and writing.

    Raises AudioError when it is no recording of ours.
    """
    media = read_media(file)
    silence = _block_of_silence(media)
    for span in spans:
        first, beyond = _blocks(media, span)
        file.seek(media.offset + first * media.encoding.block_bytes)
        for count in _pieces(beyond - first, CHUNK_BYTES // len(silence)):
            file.write(silence * count)
    file.flush()


def to_mp3(source: Path, target: Path) -> None:
    """Write ``source`` as mp3 to ``target``, which must not be there yet. Raises AudioError, OSError."""
    made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    mp3 = [
        "-map_metadata", "-1", "-c:a", "libmp3lame", "-b:a", MP3_BITS, "-ar", str(MP3_RATE), "-ac", "1", "-bitexact",
        "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3",
    ]  # fmt: skip
    with source.open("rb") as read, os.fdopen(made, "wb") as written:
        ffmpeg.convert(read, ["-f", "wav"], mp3, written)
        os.fsync(written.fileno())


def seconds_of(file: IO[bytes]) -> float:
    """How long it sounds. Raises AudioError."""
    return read_media(file).seconds


def peaks(file: IO[bytes], columns: int) -> list[float]:
    """How loud each of ``columns`` equal parts is, 0 to 1: the highest sample in it. Raises AudioError."""
    media = read_media(file)
    total = media.blocks * media.encoding.block_samples * media.encoding.channels
    found = [0.0] * columns
    at = 0
    for samples in _samples(file, media):
        for index, start, beyond in _cells(at, len(samples), total, columns):
            part = samples[start:beyond]
            found[index] = max(found[index], max(part) / PEAK, -min(part) / PEAK)
        at += len(samples)
    return found


def _cells(at: int, count: int, total: int, columns: int) -> Iterator[tuple[int, int, int]]:
    """Which of ``count`` samples, that begin at ``at``, belong to which column."""
    start = 0
    while start < count and total:
        index = min(columns - 1, (at + start) * columns // total)
        beyond = count if index == columns - 1 else min(count, math.ceil((index + 1) * total / columns) - at)
        yield index, start, beyond
        start = beyond


def _samples(file: IO[bytes], media: Media) -> Iterator["array.array[int]"]:
    if media.encoding.name == "wav":
        file.seek(media.offset)
        yield from _read(file)
        return
    with ffmpeg.reading(file, ["-f", "wav"], ["-f", "s16le"]) as decoded:
        yield from _read(decoded)


def _read(file: IO[bytes]) -> Iterator["array.array[int]"]:
    while chunk := file.read(CHUNK_BYTES):
        samples = array.array("h", chunk[: len(chunk) // 2 * 2])
        if sys.byteorder == "big":
            samples.byteswap()
        if samples:
            yield samples


def _blocks(media: Media, span: Span) -> tuple[int, int]:
    per_second = media.encoding.rate / media.encoding.block_samples
    first = max(0, math.floor(span.started * per_second))
    return first, max(first, min(media.blocks, math.ceil(span.ended * per_second)))


def _block_of_silence(media: Media) -> bytes:
    if media.encoding.name == "wav":
        return bytes(media.encoding.block_bytes)
    return second_of_silence(encoding_of(media.encoding.name))[: media.encoding.block_bytes]


def _pieces(count: int, most: int) -> Iterator[int]:
    while count > 0:
        yield min(count, most)
        count -= most
