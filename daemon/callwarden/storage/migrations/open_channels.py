"""Finding the calls that were under way when the daemon stopped."""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

# Small, like recordings_open: what start-up looks at.
OPEN = "CREATE INDEX channels_open ON channels (linked_id) WHERE ended IS NULL"


@migrations(name="0008_open_channels")
def open_channels(db: Database) -> None:
    """Channels that have not ended, without a look at everything."""
    db.execute(OPEN)
