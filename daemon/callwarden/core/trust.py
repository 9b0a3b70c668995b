"""Whether the wall clock can be believed enough to delete by it. Pure: readings in, a doubt out.

A purge believes the clock: one that stands a year ahead would delete everything. Three things tell a jump. Within one
boot of the machine, the time since the boot runs by itself (CLOCK_BOOTTIME): the wall clock must keep step with it.
After a restart of the machine, the clock may not stand before what was noted last, and not further behind it than the
machine may have been off. What was never noted is compared with the newest thing in the catalogue in the same way.
"""

from dataclasses import dataclass

DAY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The clocks at one moment: ``wall`` in UTC epoch seconds, ``uptime`` in seconds since ``boot`` (its id)."""

    wall: float
    uptime: float
    boot: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the clock was when it was last believed: ``anchor`` at the first look in its boot (None: only a time in the
    catalogue is known), ``latest`` the newest wall clock time. Of a catalogue that was never looked after by a watched
    clock, ``latest`` is a ``floor``: nothing tells how long ago that was."""

    anchor: Reading | None
    latest: float
    floor: bool = False


def doubt(trusted: Trusted | None, now: Reading, largest: float) -> str:
    """Why the clock is not to be believed, in a sentence; empty when it is. ``largest`` jump in seconds."""
    if trusted is None:
        return ""
    anchor = trusted.anchor
    if anchor is not None and anchor.boot == now.boot:
        return _told(now.wall - anchor.wall - (now.uptime - anchor.uptime), largest, "since the machine was started")
    if trusted.floor and now.wall >= trusted.latest:
        return ""
    return _told(now.wall - trusted.latest, largest, "from the newest time that is known")


def believed(trusted: Trusted | None, now: Reading) -> Trusted:
    """What to remember of a reading without a doubt. Within one boot the anchor stays: small jumps add up."""
    anchor = trusted.anchor if trusted is not None else None
    return Trusted(anchor if anchor is not None and anchor.boot == now.boot else now, now.wall)


def _told(jump: float, largest: float, since: str) -> str:
    if abs(jump) <= largest:
        return ""
    direction = "ahead" if jump > 0 else "back"
    return f"The clock has gone {abs(jump) / DAY_SECONDS:.1f} days {direction} {since}"
