"""Measuring and joining: what was recorded is there, sample for sample, and where nothing was recorded it is silent."""

import hashlib
import io
import os
import tracemalloc
import wave
from collections.abc import Sequence
from pathlib import Path

import pytest

from callwarden.storage.audio import AudioFile, Joined, Part, Silence, Tone, encoding_of, join, measure
from callwarden.storage.riff import AudioError, header, pcm, read_media
from storage_world import loudness, samples_of, tone, write_wav, write_wav49


def joined(parts: Sequence[Part], path: Path, name: str = "wav") -> Joined:
    with path.open("wb") as out:
        return join(parts, out, encoding_of(name), path.parent)


def test_a_wav_file_is_measured_by_its_header_and_its_size(tmp_path: Path) -> None:
    media = measure(write_wav(tmp_path / "a.wav", tone(440, 2.5)))
    assert (media.encoding, media.offset, media.seconds) == (pcm(8000), 44, 2.5)


def test_a_header_that_asterisk_never_finished_is_not_believed(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "crashed.wav", tone(440, 1.5) + b"x", unfinished=True)
    with pytest.raises((wave.Error, EOFError)), wave.open(str(path)):
        pytest.fail("the standard library reads it now: use it")
    assert measure(path).seconds == 1.5


def test_a_file_with_a_header_and_nothing_else_holds_no_audio(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "empty.wav", b"")
    assert path.stat().st_size == 44
    assert measure(path).blocks == 0


def test_a_wav49_file_is_measured_in_blocks_of_forty_milliseconds(tmp_path: Path) -> None:
    media = measure(write_wav49(tmp_path / "a.WAV", tone(440, 2)))
    assert (media.encoding.name, media.seconds) == ("wav49", 2.0)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio" * 100, b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff"])
def test_what_is_not_audio_is_a_named_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError):
        measure(path)


def test_eight_bit_audio_is_refused_with_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "eight.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 1, 8000, 100, "NONE", ""))
        file.writeframes(bytes(100))
    with pytest.raises(AudioError, match="8 bits"):
        measure(path)


def test_a_symbolic_link_in_the_spool_is_not_followed(tmp_path: Path) -> None:
    write_wav(tmp_path / "secret.wav", tone(440, 1))
    (tmp_path / "link.wav").symlink_to(tmp_path / "secret.wav")
    with pytest.raises(AudioError, match="symbolic"):
        measure(tmp_path / "link.wav")


def test_a_pipe_in_the_spool_does_not_hang_the_daemon(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="regular"):
        measure(tmp_path / "pipe.wav")


def test_our_header_is_the_one_that_the_standard_library_writes() -> None:
    theirs = io.BytesIO()
    with wave.open(theirs, "wb") as file:
        file.setparams((1, 2, 8000, 100, "NONE", ""))
        file.writeframes(bytes(200))
    assert header(pcm(), 100) == theirs.getvalue()[:44]


def test_audio_longer_than_a_header_can_say_is_still_measured() -> None:
    eighty_hours = 80 * 3600 * 8000

    class Endless(io.BytesIO):
        def seek(self, at: int, whence: int = 0) -> int:
            return 44 + eighty_hours * 2 if whence == os.SEEK_END else super().seek(at, whence)

    assert read_media(Endless(header(pcm(), eighty_hours))).seconds == 80 * 3600


def test_segments_are_joined_sample_for_sample_with_silence_between(tmp_path: Path) -> None:
    first, second = tone(440, 1.0), tone(700, 0.7)
    files = [
        AudioFile(write_wav(tmp_path / "1.wav", first)),
        AudioFile(write_wav(tmp_path / "2.wav", second, unfinished=True)),
    ]
    result = joined([files[0], Silence(2.0), files[1]], tmp_path / "out.wav")
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert file.readframes(file.getnframes()) == first + bytes(2 * 8000 * 2) + second
    assert result.seconds == pytest.approx(3.7)
    content = (tmp_path / "out.wav").read_bytes()
    assert (result.bytes, result.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_tone_says_that_something_is_missing(tmp_path: Path) -> None:
    spoken = AudioFile(write_wav(tmp_path / "1.wav", tone(440, 1.0)))
    joined([spoken, Tone(1.5), spoken], tmp_path / "out.wav")
    heard = samples_of(tmp_path / "out.wav")
    assert loudness(heard, 520, 1.0, 2.5) > 1500
    assert loudness(heard, 440, 1.0, 2.5) < 50
    assert loudness(heard, 440, 2.5, 3.5) > 7500


@pytest.mark.parametrize(("fill", "hertz"), [(Silence(2.0), 0), (Tone(2.0), 520)])
def test_wav49_segments_are_joined_without_being_decoded(tmp_path: Path, fill: Part, hertz: int) -> None:
    files = [write_wav49(tmp_path / f"{n}.WAV", tone(n, 1.0)) for n in (440, 700)]
    result = joined([AudioFile(files[0]), fill, AudioFile(files[1])], tmp_path / "out.WAV", "wav49")
    assert (result.seconds, measure(tmp_path / "out.WAV").blocks) == (4.0, 100)
    with files[0].open("rb") as first, (tmp_path / "out.WAV").open("rb") as out:
        media = read_media(first)
        first.seek(media.offset)
        out.seek(60)
        assert out.read(25 * 65) == first.read(25 * 65)
    heard = samples_of(tmp_path / "out.WAV")
    assert loudness(heard, 440, 0.1, 0.9) > 4000
    assert loudness(heard, 700, 3.1, 3.9) > 4000
    assert loudness(heard, 440, 1.1, 2.9) < 100
    assert (loudness(heard, 520, 1.1, 2.9) > 800) == bool(hertz)


def test_a_segment_in_another_encoding_is_converted(tmp_path: Path) -> None:
    files = [
        write_wav49(tmp_path / "1.WAV", tone(440, 1.0)),
        write_wav(tmp_path / "2.wav", tone(700, 1.0, 16000), 16000),
    ]
    result = joined([AudioFile(file) for file in files], tmp_path / "out.wav")
    heard = samples_of(tmp_path / "out.wav")
    assert result.seconds == pytest.approx(2.0, abs=0.05)
    assert loudness(heard, 440, 0.1, 0.9) > 4000
    assert loudness(heard, 700, 1.1, 1.9) > 7000


def test_an_unfinished_header_does_not_stop_a_conversion(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "1.wav", tone(440, 1.0), unfinished=True)
    assert joined([AudioFile(path)], tmp_path / "out.WAV", "wav49").seconds == pytest.approx(1.0, abs=0.05)


def test_an_hour_is_joined_in_a_few_chunks_of_memory(tmp_path: Path) -> None:
    hour = tmp_path / "hour.wav"
    write_wav(hour, b"", unfinished=True)
    os.truncate(hour, 44 + 3600 * 16000)
    tracemalloc.start()
    result = joined([AudioFile(hour), Silence(600)], tmp_path / "out.wav")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.seconds == 4200
    assert peak < 3_000_000


def test_nothing_to_join_is_an_empty_recording(tmp_path: Path) -> None:
    result = joined([], tmp_path / "out.wav")
    assert (result.seconds, result.bytes, measure(tmp_path / "out.wav").blocks) == (0.0, 44, 0)
