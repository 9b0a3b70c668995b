"""Asterisk's call detail records, which the catalogue is compared with every night.

Takes settings, gives findings; looks and changes nothing.
"""

from collections.abc import Iterator
from pathlib import Path

from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.checks.who import User, daemon_user, may
from callwarden.config import Settings

RECORDS = "records"


def records(settings: Settings) -> Iterator[Finding]:
    """Every file of [reconcile] cdr; nothing where none is named."""
    us = daemon_user(settings)
    for path in settings.reconcile.cdr:
        yield _readable(path, us)


def _readable(path: Path, us: User) -> Finding:
    advice = f"setfacl -m u:{us.name}:x {path.parent} && setfacl -m u:{us.name}:r {path}"
    try:
        there = path.is_file()
    except OSError:
        there = False
    readable = may(us, path, "r") if there else None
    if there and readable is False:
        return problem(RECORDS, f"{us.name}, who runs the daemon, may not read {path}", advice)
    if there:
        return ok(RECORDS, f"{path} can be compared with the catalogue")
    told = f"{path} is not there, or cannot be looked at: the catalogue is compared with the disk alone"
    return warning(RECORDS, told, "Set [reconcile] cdr to the file that Asterisk writes (`cdr show status`)")
