"""The days of the local clock: which one a moment is in, and from when to when it lasts."""

from datetime import datetime, timedelta

from callwarden.core.coverage import Day


class LocalDays:
    """The local day of a moment, from midnight to midnight by the clock on the wall; the last one is remembered."""

    def __init__(self) -> None:
        self._last = Day("", 0.0, 0.0)

    def of(self, at: float) -> Day:
        """The day that ``at`` (UTC epoch seconds) is in."""
        if not self._last.started <= at < self._last.ended:
            self._last = _local_day(at)
        return self._last


def _local_day(at: float) -> Day:
    midnight = datetime.fromtimestamp(at).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    following = midnight + timedelta(days=1)  # on the wall's clock: 23 or 25 hours where it is moved
    return Day(f"{midnight:%Y-%m-%d}", min(at, midnight.timestamp()), max(at + 1, following.timestamp()))
