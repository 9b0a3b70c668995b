"""Muting is silence in the copy over the span and nowhere else, in both formats; the mp3 says the same."""

import array
import tracemalloc
from pathlib import Path

import pytest

from callwarden.release import picture
from callwarden.release.sound import Span, mute, peaks, seconds_of, to_mp3
from callwarden.storage.riff import AudioError
from storage_world import loudness, samples_of, tone, write_wav, write_wav49


@pytest.fixture(params=["wav", "wav49"])
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Six seconds of a tone."""
    sound = tone(440, 6)
    if request.param == "wav49":
        return write_wav49(tmp_path / "a.WAV", sound)
    return write_wav(tmp_path / "a.wav", sound)


def test_a_muted_span_is_silent_and_the_rest_is_as_it_was(recorded: Path) -> None:
    size = recorded.stat().st_size
    with recorded.open("r+b") as file:
        mute(file, [Span(1.0, 2.0), Span(4.5, 5.0)])
    heard = samples_of(recorded)
    assert recorded.stat().st_size == size
    for start, end in ((1.1, 1.9), (4.6, 4.9)):
        assert loudness(heard, 440, start, end) < 30
    for start, end in ((0.1, 0.9), (2.2, 4.4), (5.2, 5.9)):
        assert loudness(heard, 440, start, end) > 6000


def test_a_span_beyond_the_ends_mutes_up_to_them(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(440, 2))
    before = path.read_bytes()
    with path.open("r+b") as file:
        mute(file, [Span(1.0, 99.0), Span(50.0, 60.0)])
    after = path.read_bytes()
    assert len(after) == len(before)
    assert after[: 44 + 16000] == before[: 44 + 16000]
    assert not any(after[44 + 16000 :])


def test_the_mp3_is_as_long_and_as_silent(recorded: Path, tmp_path: Path) -> None:
    with recorded.open("r+b") as file:
        mute(file, [Span(2.0, 4.0)])
    target = tmp_path / "a.mp3"
    to_mp3(recorded, target)
    heard = samples_of(target)
    assert abs(len(heard) / 8000 - 6) < 0.2
    assert target.stat().st_mode & 0o777 == 0o600
    assert loudness(heard, 440, 2.2, 3.8) < 60
    assert loudness(heard, 440, 0.2, 1.8) > 5000


def test_what_is_no_audio_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"no sound at all")
    with path.open("r+b") as file, pytest.raises(AudioError):
        mute(file, [Span(0, 1)])
    with pytest.raises(AudioError):
        to_mp3(path, tmp_path / "a.mp3")


def test_the_waveform_is_high_where_it_is_loud(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(440, 2) + bytes(2 * 16000) + tone(440, 2))
    with path.open("rb") as file:
        assert seconds_of(file) == 6
        found = peaks(file, 60)
    assert min(found[:20] + found[40:]) > 0.2
    assert max(found[20:40]) == 0
    shown = picture.lines(found, 6.0, [Span(2.0, 3.0)])
    assert shown[-2] == " " * 20 + "x" * 10
    assert shown[-1].startswith("|0:00")
    assert picture.png(found, 6.0, [Span(2.0, 3.0)]).startswith(b"\x89PNG\r\n")


def test_more_columns_than_samples_and_no_samples_at_all(tmp_path: Path) -> None:
    for name, sound in (("short", array.array("h", [100, -20000]).tobytes()), ("empty", b"")):
        path = write_wav(tmp_path / f"{name}.wav", sound)
        with path.open("rb") as file:
            found = peaks(file, 40)
            assert len(found) == 40
            assert len(picture.lines(found, seconds_of(file))) == picture.ROWS + 1
            picture.png(found, seconds_of(file))


def test_a_long_recording_takes_little_memory(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", bytes(60_000_000))
    tracemalloc.start()
    with path.open("r+b") as file:
        mute(file, [Span(10, 3000)])
        peaks(file, 100)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4_000_000
