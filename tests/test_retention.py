"""What is due, and why: by the end of the call, on the calendar, at the second."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwarden.core.period import Period
from callwarden.core.retention import DISORDER_SECONDS, Changing, Ended, Rule, Rules, choose

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
        assert ended <= rule.horizon(NOW)


@pytest.mark.parametrize("text", ["1 day", "6 months", "6 years"])
def test_the_horizon_is_close(text: str) -> None:
    rule = kept_for(text)
    assert rule.expires(rule.horizon(NOW) - 2 * DISORDER_SECONDS) <= NOW


def test_calls_may_fall_due_in_another_order_than_they_ended() -> None:
    later, earlier = datetime(2026, 8, 31, 1, tzinfo=UTC), datetime(2026, 8, 30, 23, tzinfo=UTC)
    assert later - earlier > timedelta(0)
    calls = [Ended("earlier", earlier.timestamp()), Ended("later", later.timestamp())]
    assert [due.linked_id for due in choose(calls, HALF_A_YEAR, at("2027-02-28 12:00:00"))] == ["later"]


LONG, SHORT = kept_for("3 years"), kept_for("1 month")
INTERNAL = Rule("1 month (internal)", SHORT.expires, lambda call: call.direction == "internal")
RECEPTION = Rule("3 years (reception)", LONG.expires, lambda call: "201" in call.extensions)
RULES = Rules(HALF_A_YEAR, (INTERNAL, RECEPTION))


@pytest.mark.parametrize(
    ("direction", "extensions", "rule"),
    [
        ("inbound", [], "6 months"),
        ("internal", ["202"], "1 month (internal)"),
        ("internal", ["201", "202"], "3 years (reception)"),
        ("inbound", ["201"], "3 years (reception)"),
    ],
)
def test_of_the_rules_that_fit_the_one_that_keeps_longest_counts(
    direction: str, extensions: list[str], rule: str
) -> None:
    call = Ended("1.1", NOW - 40 * DAY, direction, extensions=frozenset(extensions))
    assert RULES.kept(call).rule.name == rule


def test_the_reason_names_the_rule() -> None:
    (due,) = choose([Ended("1.1", at("2026-10-01"), "internal")], RULES, NOW)
    assert due.why.startswith("1 month (internal) after the end of the call on 2026-10-01")


calls_that_ended = st.builds(
    Ended,
    st.just("1.1"),
    st.floats(0, NOW),
    st.sampled_from(["inbound", "internal"]),
    st.just(""),
    st.sampled_from([frozenset(), frozenset({"201"})]),
)


@given(calls_that_ended)
def test_while_rules_change_nothing_goes_that_either_of_them_keeps(call: Ended) -> None:
    new = Rules(SHORT)
    both = bool(choose([call], RULES, NOW)) and bool(choose([call], new, NOW))
    assert bool(choose([call], Changing(RULES, new), NOW)) is both


@given(calls_that_ended, st.sampled_from([RULES, Changing(RULES, Rules(SHORT)), Changing(Rules(LONG), RULES)]))
def test_nothing_due_by_any_rule_lies_beyond_the_horizon(call: Ended, rules: Rules | Changing) -> None:
    if choose([call], rules, NOW):
        assert call.ended <= rules.horizon(NOW)
