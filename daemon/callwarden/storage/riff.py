"""WAV files as Asterisk writes them: what is in one, and the header of a new one.

Two encodings: ``wav`` (16-bit PCM) and ``wav49`` (GSM 6.10 in blocks of 65 bytes for 320 samples, ``.WAV`` on disk).
Asterisk fills the lengths in when it closes a file: after a crash they are 0, and the standard ``wave`` module then
finds no audio, or no WAV file at all; it also knows no GSM. Asterisk writes nothing behind the audio, so here the
size of the file is believed and not its header.
"""

import os
import struct
from dataclasses import dataclass
from typing import IO

PCM_TAG, GSM_TAG = 0x0001, 0x0031
GSM_BLOCK_BYTES, GSM_BLOCK_SAMPLES = 65, 320
# What a header can say. Longer audio (74 hours of PCM) is still read right, because the file's size is believed.
LONGEST = 0xFFFFFFFF
# Asterisk's headers have 44 and 60 bytes; what has no "data" within this many is something else.
SEARCHED = 4096


class AudioError(Exception):
    """A file that is not the audio it should be; the text says what it is."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How audio is laid out: blocks of ``block_bytes`` that hold ``block_samples`` samples of each channel."""

    name: str
    rate: int
    channels: int
    block_bytes: int
    block_samples: int

    @property
    def extension(self) -> str:
        """As Asterisk names such files."""
        return "WAV" if self.name == "wav49" else "wav"

    def seconds(self, blocks: int) -> float:
        """How long ``blocks`` sound."""
        return blocks * self.block_samples / self.rate

    def blocks(self, seconds: float) -> int:
        """How many blocks come nearest to ``seconds``."""
        return max(0, round(seconds * self.rate / self.block_samples))


@dataclass(frozen=True, slots=True)
class Media:
    """What a file holds: where its audio begins and how many whole blocks there are."""

    encoding: Encoding
    offset: int
    blocks: int

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return self.encoding.seconds(self.blocks)


def pcm(rate: int = 8000, channels: int = 1) -> Encoding:
    """``wav``: signed 16-bit samples."""
    return Encoding("wav", rate, channels, 2 * channels, 1)


def gsm() -> Encoding:
    """``wav49``: GSM 6.10, which is 8 kHz mono and nothing else."""
    return Encoding("wav49", 8000, 1, GSM_BLOCK_BYTES, GSM_BLOCK_SAMPLES)


def read_media(file: IO[bytes]) -> Media:
    """What the open file holds. Raises :class:`AudioError`."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(SEARCHED)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise AudioError("it is not a WAV file")
    encoding: Encoding | None = None
    at = 12
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"data" and encoding is not None:
            return Media(encoding, at, (size - at) // encoding.block_bytes)
        if name == b"fmt ":
            encoding = _encoding(head[at : at + length])
        at += length + length % 2
    raise AudioError("its WAV header is incomplete")


def header(encoding: Encoding, blocks: int) -> bytes:
    """The header of a file with this much audio; a length that it cannot say is the longest that it can."""
    length = min(blocks * encoding.block_bytes, LONGEST - 128)
    parts = _gsm_format(blocks) if encoding.name == "wav49" else _pcm_format(encoding)
    padded = length + length % 2
    return (
        struct.pack("<4sI4s", b"RIFF", 4 + len(parts) + 8 + padded, b"WAVE")
        + parts
        + b"data"
        + struct.pack("<I", length)
    )


def _encoding(fields: bytes) -> Encoding:
    if len(fields) < 16:
        raise AudioError("its WAV header is incomplete")
    tag, channels, rate, _, block_bytes, bits = struct.unpack_from("<HHIIHH", fields)
    if tag == GSM_TAG and (channels, rate, block_bytes) == (1, 8000, GSM_BLOCK_BYTES):
        return gsm()
    if tag == PCM_TAG and bits == 16 and channels in (1, 2) and rate > 0:
        return pcm(rate, channels)
    raise AudioError(f"its encoding (WAV format {tag}, {bits} bits, {channels} channels, {rate} Hz) is not one of ours")


def _pcm_format(encoding: Encoding) -> bytes:
    width = encoding.block_bytes
    fields = (PCM_TAG, encoding.channels, encoding.rate, encoding.rate * width, width, 16)
    return struct.pack("<4sIHHIIHH", b"fmt ", 16, *fields)


def _gsm_format(blocks: int) -> bytes:
    fields = (GSM_TAG, 1, 8000, 1625, GSM_BLOCK_BYTES, 0, 2, GSM_BLOCK_SAMPLES)
    samples = min(blocks * GSM_BLOCK_SAMPLES, LONGEST)
    return struct.pack("<4sIHHIIHHHH", b"fmt ", 20, *fields) + struct.pack("<4sII", b"fact", 4, samples)
