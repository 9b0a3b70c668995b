"""What the catalogue remembers of calls that were under way when the daemon stopped: read once, at its start."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from sqlite_utils import Database

from callwarden.core.events import ChannelRemembered, TrunksRemembered
from callwarden.core.facts import RecordingState
from callwarden.storage.audio import measure
from callwarden.storage.reading import Story, story
from callwarden.storage.riff import AudioError

# The first list of states is that of the index recordings_open, word for word: else it cannot be used. SQLite 3.53
# would rather look at every recording there is, in the order of its call.
OPEN_CALLS = (
    "SELECT linked_id FROM channels INDEXED BY channels_open WHERE ended IS NULL "
    "UNION SELECT linked_id FROM recordings INDEXED BY recordings_open "
    "WHERE state NOT IN ('stored', 'discarded', 'purged') AND state NOT IN ('missing', 'purging')"
)
CALL_OF = "SELECT linked_id FROM channels WHERE unique_id = ?"
LATEST_TRUNKS = "SELECT DISTINCT trunk FROM (SELECT trunk, direction FROM calls ORDER BY rowid DESC LIMIT 5000) " \
    "WHERE direction = 'inbound' AND trunk != ''"
OVER = (
    RecordingState.STORED,
    RecordingState.DISCARDED,
    RecordingState.MISSING,
    RecordingState.PURGING,
    RecordingState.PURGED,
)


def remembered(db: Database, now: float, spool: Path) -> list[ChannelRemembered]:
    """Every channel that had not ended or whose recording is not finished."""
    calls = [linked_id for (linked_id,) in db.conn.execute(OPEN_CALLS).fetchall()]
    return [one for known in _stories(db, calls) for one in _channels(known, now, spool)]


def remembered_of(db: Database, unique_ids: Collection[str], now: float, spool: Path) -> list[ChannelRemembered]:
    """Those of these channels, without a look at all the others that are up."""
    wanted = [db.conn.execute(CALL_OF, [unique_id]).fetchone() for unique_id in unique_ids]
    calls = dict.fromkeys(row[0] for row in wanted if row is not None)
    return [one for known in _stories(db, calls) for one in _channels(known, now, spool, unique_ids)]


def known_trunks(db: Database, now: float) -> TrunksRemembered:
    """The endpoints through which the latest calls came: trunks that the configuration need not name."""
    rows = db.conn.execute(LATEST_TRUNKS).fetchall()
    return TrunksRemembered(now, frozenset(endpoint for (endpoint,) in rows))


def first_sound(files: Iterable[tuple[float, Path]]) -> float | None:
    """When an answer was that nobody saw: a file, with the time when it was begun, holds sound from then on."""
    for since, path in files:
        try:
            seconds, written = measure(path).seconds, path.stat().st_mtime
        except (AudioError, OSError):
            continue
        if seconds > 0:
            return max(since, written - seconds)
    return None


def _stories(db: Database, linked_ids: Iterable[str]) -> Iterator[Story]:
    return (known for linked_id in linked_ids if (known := story(db, linked_id)) is not None)


def _channels(
    known: Story, now: float, spool: Path, only: Collection[str] | None = None
) -> list[ChannelRemembered]:
    recordings = {one.recording.unique_id: one.recording for one in known.recordings}
    found = []
    for channel in known.channels:
        if only is not None and channel.unique_id not in only:
            continue
        recording = recordings.get(channel.unique_id)
        over = recording is None or recording.state in OVER
        if channel.ended is not None and over:
            continue
        mine = channel.unique_id
        segments = tuple(one for one in known.segments if one.unique_id == mine)
        unseen = channel.answered is None and channel.ended is None
        found.append(
            ChannelRemembered(
                at=now,
                call=known.call.call,
                channel=channel,
                recording=None if over else recording,
                segments=segments,
                suspensions=tuple(one for one in known.suspensions if one.unique_id == mine),
                announcements=tuple(one for one in known.announcements if one.unique_id == mine),
                gaps=tuple(one for one in known.gaps if one.unique_id == mine),
                sounded=first_sound((one.asked, spool / one.file) for one in segments) if unseen else None,
            )
        )
    return found
