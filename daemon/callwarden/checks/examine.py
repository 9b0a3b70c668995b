"""Everything that is looked at, in order: for `callwarden check`, and before the daemon starts.

Takes settings, gives findings; changes nothing.
"""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

from callwarden.checks.archive import archive
from callwarden.checks.ari import ari, wrong_password
from callwarden.checks.daemon import agi_port, control_socket, daemon, dialplan_agrees
from callwarden.checks.dialplan import dialplan, features
from callwarden.checks.finding import Finding, Level, ok, warning
from callwarden.checks.manager import permissions, unreachable
from callwarden.checks.pbx import Permitted, Seen, look, permitted
from callwarden.checks.places import places, usable
from callwarden.checks.prompts import built
from callwarden.checks.recorders import modules, other_recorders
from callwarden.checks.records import records
from callwarden.checks.telling import telling
from callwarden.checks.versions import judge
from callwarden.config import Settings, doubts


def configuration(settings: Settings, path: Path) -> Iterator[Finding]:
    """What is allowed and yet worth a second look."""
    found = [warning("configuration", str(doubt).rstrip("."), "") for doubt in doubts(settings, path)]
    yield from found or [ok("configuration", f"{path} has no errors")]


async def examine(settings: Settings, path: Path) -> list[Finding]:
    """Everything, in the order in which an admin would look."""
    seen = await look(settings)
    return [
        *configuration(settings, path),
        *places(settings),
        *records(settings),
        *daemon(settings),
        *(asterisk(seen, settings) if isinstance(seen, Seen) else [unreachable(settings, seen)]),
        *await ari(settings),
        *built(settings),
        *telling(settings),
        *await asyncio.to_thread(lambda: list(archive(settings))),
    ]


def asterisk(seen: Seen, settings: Settings) -> list[Finding]:
    """What was seen of it, judged."""
    return [
        *judge(seen.version, settings.recording.scope),
        *permissions(seen),
        *modules(seen, settings),
        *dialplan(seen.dialplan, settings),
        *features(seen.features, settings),
        *dialplan_agrees(seen, settings),
        *other_recorders(seen, settings),
    ]


def unusable(settings: Settings) -> list[Finding]:
    """What on disk makes running pointless."""
    return _problems(usable(settings))


async def before_start(settings: Settings) -> list[Finding]:
    """What else no waiting cures. An Asterisk that is not there may come: the daemon waits for it."""
    password, seen = await asyncio.gather(wrong_password(settings), permitted(settings))
    found = [*control_socket(settings), agi_port(settings, running=False), *password]
    if isinstance(seen, Permitted):
        found += permissions(seen)
    elif seen.refused:
        found.append(unreachable(settings, seen))
    return _problems(found)


def _problems(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is Level.PROBLEM]
