"""What is known of an Asterisk by its version. Pure: a version string in, findings out.

One table. A row is about the versions of one branch from ``first`` (included) to ``fixed`` (not included, None: not
fixed); read in Asterisk's change logs and security advisories, or measured here where it says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from callwarden.checks.finding import Finding, Level, ok, warning

ABOUT = "Asterisk"
Version = tuple[int, int, int]

KNOWN = (16, 18, 20, 22)
"""The branches with long-term support that Callwarden is made for."""

MIXED = "recordings of calls whose two sides use different codecs are broken in this version"
CRASH = "this version can crash when a recorder cannot be attached to a channel"
DEADLOCK = "MixMonitorMute can deadlock this version"
FIRST_ONLY = "MixMonitorMute mutes only the first recorder of a channel in this version"
SECURITY = "this version has known security faults"
ENDED = "this branch gets no security fixes any more"
TRANSFER = "after a transfer, a recorder that was running already may miss the new party in this version"

_UNUSED = "Callwarden does not use it; see that nothing else on this machine does"


@dataclass(frozen=True, slots=True)
class Known:
    """A fault of some versions, and what to do."""

    first: Version
    fixed: Version | None
    level: Level
    text: str
    advice: str


FAULTS: tuple[Known, ...] = (
    Known((20, 12, 0), (20, 15, 0), Level.PROBLEM, MIXED, "Install 20.20.1 or later"),
    Known((22, 2, 0), (22, 5, 0), Level.PROBLEM, MIXED, "Install 22.10.1 or later"),
    Known((20, 0, 0), (20, 18, 0), Level.WARNING, CRASH, "Install 20.20.1 or later"),
    Known((22, 0, 0), (22, 8, 0), Level.WARNING, CRASH, "Install 22.10.1 or later"),
    Known((18, 18, 0), (18, 20, 0), Level.WARNING, DEADLOCK, _UNUSED),
    Known((20, 3, 0), (20, 5, 0), Level.WARNING, DEADLOCK, _UNUSED),
    Known((16, 0, 0), None, Level.WARNING, FIRST_ONLY, _UNUSED),
    Known((18, 0, 0), (18, 18, 0), Level.WARNING, FIRST_ONLY, _UNUSED),
    Known((20, 0, 0), (20, 3, 0), Level.WARNING, FIRST_ONLY, _UNUSED),
    Known((16, 0, 0), None, Level.WARNING, ENDED, "Plan a move to 20.20.1, 22.10.1 or later"),
    Known((18, 0, 0), None, Level.WARNING, ENDED, "Plan a move to 20.20.1, 22.10.1 or later"),
    Known((20, 0, 0), (20, 20, 1), Level.WARNING, SECURITY, "Install 20.20.1 or later"),
    Known((22, 0, 0), (22, 10, 1), Level.WARNING, SECURITY, "Install 22.10.1 or later"),
)

# Measured on 22.10.1 in about half of all blind transfers (asterisk issue 507), never on 16.28. The new party's own
# channel has both sides, so only who records one channel a call needs to know.
ONE_PER_CALL = Known(
    (22, 0, 0), None, Level.WARNING, TRANSFER, 'Set [recording] scope = "each-channel", which misses nothing'
)


def judge(text: str, scope: str) -> list[Finding]:
    """What is known of the version that Asterisk gave of itself; ``scope`` is [recording] scope."""
    version = parse(text)
    if version is None:
        told = f'Asterisk gives its version as "{text}", which says nothing of its faults'
        return [warning(ABOUT, told, "Compare it with the versions named in Callwarden's documentation yourself")]
    faults = [*FAULTS, *([ONE_PER_CALL] if scope == "one-per-call" else [])]
    found = [Finding(f.level, ABOUT, f"{f.text} ({text})", f.advice) for f in faults if _has(version, f)]
    return [*_unknown_branch(version, text), *(found or [ok(ABOUT, f"version {text}: nothing is known against it")])]


def parse(text: str) -> Version | None:
    """The version in ``22.10.1~dfsg`` or ``Asterisk 20.9.3``; None in ``GIT-master-1a2b`` and in a certified
    version, whose fixes are not those of its number."""
    found = re.match(r"(?:Asterisk )?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?", text)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def _has(version: Version, fault: Known) -> bool:
    if version[0] != fault.first[0]:
        return False
    return fault.first <= version and (fault.fixed is None or version < fault.fixed)


def _unknown_branch(version: Version, text: str) -> Iterator[Finding]:
    if version[0] not in KNOWN:
        branches = ", ".join(map(str, KNOWN[:-1])) + f" and {KNOWN[-1]}"
        told = f"version {text} is of a branch that Callwarden was not tried on; it is made for {branches}"
        yield warning(ABOUT, told, "Listen to recordings of every kind of call before relying on it")
