"""A purge deletes what is due and nothing else, proves it, forgets the people, and survives dying at any moment."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlite_utils import Database

from callwarden.core.facts import Announcement, Fact, PlayedBy, RecordingState, Role
from callwarden.core.retention import Rule, Rules
from callwarden.storage import reading
from callwarden.storage.catalogue import annotate, save, save_all
from callwarden.storage.database import open_catalogue, open_readonly, transaction
from callwarden.storage.ended import NOTHING
from callwarden.storage.expiry import date_recordings
from callwarden.storage.purge import BATCH, preview, purge
from callwarden.storage.search import find_calls, find_recordings
from callwarden.storage.vault import Vault, name_of
from storage_world import AT, call, channel, recording, suspension

T = TypeVar("T")
DAY = 86400.0
WEEK = Rule("1 week", lambda ended: ended + 7 * DAY)
NOW = AT + 10 * DAY


class Killed(BaseException):
    """The daemon died here."""


class World:
    """A catalogue and a vault; ``stored`` adds a call of two channels, both recorded."""

    def __init__(self, root: Path) -> None:
        self.vault = Vault(root / "vault")
        self.path = root / "catalogue.sqlite"
        self.db = open_catalogue(self.path)

    def stored(self, number: int, ended: float | None, started: float = AT) -> list[str]:
        ids = [f"1780000000.{number}", f"1780000000.{number}9"]
        phone = {"role": Role.PHONE, "endpoint": "PJSIP/201", "number": "201", "name": "PJSIP/201-1"}
        facts = [channel(ids[0], ids[0], party_name="Ann Smith"), channel(ids[1], ids[0], **phone)]
        save_all(self.db, [call(ids[0], started=started, ended=ended, caller_name="Ann Smith"), *facts])
        for unique_id in ids:
            save(self.db, recording(unique_id, ids[0], state=RecordingState.STORED))
            self.put(unique_id)
        return ids

    def put(self, unique_id: str) -> None:
        name = name_of(unique_id, "wav")
        with self.vault.put(name) as file:
            file.write(b"sound of " + unique_id.encode())
        with transaction(self.db) as connection:
            connection.execute(
                "UPDATE recordings SET path = ?, sha256 = ?, bytes = 9, seconds = 1, format = 'wav', stored = ? "
                "WHERE unique_id = ?",
                [name, "hash of " + unique_id, AT + 200, unique_id],
            )

    def run(self, work: Callable[[Database], T]) -> T:
        return work(self.db)

    def files(self) -> list[str]:
        return sorted(path.stem for path in self.vault.root.rglob("*.wav"))

    def states(self) -> dict[str, str]:
        return dict(self.rows("SELECT unique_id, state FROM recordings"))

    def rows(self, sql: str) -> list[Any]:
        """As somebody else reads it, over a connection of their own."""
        db = open_readonly(self.path)
        rows = db.conn.execute(sql).fetchall()
        db.close()
        return rows


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.db.close()


def test_what_is_due_goes_and_what_is_not_stays(world: World) -> None:
    old, new = world.stored(1, AT + 100), world.stored(2, NOW - DAY)
    report = purge(world.run, world.vault, WEEK, NOW)
    assert (report.purged, report.gone, report.stuck, report.forgotten, report.left) == (2, 0, 0, 1, 0)
    assert world.files() == sorted(new)
    assert world.states() == dict.fromkeys(old, "purged") | dict.fromkeys(new, "stored")


def test_a_tombstone_proves_each_deletion(world: World) -> None:
    ids = world.stored(1, AT + 100)
    purge(world.run, world.vault, WEEK, NOW)
    why = "1 week after the end of the call on 2026-05-28, over on 2026-06-04"
    assert world.rows("SELECT unique_id, sha256, purged, why, note FROM tombstones ORDER BY unique_id") == [
        (unique_id, "hash of " + unique_id, NOW, why, "") for unique_id in ids
    ]


def test_the_end_of_the_call_decides_and_not_the_age_of_the_file(world: World) -> None:
    world.stored(1, NOW - DAY, started=AT - 300 * DAY)
    assert purge(world.run, world.vault, WEEK, NOW).purged == 0


def test_a_call_whose_end_nobody_saw_counts_from_its_start(world: World) -> None:
    world.stored(1, None)
    assert purge(world.run, world.vault, WEEK, AT + 6 * DAY).purged == 0
    assert purge(world.run, world.vault, WEEK, NOW).purged == 2


def test_the_preview_is_exactly_what_then_goes(world: World) -> None:
    old = world.stored(1, AT + 100)
    world.stored(2, NOW - DAY)
    reader = open_readonly(world.path)
    due = list(preview(reader, WEEK, NOW))
    reader.close()
    assert [item.unique_id for item in due] == sorted(old)
    assert {item.why for item in due} == {"1 week after the end of the call on 2026-05-28, over on 2026-06-04"}
    assert world.states()[old[0]] == "stored"
    assert purge(world.run, world.vault, WEEK, NOW).purged == len(due)


def test_the_people_are_forgotten_with_the_last_recording(world: World) -> None:
    linked_id = world.stored(7, AT + 100)[0]
    told = Announcement(
        unique_id=linked_id,
        number=1,
        prompt="inbound",
        language="en",
        sha256="0",
        played_by=PlayedBy.DAEMON,
        started=AT,
    )
    save_all(world.db, [suspension(AT + 10, AT + 20), told])
    annotate(world.db, linked_id, "rang about the cat")
    purge(world.run, world.vault, WEEK, NOW)
    world.db.close()
    everything = b"".join(path.read_bytes() for path in world.path.parent.glob("catalogue.sqlite*"))
    for personal in (b"Smith", b"smith", b"7946", b"6497", b"PJSIP/201", b"the cat"):
        assert personal not in everything
    assert world.rows("SELECT forgotten, direction, started FROM calls") == [(NOW, "inbound", AT)]
    assert world.rows("SELECT prompt FROM announcements") == [("inbound",)]


def test_somebody_who_also_rang_later_is_still_found(world: World) -> None:
    world.stored(1, AT + 100)
    kept = world.stored(2, NOW - DAY)
    purge(world.run, world.vault, WEEK, NOW)
    assert [found.call.linked_id for found in find_calls(world.db, number="+442079460123")] == [kept[0]]
    assert [found.call.linked_id for found in find_calls(world.db, text="smith")] == [kept[0]]
    assert len(find_recordings(world.db, extension="201")) == 2


def test_calls_without_a_recording_are_forgotten_when_their_time_is_over(world: World) -> None:
    save_all(
        world.db, [call(ended=AT + 9), channel(), recording(state=RecordingState.DISCARDED), call("1.2", ended=NOW)]
    )
    assert purge(world.run, world.vault, WEEK, NOW).forgotten == 1
    assert [found.call.linked_id for found in find_calls(world.db, number="02079460123")] == ["1.2"]


def test_a_call_is_not_forgotten_while_a_recording_of_it_is_on_its_way(world: World) -> None:
    save_all(world.db, [call(ended=AT + 9), channel(), recording(state=RecordingState.CLOSED)])
    report = purge(world.run, world.vault, WEEK, NOW)
    assert (report.forgotten, report.left) == (0, 1)
    assert len(find_calls(world.db, number="02079460123")) == 1


def test_a_file_that_is_gone_already_is_noted(world: World) -> None:
    ids = world.stored(1, AT + 100)
    world.vault.remove(name_of(ids[0], "wav"))
    report = purge(world.run, world.vault, WEEK, NOW)
    assert (report.purged, report.gone) == (2, 1)
    assert world.rows("SELECT unique_id FROM tombstones WHERE note = 'the file was gone already'") == [(ids[0],)]


def test_a_file_that_cannot_be_deleted_stays_marked_and_goes_with_the_next_purge(world: World) -> None:
    stuck, gone = world.stored(1, AT + 100)
    path = world.vault.root / name_of(stuck, "wav")
    path.unlink()
    path.mkdir()
    report = purge(world.run, world.vault, WEEK, NOW)
    assert (report.purged, report.stuck, report.forgotten, report.left) == (1, 1, 0, 1)
    assert report.problems == [f"{stuck} could not be deleted: Is a directory"]
    assert world.states() == {stuck: "purging", gone: "purged"}
    assert world.rows("SELECT unique_id, problem FROM purge_marks") == [(stuck, "Is a directory")]
    assert [item.unique_id for item in preview(world.db, WEEK, NOW)] == [stuck]

    path.rmdir()
    world.vault.remove_all([])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    report = purge(world.run, world.vault, WEEK, NOW)
    assert (report.purged, report.stuck, report.forgotten) == (1, 0, 1)
    assert world.rows("SELECT * FROM purge_marks") == []


def steps(world: World) -> int:
    """How often a purge goes to the catalogue."""
    count = 0

    def counting(work: Callable[[Database], T]) -> T:
        nonlocal count
        count += 1
        return work(world.db)

    purge(counting, world.vault, WEEK, NOW)
    return count


def test_dying_between_any_two_steps_is_made_good_by_the_next_purge(world: World, tmp_path: Path) -> None:
    world.stored(1, AT + 100)
    total = steps(world)
    assert total >= 8
    for last in range(1, total + 1):
        for after in (False, True):
            dies_and_is_repeated(world_in(tmp_path / f"{last}-{after}"), last, after)


def world_in(root: Path) -> World:
    root.mkdir()
    return World(root)


def dies_and_is_repeated(world: World, last: int, after: bool) -> None:
    old, new = world.stored(1, AT + 100), world.stored(2, NOW - DAY)
    count = 0

    def dying(work: Callable[[Database], T]) -> T:
        nonlocal count
        count += 1
        if count == last and not after:
            raise Killed
        result = work(world.db)
        if count == last:
            raise Killed
        return result

    with pytest.raises(Killed):
        purge(dying, world.vault, WEEK, NOW)
    told = [row[0] for row in world.rows("SELECT unique_id FROM tombstones")]
    assert not set(told) & set(world.files()), "a tombstone was written before the file was gone"
    purge(world.run, world.vault, WEEK, NOW)
    assert world.files() == sorted(new)
    assert world.states() == dict.fromkeys(old, "purged") | dict.fromkeys(new, "stored")
    assert world.rows("SELECT unique_id FROM tombstones ORDER BY 1") == [(unique_id,) for unique_id in old]
    assert world.rows("SELECT * FROM purge_marks") == []
    assert [found.call.linked_id for found in find_calls(world.db, number="02079460123")] == [new[0]]
    world.db.close()


def test_more_than_one_batch_is_deleted(world: World) -> None:
    facts: list[Fact] = []
    for number in range(BATCH + 10):
        unique_id = f"1780000000.{number}"
        facts += [call(unique_id, ended=AT + number / 1000), channel(unique_id, unique_id)]
    save_all(world.db, facts)
    report = purge(world.run, world.vault, WEEK, NOW)
    assert report.forgotten == BATCH + 10


def test_an_empty_mount_point_is_not_the_vault(world: World, tmp_path: Path) -> None:
    world.stored(1, AT + 100)
    purge(world.run, world.vault, WEEK, AT)
    report = purge(world.run, Vault(tmp_path / "not mounted"), WEEK, NOW)
    assert report.purged == 0
    assert "is not the vault that the catalogue was used with" in report.problems[0]
    assert set(world.states().values()) == {"stored"}


def test_the_vault_may_be_moved_with_its_name_in_it(world: World, tmp_path: Path) -> None:
    world.stored(1, AT + 100)
    purge(world.run, world.vault, WEEK, AT)
    world.vault.root.rename(tmp_path / "moved")
    assert purge(world.run, Vault(tmp_path / "moved"), WEEK, NOW).purged == 2


def test_a_purged_recording_is_shown_without_a_file(world: World) -> None:
    ids = world.stored(1, AT + 100)
    purge(world.run, world.vault, WEEK, NOW)
    found = reading.recording(world.db, ids[0])
    assert found is not None
    assert (found.recording.state, found.file, found.channel.number) == (RecordingState.PURGED, None, "")


def test_a_locked_catalogue_stops_a_purge_without_harm(world: World) -> None:
    ids = world.stored(1, AT + 100)
    other = sqlite3.connect(world.path)
    other.execute("BEGIN IMMEDIATE")
    world.db.conn.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(sqlite3.OperationalError):
        purge(world.run, world.vault, WEEK, NOW)
    other.close()
    assert world.files() == sorted(ids)
    assert purge(world.run, world.vault, WEEK, NOW).purged == 2


def date(world: World, rules: Rules | Rule) -> int:
    return date_recordings(world.run, rules, repr(rules), NOTHING)


def test_recordings_are_dated_once_and_anew_when_the_rule_changes(world: World) -> None:
    world.stored(1, AT + 100)
    save(world.db, call("1780000000.1", ended=None))
    assert date(world, WEEK) == 0
    save(world.db, call("1780000000.1", ended=AT + 100))
    assert date(world, WEEK) == 2
    assert date(world, WEEK) == 0
    assert world.rows("SELECT DISTINCT expires FROM recordings") == [(AT + 100 + 7 * DAY,)]
    assert date(world, Rule("1 day", lambda ended: ended + DAY)) == 2
    assert world.rows("SELECT DISTINCT expires FROM recordings") == [(AT + 100 + DAY,)]
