"""What is on hold is not deleted and not forgotten, whatever the rules say and however far a purge has come."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from sqlite_utils import Database

from callwarden.config.retention import Retention
from callwarden.core.facts import Role
from callwarden.core.period import Period
from callwarden.storage import holds
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import transaction
from callwarden.storage.holds import Hold, NoSuchThing
from callwarden.storage.persons import NobodyMeant, Person
from callwarden.storage.purge import preview, purge
from callwarden.storage.retained import OfHold, of_hold
from callwarden.storage.ruling import Ruling
from callwarden.storage.vault import name_of
from storage_world import AT, call, channel
from test_purge import DAY, NOW, WEEK, Killed, World

RULING = Ruling(Retention(keep=Period(1, "week")), None, None, None, "GB")
T = TypeVar("T")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.db.close()


def hold_call(world: World, linked_id: str) -> Hold:
    with transaction(world.db) as connection:
        number = holds.place_on_call(connection, linked_id, "a claim", "dpo", AT)
    return next(hold for hold in holds.holds(world.db) if hold.number == number)


def hold_person(world: World, **known: list[str]) -> Hold:
    with transaction(world.db) as connection:
        number = holds.place_on_person(connection, Person.of(**known), "a claim", "dpo", AT)
    return next(hold for hold in holds.holds(world.db) if hold.number == number)


def test_a_call_on_hold_is_kept_with_all_that_is_known_of_it(world: World) -> None:
    kept, gone = world.stored(1, AT + 100), world.stored(2, AT + 100)
    hold_call(world, kept[0])
    assert [due.unique_id for due in preview(world.db, WEEK, NOW)] == gone
    report = purge(world.run, world.vault, WEEK, NOW)
    assert (report.purged, report.held, report.left, report.forgotten) == (2, 1, 0, 1)
    assert world.files() == sorted(kept)
    assert world.rows("SELECT linked_id FROM calls WHERE caller_name = 'Ann Smith'") == [(kept[0],)]


@pytest.mark.parametrize(
    "known",
    [
        {"numbers": ["+44 (0)20 7946 0123"]},
        {"numbers": ["020-7946-0123"]},
        {"names": ["SMITH ann"]},
        {"extensions": ["201"]},
        {"numbers": ["07700 900999"], "names": ["Ánn Smith"]},
    ],
)
def test_a_person_on_hold_is_meant_by_any_spelling(world: World, known: dict[str, list[str]]) -> None:
    kept = world.stored(1, AT + 100)
    hold_person(world, **known)
    assert purge(world.run, world.vault, WEEK, NOW).purged == 0
    assert world.files() == sorted(kept)


@pytest.mark.parametrize("known", [{"numbers": ["020 7946 0124"]}, {"names": ["Ann Smithers"]}, {"extensions": ["20"]}])
def test_somebody_else_on_hold_keeps_nothing(world: World, known: dict[str, list[str]]) -> None:
    world.stored(1, AT + 100)
    hold_person(world, **known)
    assert purge(world.run, world.vault, WEEK, NOW).purged == 2


def test_a_person_on_hold_has_their_later_calls_kept_too(world: World) -> None:
    hold_person(world, numbers=["02079460123"])
    later = world.stored(1, AT + 100)
    assert purge(world.run, world.vault, WEEK, NOW).held == 1
    assert world.files() == sorted(later)


def test_a_lifted_hold_keeps_nothing_and_knows_nobody(world: World) -> None:
    world.stored(1, AT + 100)
    hold = hold_person(world, numbers=["02079460123"], names=["Ann Smith"])
    with transaction(world.db) as connection:
        holds.lift(connection, hold.number, "settled", "dpo", NOW)
    assert world.rows("SELECT * FROM hold_terms") == []
    assert world.rows("SELECT lifted, lifted_by, lift_reason FROM holds") == [(NOW, "dpo", "settled")]
    assert holds.holds(world.db) == []
    assert [hold.reason for hold in holds.holds(world.db, lifted_too=True)] == ["a claim"]
    assert purge(world.run, world.vault, WEEK, NOW).purged == 2
    with pytest.raises(NoSuchThing, match="was lifted before, by dpo"), transaction(world.db) as connection:
        holds.lift(connection, hold.number, "again", "dpo", NOW)


def test_two_holds_on_one_call_are_both_to_be_lifted(world: World) -> None:
    ids = world.stored(1, AT + 100)
    first = hold_call(world, ids[0])
    hold_person(world, names=["Ann Smith"])
    with transaction(world.db) as connection:
        holds.lift(connection, first.number, "settled", "dpo", NOW)
    assert purge(world.run, world.vault, WEEK, NOW).purged == 0


def purge_with_a_hold_at(world: World, step: int, linked_id: str) -> int:
    """Purge, and place a hold on a call just before the purge goes to the catalogue for the ``step``th time."""
    count = 0

    def run(work: Callable[[Database], T]) -> T:
        nonlocal count
        count += 1
        if count == step:
            hold_call(world, linked_id)
        return work(world.db)

    purge(run, world.vault, WEEK, NOW)
    return count


def test_a_hold_placed_while_a_purge_runs_counts_or_came_too_late_and_never_in_between(tmp_path: Path) -> None:
    """At each step: either the file is there and the recording stored, or it is gone with a tombstone."""
    kept = gone = 0
    for step in range(1, 20):
        (root := tmp_path / str(step)).mkdir()
        world = World(root)
        ids = world.stored(1, AT + 100)
        steps = purge_with_a_hold_at(world, step, ids[0])
        states = set(world.states().values())
        if world.files():
            assert (world.files(), states) == (sorted(ids), {"stored"})
            kept += 1
        else:
            assert states == {"purged"}
            assert len(world.rows("SELECT * FROM tombstones")) == 2
            gone += 1
        world.db.close()
        if step >= steps:
            break
    assert kept >= 4, "a hold counts until the moment of the mark"
    assert gone >= 1


def test_what_was_marked_but_could_not_be_deleted_is_kept_again_once_it_is_on_hold(world: World) -> None:
    stuck, _ = world.stored(1, AT + 100)
    path = world.vault.root / name_of(stuck, "wav")
    path.unlink()
    path.mkdir()
    purge(world.run, world.vault, WEEK, NOW)
    hold = hold_call(world, stuck)
    assert of_hold(world.db, hold, RULING, NOW) == OfHold(hold, calls=1, recordings=1, waiting=1, going=1)
    assert list(preview(world.db, WEEK, NOW)) == []
    path.rmdir()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    purge(world.run, world.vault, WEEK, NOW)
    assert world.files() == [stuck]
    assert world.states()[stuck] == "stored"
    assert world.rows("SELECT * FROM purge_marks") == []


def test_what_was_deleted_before_the_hold_came_is_proven_deleted(world: World) -> None:
    """The daemon died after the files were gone, and before that was written down."""
    ids = world.stored(1, AT + 100)

    def dying(work: Callable[[Database], T]) -> T:
        if isinstance(work, partial) and "done" in work.keywords:
            raise Killed
        return work(world.db)

    with pytest.raises(Killed):
        purge(dying, world.vault, WEEK, NOW)
    hold_call(world, ids[0])
    assert purge(world.run, world.vault, WEEK, NOW).purged == 2
    assert set(world.states().values()) == {"purged"}
    assert len(world.rows("SELECT * FROM tombstones")) == 2


def test_a_hold_says_what_it_keeps_and_what_is_waiting(world: World) -> None:
    ids = world.stored(1, AT + 100)
    world.stored(2, NOW - DAY)
    save_all(world.db, [call("9.9"), channel("9.9", "9.9", role=Role.PHONE, endpoint="PJSIP/201")])
    one, all_of_them = hold_call(world, ids[0]), hold_person(world, extensions=["201"])
    assert of_hold(world.db, one, RULING, NOW) == OfHold(one, 1, 2, waiting=2, going=0)
    assert of_hold(world.db, all_of_them, RULING, NOW) == OfHold(all_of_them, 3, 4, waiting=2, going=0)


def test_what_is_not_there_cannot_be_held_or_lifted(world: World) -> None:
    with pytest.raises(NoSuchThing, match=r"There is no call 1\.2"), transaction(world.db) as connection:
        holds.place_on_call(connection, "1.2", "a claim", "dpo", AT)
    with pytest.raises(NoSuchThing, match="There is no hold 7"), transaction(world.db) as connection:
        holds.lift(connection, 7, "settled", "dpo", AT)
    assert world.rows("SELECT * FROM holds") == []


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({}, "Say who"),
        ({"numbers": ["123"]}, "too short"),
        ({"numbers": ["???"]}, "is no number"),
        ({"names": ["-- !"]}, "is no name"),
        ({"names": ["x" * 300]}, "at most 200 characters"),
    ],
)
def test_a_person_must_be_somebody(known: dict[str, list[str]], sentence: str) -> None:
    with pytest.raises(NobodyMeant, match=sentence):
        Person.of(**known)


def test_a_name_of_search_language_is_only_a_name(world: World) -> None:
    world.stored(1, AT + 100)
    for name in ('Ann OR "x"', "Ann NEAR Smith", "caller_name: Ann", "Ann ' ; DROP TABLE calls"):
        hold_person(world, names=[name])
    assert purge(world.run, world.vault, WEEK, NOW).purged == 2
