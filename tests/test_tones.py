"""The ears of the laboratory: what they must find, and what must not deceive them."""

import itertools
import subprocess
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lab import tones
from lab.pbx import MUSIC_ON_HOLD
from lab.roots import REPOSITORY
from lab.tones import Samples
from lab.watcher import Watcher
from lab.world import CALLER_TONE, CARD_TONE, DEFAULT_TONES, PAYMENT_IVR_TONE

SECRET_TONES = (CARD_TONE, PAYMENT_IVR_TONE)
OTHER_TONES = sorted({CALLER_TONE, MUSIC_ON_HOLD, *DEFAULT_TONES.values()} - set(SECRET_TONES))
DTMF_ROWS, DTMF_COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PLAYTONES_LEVEL = -13
PROMPTS = sorted((REPOSITORY / "sounds" / "en").glob("*.flac"))


def sine(frequency: float, seconds: float, level: float = PLAYTONES_LEVEL, phase: float = 0.7) -> Samples:
    at = np.arange(round(seconds * tones.RATE)) / tones.RATE
    return np.asarray(10 ** (level / 20) * np.sin(2 * np.pi * frequency * at + phase))


def through_g711(samples: Samples) -> Samples:
    """Mu-law there and back."""
    compressed = np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log(256)
    steps = np.round(compressed * 127) / 127
    return np.asarray(np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255)


def with_burst(samples: Samples, frequency: float, at: float, seconds: float, level: float) -> Samples:
    mixed = samples.copy()
    burst = sine(frequency, seconds, level, phase=2.1)
    start = round(at * tones.RATE)
    mixed[start : start + len(burst)] += burst
    return mixed


def write_wav(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(tones.RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def to_wav49(path: Path) -> Path:
    target = path.with_suffix(".WAV")
    command = ("ffmpeg", "-v", "error", "-i", str(path), "-c:a", "libgsm_ms", "-f", "wav", str(target))
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return target


@pytest.mark.parametrize("secret", SECRET_TONES)
@pytest.mark.parametrize("at", [0.5, 1.003, 1.777])
def test_a_tenth_of_a_second_under_two_other_tones_is_found(secret: int, at: float) -> None:
    talk = sine(440, 3) + sine(700, 3)
    [(start, end)] = tones.bursts_of(through_g711(with_burst(talk, secret, at, 0.1, -20)), secret)
    assert start == pytest.approx(at, abs=0.05)
    assert end == pytest.approx(at + 0.1, abs=0.05)


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda path: str(path.stem))
@pytest.mark.parametrize("secret", SECRET_TONES)
def test_a_tenth_of_a_second_under_speech_is_found(prompt: Path, secret: int) -> None:
    speech = tones.read(prompt)
    for at in np.arange(0.2, tones.duration(prompt) - 0.3, 0.31):
        mixed = through_g711(with_burst(speech, secret, float(at), 0.1, PLAYTONES_LEVEL))
        assert tones.bursts_of(mixed, secret), f"not found at {at:.2f} s"


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda path: str(path.stem))
@pytest.mark.parametrize("secret", SECRET_TONES)
def test_speech_alone_is_no_alarm(prompt: Path, secret: int) -> None:
    assert tones.bursts_of(through_g711(tones.read(prompt)), secret) == []


@pytest.mark.parametrize("secret", SECRET_TONES)
def test_digits_are_no_alarm(secret: int) -> None:
    for row, column in itertools.product(DTMF_ROWS, DTMF_COLUMNS):
        assert tones.bursts_of(through_g711(sine(row, 0.5, -10) + sine(column, 0.5, -8)), secret) == []


@pytest.mark.parametrize("secret", SECRET_TONES)
def test_no_three_other_parties_together_are_an_alarm(secret: int) -> None:
    for parties in itertools.combinations(OTHER_TONES, 3):
        talk = np.sum([sine(tone, 0.5, phase=tone) for tone in parties], axis=0)
        assert tones.bursts_of(through_g711(talk), secret) == [], parties


@pytest.mark.parametrize("secret", SECRET_TONES)
def test_the_other_card_line_is_no_alarm(secret: int) -> None:
    [other] = set(SECRET_TONES) - {secret}
    assert tones.bursts_of(through_g711(sine(other, 2) + sine(440, 2)), secret) == []


def test_a_tone_is_found_in_gsm_and_the_others_are_no_alarm(tmp_path: Path) -> None:
    talk = sine(440, 2) + sine(700, 2)
    leaking = with_burst(talk, CARD_TONE, 1, 0.3, PLAYTONES_LEVEL)
    assert tones.bursts_of(to_wav49(write_wav(tmp_path / "leak.wav", leaking)), CARD_TONE)
    assert tones.bursts_of(to_wav49(write_wav(tmp_path / "talk.wav", talk)), CARD_TONE) == []


def test_spans_are_where_somebody_talked(tmp_path: Path) -> None:
    samples = np.concatenate([sine(440, 1), np.zeros(8000), sine(440, 0.5) + sine(700, 0.5)])
    file = write_wav(tmp_path / "talk.wav", samples)
    assert tones.spans_with(file, 440) == [pytest.approx((0, 1), abs=0.04), pytest.approx((2, 2.5), abs=0.04)]
    assert tones.spans_with(file, 700) == [pytest.approx((2, 2.5), abs=0.04)]
    assert tones.spans_with(file, 600) == []


def test_each_half_second_tells_who_talked() -> None:
    samples = np.concatenate([sine(440, 0.5), sine(700, 0.5), np.zeros(100)])
    first, second = tones.tones_by_half_second(samples, [440, 700])
    assert first[440] == pytest.approx(PLAYTONES_LEVEL, abs=0.1)
    assert first[700] < -80
    assert second[440] < -80
    assert second[700] == pytest.approx(PLAYTONES_LEVEL, abs=0.1)


def test_a_file_that_is_still_being_written_is_read_to_its_end(tmp_path: Path) -> None:
    complete = write_wav(tmp_path / "whole.wav", sine(440, 2)).read_bytes()
    partial = tmp_path / "partial.wav"
    # As Asterisk leaves it while it writes: the lengths in the header are still zero, the last sample is half there.
    partial.write_bytes(complete[:40] + b"\0\0\0\0" + complete[44:16045])
    assert tones.duration(partial) == 1
    assert tones.spans_with(partial, 440) == [pytest.approx((0, 1), abs=0.04)]


@pytest.mark.parametrize("length", [0, 3, 20, 44])
def test_a_file_that_has_only_begun_holds_nothing(tmp_path: Path, length: int) -> None:
    file = tmp_path / "begun.wav"
    file.write_bytes(write_wav(tmp_path / "whole.wav", sine(440, 1)).read_bytes()[:length])
    assert tones.find_tone_anywhere([tmp_path / "nothing-here", tmp_path], CARD_TONE) == []
    assert not tones.is_sound(file) or tones.bursts_of(file, CARD_TONE) == []


def test_a_tone_is_found_anywhere_below_a_directory_whatever_the_file_is_called(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    leak = write_wav(tmp_path / "a" / "b" / "no-ending", sine(CARD_TONE, 0.2))
    write_wav(tmp_path / "talk.wav", sine(440, 0.2))
    (tmp_path / "catalogue.sqlite").write_bytes(b"SQLite format 3")
    assert [path for path, _ in tones.find_tone_anywhere([tmp_path], CARD_TONE)] == [leak]


def test_the_watcher_remembers_what_was_deleted_renamed_and_made_in_new_folders(tmp_path: Path) -> None:
    write_wav(tmp_path / "before.wav", sine(CARD_TONE, 0.2))
    with Watcher(tmp_path) as watcher:
        (tmp_path / "new" / "folder").mkdir(parents=True)
        deleted = write_wav(tmp_path / "new" / "folder" / "deleted.wav", sine(CARD_TONE, 0.2))
        write_wav(tmp_path / "talk.wav", sine(440, 0.2))
        # Nothing that Asterisk writes lives shorter than a packet of 20 ms.
        wait_until(lambda: len(watcher.sounds) == 2)
        deleted.rename(tmp_path / "moved.wav").unlink()
        write_wav(tmp_path / "late.wav", sine(700, 0.2))
        wait_until(lambda: len(watcher.sounds) == 3)
        assert len(watcher.bursts_of(CARD_TONE)) == 1
