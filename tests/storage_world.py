"""What the storage tests share: facts with defaults, sound files as Asterisk writes them, an ear."""

import math
import struct
import subprocess
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from callwarden.core.facts import (
    Call,
    Channel,
    Direction,
    Recording,
    RecordingState,
    Role,
    Segment,
    SegmentState,
    Suspension,
)
from callwarden.storage.audio import open_regular
from callwarden.storage.riff import header, pcm, read_media

RATE = 8000
AT = 1_780_000_000.0
UNIQUE_ID = "1780000000.7"


def call(linked_id: str = UNIQUE_ID, **changes: Any) -> Call:
    known: dict[str, Any] = {"direction": Direction.INBOUND, "started": AT, "caller_number": "020 7946 0123"}
    return Call(linked_id=linked_id, **(known | changes))


def channel(unique_id: str = UNIQUE_ID, linked_id: str = UNIQUE_ID, **changes: Any) -> Channel:
    known: dict[str, Any] = {
        "name": "PJSIP/trunk-00000001",
        "endpoint": "PJSIP/trunk",
        "role": Role.OUTSIDE,
        "started": AT,
        "number": "020 7946 0123",
    }
    return Channel(unique_id=unique_id, linked_id=linked_id, **(known | changes))


def recording(unique_id: str = UNIQUE_ID, linked_id: str = UNIQUE_ID, **changes: Any) -> Recording:
    known: dict[str, Any] = {"state": RecordingState.CLOSED, "wanted": AT}
    return Recording(unique_id=unique_id, linked_id=linked_id, **(known | changes))


def segment(file: str, started: float, stopped: float, number: int = 1, **changes: Any) -> Segment:
    known: dict[str, Any] = {"unique_id": UNIQUE_ID, "state": SegmentState.CLOSED, "asked": started}
    return Segment(file=file, number=number, started=started, stopped=stopped, **(known | changes))


def suspension(confirmed: float, ended: float | None, number: int = 1) -> Suspension:
    return Suspension(
        unique_id=UNIQUE_ID, number=number, why="card line", by="201", asked=confirmed, confirmed=confirmed, ended=ended
    )


def tone(hertz: float, seconds: float, rate: int = RATE) -> bytes:
    """16-bit samples of a sine."""
    count = round(seconds * rate)
    return array("h", (round(8000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(count))).tobytes()


def write_wav(path: Path, samples: bytes, rate: int = RATE, unfinished: bool = False) -> Path:
    """A file as Asterisk leaves it; ``unfinished``: as a crash leaves it, both lengths 0."""
    head = bytearray(header(pcm(rate), len(samples) // 2))
    if unfinished:
        struct.pack_into("<I", head, 4, 0)
        struct.pack_into("<I", head, 40, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(head) + samples)
    return path


def write_wav49(path: Path, samples: bytes) -> Path:
    """GSM in WAV, ``.WAV`` on disk."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "s16le",
        "-ar",
        "8000",
        "-i",
        "-",
        "-c:a",
        "libgsm_ms",
        "-bitexact",
        str(path),
    ]
    subprocess.run(command, input=samples, check=True)
    return path


def samples_of(path: Path) -> Sequence[int]:
    """What is heard in a file, whatever its encoding."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "s16le", "-ar", "8000", "-ac", "1", "-"]
    return array("h", subprocess.run(command, check=True, capture_output=True).stdout)


def loudness(samples: Sequence[int], hertz: float, start: float, end: float) -> float:
    """How much of a tone there is between two moments (Goertzel): near 8000 for ours, near 0 for silence."""
    part = samples[round(start * RATE) : round(end * RATE)]
    turn = 2 * math.cos(2 * math.pi * hertz / RATE)
    before = last = 0.0
    for sample in part:
        before, last = last, sample + turn * last - before
    power = max(0.0, last * last + before * before - turn * last * before)
    return 2 * math.sqrt(power) / max(1, len(part))


def seconds_of(path: Path) -> float:
    with open_regular(path) as file:
        return read_media(file).seconds
