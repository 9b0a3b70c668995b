"""The check of the demo: does the audio agree with what the catalogue says?

Takes what was said when, the catalogue's account, the sound of the whole line as the world has it, and every file that
ever appeared in spool and vault; gives one `Check` a claim. What must be absent is looked for with ears that are seen
to find it on the line.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from callwarden.core.silence import CARD_LINE, RENEWED
from callwarden.core.spans import Kind, Span
from lab import tones
from lab.demo_account import Account
from lab.demo_call import AT_CARD_LINE, TALKING, Performance, Said, Voice, words
from lab.roots import REPOSITORY
from lab.tones import RATE, Samples

EDGE = 0.15  # seconds: jitter of the world's timers, and a recorder that begins some frames beside its confirmation
HEARD = 0.75  # the part of an utterance that must be there: packets come late on a busy machine
PIECE = 0.4  # seconds of a prompt that are recognised at once
ALIKE = 0.8  # correlation with the prompt's own samples; through G.711 it is 0.99, for other words below 0.5
QUIET = 0.02  # a piece of a prompt below this is a pause between its words
PROMPTS = REPOSITORY / "sounds" / "built" / "en"


class Ears(Protocol):
    """What a `Watcher` offers: every sound file there ever was, and where a tone is in them."""

    @property
    def sounds(self) -> Sequence[object]: ...
    def bursts_of(self, frequency: float) -> Sequence[tuple[Path, tones.Span]]: ...


@dataclass(frozen=True, slots=True)
class Check:
    """A claim, and whether it holds; ``detail`` says on what grounds."""

    claim: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the checks look at. ``line`` is the sound of the caller's line from the beginning of the call,
    ``recording`` what was kept."""

    performance: Performance
    account: Account
    ears: Ears
    line: Samples
    recording: Samples


def gather(performance: Performance, account: Account, ears: Ears) -> Evidence:
    recording = tones.read(account.file) if account.file else np.zeros(0)
    return Evidence(performance, account, ears, line_sound(performance), recording)


def line_sound(performance: Performance) -> Samples:
    """Its files, each where it belongs."""
    sound = np.zeros(0)
    for file, began in performance.line:
        at = round((began - performance.began) * RATE)
        sound = np.concatenate((sound[:at], np.zeros(max(0, at - len(sound))), tones.read(file)))
    return sound


def examine(evidence: Evidence) -> list[Check]:
    """All the claims, in the order of the call."""
    return [
        _announcement(evidence),
        _not_recorded_prompt(evidence),
        _talk(evidence),
        _card_time_flat(evidence),
        *(_nowhere(evidence, voice) for voice in AT_CARD_LINE),
        _every_second(evidence),
        _hash(evidence),
    ]


def _announcement(evidence: Evidence) -> Check:
    told = evidence.account.announcements
    catalogued = [one for one in told if one.prompt == "inbound" and one.complete]
    found = find_prompt(evidence.line, "inbound")
    in_recording = find_prompt(evidence.recording, "inbound")
    return Check(
        "The caller heard the announcement to the end, and it is recorded",
        bool(found.whole and in_recording.whole and catalogued),
        f"{found} recognised on the line, {in_recording} in the recording",
    )


def _not_recorded_prompt(evidence: Evidence) -> Check:
    found = find_prompt(evidence.line, "card-not-recorded")
    rang = evidence.performance.card_line_rang - evidence.performance.began
    before = found.ended <= rang + EDGE * 2
    return Check(
        f'The caller heard "{words("card-not-recorded")}"',
        found.whole and before,
        f"{found} recognised, before the card line rang" if before else f"{found} recognised, while the card line rang",
    )


def _talk(evidence: Evidence) -> Check:
    """Each time somebody spoke at reception: that tone, at that second, in the recording."""
    spoken = [one for one in evidence.performance.said if one.voice in TALKING]
    began = evidence.account.recorded_from
    kept = [one for one in spoken if _is_there(one, evidence.recording, began)]
    return Check(
        "Caller and reception are recorded at each second that they spoke",
        bool(spoken) and len(kept) == len(spoken),
        f"{len(kept)} of {len(spoken)} times, {sum(one.ended - one.started for one in kept):.1f} s",
    )


def _card_time_flat(evidence: Evidence) -> Check:
    began = evidence.account.recorded_from
    spans = [span for span in evidence.account.spans if span.why == CARD_LINE]
    parts = [cut(evidence.recording, span.started + EDGE - began, span.ended - EDGE - began) for span in spans]
    flat = np.concatenate(parts) if parts else np.zeros(0)
    loud = int(np.count_nonzero(flat))
    return Check(
        "The recording is flat while the caller is with the card line",
        len(flat) > RATE and not loud,
        f"{len(flat)} samples, {f'{loud} of them not zero' if loud else 'all of them zero'}",
    )


def _nowhere(evidence: Evidence, voice: Voice) -> Check:
    """In no file, at no time; and on the line it is found, so these ears are not deaf."""
    bursts = evidence.ears.bursts_of(voice.tone)
    files = {path for path, _ in bursts}
    heard = [one for one in evidence.performance.said if one.voice == voice]
    found = [one for one in heard if _is_there(one, evidence.line, evidence.performance.began)]
    count = len(evidence.ears.sounds)
    where = f"found in {', '.join(sorted(path.name for path in files))}" if files else f"none of {count} files has it"
    return Check(
        f"The tone of {voice.name} is in no file that ever was in spool or vault",
        bool(count and heard) and not files and len(found) == len(heard),
        f"{where}; on the line it is there {len(found)} of {len(heard)} times",
    )


def _every_second(evidence: Evidence) -> Check:
    spans = evidence.account.spans
    outline = _outline(spans)
    gaps = [span for span in spans if span.kind is Kind.GAP and span.seconds > 0.1]
    return Check(
        "The ledger accounts for every second",
        outline == ["recorded", CARD_LINE, "recorded"] and not gaps,
        ", ".join(outline) + (f"; {sum(gap.seconds for gap in gaps):.1f} s unexplained" if gaps else ", no gap"),
    )


def _outline(spans: list[Span]) -> list[str]:
    words = [span.why or str(span.kind) for span in spans if span.why != RENEWED and span.seconds > 0.1]
    return [word for n, word in enumerate(words) if n == 0 or words[n - 1] != word]


def _hash(evidence: Evidence) -> Check:
    file, known = evidence.account.file, evidence.account.found.file
    content = file.read_bytes() if file and file.is_file() else b""
    same = known is not None and hashlib.sha256(content).hexdigest() == known.sha256 and len(content) == known.bytes
    detail = f"{known.bytes} bytes, {known.sha256[:12]} and so on" if known else "there is no file"
    return Check("The file in the vault is the one in the catalogue", same, detail)


def _is_there(said: Said, sound: Samples, began: float) -> bool:
    start, end = said.started + EDGE - began, said.ended - EDGE - began
    spans = tones.spans_with(sound, said.voice.tone)
    covered = sum(max(0.0, min(b, end) - max(a, start)) for a, b in spans)
    return covered >= HEARD * (end - start)


@dataclass(frozen=True, slots=True)
class Found:
    """How many pieces of a prompt were recognised, and where it ended (seconds in the sound)."""

    pieces: int
    of: int
    ended: float

    @property
    def whole(self) -> bool:
        """A frame that came late may cost a piece of many."""
        return self.of > 0 and self.pieces >= 0.9 * self.of

    def __str__(self) -> str:
        return f"{self.pieces} of {self.of} pieces"


def find_prompt(sound: Samples, prompt: str, folder: Path = PROMPTS) -> Found:
    """Look for a prompt, piece by piece, by the shape of its wave: exactly what Asterisk was given to play."""
    whole = np.frombuffer((folder / f"{prompt}.sln").read_bytes(), "<i2").astype(np.float64) / 32768
    size = int(PIECE * RATE)
    cuts = [(at, whole[at : at + size]) for at in range(0, len(whole) - size, size)]
    spoken = [(at, piece) for at, piece in cuts if np.sqrt(np.mean(piece**2)) > QUIET]
    seek = _Seek(sound, size)
    ends = [seek.ended(piece, len(whole) - at) for at, piece in spoken]
    recognised = [end for end in ends if end is not None]
    return Found(len(recognised), len(spoken), float(np.median(recognised)) if recognised else 0.0)


class _Seek:
    """Finds where in a sound a piece of that size is, by its correlation with every place."""

    def __init__(self, sound: Samples, size: int) -> None:
        places = max(0, len(sound) - size + 1)
        self._length = 1 << (len(sound) + size).bit_length()
        self._spectrum = np.fft.rfft(sound, self._length)
        power = np.concatenate(([0.0], np.cumsum(sound**2)))
        self._energy = np.maximum(power[size:] - power[:-size], 1e-6) if places else np.zeros(0)

    def ended(self, piece: Samples, rest: int) -> float | None:
        """When the prompt ends, if this piece of it, `rest` samples before its end, is recognised."""
        if not len(self._energy):
            return None
        product = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(piece, self._length)), self._length)
        likeness = product[: len(self._energy)] / np.sqrt(self._energy * np.sum(piece**2))
        best = int(np.argmax(likeness))
        return (best + rest) / RATE if likeness[best] > ALIKE else None


def cut(sound: Samples, start: float, end: float) -> Samples:
    return sound[max(0, round(start * RATE)) : max(0, round(end * RATE))]
