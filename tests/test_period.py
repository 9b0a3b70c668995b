import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwarden.core.period import Period

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("6 months", date(2024, 1, 15), date(2024, 7, 15)),
        ("6 months", date(2023, 8, 31), date(2024, 2, 29)),
        ("6 months", date(2024, 8, 31), date(2025, 2, 28)),
        ("1 year", date(2024, 2, 29), date(2025, 2, 28)),
        ("1 month", date(2024, 12, 31), date(2025, 1, 31)),
        ("180 days", date(2024, 1, 1), date(2024, 6, 29)),
        ("2 weeks", date(2024, 12, 25), date(2025, 1, 8)),
        (" 12  MONTHS ", date(2024, 3, 1), date(2025, 3, 1)),
    ],
)
def test_a_period_is_counted_on_the_calendar(text: str, start: date, end: date) -> None:
    assert Period.parse(text).after(start) == end


@pytest.mark.parametrize(
    ("text", "end", "start"),
    [
        ("6 months", date(2024, 8, 31), date(2024, 2, 29)),
        ("1 year", date(2024, 2, 29), date(2023, 2, 28)),
        ("30 days", date(2024, 3, 1), date(2024, 1, 31)),
    ],
)
def test_a_period_is_counted_back_on_the_calendar(text: str, end: date, start: date) -> None:
    assert Period.parse(text).before(end) == start


def test_six_months_over_the_change_of_clocks_end_at_the_same_time_of_day() -> None:
    call = datetime(2024, 1, 10, 9, 30, tzinfo=LONDON)
    assert Period(6, "month").after(call).isoformat() == "2024-07-10T09:30:00+01:00"
    summer = datetime(2024, 7, 10, 9, 30, tzinfo=LONDON)
    assert Period(6, "month").seconds_after(call.timestamp(), LONDON) == summer.timestamp()


def test_epoch_seconds_are_counted_in_the_local_time_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    try:
        call = datetime(2024, 1, 10, 9, 30, tzinfo=LONDON).timestamp()
        assert Period(180, "day").seconds_after(call) == datetime(2024, 7, 8, 9, 30, tzinfo=LONDON).timestamp()
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "6", "months", "six months", "-1 days", "1.5 years", "6 months 2 days", "0 days"])
def test_what_is_not_a_period_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="a period is"):
        Period.parse(text)


def test_a_period_longer_than_a_century_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 100 years"):
        Period.parse("101 years")


PERIODS = st.builds(Period, st.integers(1, 1200), st.sampled_from(["day", "week", "month"]))
DATES = st.dates(date(1990, 1, 1), date(2200, 1, 1))


@given(PERIODS)
def test_a_period_is_written_as_it_is_read(period: Period) -> None:
    assert Period.parse(str(period)) == period


@given(PERIODS, DATES, DATES)
def test_what_began_later_never_ends_earlier(period: Period, one: date, other: date) -> None:
    first, second = sorted([one, other])
    assert period.after(first) <= period.after(second)


@given(PERIODS, DATES)
def test_back_and_forth_is_off_by_the_shortness_of_a_month_at_most(period: Period, day: date) -> None:
    assert timedelta(0) <= day - period.before(period.after(day)) <= timedelta(3)
