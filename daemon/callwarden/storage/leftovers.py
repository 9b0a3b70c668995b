"""Files in the spool that nobody waits for: what a daemon left that was killed between two steps, or that came late.

Takes the write connection and the names of files of channels that are not being looked after; gives the channels that
are to be finished with them, and what has to stay where it is. Asked again, it changes nothing.

* A file of a recording that is over (stored with it, discarded, purged) goes: only its removal was left to do.
* A file that the catalogue does not know was asked for by a daemon that died before it could say so. Its name tells the
  channel and the moment; its channel goes on, or is found in here, or is made from what the file tells.
* A file that came after its recording was given up is taken in after all.
* A file whose sound is in the recording already goes, too: two recorders ran side by side.
* Sound that the stored recording does not have becomes a recording of its own, of the same call.
* Where the stored recording is not to be found, it stays in the spool and is told of: it may be all there is.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlite_utils import Database

from callwarden.core.events import ChannelRemembered
from callwarden.core.facts import (
    Call,
    Channel,
    Direction,
    Fact,
    Recording,
    RecordingState,
    Role,
    Segment,
    SegmentState,
)
from callwarden.core.recorder import begun
from callwarden.core.rows import without
from callwarden.storage.audio import measure
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import transaction
from callwarden.storage.reading import LedgerRows, ledger_rows, recording, story
from callwarden.storage.remembered import OVER, first_sound, remembered_of
from callwarden.storage.vault import Vault

log = logging.getLogger(__name__)

OURS = re.compile(r"(?P<channel>[A-Za-z0-9._-]+)-(?:dialplan)?[0-9]{9,14}\.wav", re.ASCII)
GIVEN_UP = (RecordingState.DISCARDED, RecordingState.MISSING)
OWN_SECONDS = 1.0  # of sound that only this file has: less is the moment in which the two recorders began
GONE = (RecordingState.PURGING, RecordingState.PURGED)


@dataclass(slots=True)
class Leftovers:
    """What became of some files: channels ``found``, files ``cleared`` away, files ``left`` with sound of their own."""

    found: list[ChannelRemembered] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def channel_of(file: str) -> str:
    """The unique id of the channel that this file was recorded for; empty where the name is not of Callwarden's."""
    ours = OURS.fullmatch(file)
    return ours["channel"] if ours else ""


def take_in(db: Database, spool: Path, vault: Vault, files: Sequence[str], now: float, sighted: bool) -> Leftovers:
    """``sighted`` is whether Asterisk shows which channels live, so that all of these have ended. Before that, only the
    rows that are missing are made up for. Raises what the catalogue raises, and OSError."""
    result = Leftovers()
    channels: dict[str, None] = {}
    for file in sorted(files):
        if found := _take_in(db, spool, vault, file, sighted, result):
            channels[found] = None
    if channels:
        result.found = remembered_of(db, channels, now, spool)
    return result


def _take_in(db: Database, spool: Path, vault: Vault, file: str, sighted: bool, result: Leftovers) -> str:
    """The channel that is to be finished, now that this file is known; empty where there is none."""
    unique_id = channel_of(file)
    rows, found = ledger_rows(db, unique_id), recording(db, unique_id)
    known = next((one for one in rows.segments if one.file == file), None) if rows is not None else None
    state = found.recording.state if found is not None else None
    if state not in OVER:
        if known is None and (sighted or rows is not None):
            save_all(db, _made_up_for(unique_id, file, spool, rows))
            return unique_id
        return unique_id if sighted and known is not None else ""
    if not sighted:
        return ""
    joined = known is not None and known.state is not SegmentState.FAILED
    if state in GONE or (state is RecordingState.DISCARDED and joined) or not first_sound([(0.0, spool / file)]):
        return _clear(spool, file, result)
    if state in GIVEN_UP:
        _reopen(db, unique_id, file, spool, rows)
        return unique_id
    stored = found is not None and found.file is not None and vault.exists(found.file.path)
    if stored and (joined or (rows is not None and _is_double(spool / file, rows))):
        return _clear(spool, file, result)
    if stored and rows is not None:
        return _additional(db, file, spool, vault, rows, result)
    result.left.append(file)
    return ""


def _is_double(path: Path, rows: LedgerRows) -> bool:
    """Whether another recorder of the same channel ran beside this one, and its file is in the recording: the dialplan
    starts its own where the daemon comes into sight a moment too late."""
    until = path.stat().st_mtime
    at = until - measure(path).seconds
    own = until - at
    for one in rows.segments:
        if one.file != path.name and one.state is SegmentState.CLOSED and one.started is not None:
            end = until if one.until is None else one.until
            own -= max(0.0, min(end, until) - max(one.started, at))
    return own < OWN_SECONDS


def _clear(spool: Path, file: str, result: Leftovers) -> str:
    (spool / file).unlink(missing_ok=True)
    result.cleared.append(file)
    return ""


def _additional(db: Database, file: str, spool: Path, vault: Vault, rows: LedgerRows, result: Leftovers) -> str:
    """The file as the recording of a channel of its own, named after it, which was silent when its channel was. One
    that is being finished already is left to that, one that is stored is cleared away."""
    unique_id, channel = file.rpartition(".")[0], rows.channel
    made = recording(db, unique_id)
    if made is not None and made.recording.state not in OVER:
        return unique_id
    if made is not None:
        stored = made.file is not None and vault.exists(made.file.path)
        if stored or made.recording.state in GONE:
            return _clear(spool, file, result)
        result.left.append(file)
        return ""
    until = (spool / file).stat().st_mtime
    at = first_sound([(begun(channel.unique_id, file) or 0.0, spool / file)])
    started = until if at is None else at
    row = Recording(
        unique_id=unique_id, linked_id=channel.linked_id, state=RecordingState.RECORDING, wanted=started
    )  # fmt: skip
    silent = [replace(one, unique_id=unique_id) for one in rows.suspensions]
    segment = replace(_segment(unique_id, file, started, None), stopped=until)
    heard = replace(channel, unique_id=unique_id, started=started, answered=started, ended=until)
    save_all(db, [heard, row, segment, *silent])
    return unique_id


def _made_up_for(unique_id: str, file: str, spool: Path, rows: LedgerRows | None) -> Iterator[Fact]:
    """The rows that were never written."""
    at = begun(unique_id, file) or 0.0
    linked_id = unique_id if rows is None else rows.channel.linked_id
    if rows is None:
        answered = first_sound([(at, spool / file)])
        yield Call(linked_id=linked_id, direction=Direction.UNKNOWN, started=at, answered=answered)
        yield Channel(
            unique_id=unique_id, linked_id=linked_id, name="", endpoint="", role=Role.PHONE, started=at,
            answered=answered,
        )  # fmt: skip
    yield Recording(unique_id=unique_id, linked_id=linked_id, state=RecordingState.RECORDING, wanted=at)
    yield _segment(unique_id, file, at, rows)


def _segment(unique_id: str, file: str, at: float, rows: LedgerRows | None) -> Segment:
    others = [] if rows is None else [one for one in rows.segments if one.file != file]
    return Segment(
        file=file, unique_id=unique_id, number=max((one.number for one in others), default=0) + 1,
        state=SegmentState.RECORDING, asked=at, started=at,
    )  # fmt: skip


def _reopen(db: Database, unique_id: str, file: str, spool: Path, rows: LedgerRows | None) -> None:
    """Its recording was given up; here is sound of it. What was noted as missing meanwhile is not."""
    assert rows is not None, "whose recording is known is known"
    at, until = begun(unique_id, file) or 0.0, (spool / file).stat().st_mtime
    channel = _heard_of_late(rows.channel, at, until, first_sound([(at, spool / file)]))
    row = Recording(
        unique_id=unique_id, linked_id=rows.channel.linked_id, state=RecordingState.RECORDING,
        wanted=rows.channel.started,
    )  # fmt: skip
    covered = [gap for gap in rows.gaps if gap.started < until and gap.ended > at]
    with transaction(db) as connection:
        connection.executemany(
            "DELETE FROM gaps WHERE unique_id = ? AND started = ?", [(unique_id, gap.started) for gap in covered]
        )
    rest = [part for gap in covered for part in without(gap, at, until)]
    save_all(db, [row, channel, _segment(unique_id, file, at, rows), *rest])
    known = story(db, channel.linked_id)
    if known is not None and channel != rows.channel:
        save_all(db, [_spanning(known.call.call, channel, until)])


def _heard_of_late(channel: Channel, at: float, until: float, sounded: float | None) -> Channel:
    """The daemon hung, or died, and heard of this channel when it was over: its file knows better when it was."""
    if channel.answered is not None and channel.answered < until:
        return channel
    ended = None if channel.ended is None else until
    return replace(channel, started=min(channel.started, at), answered=sounded, ended=ended)


def _spanning(call: Call, channel: Channel, until: float) -> Call:
    """The call, as long as what is known now of this channel of it."""
    answered = [one for one in (call.answered, channel.answered) if one is not None]
    late = call.answered is None or call.answered > until
    ended = channel.ended if late or call.ended is None or channel.ended is None else max(call.ended, channel.ended)
    return replace(call, started=min(call.started, channel.started), answered=min(answered, default=None), ended=ended)
