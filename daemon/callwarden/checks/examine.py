"""Everything that is looked at, in order, for `callwarden check`.

Takes settings, gives findings; changes nothing.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from callwarden.checks.archive import archive
from callwarden.checks.ari import ari
from callwarden.checks.daemon import daemon, dialplan_agrees
from callwarden.checks.dialplan import dialplan, features
from callwarden.checks.encoding import encoding
from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.checks.manager import permissions, unreachable
from callwarden.checks.pbx import Seen, look
from callwarden.checks.places import places
from callwarden.checks.prompts import built
from callwarden.checks.recorders import modules, other_recorders
from callwarden.checks.records import records
from callwarden.checks.telling import telling
from callwarden.checks.versions import judge
from callwarden.checks.who import User, daemon_user, may
from callwarden.config import Settings, doubts


def configuration(settings: Settings, path: Path) -> Iterator[Finding]:
    """What is allowed and yet worth a second look."""
    found = [warning("configuration", str(doubt).rstrip("."), "") for doubt in doubts(settings, path)]
    yield from found or [ok("configuration", f"{path} has no errors")]
    yield from readable(path, daemon_user(settings))


def readable(path: Path, us: User) -> Iterator[Finding]:
    """The daemon reads the configuration itself; who wrote it may be somebody else."""
    if may(us, path, "r") is False:
        told = f"{us.name} may not read {path}, so the daemon would not start"
        yield problem("configuration", told, f"chgrp {us.name} {path} && chmod 640 {path}")


async def examine(settings: Settings, path: Path) -> list[Finding]:
    """Everything, in the order in which an admin would look."""
    seen = await look(settings)
    return [
        *configuration(settings, path),
        *places(settings),
        *encoding(settings),
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
