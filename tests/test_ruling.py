"""Rules that shorten wait for their day; rules that lengthen do not; somebody may say "at once"."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlite_utils import Database

from callwarden.config import ConfigError, settings_from
from callwarden.config.retention import Retention, RetentionRule
from callwarden.core.facts import Direction, Fact, Role
from callwarden.core.retention import choose
from callwarden.custody.requests import Kind
from callwarden.storage import ruling
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue, set_setting, transaction
from callwarden.storage.ended import COLUMNS, ended
from storage_world import AT, call, channel

DAY = 86400.0
NOON = datetime(2026, 11, 21, 12).timestamp()


def retention(keep: str = "6 months", *rules: dict[str, str]) -> Retention:
    return Retention.model_validate({"keep": keep, "rule": list(rules)})


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    made = open_catalogue(tmp_path / "catalogue.sqlite", "GB")
    yield made
    made.close()


def settle(db: Database, configured: Retention, now: float) -> tuple[ruling.Ruling, str]:
    with transaction(db) as connection:
        return ruling.settle(db, connection, configured, now)


def due(db: Database, rules: ruling.Ruling, now: float) -> list[str]:
    rows: Any = db.conn.execute(f"SELECT {COLUMNS} FROM calls c ORDER BY c.linked_id").fetchall()
    return [each.linked_id for each in choose(ended(db, rows, rules.asked), rules.rules, now)]


def aged(db: Database, *days: int, now: float = NOON) -> None:
    save_all(db, [call(f"1.{n}", started=now - n * DAY, ended=now - n * DAY) for n in days])


def test_the_first_rules_count_at_once(db: Database) -> None:
    rules, told = settle(db, retention("1 month"), NOON)
    assert (rules.pending, told) == (None, "these rules are in force: general: 1 month, every call")
    assert settle(db, retention("1 month"), NOON + 1)[1] == ""


def test_rules_that_shorten_delete_nothing_on_the_same_day(db: Database) -> None:
    aged(db, 10, 40, 300)
    settle(db, retention("6 months"), NOON)
    rules, told = settle(db, retention("1 month"), NOON)
    assert told == "new rules are pending: general: 1 month, every call"
    assert due(db, rules, NOON) == ["1.300"]
    assert due(db, settle(db, retention("1 month"), NOON + DAY - 1)[0], NOON + DAY - 1) == ["1.300"]
    rules, told = settle(db, retention("1 month"), NOON + DAY)
    assert (told, due(db, rules, NOON + DAY)) == (
        "these rules are in force: general: 1 month, every call",
        ["1.300", "1.40"],
    )


def test_rules_that_lengthen_count_at_once(db: Database) -> None:
    aged(db, 10, 40, 300)
    settle(db, retention("1 month"), NOON)
    assert due(db, settle(db, retention("6 months"), NOON)[0], NOON) == ["1.300"]


def test_a_change_counts_in_the_next_day_and_not_before_24_hours() -> None:
    for hour in range(24):
        seen = datetime(2026, 10, 24, hour, 30)  # the clock goes back in the night to come, where it does
        counts = datetime.fromtimestamp(ruling.counts_from(seen.timestamp()))
        assert counts.date() > seen.date()
        assert ruling.counts_from(seen.timestamp()) >= seen.timestamp() + timedelta(days=1).total_seconds()


def test_another_change_begins_to_wait_anew_and_one_taken_back_is_over(db: Database) -> None:
    settle(db, retention("6 months"), NOON)
    settle(db, retention("1 month"), NOON)
    rules, _ = settle(db, retention("2 weeks"), NOON + DAY / 2)
    assert rules.seen == NOON + DAY / 2
    assert ruling.read(db, retention("2 weeks"), NOON + DAY).pending is not None
    rules, told = settle(db, retention("6 months"), NOON + DAY)
    assert (rules.pending, told) == (None, "the pending rules were taken back")
    assert settle(db, retention("6 months"), NOON + DAY) == (rules, "")


def test_confirmed_rules_count_at_once(db: Database) -> None:
    aged(db, 40)
    settle(db, retention("6 months"), NOON)
    settle(db, retention("1 month"), NOON)
    with transaction(db) as connection:
        ruling.confirm(connection, db, retention("1 month"))
    rules, told = settle(db, retention("1 month"), NOON + 1)
    assert (due(db, rules, NOON), told, rules.pending) == (["1.40"], "", None)


def test_a_catalogue_of_an_earlier_version_has_its_rule_in_force(db: Database) -> None:
    set_setting(db, "retention", "6 months")
    assert settle(db, retention("1 month"), NOON)[0].in_force == retention("6 months")


def test_a_reader_sees_what_is_pending_and_writes_nothing(db: Database) -> None:
    settle(db, retention("6 months"), NOON)
    before = db.conn.total_changes
    rules = ruling.read(db, retention("1 month"), NOON + 5)
    assert (rules.in_force, rules.pending, rules.seen) == (retention("6 months"), retention("1 month"), NOON + 5)
    assert db.conn.total_changes == before


def test_calls_are_told_apart_by_direction_number_and_extension(db: Database) -> None:
    phone: dict[str, Any] = {"role": Role.PHONE, "endpoint": "PJSIP/201", "number": "201"}
    facts: list[Fact] = [
        call("in", direction=Direction.INBOUND, called_number="+442079460001"),
        call("out", direction=Direction.OUTBOUND, called_number="02079460001"),
        channel("out", "out", **phone),
        call("int", direction=Direction.INTERNAL, called_number="202"),
    ]
    save_all(db, facts)
    configured = retention(
        "1 week",
        {"name": "hotline", "keep": "1 year", "did": "020 7946 0001"},
        {"name": "reception", "keep": "2 years", "extension": "201"},
        {"name": "internal", "keep": "1 day", "direction": "internal"},
        {"name": "never", "keep": "9 years", "direction": "internal", "extension": "201"},
    )
    rules = ruling.Ruling(configured, None, None, None, "GB")
    rows: Any = db.conn.execute(f"SELECT {COLUMNS} FROM calls c").fetchall()
    names = {each.linked_id: rules.rules.kept(each).rule.name for each in ended(db, rows, rules.asked)}
    assert names == {"in": "1 year (hotline)", "out": "2 years (reception)", "int": "1 day (internal)"}
    assert rules.rules.kept(ended(db, [("x", AT, "inbound", "999")], rules.asked)[0]).rule.name == "1 week"


def test_rules_are_described_for_people() -> None:
    rules = retention("6 months", {"name": "internal", "keep": "1 month", "direction": "internal", "extension": "7"})
    assert ruling.described(rules) == [
        ("internal", "1 month", "internal calls, with extension 7"),
        ("general", "6 months", "every other call"),
    ]


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('[[retention.rule]]\nname = "a"\nkeep = "1 day"\n', "this rule fits every call"),
        (
            '[[retention.rule]]\nname = "a"\nkeep = "1 day"\ndid = "0207"\n' * 2,
            "two rules have this name",
        ),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(rules: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        settings_from(rules, {})


def test_a_rule_may_ask_for_every_kind_of_request_that_there_is() -> None:
    kinds = get_args(RetentionRule.model_fields["request"].annotation)
    assert set(kinds) == {"", *map(str, Kind)}
