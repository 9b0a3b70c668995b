"""The audit chain, requests for recordings, and recordings that are no longer what was stored.

Times are REAL, UTC epoch seconds.
"""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

# ``hash`` is over all the others, ``before`` is the hash of the entry before: see custody/audit.
AUDIT = """
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    who TEXT NOT NULL,
    act TEXT NOT NULL,
    about TEXT NOT NULL,
    detail TEXT NOT NULL,
    before TEXT NOT NULL,
    hash TEXT NOT NULL
)"""

# Against accidents. Whoever means harm can drop them; the chain tells.
AUDIT_STAYS = (
    "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit "
    "BEGIN SELECT raise(ABORT, 'the audit chain is only ever added to'); END",
    "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit "
    "BEGIN SELECT raise(ABORT, 'the audit chain is only ever added to'); END",
)

# ``calls``: JSON, linked ids and unique ids. ``lasts`` is until when an approval counts.
REQUESTS = """
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    calls TEXT NOT NULL DEFAULT '[]',
    number TEXT NOT NULL DEFAULT '',
    extension TEXT NOT NULL DEFAULT '',
    from_ REAL,
    to_ REAL,
    parties TEXT NOT NULL DEFAULT '',
    other TEXT NOT NULL DEFAULT '',
    received REAL NOT NULL,
    opened REAL NOT NULL,
    opened_by TEXT NOT NULL,
    state TEXT NOT NULL,
    decided REAL,
    decided_by TEXT NOT NULL DEFAULT '',
    decision TEXT NOT NULL DEFAULT '',
    consulted TEXT NOT NULL DEFAULT '',
    lasts REAL,
    closed REAL,
    closed_by TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT ''
)"""

# Recordings whose file is missing or is not what was stored, and since when that is known.
DAMAGED = """
CREATE TABLE damaged (
    unique_id TEXT PRIMARY KEY,
    found REAL NOT NULL,
    problem TEXT NOT NULL
) WITHOUT ROWID"""

INDEXES = (
    "CREATE INDEX audit_at ON audit (at)",
    "CREATE INDEX audit_about ON audit (about)",
    "CREATE INDEX requests_state ON requests (state, opened)",
)


@migrations(name="0004_custody")
def custody(db: Database) -> None:
    """Audit, requests, damage."""
    for statement in (AUDIT, *AUDIT_STAYS, REQUESTS, DAMAGED, *INDEXES):
        db.execute(statement)
