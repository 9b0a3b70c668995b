"""Finding what the external store does not have yet, and what only it need have."""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

INDEXES = (
    "CREATE INDEX recordings_stored ON recordings (stored) WHERE state = 'stored'",
    "CREATE INDEX external_copies_local ON external_copies (sent) WHERE state = 'sent' AND local_removed IS NULL",
)


@migrations(name="0007_copies_by_time")
def copies_by_time(db: Database) -> None:
    """What was stored or sent since, without a look at everything."""
    for statement in INDEXES:
        db.execute(statement)
