"""The prompts: audio files in, the files Asterisk plays out, and the hash that says what a party heard.

Takes `<sources>/<language>/<prompt>.<any audio ffmpeg reads>`, with the words beside it in `<prompt>.txt`;
gives `<out>/<language>/<prompt>.<suffix>` for each format: mono, and headerless where Asterisk wants it so.

Rules: nothing is written unless every source is fit to be heard; a prompt never has old words in one format
and new ones in another; its level is the author's, so it is judged and never changed.
A prompt's hash is the SHA-256 of its built `.sln` (8 kHz, 16 bit): every format is made from the same source,
so whichever a channel's codec chose, these are the words it carried. `.sln` is therefore always built.
"""

import hashlib
import io
import os
import re
import shutil
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUILT = "built"  # the folder beside the languages where the built files go unless told otherwise
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z0-9]+)*")  # en, en_GB, en_US_f_Allison: Asterisk's own names
PROMPT = re.compile(r"[a-z0-9][a-z0-9-]*")  # reaches the dialplan and AGI: nothing there to escape
NOT_AUDIO = {".txt", ".tsv", ".md", ".py", ""}

SILENT_PEAK = -40.0  # dBFS; under it nothing is heard over the noise of a telephone line
QUIET_LEVEL = -35.0  # dBFS, RMS; Asterisk's own prompts measure -18 to -21
LOUD_PEAK = -0.5  # dBFS; what touches full scale is clipped already or will be when it is resampled
LONG_SECONDS = 15.0  # a caller waits this long before the phone even rings
MAX_SECONDS = 120.0  # no prompt; a folder of recordings named by mistake must not fill the memory


@dataclass(frozen=True, slots=True)
class Encoding:
    """One format by Asterisk's name for it: its file suffix, its rate in Hz, and how ffmpeg calls it."""

    suffix: str
    rate: int
    muxer: str
    codec: str


FORMATS = {
    "slin16": Encoding(".sln16", 16000, "s16le", "pcm_s16le"),
    "ulaw": Encoding(".ulaw", 8000, "mulaw", "pcm_mulaw"),
    "alaw": Encoding(".alaw", 8000, "alaw", "pcm_alaw"),
    "g722": Encoding(".g722", 16000, "g722", "g722"),
    "wav": Encoding(".wav", 8000, "wav", "pcm_s16le"),
    "slin": Encoding(".sln", 8000, "s16le", "pcm_s16le"),
}
# Signed linear only, unless asked for more. Debian's Asterisk 22.10 counts the frames of a prompt in the channel's own
# codec as RTP packets (its patch for Opus loss concealment): a MixMonitor on that channel then loses whoever talks next
# in every other call. Measured: 46 % of 24 calls after a ulaw prompt, none of 24 after signed linear.
USUAL_FORMATS = ("slin",)


@dataclass(frozen=True, slots=True)
class Built:
    """One file as it stands on disk, whether it was written now or found to be right already."""

    prompt: str
    language: str
    format: str
    path: Path
    sha256: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a source and what to do; `fatal` when it must not be built."""

    path: Path
    problem: str
    advice: str
    fatal: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}. {self.advice}."


class SoundsError(Exception):
    """The prompts cannot be built or read; the message is what the operator is told."""


def build(source_dir: Path, out_dir: Path, formats: Iterable[str] = USUAL_FORMATS) -> list[Built]:
    """Build every prompt; raises SoundsError, with nothing written, when one is not fit to be heard."""
    chosen = _chosen(formats)
    if out_dir.resolve() == source_dir.resolve():
        raise SoundsError(f"{out_dir}: the built files cannot go among their sources. Choose another folder.")
    prompts, findings = _survey(source_dir)
    if fatal := [finding for finding in findings if finding.fatal]:
        raise SoundsError("\n".join(map(str, fatal)))
    return [built for source, audio in prompts for built in _build_prompt(source, audio, out_dir, chosen)]


def examine(source_dir: Path) -> list[Finding]:
    """Everything worth telling the author of the prompts, fatal or not."""
    return _survey(source_dir)[1]


def prompt_hash(sounds_dir: Path, language: str, prompt: str) -> str:
    """The SHA-256 by which the catalogue names what a party heard: of the prompt as built in `sounds_dir`."""
    if not (LANGUAGE.fullmatch(language) and PROMPT.fullmatch(prompt)):
        raise SoundsError(f"{language}/{prompt}: no such prompt. Its name is written like en/inbound.")
    path = sounds_dir / language / f"{prompt}{FORMATS['slin'].suffix}"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SoundsError(f"{path}: {error.strerror}. Run `callwarden sounds build`.") from error


# What is there, by name


@dataclass(frozen=True, slots=True)
class _Source:
    language: str
    prompt: str
    path: Path


def _survey(source_dir: Path) -> tuple[list[tuple[_Source, Any]], list[Finding]]:
    if not source_dir.is_dir():
        raise SoundsError(f"{source_dir}: no such folder. Name the one that holds en/inbound.wav.")
    sources = _sources(source_dir)
    findings = [*_misplaced(source_dir), *_misnamed(sources)]
    prompts = []
    for source in sources:
        try:
            audio = _decode(source.path)
        except _Unreadable as error:
            findings.append(Finding(source.path, str(error), "Save it again, as wav or flac", fatal=True))
        else:
            findings += _judge(source.path, audio)
            prompts.append((source, audio))
    if not sources:
        findings.append(Finding(source_dir, "no prompt in it", "Add one, like en/inbound.wav", fatal=True))
    return prompts, findings


def _sources(source_dir: Path) -> list[_Source]:
    files = (path for folder in source_dir.iterdir() if _is_language(folder) for path in folder.iterdir())
    return [_Source(path.parent.name, path.stem, path) for path in sorted(files) if _is_audio(path)]


def _is_language(path: Path) -> bool:
    return path.is_dir() and LANGUAGE.fullmatch(path.name) is not None


def _is_audio(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in NOT_AUDIO


def _misplaced(source_dir: Path) -> Iterator[Finding]:
    for path in sorted(source_dir.iterdir()):
        if path.is_dir() and not _is_language(path) and path.name != BUILT and not path.name.startswith("."):
            yield Finding(path, "not a language, so it is passed over", "Name the folder like en or en_GB")
        elif _is_audio(path):
            yield Finding(path, "in no language's folder, so it is passed over", "Move it into one, like en")


def _misnamed(sources: list[_Source]) -> Iterator[Finding]:
    taken: dict[tuple[str, str], Path] = {}
    for source in sources:
        if not PROMPT.fullmatch(source.prompt):
            yield Finding(source.path, "not a prompt's name", "Use only a-z, 0-9 and hyphens", fatal=True)
        if not source.path.with_suffix(".txt").is_file():
            advice = f"Write what is said into {source.prompt}.txt beside it"
            yield Finding(source.path, "its words are not written down", advice)
        twin = taken.setdefault((source.language, source.prompt), source.path)
        if twin != source.path:
            yield Finding(source.path, f"the same prompt as {twin.name}", "Remove one of the two", fatal=True)


# What is in it, by measurement


class _Unreadable(Exception):
    pass


def _segment_type() -> Any:
    """pydub's AudioSegment, imported here and nowhere else.

    Importing pydub 0.25.1 warns of audioop on Python 3.11 and 3.12, of its own invalid escapes from 3.12, and
    of a missing ffmpeg. Where warnings are errors each would fail the import; the last is told properly.
    """
    if not (shutil.which("ffmpeg") and shutil.which("ffprobe")):
        raise SoundsError("ffmpeg is not installed. Install it: apt install ffmpeg.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub import AudioSegment  # type: ignore[import-untyped]
    return AudioSegment


def _decode(path: Path) -> Any:
    """The audio as one channel. pydub is handed an open file: one that it opens itself it may leave open."""
    segment = _segment_type()
    try:
        with path.open("rb") as file:
            return segment.from_file(file, duration=MAX_SECONDS + 1).set_channels(1)
    except OSError as error:
        raise _Unreadable(f"it cannot be read: {error.strerror}") from error
    except Exception as error:  # pydub raises what it meets: IndexError for a picture
        raise _Unreadable("ffmpeg finds no audio in it") from error


def _judge(path: Path, audio: Any) -> Iterator[Finding]:
    peak, seconds = audio.max_dBFS, audio.duration_seconds
    if seconds > MAX_SECONDS:
        yield Finding(path, f"longer than {MAX_SECONDS:.0f} seconds", "Shorten it", fatal=True)
    elif seconds > LONG_SECONDS:
        yield Finding(path, f"{seconds:.0f} seconds long", "Say it in one sentence: every caller waits")
    if peak < SILENT_PEAK:
        yield Finding(path, "silent", "Record it again and listen to it", fatal=True)
    elif audio.dBFS < QUIET_LEVEL:
        yield Finding(path, f"very quiet ({audio.dBFS:.0f} dBFS)", "Make it louder, to about -20 dBFS")
    if peak > LOUD_PEAK:
        yield Finding(path, "too loud: it touches full scale and will crackle", "Bring its peaks to -3 dBFS")


# What is written


def _chosen(formats: Iterable[str]) -> dict[str, Encoding]:
    wanted = set(formats)
    if unknown := sorted(wanted - set(FORMATS)):
        raise SoundsError(f"{', '.join(unknown)}: no such format. Choose from {', '.join(FORMATS)}.")
    return {name: encoding for name, encoding in FORMATS.items() if name in wanted or name == "slin"}


def _build_prompt(source: _Source, audio: Any, out_dir: Path, chosen: dict[str, Encoding]) -> list[Built]:
    stem = out_dir / source.language / source.prompt
    files = {name: (_beside(stem, encoding), _encode(audio, encoding)) for name, encoding in chosen.items()}
    try:
        _make_folder(out_dir)
        _make_folder(stem.parent)
        _remove_other_formats(stem, chosen)
        _replace_all(dict(files.values()))
    except OSError as error:
        raise SoundsError(f"{error.filename or stem}: cannot be written: {error.strerror}.") from error
    return [
        Built(
            source.prompt,
            source.language,
            name,
            path,
            hashlib.sha256(data).hexdigest(),
            audio.duration_seconds,
        )
        for name, (path, data) in files.items()
    ]


def _encode(audio: Any, encoding: Encoding) -> bytes:
    """Resampled by ffmpeg: pydub's own resampling folds what is above 4 kHz back into the speech."""
    buffer = io.BytesIO()
    options = ["-ac", "1", "-ar", str(encoding.rate), "-bitexact"]
    try:
        audio.export(buffer, format=encoding.muxer, codec=encoding.codec, parameters=options)
    except Exception as error:
        raise SoundsError(
            f"ffmpeg cannot write {encoding.codec}. Debian's own ffmpeg can: install it."
        ) from error
    return buffer.getvalue()


def _beside(stem: Path, encoding: Encoding) -> Path:
    return stem.with_name(stem.name + encoding.suffix)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # Asterisk runs as another user, whatever the umask here


def _remove_other_formats(stem: Path, chosen: dict[str, Encoding]) -> None:
    """One built earlier and not now would keep the old words, and Asterisk would play it to some channels."""
    for name in FORMATS.keys() - chosen.keys():
        _beside(stem, FORMATS[name]).unlink(missing_ok=True)


def _replace_all(files: dict[Path, bytes]) -> None:
    """All are on disk before the first is renamed, so a full disk changes none; `.sln` comes last."""
    fresh = {path.with_name(f".{path.name}.{os.getpid()}"): path for path in files}
    try:
        for temporary, path in fresh.items():
            _write(temporary, files[path])
        for temporary, path in fresh.items():
            temporary.replace(path)
    finally:
        for temporary in fresh:
            temporary.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)
