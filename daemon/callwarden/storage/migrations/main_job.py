"""Calls, channels, recordings, what was said and silenced, search, purge. Times are REAL, UTC epoch seconds."""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

CALLS = """
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    linked_id TEXT NOT NULL UNIQUE,
    direction TEXT NOT NULL,
    started REAL NOT NULL,
    answered REAL,
    ended REAL,
    caller_number TEXT NOT NULL DEFAULT '',
    caller_name TEXT NOT NULL DEFAULT '',
    called_number TEXT NOT NULL DEFAULT '',
    trunk TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    caller_e164 TEXT,
    called_e164 TEXT,
    notes TEXT NOT NULL DEFAULT '',
    forgotten REAL
)"""

CHANNELS = """
CREATE TABLE channels (
    unique_id TEXT PRIMARY KEY,
    linked_id TEXT NOT NULL REFERENCES calls (linked_id),
    name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    role TEXT NOT NULL,
    started REAL NOT NULL,
    number TEXT NOT NULL DEFAULT '',
    party_name TEXT NOT NULL DEFAULT '',
    answered REAL,
    ended REAL,
    exempt TEXT NOT NULL DEFAULT '',
    e164 TEXT
)"""

# The first five columns are the core's; the rest is written when the file is in the vault.
RECORDINGS = """
CREATE TABLE recordings (
    unique_id TEXT PRIMARY KEY REFERENCES channels (unique_id),
    linked_id TEXT NOT NULL REFERENCES calls (linked_id),
    state TEXT NOT NULL,
    wanted REAL NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    path TEXT UNIQUE,
    format TEXT,
    sha256 TEXT,
    bytes INTEGER,
    seconds REAL,
    stored REAL,
    expires REAL,
    note TEXT NOT NULL DEFAULT ''
)"""

SEGMENTS = """
CREATE TABLE segments (
    file TEXT PRIMARY KEY,
    unique_id TEXT NOT NULL REFERENCES channels (unique_id),
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    asked REAL NOT NULL,
    started REAL,
    stop_asked REAL,
    stopped REAL,
    closed REAL,
    size INTEGER,
    started_by TEXT NOT NULL,
    monitor_id TEXT NOT NULL
)"""

SUSPENSIONS = """
CREATE TABLE suspensions (
    unique_id TEXT NOT NULL REFERENCES channels (unique_id),
    number INTEGER NOT NULL,
    why TEXT NOT NULL,
    "by" TEXT NOT NULL,
    asked REAL NOT NULL,
    confirmed REAL,
    how TEXT NOT NULL,
    ended REAL,
    PRIMARY KEY (unique_id, number)
) WITHOUT ROWID"""

ANNOUNCEMENTS = """
CREATE TABLE announcements (
    unique_id TEXT NOT NULL REFERENCES channels (unique_id),
    number INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    language TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    played_by TEXT NOT NULL,
    started REAL NOT NULL,
    finished REAL,
    complete INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (unique_id, number)
) WITHOUT ROWID"""

GAPS = """
CREATE TABLE gaps (
    unique_id TEXT NOT NULL REFERENCES channels (unique_id),
    started REAL NOT NULL,
    ended REAL NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (unique_id, started)
) WITHOUT ROWID"""

# Each different number once, so that a search by any spelling first finds a handful of rows here ...
NUMBERS = """
CREATE TABLE numbers (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    "key" TEXT NOT NULL,
    e164 TEXT,
    UNIQUE (kind, "key")
)"""

# ... and then, in the order of time, the calls of each: a list of the newest is one walk down an index.
PARTIES = """
CREATE TABLE parties (
    linked_id TEXT NOT NULL REFERENCES calls (linked_id),
    number INTEGER NOT NULL REFERENCES numbers (id),
    started REAL NOT NULL,
    PRIMARY KEY (linked_id, number)
) WITHOUT ROWID"""

# Proof of a deletion. No personal data: no number, no name, no path.
TOMBSTONES = """
CREATE TABLE tombstones (
    unique_id TEXT PRIMARY KEY,
    sha256 TEXT,
    purged REAL NOT NULL,
    why TEXT NOT NULL,
    note TEXT NOT NULL
) WITHOUT ROWID"""

# What is being purged right now, so that a purge goes on where a crash stopped it.
PURGE_MARKS = """
CREATE TABLE purge_marks (
    unique_id TEXT PRIMARY KEY REFERENCES recordings (unique_id),
    path TEXT,
    sha256 TEXT,
    marked REAL NOT NULL,
    why TEXT NOT NULL,
    problem TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID"""

SETTINGS = "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"

INDEXES = (
    "CREATE INDEX calls_started ON calls (started, linked_id)",
    "CREATE INDEX calls_to_forget ON calls (coalesce(ended, started), linked_id) WHERE forgotten IS NULL",
    "CREATE INDEX channels_call ON channels (linked_id)",
    "CREATE INDEX recordings_call ON recordings (linked_id)",
    # Small: only what start-up has to look at.
    "CREATE INDEX recordings_open ON recordings (state) WHERE state NOT IN ('stored', 'discarded', 'purged')",
    "CREATE INDEX recordings_undated ON recordings (unique_id) WHERE state = 'stored' AND expires IS NULL",
    "CREATE INDEX segments_channel ON segments (unique_id, number)",
    "CREATE INDEX parties_number ON parties (number, started)",
)

# Its rowid is calls.id. Filled by ``parties``, not by triggers: what a caller chose is cleaned and cut first.
CALLS_TEXT = "CREATE VIRTUAL TABLE calls_text USING fts5(words, tokenize = 'unicode61 remove_diacritics 2')"


@migrations(name="0001_calls_recordings_and_their_spans")
def calls_recordings_and_their_spans(db: Database) -> None:
    """Calls, channels, recordings, what was said and silenced, search, purge."""
    tables = (CALLS, CHANNELS, RECORDINGS, SEGMENTS, SUSPENSIONS, ANNOUNCEMENTS, GAPS, NUMBERS, PARTIES)
    for statement in (*tables, TOMBSTONES, PURGE_MARKS, SETTINGS, *INDEXES, CALLS_TEXT):
        db.execute(statement)
