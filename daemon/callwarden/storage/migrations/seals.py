"""Sealed files, files on their way, and the copies in the external store."""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

# A recording without a row is not sealed. ``sha256`` and ``bytes`` are the sealed file's, those of ``recordings`` are
# the audio's, sealed or not. ``keys`` names the recipients it is sealed to.
SEALS = """
CREATE TABLE seals (
    unique_id TEXT PRIMARY KEY REFERENCES recordings (unique_id),
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    keys TEXT NOT NULL,
    sealed REAL NOT NULL
) WITHOUT ROWID"""

# Names of the vault that are being written or must go. One that no recording has is removed.
STRAYS = """
CREATE TABLE strays (
    path TEXT PRIMARY KEY,
    unique_id TEXT NOT NULL
) WITHOUT ROWID"""

# What may be in the external store. ``state``: sending (perhaps there), sent (read back, and its hash was right),
# deleting. ``local_removed``: when the vault's own file went, because this one is kept.
EXTERNAL_COPIES = """
CREATE TABLE external_copies (
    unique_id TEXT NOT NULL REFERENCES recordings (unique_id),
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    sha256 TEXT NOT NULL DEFAULT '',
    bytes INTEGER NOT NULL DEFAULT 0,
    sent REAL,
    local_removed REAL,
    problem TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (unique_id, path)
) WITHOUT ROWID"""

INDEXES = (
    "CREATE INDEX strays_recording ON strays (unique_id)",
    "CREATE INDEX external_copies_open ON external_copies (state) WHERE state != 'sent'",
)


@migrations(name="0006_seals_and_external_copies")
def seals_and_external_copies(db: Database) -> None:
    """What is sealed to whom, which files are under way, what is in the external store."""
    for statement in (SEALS, STRAYS, EXTERNAL_COPIES, *INDEXES):
        db.execute(statement)
