"""Reading the catalogue back: one call, one recording, a call's whole story, a channel's ledger.

Takes a connection (a read-only one will do), gives frozen dataclasses with everything exactly as it was
saved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from callwarden.core.facts import (
    Announcement,
    Call,
    Channel,
    Gap,
    Recording,
    Segment,
    Suspension,
)
from callwarden.storage.rows import TABLES, F, fact_of, quoted, text_from_sql

FILE_COLUMNS = ("path", "format", "sha256", "bytes", "seconds", "stored", "expires")
CALL_COLUMNS = (
    f"{quoted(TABLES[Call].columns, 'c')}, c.caller_e164, c.called_e164, c.notes, c.forgotten, "
    "(SELECT count(*) FROM recordings WHERE recordings.linked_id = c.linked_id)"
)
RECORDING_COLUMNS = (
    f"{quoted(TABLES[Recording].columns, 'r')}, {quoted(TABLES[Call].columns, 'c')}, "
    f"{quoted(TABLES[Channel].columns, 'h')}, {quoted(FILE_COLUMNS, 'r')}, r.note"
)


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A call and what was worked out about it. ``forgotten``: when its personal data was removed."""

    call: Call
    caller_e164: str | None
    called_e164: str | None
    notes: str
    forgotten: float | None
    recordings: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A recording's file in the vault: ``path`` below it, ``bytes``, ``seconds`` of audio."""

    path: str
    format: str
    sha256: str
    bytes: int
    seconds: float
    stored: float
    expires: float | None


@dataclass(frozen=True, slots=True)
class FoundRecording:
    """A recording with its call and its channel; ``file`` is None before it is stored and after the purge."""

    recording: Recording
    call: Call
    channel: Channel
    file: StoredFile | None
    note: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of one call."""

    call: FoundCall
    channels: tuple[Channel, ...]
    recordings: tuple[FoundRecording, ...]
    segments: tuple[Segment, ...]
    suspensions: tuple[Suspension, ...]
    announcements: tuple[Announcement, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class LedgerRows:
    """What :func:`callwarden.core.ledger.account` asks for, of one channel."""

    channel: Channel
    segments: tuple[Segment, ...]
    suspensions: tuple[Suspension, ...]
    gaps: tuple[Gap, ...]


def call(db: Database, linked_id: str) -> FoundCall | None:
    """One call."""
    row = db.conn.execute(f"SELECT {CALL_COLUMNS} FROM calls c WHERE c.linked_id = ?", [linked_id]).fetchone()
    return None if row is None else call_of(row)


def recording(db: Database, unique_id: str) -> FoundRecording | None:
    """One recording, by the unique id of its channel."""
    return next(iter(_recordings(db, "r.unique_id = ?", [unique_id])), None)


def unfinished(db: Database) -> list[FoundRecording]:
    """Recordings under way or being purged when the daemon stopped: what start-up has to look at."""
    return _recordings(db, "r.state NOT IN ('stored', 'discarded', 'purged')", [])


def story(db: Database, linked_id: str) -> Story | None:
    """Everything of one call, as it is at this moment."""
    found = call(db, linked_id)
    if found is None:
        return None
    of_call = "unique_id IN (SELECT unique_id FROM channels WHERE linked_id = ?) ORDER BY "
    return Story(
        call=found,
        channels=_facts(db, Channel, "linked_id = ? ORDER BY started, unique_id", linked_id),
        recordings=tuple(_recordings(db, "r.linked_id = ? ORDER BY r.wanted, r.unique_id", [linked_id])),
        segments=_facts(db, Segment, of_call + "asked, file", linked_id),
        suspensions=_facts(db, Suspension, of_call + "asked, unique_id", linked_id),
        announcements=_facts(db, Announcement, of_call + "started, unique_id", linked_id),
        gaps=_facts(db, Gap, of_call + "started, unique_id", linked_id),
    )


def ledger_rows(db: Database, unique_id: str) -> LedgerRows | None:
    """What one channel's seconds are accounted for with."""
    channels = _facts(db, Channel, "unique_id = ?", unique_id)
    if not channels:
        return None
    return LedgerRows(
        channel=channels[0],
        segments=_facts(db, Segment, "unique_id = ? ORDER BY number", unique_id),
        suspensions=_facts(db, Suspension, "unique_id = ? ORDER BY number", unique_id),
        gaps=_facts(db, Gap, "unique_id = ? ORDER BY started", unique_id),
    )


def stored_since(db: Database, since: float) -> int:
    """How many bytes the recordings of calls that began at ``since`` or later hold."""
    sql = (
        "SELECT coalesce(sum(r.bytes), 0) FROM calls c JOIN recordings r ON r.linked_id = c.linked_id "
        "WHERE c.started >= ?"
    )
    (stored,) = db.conn.execute(sql, [since]).fetchone()
    return int(stored)


def _recordings(db: Database, where: str, parameters: list[Any]) -> list[FoundRecording]:
    sql = (
        f"SELECT {RECORDING_COLUMNS} FROM recordings r JOIN calls c ON c.linked_id = r.linked_id "
        f"JOIN channels h ON h.unique_id = r.unique_id WHERE {where}"
    )
    return [recording_of(row) for row in db.conn.execute(sql, parameters)]


def _facts(db: Database, kind: type[F], where: str, *parameters: Any) -> tuple[F, ...]:
    return tuple(fact_of(kind, row) for row in db.conn.execute(TABLES[kind].select(where), parameters))


def call_of(row: Sequence[Any]) -> FoundCall:
    fact, rest = _split(row, Call)
    caller, called, notes, forgotten, recordings = rest
    return FoundCall(fact, caller, called, text_from_sql(notes), forgotten, recordings)


def recording_of(row: Sequence[Any]) -> FoundRecording:
    its_recording, row = _split(row, Recording)
    its_call, row = _split(row, Call)
    its_channel, row = _split(row, Channel)
    *file, note = row
    stored = None if file[0] is None else StoredFile(*file)
    return FoundRecording(its_recording, its_call, its_channel, stored, note)


def _split(row: Sequence[Any], kind: type[F]) -> tuple[F, Sequence[Any]]:
    """The fact at the beginning of ``row``, and the rest."""
    length = len(TABLES[kind].columns)
    return fact_of(kind, row[:length]), row[length:]
