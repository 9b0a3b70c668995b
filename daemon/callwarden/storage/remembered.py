"""What the catalogue remembers of calls that were under way when the daemon stopped: read once, at its start."""

from sqlite_utils import Database

from callwarden.core.events import ChannelRemembered
from callwarden.core.facts import RecordingState
from callwarden.storage.reading import Story, story

OPEN_CALLS = (
    "SELECT DISTINCT linked_id FROM channels WHERE ended IS NULL "
    "UNION SELECT linked_id FROM recordings WHERE state NOT IN ('stored', 'discarded', 'missing', 'purging', 'purged')"
)
OVER = (
    RecordingState.STORED,
    RecordingState.DISCARDED,
    RecordingState.MISSING,
    RecordingState.PURGING,
    RecordingState.PURGED,
)


def remembered(db: Database, now: float) -> list[ChannelRemembered]:
    """Every channel that had not ended or whose recording is not finished."""
    stories = [story(db, linked_id) for (linked_id,) in db.conn.execute(OPEN_CALLS).fetchall()]
    return [one for known in stories if known is not None for one in _channels(known, now)]


def _channels(known: Story, now: float) -> list[ChannelRemembered]:
    recordings = {one.recording.unique_id: one.recording for one in known.recordings}
    found = []
    for channel in known.channels:
        recording = recordings.get(channel.unique_id)
        over = recording is None or recording.state in OVER
        if channel.ended is not None and over:
            continue
        mine = channel.unique_id
        found.append(
            ChannelRemembered(
                at=now,
                call=known.call.call,
                channel=channel,
                recording=None if over else recording,
                segments=tuple(one for one in known.segments if one.unique_id == mine),
                suspensions=tuple(one for one in known.suspensions if one.unique_id == mine),
                announcements=tuple(one for one in known.announcements if one.unique_id == mine),
                gaps=tuple(one for one in known.gaps if one.unique_id == mine),
            )
        )
    return found
