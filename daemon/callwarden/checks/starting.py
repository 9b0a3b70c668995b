"""What is looked at before the daemon starts: what makes running pointless, and no waiting cures.

Takes settings, gives the problems; changes nothing. Calls wait for it, so it asks for no more than that. Whoever
starts the daemon runs it, whatever user it has elsewhere.
"""

import asyncio
import os
from collections.abc import Iterable

from callwarden.checks.ari_login import wrong_password
from callwarden.checks.daemon import agi_port, control_socket
from callwarden.checks.finding import Finding, Level
from callwarden.checks.manager import permissions, unreachable
from callwarden.checks.pbx import Permitted, permitted
from callwarden.checks.places import usable
from callwarden.checks.who import user_of
from callwarden.config import Settings


def unusable(settings: Settings) -> list[Finding]:
    """What on disk makes running pointless."""
    return _problems(usable(settings, user_of(os.geteuid())))


async def before_start(settings: Settings) -> list[Finding]:
    """What else no waiting cures. An Asterisk that is not there may come: the daemon waits for it."""
    password, seen = await asyncio.gather(wrong_password(settings), permitted(settings))
    found = [*control_socket(settings, user_of(os.geteuid())), agi_port(settings, running=False), *password]
    if isinstance(seen, Permitted):
        found += permissions(seen)
    elif seen.refused:
        found.append(unreachable(settings, seen))
    return _problems(found)


def _problems(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is Level.PROBLEM]
