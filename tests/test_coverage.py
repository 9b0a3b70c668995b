"""What became of every answered second, by day: nothing counted twice, nothing left out, whatever the clocks do."""

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callwarden.core.coverage import MOST_REASONS, OTHER, STILL_UP, Coverage, Day, of_a_live_channel, summed
from callwarden.core.facts import Channel, Gap, Segment, SegmentState, Suspension
from callwarden.core.ledger import UNEXPLAINED
from callwarden.core.spans import Kind, Span
from callwarden.days import LocalDays
from callwarden.storage.accounts import ledgers, spans_of
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue
from callwarden.storage.reading import LedgerRows
from cli_world import STARTED, World, card_call
from storage_world import call, channel

HOUR, DAY = 3600.0, 86400.0


def even_days(at: float) -> Day:
    number = int(at // DAY)
    return Day(f"day {number}", number * DAY, (number + 1) * DAY)


def sums(*spans: Span, from_: float = 0.0, to: float = 10 * DAY) -> Coverage:
    return summed([spans], from_, to, even_days)


@pytest.fixture
def london() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/London"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_every_kind_is_summed_by_its_reason() -> None:
    found = sums(
        Span(0, 10, Kind.RECORDED),
        Span(10, 25, Kind.SUSPENDED, "card line", "202"),
        Span(25, 30, Kind.SUSPENDED, "card line", "203"),
        Span(30, 32, Kind.GAP, "disk full"),
        Span(32, 40, Kind.EXEMPT, "exempt endpoint"),
    ).total
    assert (found.recorded, found.suspended, found.gap, found.exempt) == (
        10, {"card line": 20}, {"disk full": 2}, {"exempt endpoint": 8},
    )  # fmt: skip
    assert (found.answered, found.unexplained, found.explained, found.channels) == (40, 0, 1, 1)


def test_a_channel_that_spans_midnight_counts_in_both_days() -> None:
    found = sums(Span(DAY - 60, 2 * DAY + 30, Kind.RECORDED))
    assert {name: each.recorded for name, each in found.days.items()} == {"day 0": 60, "day 1": DAY, "day 2": 30}
    assert [each.channels for each in found.days.values()] == [1, 1, 1]
    assert found.total.channels == 1


def test_only_what_lies_in_the_time_that_was_asked_for_counts() -> None:
    assert sums(Span(0, 100, Kind.RECORDED), from_=10, to=30).total.answered == 20
    assert sums(Span(0, 100, Kind.RECORDED), from_=200).days == {}


def test_what_nobody_explains_is_kept_apart() -> None:
    found = sums(Span(0, 9, Kind.RECORDED), Span(9, 10, Kind.GAP, UNEXPLAINED)).total
    assert (found.unexplained, found.explained, found.gap) == (1, 0.9, {})


def test_what_a_live_channel_lacks_is_not_yet_unexplained() -> None:
    spans = of_a_live_channel([Span(0, 9, Kind.RECORDED), Span(9, 10, Kind.GAP, UNEXPLAINED)])
    assert [span.why for span in spans] == ["", STILL_UP]


def test_reasons_without_number_do_not_fill_the_memory() -> None:
    found = sums(*(Span(n, n + 1, Kind.GAP, f"cause {n}") for n in range(MOST_REASONS + 50))).total
    assert len(found.gap) == MOST_REASONS + 1
    assert found.gap[OTHER] == 50


def test_days_have_23_and_25_hours_when_clocks_are_moved(london: None) -> None:
    days = LocalDays()
    spring = days.of(time.mktime((2026, 3, 29, 12, 0, 0, 0, 0, -1)))
    autumn = days.of(time.mktime((2026, 10, 25, 12, 0, 0, 0, 0, -1)))
    assert (spring.name, spring.ended - spring.started) == ("2026-03-29", 23 * HOUR)
    assert (autumn.name, autumn.ended - autumn.started) == ("2026-10-25", 25 * HOUR)


def test_days_follow_one_another_through_a_year_without_a_hole(london: None) -> None:
    days = LocalDays()
    at = time.mktime((2026, 1, 1, 0, 0, 0, 0, 0, -1))
    for _ in range(365):
        day = days.of(at)
        assert day.started == at
        at = day.ended


def test_a_call_over_midnight_of_the_night_when_clocks_go_back(london: None, world: World) -> None:
    midnight = time.mktime((2026, 10, 26, 0, 0, 0, 0, 0, -1))
    begun, ended = midnight - 25 * HOUR - 60, midnight + 30
    world.save(
        call(started=begun, answered=begun, ended=ended), channel(started=begun, answered=begun, ended=ended),
        segment("a.wav", begun, ended),
    )  # fmt: skip
    found = json.loads(world.run("coverage", "--json").stdout)
    assert [(day["day"], day["recorded"]) for day in found["days"]] == [
        ("2026-10-24", 60), ("2026-10-25", 25 * HOUR), ("2026-10-26", 30),
    ]  # fmt: skip


def segment(file: str, started: float, stopped: float | None, unique_id: str = "1780000000.7") -> Segment:
    return Segment(
        file=file, unique_id=unique_id, number=1, state=SegmentState.CLOSED, asked=started, started=started,
        stopped=stopped,
    )  # fmt: skip


def test_the_command_tells_each_second_of_the_catalogue(world: World) -> None:
    world.save(*card_call())
    result = world.run("coverage", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["total"] == {
        "channels": 2, "answered": 132.0, "recorded": 70.0, "suspended": {"card line": 30.0}, "exempt": {},
        "gap": {"disk full": 32.0}, "unexplained": 0.0, "explained": 1.0,
    }  # fmt: skip
    assert [day["day"] for day in found["days"]] == ["2025-11-22"]


def test_the_table_fits_80_columns(world: World) -> None:
    world.save(*card_call(), *card_call("1763892930.0", at=STARTED + DAY))
    result = world.run("coverage")
    assert "100 % of the answered time is explained." in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    assert "card line" in result.stdout


def test_what_is_unexplained_is_said_loudly_and_is_status_1(world: World) -> None:
    world.save(*(fact for fact in card_call() if not isinstance(fact, Gap)))
    result = world.run("coverage")
    assert result.exit_code == 1
    assert "UNEXPLAINED: 32.000 s that nobody can account for, on 2025-11-22." in result.stdout
    assert json.loads(world.run("coverage", "--json").stdout)["total"]["unexplained"] == 32


def test_from_and_to_are_taken_as_elsewhere(world: World) -> None:
    world.save(*card_call(), *card_call("1763892930.0", at=STARTED + DAY))
    found = json.loads(world.run("coverage", "--json", "--from", "2025-11-23", "--to", "2025-11-23").stdout)
    assert [day["day"] for day in found["days"]] == ["2025-11-23"]
    assert "Nobody answered" in world.run("coverage", "--to", "2020-01-01").stdout


def test_a_live_call_counts_until_now(world: World) -> None:
    begun = time.time() - 50
    world.save(
        call(started=begun, answered=begun), channel(started=begun, answered=begun), segment("a.wav", begun, None)
    )
    total = json.loads(world.run("coverage", "--json").stdout)["total"]
    assert total["recorded"] == pytest.approx(50, abs=5)
    assert total["unexplained"] == 0


def test_a_day_of_a_big_catalogue_is_found_by_its_index_and_read_in_portions(tmp_path: Path) -> None:
    db = open_catalogue(tmp_path / "catalogue.sqlite")
    rng = random.Random(7)
    begun = [rng.uniform(0, 100 * DAY) for _ in range(3000)]
    save_all(db, [call(f"{n}.0", started=at) for n, at in enumerate(begun)])
    save_all(
        db, [channel(f"{n}.0", f"{n}.0", started=at, answered=at, ended=at + 100) for n, at in enumerate(begun)]
    )
    save_all(db, [segment(f"{n}.wav", at, at + 60, f"{n}.0") for n, at in enumerate(begun)])
    save_all(
        db,
        [
            Suspension(unique_id=f"{n}.0", number=1, why="card line", by="", asked=at + 60, confirmed=at + 60)
            for n, at in enumerate(begun)
        ],
    )
    found = list(ledgers(db, 0, 50 * DAY))
    assert {rows.channel.unique_id for rows in found} == {f"{n}.0" for n, at in enumerate(begun) if at < 50 * DAY}
    assert {len(rows.segments) for rows in found} == {1}
    total = summed((spans_of(rows, 0) for rows in found), 0, 101 * DAY, even_days).total
    assert total.recorded == pytest.approx(60 * len(found))
    assert total.suspended["card line"] == pytest.approx(40 * len(found))
    plan = db.conn.execute(
        "EXPLAIN QUERY PLAN SELECT * FROM channels WHERE answered IS NOT NULL AND ended > 1 AND answered < 2"
    ).fetchall()
    assert "channels_time" in plan[0][3]
    db.close()


def test_a_channel_that_nobody_answered_has_nothing_to_tell() -> None:
    never: Channel = channel(answered=None, ended=5.0)
    assert spans_of(LedgerRows(never, (), (), ()), 10) == []
