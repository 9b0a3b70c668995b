"""What excuses a purge: a recording may be due by a date long past, and only since today.

Takes a connection (a read-only one will do) and since when (UTC epoch seconds).
"""

import json

from sqlite_utils import Database

from callwarden.storage.holds import covered_calls, holds


def rules_changed(db: Database, since: float) -> bool:
    """Whether the retention rules were changed or confirmed since then. The first ones there were are no change."""
    sql = (
        "SELECT 1 FROM audit WHERE at >= ? AND (act = 'retention-confirmed' OR act = 'retention-changed' "
        "AND number > (SELECT min(number) FROM audit WHERE act = 'retention-changed')) LIMIT 1"
    )
    return db.conn.execute(sql, [since]).fetchone() is not None


def freed(db: Database, since: float) -> set[str]:
    """The unique ids of the recordings whose hold was lifted since then."""
    calls: set[str] = set()
    for hold in holds(db, lifted_too=True):
        if hold.lifted is not None and hold.lifted >= since:
            calls |= covered_calls(db, hold)
    sql = "SELECT r.unique_id FROM json_each(?) a CROSS JOIN recordings r ON r.linked_id = a.value"
    return {str(row[0]) for row in db.conn.execute(sql, [json.dumps(sorted(calls))])}
