"""From the dialplan's notes to facts: what happened to a channel while the daemon was not there.

Takes the write connection and a note; saves what the catalogue does not have yet, and gives the channel as remembered
if it is not finished. Asked again, it changes nothing. Whatever the catalogue knows better stands.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlite_utils import Database

from callwarden.core import recorder as rec
from callwarden.core.announcing import by_dialplan, noted_before
from callwarden.core.calls import endpoint_of
from callwarden.core.card_time import SEEN_GONE
from callwarden.core.events import ChannelRemembered
from callwarden.core.facts import (
    Announcement,
    Call,
    Channel,
    Direction,
    Fact,
    Gap,
    Note,
    Recording,
    RecordingState,
    Role,
    Segment,
    SegmentState,
    Suspension,
)
from callwarden.core.silence import CARD_LINE
from callwarden.core.unseen import TOGETHER_SECONDS
from callwarden.storage.catalogue import save_all
from callwarden.storage.reading import LedgerRows, ledger_rows, recording, story
from callwarden.storage.remembered import OVER, first_sound, remembered_of

DIALPLAN = "dialplan"
DIRECTIONS = {
    "inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND, "reached": Direction.OUTBOUND,
    "internal": Direction.INTERNAL,
}  # fmt: skip
FROM_OUTSIDE = ("inbound", "reached")
RUNG = "rung"
MET = ("reached", RUNG)
"""Whom a call reached: nobody but the caller is recorded by the dialplan, and the caller's recording has both."""

Hash = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Unseen:
    """What the daemon knows of a channel that it did not see: since when it runs itself (UTC epoch seconds), and the
    rule by which such a channel is not recorded, or an empty string."""

    since: float
    exempt: str = ""

    def cause(self, ended: float) -> str:
        """Why nobody recorded a channel that ended then."""
        return rec.NOT_RUNNING if ended < self.since else rec.OUT_OF_SIGHT


def take_in(
    db: Database, note: Note, spool: Path, sha256: Hash, now: float, unseen: Unseen
) -> list[ChannelRemembered]:
    """``sha256`` gives a prompt's hash by its name and language."""
    rows = ledger_rows(db, note.unique_id)
    origin = _met(db, note, rows, unseen) if note.way in MET else _origin(db, note, spool, rows)
    facts: list[Fact] = [
        *origin, *_answered(db, note, spool, rows), *_recorded(db, note, rows), *announced(db, note, sha256)
    ]  # fmt: skip
    save_all(db, facts)
    return remembered_of(db, [note.unique_id], now, spool)


def announced(db: Database, note: Note, sha256: Hash) -> Iterator[Announcement]:
    """What the dialplan played to this channel, as far as it is not in the catalogue."""
    rows = ledger_rows(db, note.unique_id)
    known = story(db, rows.channel.linked_id) if rows is not None else None
    mine = [one for one in known.announcements if one.unique_id == note.unique_id] if known is not None else []
    number = max((one.number for one in mine), default=0)
    for told in note.told:
        before = noted_before(mine, told)
        if before is not None and (before.complete or told.finished is None):
            continue
        number += before is None
        its_number = number if before is None else before.number
        yield by_dialplan(note.unique_id, its_number, told, sha256(told.prompt, told.language))


def _origin(db: Database, note: Note, spool: Path, rows: LedgerRows | None) -> Iterator[Fact]:
    """The call and the channel that began it, where nobody saw them. A call of which only those were seen that it rang
    is its caller's."""
    if rows is not None:
        return
    outside = note.way in FROM_OUTSIDE
    answered = note.at if outside else first_sound((since, spool / file) for since, file in note.files)
    known = story(db, note.linked_id)
    if known is None or note.unique_id == note.linked_id:
        call = Call(
            linked_id=note.linked_id, direction=DIRECTIONS.get(note.way, Direction.UNKNOWN), started=note.at,
            answered=answered, caller_number=note.number, caller_name=note.name, called_number=note.dialled,
            trunk=endpoint_of(note.channel) if outside else "",
        )  # fmt: skip
        yield call if known is None else _begun_by(call, known.call.call)
    yield _channel(note, answered)


def _met(db: Database, note: Note, rows: LedgerRows | None, unseen: Unseen) -> Iterator[Fact]:
    """Whom a call reached, where nobody saw it: a channel without a recording, and why it has none. One that went to
    the card line and back was recorded after that, and is finished like a caller."""
    if rows is not None:
        yield from _told_at_once(note, rows, unseen)
        return
    answered = note.at if note.way == "reached" or note.answered is None else note.answered
    if note.way == RUNG and story(db, note.linked_id) is None:
        yield Call(
            linked_id=note.linked_id, direction=Direction.UNKNOWN, started=note.at, answered=answered, ended=note.ended
        )
    yield replace(_channel(note, answered), exempt=unseen.exempt)
    yield from _unrecorded(note, answered, unseen)


def _unrecorded(note: Note, answered: float, unseen: Unseen) -> Iterator[Gap]:
    if note.ended is not None and note.ended > answered and not unseen.exempt and not note.files:
        cause = unseen.cause(note.ended)
        yield Gap(unique_id=note.unique_id, started=answered, ended=note.ended, cause=cause)


def _told_at_once(note: Note, rows: LedgerRows, unseen: Unseen) -> Iterator[Fact]:
    """A channel of whose answer and end a stalled link told in one moment, after both: the note has their times."""
    channel = rows.channel
    if channel.ended is None or note.answered is None or note.ended is None:
        return
    answered = channel.ended if channel.answered is None else channel.answered
    if channel.ended - answered > TOGETHER_SECONDS or note.ended > channel.ended - TOGETHER_SECONDS:
        return
    yield replace(
        channel, started=min(channel.started, note.at), answered=note.answered, ended=max(note.answered, note.ended)
    )
    yield from _unrecorded(note, note.answered, replace(unseen, exempt=channel.exempt))


def _answered(db: Database, note: Note, spool: Path, rows: LedgerRows | None) -> Iterator[Fact]:
    """The answer of a channel of which the daemon saw only the beginning, and no file tells, for it was silent for a
    card line: the dialplan notes that it was answered, not when. Unknown counts as answered."""
    if rows is None or rows.channel.answered is not None or rows.channel.ended is not None or note.answered is None:
        return
    last = rows.suspensions[-1] if rows.suspensions else None
    if last is None or last.why != CARD_LINE or last.confirmed is None:
        return
    files = [*((one.asked, one.file) for one in rows.segments), *note.files]
    if first_sound((since, spool / file) for since, file in files) is not None:
        return
    yield replace(rows.channel, answered=last.confirmed)
    known = story(db, rows.channel.linked_id)
    if known is not None and known.call.call.answered is None:
        yield replace(known.call.call, answered=last.confirmed)


def _channel(note: Note, answered: float | None) -> Channel:
    return Channel(
        unique_id=note.unique_id, linked_id=note.linked_id, name=note.channel, endpoint=endpoint_of(note.channel),
        role=Role.OUTSIDE if note.way in FROM_OUTSIDE else Role.PHONE, started=note.at, number=note.number,
        party_name=note.name, answered=answered, ended=note.ended,
    )  # fmt: skip


def _begun_by(call: Call, known: Call) -> Call:
    """The call, with what is known of its answer, its end and its language."""
    answered = [at for at in (call.answered, known.answered) if at is not None]
    return replace(
        call, started=min(call.started, known.started), answered=min(answered, default=None), ended=known.ended,
        language=known.language,
    )  # fmt: skip


def _recorded(db: Database, note: Note, rows: LedgerRows | None) -> Iterator[Fact]:
    found = recording(db, note.unique_id)
    known = [] if rows is None else list(rows.segments)
    new = [(at, file) for at, file in note.files if all(one.file != file for one in known)]
    if found is not None and found.recording.state in OVER:
        # a file that came too late is no longer the note's affair (storage/leftovers.py), but why it was silent is
        yield from _silent_meanwhile(note, rows)
        return
    if found is None and (new or note.silent):
        linked_id = note.linked_id if rows is None else rows.channel.linked_id
        yield Recording(unique_id=note.unique_id, linked_id=linked_id, state=RecordingState.RECORDING, wanted=note.at)
    yield from _segments(note, known, new)
    yield from _suspensions(note, () if rows is None else rows.suspensions, [at for at, _ in new])


def _silent_meanwhile(note: Note, rows: LedgerRows | None) -> Iterator[Suspension]:
    """The card times of a finished recording of which only the dialplan knew: the news of the channel came late."""
    if rows is None or rows.channel.ended is None or any(one.ended is None for one in rows.suspensions):
        return
    for one in _suspensions(note, rows.suspensions, ()):
        yield one if one.ended is not None else replace(one, ended=rows.channel.ended)


def _segments(note: Note, known: Sequence[Segment], new: Sequence[tuple[float, str]]) -> Iterator[Segment]:
    for number, (at, file) in enumerate(new, len(known) + 1):
        stopped = min((since for since, _ in note.silent if since > at), default=None)
        state = SegmentState.RECORDING if stopped is None else SegmentState.STOPPED
        yield Segment(
            file=file, unique_id=note.unique_id, number=number, state=state, asked=at, started=at, stopped=stopped,
            started_by=DIALPLAN,
        )  # fmt: skip


def _suspensions(note: Note, known: Sequence[Suspension], begun: Sequence[float]) -> Iterator[Suspension]:
    new = [span for span in note.silent if all(span[0] not in (one.asked, one.confirmed) for one in known)]
    last = known[-1] if known else None
    if new and last is not None and last.confirmed is None and last.ended is None:
        # A daemon asked for it and died; the dialplan proved it.
        (since, until), *new = new
        yield replace(last, confirmed=since, how=SEEN_GONE, ended=until)
    elif last is not None and last.confirmed is not None and last.ended is None:
        # A daemon was silent and died; the dialplan records again once nobody is with the card line any more.
        back = min((at for at in begun if at > last.confirmed), default=None)
        if back is not None:
            yield replace(last, ended=back)
    for number, (since, until) in enumerate(new, len(known) + 1):
        yield Suspension(
            unique_id=note.unique_id, number=number, why=CARD_LINE, by="", asked=since, confirmed=since, how=SEEN_GONE,
            ended=until,
        )  # fmt: skip
