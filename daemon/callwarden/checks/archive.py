"""The external store: whether it answers, and lets us in.

Takes settings, gives findings; writes nothing there. Blocks for as long as [archive] timeout.
"""

from collections.abc import Iterator

from callwarden.checks.finding import Finding, ok, problem
from callwarden.config import Settings
from callwarden.storage.store import opened
from callwarden.storage.stores import StoreAway

ARCHIVE = "archive"


def archive(settings: Settings) -> Iterator[Finding]:
    """Nothing where there is none."""
    if not settings.archive.url:
        return
    try:
        with opened(settings.archive) as store:
            store.alive()
    except StoreAway as error:
        advice = "Look at [archive]; the unit of systemd lets the daemon reach only what its IPAddressAllow= names"
        yield problem(ARCHIVE, (error.strerror or str(error)).rstrip("."), advice)
    else:
        yield ok(ARCHIVE, f"{settings.archive.url} answers and lets us in")
