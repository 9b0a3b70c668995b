"""From a channel's segments and suspensions to the order in which its recording is put together. Pure.

The clock of a recording: every segment begins as long after the first one began as it did on the wall. What lies
between two segments is suspended (filled as configured: silence, a tone, or cut out) or missing (silence, always:
nobody decided it). A segment that holds less audio than its span (no RTP, a late first frame) keeps its audio together
at its beginning and is followed by silence, so that what comes later is where the clock says; behind the last segment
nothing is added. A recording begins with the answer: what its first file holds of the time before is left out, or all
that follows would be late. With suspended time cut out it is the same clock, stopped while suspended.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from callwarden.core.card_time import BY_DIALPLAN_ITSELF, SHORTEST, Stretch
from callwarden.core.facts import Segment, SegmentState, Suspension
from callwarden.storage.audio import AudioFile, Part, Silence, Tone

# Seconds: a recorder starts and ends some frames beside its confirmation.
EARLY_SECONDS = 0.1
OWN_SECONDS = 1.0  # of sound that two recorders have both: less is the moment in which one took over
NOTHING = Stretch(0.0, 0.0)
SuspendedTime = Literal["silence", "tone", "cut"]


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One segment: its file, and when (UTC epoch seconds) its recorder ran, as far as the call was answered. A failed
    one need not have a file. ``asked``: when the recorder was asked for, ``written``: when its file was last written,
    ``answered``: when the channel was; it may have written while it rang. ``part``: what only this file has (in its own
    seconds) where another recorder ran beside this one, None where it is all."""

    path: Path
    started: float
    ended: float
    expected: bool = True
    asked: float | None = field(default=None, compare=False)
    written: float | None = field(default=None, compare=False)
    answered: float | None = field(default=None, compare=False)
    part: Stretch | None = None

    @property
    def heard_until(self) -> float:
        """When its recorder ran last; the proof that it was stopped may have come much later."""
        return self.ended if self.written is None else max(self.started, min(self.ended, self.written))

    @property
    def begins(self) -> float:
        """When what is taken of it begins."""
        return self.started if self.part is None else self.started + self.part.start

    @property
    def ends(self) -> float:
        """When what is taken of it ends."""
        return self.ended if self.part is None else self.started + self.part.end

    def head(self, seconds: float) -> float:
        """How much of so many seconds of sound was written while it rang: early media, or the music of a queue. A file
        is written in order and never faster than real time: what it holds more than the time since the answer is from
        before. Nothing where the channel was answered before the recorder was asked for."""
        if self.asked is None or self.answered is None:
            return 0.0
        written = self.ended if self.written is None else self.written
        early = min(self.answered - self.asked, seconds - (written - self.answered), seconds)
        return early if early > EARLY_SECONDS else 0.0


@dataclass(frozen=True, slots=True)
class Suspended:
    """Time that was not recorded on purpose."""

    started: float
    ended: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Time that should have been recorded."""

    started: float
    ended: float


Piece = SpoolFile | Suspended | Missing


def pieces(
    segments: Sequence[Segment],
    suspensions: Sequence[Suspension],
    spool: Path,
    ended: float,
    answered: float | None = None,
) -> tuple[Piece, ...]:
    """A channel's recording in the order of time; ``answered`` and ``ended`` are when the channel was and did."""
    made = [_file(one, spool, ended, answered) for one in segments]
    files = sorted(_files(made), key=lambda file: file.begins)
    result: list[Piece] = list(files[:1])
    until = files[0].ends if files else 0.0
    for file in files[1:]:
        result += [*_between(until, file.begins, suspensions), file]
        until = max(until, file.ends)
    return tuple(result)


def parts(
    plan: Sequence[Piece],
    heard: Mapping[Path, float],
    suspended_time: SuspendedTime,
    kept: Mapping[Path, Sequence[Stretch]] | None = None,
) -> list[Part]:
    """What to join. ``heard`` are the files that hold audio, and for how many seconds; ``kept`` is what may stay of
    those from which something has to go: what lies between is filled like suspended time, what lies behind is left to
    the piece that follows."""
    return list(_placed(plan, heard, suspended_time, kept or {}))


def _placed(
    plan: Sequence[Piece],
    heard: Mapping[Path, float],
    suspended_time: SuspendedTime,
    kept: Mapping[Path, Sequence[Stretch]],
) -> Iterator[Part]:
    first = plan[0] if plan else None
    origin, at = 0.0 if first is None else first.begins if isinstance(first, SpoolFile) else first.started, 0.0
    for piece in plan:
        due = (piece.begins if isinstance(piece, SpoolFile) else piece.started) - origin
        if isinstance(piece, SpoolFile) and (piece.path not in heard or piece.part == NOTHING):
            continue
        if due > at:
            yield Silence(due - at)
            at = due
        if isinstance(piece, SpoolFile) and piece.part is not None:
            for one in _within(piece, heard[piece.path], kept.get(piece.path)):
                yield AudioFile(piece.path, one.start, one.end - one.start)
                at += one.end - one.start
        elif isinstance(piece, SpoolFile) and piece.path in kept:
            head = piece.head(heard[piece.path])
            stretches = [Stretch(max(0.0, s.start - head), s.end - head) for s in kept[piece.path] if s.end > head]
            yield from _cut(piece.path, stretches, suspended_time, head)
            until = stretches[-1].end if stretches else 0.0
            gone = until - sum(one.end - one.start for one in stretches) if suspended_time == "cut" else 0.0
            origin, at = origin + gone, at + until - gone
        elif isinstance(piece, SpoolFile):
            head = piece.head(heard[piece.path])
            if head < heard[piece.path]:
                yield AudioFile(piece.path, head, heard[piece.path] - head) if head else AudioFile(piece.path)
            at += heard[piece.path] - head
        elif isinstance(piece, Suspended) and suspended_time == "cut":
            origin += piece.ended - piece.started
        elif piece.ended - origin > at:
            seconds = piece.ended - origin - at
            yield Tone(seconds) if isinstance(piece, Suspended) and suspended_time == "tone" else Silence(seconds)
            at += seconds


def _within(piece: SpoolFile, seconds: float, kept: Sequence[Stretch] | None) -> list[Stretch]:
    """What is taken of a part of a file of so many seconds."""
    assert piece.part is not None, "asked only of a part"
    head = piece.head(seconds)
    start, end = piece.part.start + head, piece.part.end + head
    stretches = [Stretch(0.0, seconds)] if kept is None else kept
    spans = (Stretch(max(start, one.start), min(end, one.end)) for one in stretches)
    return [one for one in spans if one.end - one.start > SHORTEST]


def _cut(path: Path, stretches: Sequence[Stretch], suspended_time: SuspendedTime, head: float) -> Iterator[Part]:
    """``stretches`` of a file, counted from behind its ``head``."""
    at = 0.0
    for one in stretches:
        if one.start > at and suspended_time != "cut":
            yield Tone(one.start - at) if suspended_time == "tone" else Silence(one.start - at)
        yield AudioFile(path, head + one.start, one.end - one.start)
        at = one.end


def _files(files: Sequence[SpoolFile]) -> Iterator[SpoolFile]:
    """All of every file; where recorders ran beside each other, of the elder only what the younger has not (it was
    given up and ran all the same), and of the dialplan's what nobody else has."""
    covered = list[SpoolFile]()
    theirs = [one for one in files if BY_DIALPLAN_ITSELF.search(one.path.name)]
    for file in [*sorted((one for one in files if one not in theirs), key=_asked, reverse=True), *theirs]:
        own = _own(file, covered)
        if file.expected:
            covered.append(file)
        if sum(one.end - one.start for one in own) > file.heard_until - file.started - OWN_SECONDS:
            yield file  # the two took turns
        else:
            yield from (replace(file, part=part) for part in own or [NOTHING])


def _asked(file: SpoolFile) -> float:
    return file.started if file.asked is None else file.asked


def _own(file: SpoolFile, covered: Sequence[SpoolFile]) -> list[Stretch]:
    """When of all these only ``file``'s recorder ran, in the seconds of the file."""
    at, found = file.started, list[Stretch]()
    for one in sorted(covered, key=lambda one: one.started):
        if one.started > at:
            found.append(Stretch(at - file.started, min(one.started, file.heard_until) - file.started))
        at = max(at, one.heard_until)
    found.append(Stretch(at - file.started, file.heard_until - file.started))
    return [one for one in found if one.end - one.start > EARLY_SECONDS]


def _file(segment: Segment, spool: Path, ended: float, answered: float | None) -> SpoolFile:
    """Before the answer a channel sends no sound, and usually nothing is written."""
    asked = segment.asked if segment.started is None else segment.started
    stopped = ended if segment.stopped is None else segment.stopped
    started = asked if segment.started is None or answered is None else max(asked, answered)
    return SpoolFile(
        spool / segment.file, started, max(started, stopped), segment.state is not SegmentState.FAILED,
        asked=segment.asked, written=segment.closed, answered=answered,
    )  # fmt: skip


def _between(start: float, end: float, suspensions: Sequence[Suspension]) -> Iterator[Piece]:
    for silent in sorted(suspensions, key=lambda item: item.asked):
        begin = max(start, silent.asked if silent.confirmed is None else silent.confirmed)
        until = end if silent.ended is None else min(end, silent.ended)
        if begin >= until:
            continue
        if begin > start:
            yield Missing(start, begin)
        yield Suspended(begin, until)
        start = until
    if end > start:
        yield Missing(start, end)
