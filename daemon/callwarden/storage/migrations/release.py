"""Legal holds, and the releases of recordings to those whom they concern. Times are REAL, UTC epoch seconds."""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

# ``subject``: a call's linked id or a request's number; empty for a person, whose spellings stand in hold_terms.
HOLDS = """
CREATE TABLE holds (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('call', 'person', 'request')),
    subject TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL,
    placed REAL NOT NULL,
    placed_by TEXT NOT NULL,
    lifted REAL,
    lifted_by TEXT NOT NULL DEFAULT '',
    lift_reason TEXT NOT NULL DEFAULT ''
)"""

# What a person is known by, as it was given. Deleted when the hold is lifted.
HOLD_TERMS = """
CREATE TABLE hold_terms (
    hold INTEGER NOT NULL REFERENCES holds (id),
    kind TEXT NOT NULL CHECK (kind IN ('number', 'name', 'extension')),
    text TEXT NOT NULL,
    PRIMARY KEY (hold, kind, text)
) WITHOUT ROWID"""

RELEASES = """
CREATE TABLE releases (
    id INTEGER PRIMARY KEY,
    request INTEGER NOT NULL,
    opened REAL NOT NULL,
    opened_by TEXT NOT NULL,
    state TEXT NOT NULL,
    built REAL,
    built_by TEXT NOT NULL DEFAULT '',
    expires REAL,
    removed REAL,
    manifest_sha256 TEXT,
    problem TEXT NOT NULL DEFAULT ''
)"""

# By what the recordings of a release were looked for.
RELEASE_TERMS = """
CREATE TABLE release_terms (
    release INTEGER NOT NULL REFERENCES releases (id),
    kind TEXT NOT NULL CHECK (kind IN ('number', 'name', 'extension', 'from', 'to')),
    text TEXT NOT NULL,
    PRIMARY KEY (release, kind, text)
) WITHOUT ROWID"""

# ``decision`` is empty until somebody decided. No reference to recordings: a purged one stays listed.
RELEASE_ITEMS = """
CREATE TABLE release_items (
    release INTEGER NOT NULL REFERENCES releases (id),
    unique_id TEXT NOT NULL,
    decision TEXT NOT NULL DEFAULT '' CHECK (decision IN ('', 'include', 'exclude')),
    reason TEXT NOT NULL DEFAULT '',
    decided REAL,
    decided_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (release, unique_id)
) WITHOUT ROWID"""

# Seconds from the beginning of the recording.
RELEASE_MUTES = """
CREATE TABLE release_mutes (
    release INTEGER NOT NULL,
    unique_id TEXT NOT NULL,
    started REAL NOT NULL,
    ended REAL NOT NULL,
    reason TEXT NOT NULL,
    muted REAL NOT NULL,
    muted_by TEXT NOT NULL,
    PRIMARY KEY (release, unique_id, started, ended),
    FOREIGN KEY (release, unique_id) REFERENCES release_items (release, unique_id)
) WITHOUT ROWID"""

HANDOVERS = """
CREATE TABLE handovers (
    id INTEGER PRIMARY KEY,
    release INTEGER NOT NULL REFERENCES releases (id),
    handed REAL NOT NULL,
    handed_to TEXT NOT NULL,
    how TEXT NOT NULL,
    handed_by TEXT NOT NULL,
    manifest_sha256 TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT ''
)"""

INDEXES = (
    "CREATE INDEX holds_in_force ON holds (id) WHERE lifted IS NULL",
    "CREATE INDEX release_items_recording ON release_items (unique_id)",
    "CREATE INDEX tombstones_purged ON tombstones (purged)",
)


@migrations(name="0005_holds_and_releases")
def holds_and_releases(db: Database) -> None:
    """Legal holds; releases with what is in them, what is muted, and to whom they went."""
    tables = (HOLDS, HOLD_TERMS, RELEASES, RELEASE_TERMS, RELEASE_ITEMS, RELEASE_MUTES, HANDOVERS)
    for statement in (*tables, *INDEXES):
        db.execute(statement)
