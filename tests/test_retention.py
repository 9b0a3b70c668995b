"""What is due, and why: by the end of the call, on the calendar, at the second."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwarden.core.period import Period
from callwarden.core.retention import DISORDER_SECONDS, Ended, Rule, choose, horizon

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC).timestamp()
DAY = 86400.0


def kept_for(text: str) -> Rule:
    period = Period.parse(text)
    return Rule(text, lambda ended: period.seconds_after(ended, UTC))


HALF_A_YEAR = kept_for("6 months")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("ended", "due"),
    [
        ("2026-05-22 02:29:59", True),
        ("2026-05-22 02:30:00", True),
        ("2026-05-22 02:30:01", False),
        ("2027-01-01", False),
    ],
)
def test_a_call_is_due_when_its_time_after_its_end_is_over(ended: str, due: bool) -> None:
    assert bool(choose([Ended("1.1", at(ended))], HALF_A_YEAR, NOW)) is due


def test_six_months_after_the_end_of_august_is_the_end_of_february() -> None:
    call = Ended("1.1", at("2026-08-31 12:00:00"))
    assert choose([call], HALF_A_YEAR, at("2027-02-28 11:59:59")) == []
    assert len(choose([call], HALF_A_YEAR, at("2027-02-28 12:00:00"))) == 1


def test_the_reason_is_given_for_each_and_tells_nothing_of_anybody() -> None:
    (due,) = choose([Ended("1779000000.5", at("2026-05-17 10:00:00"))], HALF_A_YEAR, NOW)
    assert due.why == "6 months after the end of the call on 2026-05-17, over on 2026-11-17"
    assert due.expired == at("2026-11-17 10:00:00")


def test_a_shorter_rule_applies_at_once_to_what_is_already_kept() -> None:
    calls = [Ended("1.1", NOW - 20 * DAY), Ended("1.2", NOW - 5 * DAY)]
    assert [due.linked_id for due in choose(calls, kept_for("2 weeks"), NOW)] == ["1.1"]


@given(st.floats(0, NOW + 400 * DAY), st.sampled_from(["1 day", "2 weeks", "1 month", "6 months", "1 year", "6 years"]))
def test_nothing_due_lies_beyond_the_horizon(ended: float, text: str) -> None:
    rule = kept_for(text)
    if choose([Ended("1.1", ended)], rule, NOW):
        assert ended <= horizon(rule, NOW)


@pytest.mark.parametrize("text", ["1 day", "6 months", "6 years"])
def test_the_horizon_is_close(text: str) -> None:
    rule = kept_for(text)
    assert rule.expires(horizon(rule, NOW) - 2 * DISORDER_SECONDS) <= NOW


def test_calls_may_fall_due_in_another_order_than_they_ended() -> None:
    later, earlier = datetime(2026, 8, 31, 1, tzinfo=UTC), datetime(2026, 8, 30, 23, tzinfo=UTC)
    assert later - earlier > timedelta(0)
    calls = [Ended("earlier", earlier.timestamp()), Ended("later", later.timestamp())]
    assert [due.linked_id for due in choose(calls, HALF_A_YEAR, at("2027-02-28 12:00:00"))] == ["later"]
