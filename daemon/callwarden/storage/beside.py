"""Recorders of the dialplan that ran beside the daemon's own, or in its place, and of which it was never told.

Takes an ended channel that is about to be finished, and the spool; gives the channel with these files among its
segments, and the rows that change with it. A file's name tells when its recorder was started, its last writing when it
ended. Asked again, it changes nothing.

* Where the dialplan recorded before the daemon could, the daemon came into sight of the answer too late as well.
* Where the daemon heard of the channel when it was over, it ended with the file.
* The dialplan of a channel starts a recorder only while the channel is not with the card line: a silence that the
  daemon did not see end has ended there.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from callwarden.core.actions import FinishRecording
from callwarden.core.card_time import BY_DIALPLAN_ITSELF, DIALPLAN_GRAIN
from callwarden.core.facts import Call, Channel, Gap, Segment, SegmentState, Suspension
from callwarden.core.recorder import BY_DIALPLAN, NOT_SAFE_IN_A_FILE_NAME, OUT_OF_SIGHT, begun
from callwarden.core.rows import without
from callwarden.storage.audio import measure
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import transaction
from callwarden.storage.parts import OWN_SECONDS
from callwarden.storage.reading import ledger_rows, story
from callwarden.storage.riff import AudioError

T = TypeVar("T", Call, Channel)
SETTLED_SECONDS = 1.0  # after the channel's end: by then Asterisk has closed its files


@dataclass(frozen=True, slots=True)
class Beside:
    """The channel as it is finished, and the rows that this changes: ``segments`` that were found, ``suspensions`` that
    ended earlier, ``gaps`` in which it was kept silent although nothing spoke for it any more."""

    action: FinishRecording
    segments: tuple[Segment, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    gaps: tuple[Gap, ...] = ()


def look(action: FinishRecording, spool: Path, there: Iterable[str]) -> Beside:
    """What lies in the spool for this channel beside its segments, of the files that are ``there``. Waits, a second at
    most, for files that are being closed."""
    names = _names(action, there)
    if names:
        time.sleep(min(max(0.0, action.ended + SETTLED_SECONDS - time.time()), SETTLED_SECONDS))
    found = tuple(_segments(action, spool, names))
    both = [*found, *(one for one in action.segments if _ran_beside(one, action.segments))]
    if not both:
        return Beside(action)
    back = [one.asked if one.started is None else one.started for one in found]
    suspensions = tuple(_ended(one, back) for one in action.suspensions)
    others = (one for one in action.segments if one not in both)
    first = min((one.asked if one.started is None else one.started for one in others), default=action.ended)
    since = min(one.asked if one.started is None else one.started for one in both)
    late = since + OWN_SECONDS < first and (action.answered is None or since < action.answered)
    until = max((one.stopped for one in found if one.stopped is not None), default=action.ended)
    over = late and not action.segments and (action.answered is None or action.answered >= until)
    whole = replace(
        action, answered=since if late else action.answered, ended=min(until, action.ended) if over else action.ended,
        segments=(*action.segments, *found),
        suspensions=suspensions,
    )  # fmt: skip
    changed = tuple(one for one in suspensions if one not in action.suspensions)
    return Beside(whole, found, changed, tuple(_kept_silent(action, whole)))


def save(db: Database, found: Beside) -> None:
    """Have the catalogue say the same, too; what was noted as missing meanwhile is not. Raises what the catalogue
    raises."""
    unique_id, answered = found.action.unique_id, found.action.answered
    rows = ledger_rows(db, unique_id)
    if rows is None:
        return
    gaps = list(rows.gaps)
    for one in found.segments:
        gaps = [part for gap in gaps for part in without(gap, one.started or one.asked, one.stopped or one.asked)]
    with transaction(db) as connection:
        connection.executemany(
            "DELETE FROM gaps WHERE unique_id = ? AND started = ?",
            [(unique_id, gap.started) for gap in rows.gaps if gap not in gaps],
        )
    gaps += found.gaps
    channel = earlier(rows.channel, answered, found.action.ended)
    call = story(db, channel.linked_id)
    calls = [] if call is None or channel == rows.channel else [earlier(call.call.call, answered, found.action.ended)]
    save_all(db, [*found.segments, *found.suspensions, *gaps, channel, *calls])


def earlier(row: T, answered: float | None, ended: float) -> T:
    """``row``, answered no later than this; one that was answered when all was over ended then, too."""
    if answered is None or (row.answered is not None and row.answered <= answered):
        return row
    over = row.ended is not None and (row.answered is None or row.answered >= ended)
    return replace(
        row, started=min(row.started, answered), answered=answered, ended=ended if over else row.ended
    )  # fmt: skip


def _ran_beside(segment: Segment, segments: Sequence[Segment]) -> bool:
    """Whether this is the dialplan's, known from a note, and one of the daemon's own ran at the same time."""
    if segment.started is None or segment.stopped is None or not BY_DIALPLAN_ITSELF.search(segment.file):
        return False
    begun_in_it = (
        one for one in segments
        if one.started is not None and segment.started < one.started < segment.stopped - OWN_SECONDS
    )  # fmt: skip
    return any(not BY_DIALPLAN_ITSELF.search(one.file) for one in begun_in_it)


def _kept_silent(before: FinishRecording, now: FinishRecording) -> Iterator[Gap]:
    """What is left of a silence behind its end where nobody recorded: the daemon did not see that end."""
    for was, one in zip(before.suspensions, now.suspensions, strict=True):
        until = before.ended if was.ended is None else was.ended
        if one.ended is None or one.ended >= until:
            continue
        left = [Gap(unique_id=before.unique_id, started=one.ended, ended=until, cause=OUT_OF_SIGHT)]
        for segment in now.segments:
            since, last = segment.started or segment.asked, segment.until
            left = [part for gap in left for part in without(gap, since, now.ended if last is None else last)]
        yield from left


def _names(action: FinishRecording, there: Iterable[str]) -> list[str]:
    begin = f"{NOT_SAFE_IN_A_FILE_NAME.sub('_', action.unique_id)}-{BY_DIALPLAN}"
    known = {one.file for one in action.segments}
    return sorted(
        name for name in there
        if name.startswith(begin) and name not in known and BY_DIALPLAN_ITSELF.search(name)
    )  # fmt: skip


def _segments(action: FinishRecording, spool: Path, names: Sequence[str]) -> Iterator[Segment]:
    number = max((one.number for one in action.segments), default=0)
    for name in names:
        asked = begun(action.unique_id, name)
        try:
            seconds, there = measure(spool / name).seconds, (spool / name).stat()
        except (AudioError, OSError):  # the look at leftovers comes back to it
            continue
        written = there.st_mtime
        if asked is None or seconds <= 0 or written <= asked:
            continue
        number += 1
        yield Segment(
            file=name, unique_id=action.unique_id, number=number, state=SegmentState.CLOSED, asked=asked,
            started=max(asked, written - seconds), stopped=written, closed=written, size=there.st_size,
            started_by=BY_DIALPLAN,
        )  # fmt: skip


def _ended(suspension: Suspension, back: Sequence[float]) -> Suspension:
    since = suspension.asked if suspension.confirmed is None else suspension.confirmed
    first = min((at for at in back if at > since + DIALPLAN_GRAIN), default=None)
    if first is None or (suspension.ended is not None and suspension.ended <= first):
        return suspension
    return replace(suspension, ended=first)
