"""What was found to be wrong, once each, until it is right again; and the way to a day's channels."""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

# ``subject`` is what a finding is about (a unique id, a file), and with ``kind`` its name while it is open. No personal
# data: no number, no name. ``at`` is when it happened, ``found`` and ``seen`` when that was first and last noticed.
FINDINGS = """
CREATE TABLE findings (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    linked_id TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL,
    at REAL NOT NULL,
    found REAL NOT NULL,
    seen REAL NOT NULL,
    resolved REAL
)"""

INDEXES = (
    "CREATE UNIQUE INDEX findings_open ON findings (source, kind, subject) WHERE resolved IS NULL",
    "CREATE INDEX findings_call ON findings (linked_id) WHERE linked_id <> ''",
    # A day's channels, and those that are up, without reading the others.
    "CREATE INDEX channels_time ON channels (ended, answered) WHERE answered IS NOT NULL",
)


@migrations(name="0002_findings")
def findings(db: Database) -> None:
    """Findings; channels by their time."""
    for statement in (FINDINGS, *INDEXES):
        db.execute(statement)
