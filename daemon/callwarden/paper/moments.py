"""Times and lengths on paper: local time with its zone, for readers who were not there."""

from datetime import datetime


def moment(at: float | None) -> str:
    """``22 November 2026, 01:39:34 GMT``."""
    return "" if at is None else f"{_local(at):%d %B %Y, %H:%M:%S %Z}".lstrip("0")


def day(at: float | None) -> str:
    """``22 November 2026``."""
    return "" if at is None else f"{_local(at):%d %B %Y}".lstrip("0")


def length(seconds: float) -> str:
    """``1:32``, ``1:02:05``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def position(seconds: float) -> str:
    """A place in a recording, exactly: ``1:23``, ``1:23.5``."""
    whole = int(seconds)
    fraction = f"{seconds - whole:.3f}".rstrip("0").rstrip(".")
    return length(whole) + fraction.removeprefix("0")


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at).astimezone()
