"""How fast the vault grows: what came in and what was purged in the last week. Reads only, on a connection of its own.

A catalogue that is younger counts from its first call, so that a new installation does not seem to have room for ever.
"""

from pathlib import Path

from callwarden.core.room import growth
from callwarden.storage.database import open_readonly
from callwarden.storage.reading import stored_since

DAY_SECONDS = 86400.0
WEEK_SECONDS = 7 * DAY_SECONDS


def bytes_a_second(catalogue: Path, now: float) -> float:
    """For a worker thread: a large catalogue takes its time. Raises CatalogueError and what SQLite raises."""
    since = now - WEEK_SECONDS
    db = open_readonly(catalogue)
    try:
        (first,) = db.conn.execute("SELECT min(started) FROM calls WHERE started >= ?", [since]).fetchone()
        if first is None:
            return 0.0
        (before,) = db.conn.execute("SELECT EXISTS (SELECT 1 FROM calls WHERE started < ?)", [since]).fetchone()
        (removed,) = db.conn.execute(
            "SELECT coalesce(sum(r.bytes), 0) FROM tombstones t JOIN recordings r ON r.unique_id = t.unique_id "
            "WHERE t.purged >= ?",
            [since],
        ).fetchone()
        seconds = WEEK_SECONDS if before else max(DAY_SECONDS, now - first)
        return growth(stored_since(db, since), removed, seconds)
    finally:
        db.close()
