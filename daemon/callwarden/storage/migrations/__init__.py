"""The catalogue's schema: one module a subject, one migration a version, applied in the order of the imports here.

A migration that was released is never edited: a later one changes what it made, and an old database file in
``tests/data`` is upgraded by a test. Times are REAL, UTC epoch seconds. Text that a caller chose is kept as
given, as TEXT, or as a BLOB where TEXT cannot hold it (see ``rows``). Never ``executescript`` here: it
commits first.
"""

# A new one is imported last, whatever its number is: the order here is the order in which they are applied.
# isort: off
from callwarden.storage.migrations import main_job  # noqa: F401
from callwarden.storage.migrations import alarms  # noqa: F401
from callwarden.storage.migrations import findings  # noqa: F401
from callwarden.storage.migrations import release  # noqa: F401
from callwarden.storage.migrations import seals  # noqa: F401
from callwarden.storage.migrations import custody  # noqa: F401
from callwarden.storage.migrations import copies  # noqa: F401
from callwarden.storage.migrations import findings_acknowledged  # noqa: F401
from callwarden.storage.migrations import open_channels  # noqa: F401
from callwarden.storage.migrations.registry import migrations
# isort: on

__all__ = ["migrations"]
