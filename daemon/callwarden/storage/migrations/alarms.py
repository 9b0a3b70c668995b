"""Alarms: what somebody had to look at. Times are REAL, UTC epoch seconds."""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

# One row from the first time it was said until a person acknowledged it or, if it is a state (``lasting``), until
# that ended. ``about`` is a channel's unique id or empty; ``sent`` is when hook and mail had it last.
ALARMS = """
CREATE TABLE alarms (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    text TEXT NOT NULL,
    first REAL NOT NULL,
    last REAL NOT NULL,
    count INTEGER NOT NULL,
    lasting INTEGER NOT NULL,
    sent REAL,
    ended REAL,
    acknowledged REAL,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    UNIQUE (kind, about, first)
)"""

INDEXES = (
    "CREATE INDEX alarms_last ON alarms (last)",
    "CREATE INDEX alarms_open ON alarms (first) WHERE ended IS NULL AND acknowledged IS NULL",
)


@migrations(name="0003_alarms")
def alarms(db: Database) -> None:
    """Alarms, each with how often it was said and who has seen it."""
    for statement in (ALARMS, *INDEXES):
        db.execute(statement)
