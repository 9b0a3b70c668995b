"""Moments as people write them: a day, a time, "yesterday", "3 days ago". Pure: text and now in, seconds out.

Each text names a stretch of local time: `2025-11-22` its whole day, `2025-11` its month, `2025-11-22 10:15` its
minute. A search from a stretch begins with it, a search to a stretch ends with it: `--from yesterday --to yesterday`
is that day.
"""

import re
from datetime import datetime, timedelta

from callwarden.core.period import Period

WAYS = 'a date (2025-11-22), a time (2025-11-22 10:15), "today", "yesterday", "monday", "3 days ago" or "2025-11"'
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_FIRST = re.compile(r"(\d{1,2})([/.])(\d{1,2})\2(\d{4})")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_FORMATS = {"%Y-%m-%d": timedelta(days=1), "%Y-%m-%d %H:%M": timedelta(minutes=1)}


def stretch(text: str, now: float) -> tuple[float, float]:
    """Its beginning and the beginning of what follows, in UTC epoch seconds. Raises ValueError with a sentence."""
    try:
        found = _read(text, datetime.fromtimestamp(now))
        if found is not None:
            return found[0].timestamp(), found[1].timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f'"{text}" is a time beyond the calendar.') from None
    raise ValueError(f'"{text}" is no time: write {WAYS}.')


def _read(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    words = " ".join(text.lower().split())
    return _spoken(words, now) or _ago(words, now) or _month(words) or _written(text.strip())


def _spoken(words: str, now: datetime) -> tuple[datetime, datetime] | None:
    if words == "now":
        return now, now
    if words in ("today", "yesterday"):
        return _day(now - timedelta(days=words == "yesterday"))
    if words in _WEEKDAYS:
        return _day(now - timedelta(days=(now.weekday() - _WEEKDAYS.index(words)) % 7))
    return None


def _ago(words: str, now: datetime) -> tuple[datetime, datetime] | None:
    hours = re.fullmatch(r"(\d{1,4}) (hour|minute)s? ago", words)
    if hours:
        moment = now - timedelta(**{f"{hours[2]}s": int(hours[1])})
        return moment, moment
    if not words.endswith(" ago"):
        return None
    try:
        return _day(Period.parse(words.removesuffix(" ago")).before(now))
    except (ValueError, OverflowError):
        return None


def _month(words: str) -> tuple[datetime, datetime] | None:
    found = _MONTH.fullmatch(words)
    if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1:
        return None
    first = datetime(int(found[1]), int(found[2]), 1)
    return first, Period(1, "month").after(first)


def _written(text: str) -> tuple[datetime, datetime] | None:
    """A date with the day first is read as such: nobody here means the 12th month's 22nd day by 12/22."""
    day_first = _DAY_FIRST.fullmatch(text)
    if day_first:
        text = f"{day_first[4]}-{int(day_first[3]):02}-{int(day_first[1]):02}"
    for form, length in _FORMATS.items():
        try:
            moment = datetime.strptime(text.replace("T", " "), form)
        except ValueError:
            continue
        return moment, moment + length
    return _iso(text)


def _iso(text: str) -> tuple[datetime, datetime] | None:
    """To the second or finer, or with a zone of its own."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment, moment + (timedelta(0) if moment.microsecond else timedelta(seconds=1))


def _day(moment: datetime) -> tuple[datetime, datetime]:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight, midnight + timedelta(days=1)
