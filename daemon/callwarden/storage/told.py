"""All that is known of one recording, for its story. Takes a connection (a read-only one will do)."""

import time
from dataclasses import dataclass

from sqlite_utils import Database

from callwarden.core.facts import Announcement, Gap, Segment, Suspension
from callwarden.core.spans import Span
from callwarden.storage import reading
from callwarden.storage.accounts import spans_of
from callwarden.storage.reading import FoundRecording


@dataclass(frozen=True, slots=True)
class Told:
    """A recording and everything that is known of its channel; ``spans`` is its ledger, empty if never answered.
    ``damage``: what is wrong with its file, as far as was looked."""

    found: FoundRecording
    spans: tuple[Span, ...]
    announcements: tuple[Announcement, ...]
    segments: tuple[Segment, ...]
    suspensions: tuple[Suspension, ...]
    gaps: tuple[Gap, ...]
    others: tuple[str, ...]
    damage: str = ""


def told(db: Database, found: FoundRecording) -> Told:
    """Read what belongs to a recording."""
    unique_id = found.recording.unique_id
    whole = reading.story(db, found.call.linked_id)
    rows = reading.ledger_rows(db, unique_id)
    assert whole is not None and rows is not None, (
        "a recording has its call and its channel: the catalogue holds it to that"
    )
    return Told(
        found=found,
        spans=tuple(spans_of(rows, time.time())),
        announcements=tuple(each for each in whole.announcements if each.unique_id == unique_id),
        segments=rows.segments,
        suspensions=rows.suspensions,
        gaps=rows.gaps,
        others=tuple(each.recording.unique_id for each in whole.recordings if each.recording.unique_id != unique_id),
        damage=_damage(db, unique_id),
    )


def named(db: Database, identity: str) -> list[FoundRecording]:
    """The recording of this id; or all of the call of this id."""
    one = reading.recording(db, identity)
    if one is not None:
        return [one]
    whole = reading.story(db, identity)
    return [] if whole is None else list(whole.recordings)


def _damage(db: Database, unique_id: str) -> str:
    row = db.conn.execute("SELECT problem FROM damaged WHERE unique_id = ?", [unique_id]).fetchone()
    return "" if row is None else str(row[0])
