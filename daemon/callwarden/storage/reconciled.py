"""What a comparison of the catalogue is asked for, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callwarden.storage.findings import Finding

SOURCE = "reconcile"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare: calls that began in [``from_``, ``to``) (UTC epoch seconds), with these files of CDRs; nothing
    that was touched after ``quiet`` is judged."""

    from_: float
    to: float
    quiet: float
    cdr: Sequence[Path] = ()
    csv_times: str = "utc"
    table: str = "cdr"


@dataclass(slots=True)
class Compared:
    """What came of it: ``problems`` kept something from being compared, ``notes`` are worth reading.

    ``checked`` are the kinds that were looked for: only those can be over when they are not found again; of
    ``windowed`` ones only what happened in the time that was asked for.
    """

    findings: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    windowed: set[str] = field(default_factory=set)
    cdrs: int = 0
    calls: int = 0
    files: int = 0
