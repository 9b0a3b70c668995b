"""A finding that can never be gone (a call that nobody recorded) can be acknowledged, and is no longer listed."""

from sqlite_utils import Database

from callwarden.storage.migrations.registry import migrations

COLUMNS = (
    "ALTER TABLE findings ADD COLUMN acknowledged REAL",
    "ALTER TABLE findings ADD COLUMN acknowledged_by TEXT NOT NULL DEFAULT ''",
)


@migrations(name="0007_findings_acknowledged")
def findings_acknowledged(db: Database) -> None:
    """When and by whom."""
    for statement in COLUMNS:
        db.execute(statement)
