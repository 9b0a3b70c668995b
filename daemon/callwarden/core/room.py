"""Whether the room on a disk is short. Pure: bytes, days and thresholds in, a verdict out.

A disk that is short once is short until there is clearly more room than the thresholds ask for: the alarm does not
flicker around them.
"""

from dataclasses import dataclass

CLEARLY = 1.2  # times the threshold


@dataclass(frozen=True, slots=True)
class Room:
    """Of one file system, in bytes. ``holds`` says what lies there (``vault``, ``spool and vault``), ``days`` how long
    what is free will do at the present rate, None when it is not known or nothing grows."""

    holds: str
    path: str
    free: int
    total: int
    days: float | None


def short(room: Room, was_short: bool, alarm_days: float, least_free: float) -> bool:
    """Whether a person has to make room now. ``least_free`` in bytes."""
    factor = CLEARLY if was_short else 1.0
    return room.free < least_free * factor or (room.days is not None and room.days < alarm_days * factor)


def growth(stored: float, removed: float, seconds: float) -> float:
    """Bytes a second by which the vault grows, when so much came and went in so many seconds; never below 0."""
    return max(0.0, stored - removed) / seconds if seconds > 0 else 0.0
