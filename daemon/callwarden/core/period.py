"""How long recordings are kept, counted on the calendar as people count it.

Takes `6 months`, `180 days`, `2 weeks` or `1 year`; gives the moment that much later or earlier.
Rules: a month has no fixed length, so months are counted on the calendar and the day is held to the
month's last (31 August + 6 months is 28 or 29 February); the time of day is the local one.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeVar

_Day = TypeVar("_Day", bound=date)

_TEXT = re.compile(r"\s*(\d{1,6})\s+(day|week|month|year)s?\s*", re.IGNORECASE)
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}

LONGEST_YEARS = 100
"""Beyond this the sum leaves the calendar that `datetime` knows, and no policy means it."""


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time on the calendar: `count` of `unit` (day, week, month, year)."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Period":
        """`6 months` as a Period. Raises ValueError with a sentence for anything else."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError("a period is a number and days, weeks, months or years")
        period = cls(int(match[1]), match[2].lower())
        if not 1 <= period._about_days() <= LONGEST_YEARS * 366:
            raise ValueError(f"a period is at least 1 day and at most {LONGEST_YEARS} years")
        return period

    def after(self, moment: _Day) -> _Day:
        """The date, or the local time, this long after `moment`."""
        return _moved(moment, self._months(), self._days())

    def before(self, moment: _Day) -> _Day:
        """The date, or the local time, this long before `moment`."""
        return _moved(moment, -self._months(), -self._days())

    def seconds_after(self, at: float, zone: tzinfo | None = None) -> float:
        """`after` for epoch seconds, counted in `zone` (None: the machine's own)."""
        local = datetime.fromtimestamp(at, UTC).astimezone(zone)
        if zone is None:  # astimezone(None) freezes today's offset: count on the bare wall clock instead
            return self.after(local.replace(tzinfo=None)).timestamp()
        return self.after(local).timestamp()

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"

    def _months(self) -> int:
        return self.count * _MONTHS.get(self.unit, 0)

    def _days(self) -> int:
        return self.count * _DAYS.get(self.unit, 0)

    def _about_days(self) -> int:
        return self._months() * 366 // 12 + self._days()


def _moved(moment: _Day, months: int, days: int) -> _Day:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last)) + timedelta(days=days)
