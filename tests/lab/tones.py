"""Which tone is where in a recording.

Every party of a test sends a tone of its own, so what was recorded, and what leaked, can be read off exactly. Takes
wav (16-bit PCM) and wav49 (GSM, decoded by ffmpeg), also files that are still being written or were cut off: the
header's lengths are not believed. Levels are dB relative to a full-scale sine, times are seconds in the file.

Two questions, two methods:

* `tones_by_half_second`, `spans_with`: who is talking when. A level and a threshold.
* `bursts_of`: is this tone anywhere at all, were it a tenth of a second under two other people. A tone keeps its
  level *and its phase* over many frames; speech, digits, other tones and the distortion of G.711 do not. In 25
  minutes of Asterisk's own prompts the longest accident is 10 frames; a burst of 100 ms gives more than 20.
"""

import struct
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FLOOR = -120.0
WAVE_FORMAT_GSM = 0x31

TALK_WINDOW, TALK_HOP = 400, 80  # 50 ms, every 10 ms: parties' tones are 80 Hz apart or more
TALK_THRESHOLD = -30.0  # Playtones sends at about -13 dB
TALK_GAP = 0.08  # shorter holes belong to the same span: packets that came late

BURST_WINDOW, BURST_HOP = 256, 40  # 32 ms, every 5 ms


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A burst is loud enough, keeps its frequency within `drift` Hz from frame to frame, for so many frames."""

    threshold: float
    drift: float
    frames: int


EXACT = Sensitivity(threshold=-40, drift=3, frames=13)
# GSM models a voice, not a tone: under two other tones it makes it waver. 300 ms are found for certain.
GSM = Sensitivity(threshold=-34, drift=12, frames=20)

Samples = NDArray[np.float64]
Sound = Path | str | Samples
Span = tuple[float, float]


def read(sound: Sound) -> Samples:
    """Samples between -1 and 1, at 8 kHz."""
    if isinstance(sound, np.ndarray):
        return sound
    data = Path(sound).read_bytes()
    if not data.startswith(b"RIFF"):
        return _pcm(_decode(data))
    if _wave_format(data) == WAVE_FORMAT_GSM:
        return _pcm(_decode_gsm(data))
    return _pcm(_body(data))


def is_sound(path: Path) -> bool:
    """By its first bytes, whatever it is called: wav, wav49, flac, ogg."""
    with path.open("rb") as stream:
        return stream.read(4) in (b"RIFF", b"fLaC", b"OggS")


def duration(sound: Sound) -> float:
    return len(read(sound)) / RATE


def tones_by_half_second(sound: Sound, frequencies: Sequence[float]) -> list[dict[float, float]]:
    """The level of each frequency in each whole half second."""
    half = RATE // 2
    samples = read(sound)
    table = {frequency: _decibels(_frames(samples, frequency, half, half)) for frequency in frequencies}
    return [{frequency: float(levels[n]) for frequency, levels in table.items()} for n in range(len(samples) // half)]


def spans_with(sound: Sound, frequency: float, threshold: float = TALK_THRESHOLD) -> list[Span]:
    """From when to when that tone was there."""
    levels = _decibels(_frames(read(sound), frequency, TALK_WINDOW, TALK_HOP))
    runs = _runs(levels > threshold)
    # A frame knows its middle: a span begins in the middle of its first frame and ends in that of its last.
    middle = TALK_WINDOW / 2
    spans = [((a * TALK_HOP + middle) / RATE, (b * TALK_HOP + middle) / RATE) for a, b in runs]
    return _joined(spans, TALK_GAP)


def seconds_with(sound: Sound, frequency: float, threshold: float = TALK_THRESHOLD) -> float:
    return sum(end - start for start, end in spans_with(sound, frequency, threshold))


def bursts_of(sound: Sound, frequency: float) -> list[Span]:
    """Every place where this very tone is kept for about 70 ms or longer (GSM: 300), whatever else is heard there."""
    values = _frames(read(sound), frequency, BURST_WINDOW, BURST_HOP)
    if len(values) < 2:
        return []
    wanted = GSM if _is_gsm(sound) else EXACT
    loud = _decibels(values) > wanted.threshold
    drift = np.abs(np.angle(values[1:] * np.conj(values[:-1]))) * RATE / (2 * np.pi * BURST_HOP)
    kept = loud[1:] & loud[:-1] & (drift < wanted.drift)
    runs = [(a, b) for a, b in _runs(kept) if b - a >= wanted.frames]
    return [(a * BURST_HOP / RATE, (b * BURST_HOP + BURST_WINDOW) / RATE) for a, b in runs]


def find_tone_anywhere(directories: Iterable[Path], frequency: float) -> list[tuple[Path, Span]]:
    """Every burst of that tone in every sound file under these directories."""
    files = (path for directory in directories for path in sorted(directory.rglob("*")))
    sounds = [path for path in files if path.is_file() and is_sound(path)]
    return [(path, span) for path in sounds for span in bursts_of(path, frequency)]


def _frames(samples: Samples, frequency: float, window: int, hop: int) -> NDArray[np.complex128]:
    """The complex amplitude of one frequency, frame by frame (Hann window); 1 is a full-scale sine."""
    if len(samples) < window:
        return np.zeros(0, np.complex128)
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    hann = np.hanning(window)
    wave = hann * np.exp(-2j * np.pi * frequency * np.arange(window) / RATE) * 2 / hann.sum()
    # The phase refers to the file's start, so that a steady tone of exactly this frequency keeps its phase.
    turn = np.exp(-2j * np.pi * frequency * hop * np.arange(len(frames)) / RATE)
    return np.asarray((frames @ wave) * turn, np.complex128)


def _decibels(values: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.asarray(20 * np.log10(np.maximum(np.abs(values), 10 ** (FLOOR / 20))), np.float64)


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """From (included) and to (excluded) of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _joined(spans: Sequence[Span], gap: float) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _is_gsm(sound: Sound) -> bool:
    return not isinstance(sound, np.ndarray) and _wave_format(Path(sound).read_bytes()) == WAVE_FORMAT_GSM


def _wave_format(data: bytes) -> int:
    at = data.find(b"fmt ", 0, 200)
    return int(struct.unpack_from("<H", data, at + 8)[0]) if at >= 0 and len(data) >= at + 10 else 0


def _body(data: bytes) -> bytes:
    """What follows the `data` header, to the end of the file: its length field is written when it is closed."""
    at = data.find(b"data", 0, 200)
    return data[at + 8 :] if at >= 0 else b""


def _pcm(body: bytes) -> Samples:
    return np.frombuffer(body[: len(body) // 2 * 2], "<i2").astype(np.float64) / 32768


def _decode_gsm(data: bytes) -> bytes:
    if len(_body(data)) < 65:  # not one block of 40 ms yet
        return b""
    return _decode(data, "-ignore_length", "1", "-f", "wav")


def _decode(data: bytes, *input_options: str) -> bytes:
    output = ("-f", "s16le", "-ar", str(RATE), "-ac", "1", "pipe:1")
    command = ("ffmpeg", "-v", "error", *input_options, "-i", "pipe:0", *output)
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout
