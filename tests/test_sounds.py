"""The shipped prompts, listened to by measurement, and the builder that makes what Asterisk plays."""

import hashlib
import os
import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from callwarden.sounds import FORMATS, Finding, SoundsError, build, examine, prompt_hash

SOUNDS = Path(__file__).parent.parent / "sounds"
ANNOUNCEMENTS = {"inbound": 7.0, "outbound": 7.0, "joined": 4.0}  # seconds at most
IN_CALL = {
    "card-not-recorded": 4.0,
    "card-line-unavailable": 4.0,
    "recording-suspended": 4.0,
    "recording-resumed": 4.0,
}
LONGEST = ANNOUNCEMENTS | IN_CALL
Samples = npt.NDArray[np.float64]

every_prompt = pytest.mark.parametrize("prompt", LONGEST)


def ffmpeg(*arguments: str | Path, given: bytes | None = None) -> bytes:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, input=given).stdout


def samples(data: bytes) -> Samples:
    return np.frombuffer(data, "<i2").astype(np.float64) / 32768


def decibels(amplitude: float) -> float:
    return float(20 * np.log10(max(amplitude, 1e-9)))


def rms(sound: Samples) -> float:
    return decibels(float(np.sqrt(np.mean(sound**2))))


def band(sound: Samples, rate: int, low: float, high: float) -> Samples:
    spectrum = np.fft.rfft(sound)
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    return np.fft.irfft(spectrum, len(sound))


def shipped(prompt: str) -> Samples:
    return samples(ffmpeg("-i", SOUNDS / "en" / f"{prompt}.flac", "-f", "s16le", "-"))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def tone(frequency: float, seconds: float = 1.0, level: float = 0.25, rate: int = 16000) -> Samples:
    return level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


def write_wav(path: Path, sound: Samples, rate: int = 16000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    path.with_suffix(".txt").write_text("A tone.\n")
    return path


def findings(source_dir: Path) -> str:
    return "\n".join(map(str, examine(source_dir)))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# The shipped prompts


def test_every_prompt_is_shipped_with_its_words_and_nothing_to_find() -> None:
    assert {path.stem for path in (SOUNDS / "en").glob("*.flac")} == set(LONGEST)
    assert {path.stem for path in (SOUNDS / "en").glob("*.txt")} == set(LONGEST)
    assert examine(SOUNDS) == []


@pytest.mark.parametrize("prompt", ANNOUNCEMENTS)
def test_an_announcement_says_that_the_call_is_recorded_and_what_for(prompt: str) -> None:
    said = words((SOUNDS / "en" / f"{prompt}.txt").read_text())
    assert {"recorded", "quality", "training"} <= set(said)


@every_prompt
def test_a_recogniser_heard_the_written_words_in_exactly_this_audio(prompt: str) -> None:
    lines = (line.split("\t") for line in (SOUNDS / "heard.tsv").read_text().splitlines())
    heard = {name: (digest, text) for name, digest, text in lines}
    digest, text = heard[f"en/{prompt}"]
    assert digest == hashlib.sha256((SOUNDS / "en" / f"{prompt}.flac").read_bytes()).hexdigest()
    assert words(text) == words((SOUNDS / "en" / f"{prompt}.txt").read_text())


@every_prompt
def test_a_prompt_is_short_and_keeps_clear_of_the_moments_that_get_lost(prompt: str) -> None:
    sound = shipped(prompt)
    assert 2.0 < len(sound) / 16000 <= LONGEST[prompt]
    loud = np.flatnonzero(np.abs(sound) > 0.01) / 16000
    assert 0.2 <= loud[0] < 0.3
    assert 0.3 <= len(sound) / 16000 - loud[-1] < 0.5


@every_prompt
def test_a_prompt_is_as_loud_on_a_telephone_as_asterisks_own(prompt: str) -> None:
    sound = shipped(prompt)
    assert -6 < decibels(float(np.abs(sound).max())) < -2.9
    assert -24 < rms(band(sound, 16000, 300, 3400)) < -21
    assert abs(float(sound.mean())) < 0.001


@every_prompt
def test_a_prompt_speaks_from_its_beginning_to_its_end(prompt: str) -> None:
    speech = band(shipped(prompt), 16000, 300, 3400)[4000:-6400]
    halves = [rms(speech[start : start + 8000]) for start in range(0, len(speech) - 8000, 8000)]
    assert min(halves) > -32


# What is built


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, out = (tmp_path_factory.mktemp(name) for name in ("source", "out"))
    ffmpeg("-i", SOUNDS / "en" / "joined.flac", write_wav(source / "en" / "joined.wav", tone(440)))
    build(source, out, FORMATS)
    return out / "en"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_carries_the_same_speech(built: Path, name: str) -> None:
    encoding = FORMATS[name]
    given = built / f"joined{encoding.suffix}"
    how = [] if name == "wav" else ["-f", encoding.muxer]
    rate = [] if name in ("wav", "g722") else ["-ar", str(encoding.rate)]
    heard = samples(ffmpeg(*how, *rate, "-i", given, "-ar", "8000", "-f", "s16le", "-"))
    said = samples((built / "joined.sln").read_bytes())
    length = min(len(heard), len(said))
    assert abs(len(heard) - len(said)) < 80
    delay = 12 if name == "g722" else 0  # samples at 8 kHz: its two filter banks'
    alike = max(
        float(np.corrcoef(heard[shift:length], said[: length - shift])[0, 1]) for shift in range(delay + 1)
    )
    assert alike > 0.98


def test_raw_formats_have_no_header_and_wav_has_the_plain_one(built: Path) -> None:
    count = (built / "joined.sln").stat().st_size // 2
    sizes = {name: (built / f"joined{encoding.suffix}").stat().st_size for name, encoding in FORMATS.items()}
    assert sizes == {
        "slin": 2 * count,
        "slin16": 4 * count,
        "ulaw": count,
        "alaw": count,
        "g722": count,
        "wav": 44 + 2 * count,
    }
    with wave.open(str(built / "joined.wav")) as file:
        assert file.getparams()[:3] == (1, 2, 8000)


def test_what_is_above_the_telephone_band_does_not_fold_into_it(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "en" / "hiss.wav", tone(6000))
    build(tmp_path / "in", tmp_path / "out", ["slin"])
    assert rms(samples((tmp_path / "out" / "en" / "hiss.sln").read_bytes())[400:-400]) < -60


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "opus", "m4a", "aiff", "flac"])
def test_any_audio_file_is_a_source_whatever_its_rate_and_channels(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "in" / "en_GB" / f"inbound.{suffix}"
    wav = write_wav(tmp_path / "tone.wav", tone(1000, rate=48000), rate=48000)
    source.parent.mkdir(parents=True)
    ffmpeg("-f", "wav", "-i", wav, "-ac", "2", source)  # ffmpeg 9 takes this tone for a film
    [made] = build(tmp_path / "in", tmp_path / "out", ["slin"])
    sound = samples(made.path.read_bytes())
    assert (made.prompt, made.language, made.format) == ("inbound", "en_GB", "slin")
    assert made.seconds == pytest.approx(1.0, abs=0.1)
    assert np.argmax(np.abs(np.fft.rfft(sound))) * 8000 / len(sound) == pytest.approx(1000, abs=5)


def test_the_result_names_every_file_with_its_own_hash(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    result = build(tmp_path / "in", tmp_path / "out", FORMATS)
    assert [made.format for made in result] == list(FORMATS)
    assert all(made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest() for made in result)
    assert {made.path for made in result} == set((tmp_path / "out" / "en").iterdir())


def test_signed_linear_alone_is_built_unless_more_is_asked_for(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    assert [made.format for made in build(tmp_path / "in", tmp_path / "out")] == ["slin"]


def test_building_twice_changes_nothing(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    first = build(tmp_path / "in", tmp_path / "in" / "built", FORMATS)
    assert build(tmp_path / "in", tmp_path / "in" / "built", FORMATS) == first


def test_a_format_no_longer_wanted_does_not_keep_the_old_words(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    build(tmp_path / "in", tmp_path / "out", FORMATS)
    write_wav(source, tone(700))
    build(tmp_path / "in", tmp_path / "out", ["ulaw"])
    assert set(contents(tmp_path / "out")) == {"inbound.ulaw", "inbound.sln"}


def test_a_write_that_fails_leaves_the_old_prompt_whole(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    build(tmp_path / "in", tmp_path / "out", FORMATS)
    before = contents(tmp_path / "out")
    (tmp_path / "out" / "en" / f".inbound.sln.{os.getpid()}").mkdir()
    write_wav(source, tone(700))
    with pytest.raises(SoundsError, match="cannot be written"):
        build(tmp_path / "in", tmp_path / "out", FORMATS)
    assert contents(tmp_path / "out") == before


def test_asterisk_can_read_what_a_strict_umask_built(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    umask = os.umask(0o077)
    try:
        [made] = build(tmp_path / "in", tmp_path / "out", ["slin"])
    finally:
        os.umask(umask)
    assert made.path.stat().st_mode & 0o777 == 0o644
    assert made.path.parent.stat().st_mode & 0o777 == 0o755


def test_the_builder_works_in_a_process_where_warnings_are_errors(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    script = "import sys, pathlib, callwarden.sounds as s; s.build(*map(pathlib.Path, sys.argv[1:]))"
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-c", script, str(tmp_path / "in"), str(tmp_path / "out")]
    subprocess.run(command, check=True, env=here)
    assert (tmp_path / "out" / "en" / "inbound.sln").is_file()


# What is refused, and what is advised


@pytest.mark.parametrize("data", [b"", b"This is a letter.\n", b"\x89PNG\r\n\x1a\n" + bytes(64)])
def test_a_file_without_audio_is_named_and_nothing_is_built(tmp_path: Path, data: bytes) -> None:
    write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    (tmp_path / "in" / "en" / "outbound.wav").write_bytes(data)
    with pytest.raises(SoundsError, match=r"outbound\.wav: ffmpeg finds no audio in it\. Save it again"):
        build(tmp_path / "in", tmp_path / "out", FORMATS)
    assert not (tmp_path / "out").exists()


def test_a_picture_is_no_prompt(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    ffmpeg("-f", "lavfi", "-i", "color=red:size=16x16", "-frames:v", "1", tmp_path / "en" / "inbound.png")
    assert "ffmpeg finds no audio in it" in findings(tmp_path)


@pytest.mark.parametrize(
    ("sound", "finding", "fatal"),
    [
        (tone(440, level=0), "silent", True),
        (tone(440, level=0.001), "silent", True),
        (tone(440, level=0.015), "very quiet", False),
        (np.clip(tone(440, level=3), -1, 1), "too loud", False),
        (tone(440, seconds=16), "16 seconds long", False),
        (tone(440, seconds=121), "longer than 120 seconds", True),
    ],
)
def test_a_source_is_judged_by_ear(tmp_path: Path, sound: Samples, finding: str, fatal: bool) -> None:
    write_wav(tmp_path / "en" / "inbound.wav", sound)
    [found] = examine(tmp_path)
    assert finding in str(found)
    assert found.fatal is fatal


def test_a_prompt_without_its_words_is_built_and_the_author_is_told(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440)).with_suffix(".txt").unlink()
    assert "Write what is said into inbound.txt" in findings(tmp_path / "in")
    assert build(tmp_path / "in", tmp_path / "out", FORMATS)


@pytest.mark.parametrize(
    "name", ["Inbound", "in bound", "in;bound", "-inbound", "in,bound", "in.bound", "über"]
)
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    write_wav(tmp_path / "in" / "en" / f"{name}.wav", tone(440))
    with pytest.raises(SoundsError, match="Use only a-z, 0-9 and hyphens"):
        build(tmp_path / "in", tmp_path / "out", FORMATS)


def test_two_files_for_one_prompt_are_refused(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    ffmpeg("-i", wav, wav.with_suffix(".flac"))
    with pytest.raises(SoundsError, match=r"inbound\.wav: the same prompt as inbound\.flac"):
        build(tmp_path / "in", tmp_path / "out", FORMATS)


def test_what_is_passed_over_is_said(tmp_path: Path) -> None:
    for name in (
        "en/inbound.wav",
        "English/inbound.wav",
        "outbound.wav",
        ".git/x.wav",
        "built/en/inbound.wav",
    ):
        write_wav(tmp_path / name, tone(440))
    assert [finding.path.name for finding in examine(tmp_path)] == ["English", "outbound.wav"]


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "en" / "Bad.wav", tone(440))
    write_wav(tmp_path / "in" / "en" / "quiet.wav", tone(440, level=0))
    with pytest.raises(SoundsError) as refused:
        build(tmp_path / "in", tmp_path / "out", FORMATS)
    assert len(str(refused.value).splitlines()) == 2


def test_an_empty_or_missing_folder_is_said(tmp_path: Path) -> None:
    assert examine(tmp_path) == [
        Finding(tmp_path, "no prompt in it", "Add one, like en/inbound.wav", fatal=True)
    ]
    with pytest.raises(SoundsError, match="no such folder"):
        examine(tmp_path / "nowhere")


def test_the_built_files_do_not_go_among_their_sources(tmp_path: Path) -> None:
    write_wav(tmp_path / "en" / "inbound.wav", tone(440))
    with pytest.raises(SoundsError, match="cannot go among their sources"):
        build(tmp_path, tmp_path / "en" / "..")


def test_an_unknown_format_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SoundsError, match=r"gsm: no such format. Choose from slin16, ulaw"):
        build(tmp_path, tmp_path / "out", ["gsm"])


def test_without_ffmpeg_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "en" / "inbound.wav", tone(440))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoundsError, match="apt install ffmpeg"):
        examine(tmp_path)


# Which words a party heard


def test_the_hash_is_of_the_built_slin_and_changes_with_the_words_only(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in" / "en" / "inbound.wav", tone(440))
    made = {built.format: built.sha256 for built in build(tmp_path / "in", tmp_path / "out", FORMATS)}
    first = prompt_hash(tmp_path / "out", "en", "inbound")
    assert first == made["slin"]
    build(tmp_path / "in", tmp_path / "out", ["alaw"])
    assert prompt_hash(tmp_path / "out", "en", "inbound") == first
    write_wav(source, tone(441))
    build(tmp_path / "in", tmp_path / "out", ["alaw"])
    assert prompt_hash(tmp_path / "out", "en", "inbound") != first


@pytest.mark.parametrize(("language", "prompt"), [("..", "inbound"), ("en", "../en/inbound"), ("en", "")])
def test_the_hash_is_of_a_prompt_and_of_no_other_file(tmp_path: Path, language: str, prompt: str) -> None:
    with pytest.raises(SoundsError, match="no such prompt"):
        prompt_hash(tmp_path, language, prompt)


def test_a_prompt_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(SoundsError, match="Run `callwarden sounds build`"):
        prompt_hash(tmp_path, "en", "inbound")
