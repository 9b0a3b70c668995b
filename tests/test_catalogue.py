"""The catalogue keeps every fact exactly as it was, whatever a caller put in it, and finds it again."""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from callwarden.core.facts import (
    Announcement,
    Call,
    Channel,
    Direction,
    Fact,
    Gap,
    PlayedBy,
    Recording,
    Role,
    Segment,
    SegmentState,
    Suspension,
)
from callwarden.custody import audit
from callwarden.storage import reading
from callwarden.storage.catalogue import annotate, save, save_all
from callwarden.storage.database import open_catalogue, open_readonly, region, transaction
from callwarden.storage.parties import index_call
from callwarden.storage.rows import TABLES, fact_of
from callwarden.storage.search import MOST_NUMBERS, TooManyNumbers, find_calls, find_recordings
from storage_world import AT, UNIQUE_ID, call, channel, recording, segment, suspension

HOSTILE = [
    '"; rm -rf /',
    "../../x",
    "a,b|c",
    "two\nlines\r\n",
    "NUL \x00 and after",
    "☎️ 😀",
    "'; DROP TABLE calls; --",
    "not UTF-8: \udcff\udc80",
    "%_*\"' OR 1=1",
    "x" * 10_000,
]
TOLD = Announcement(
    unique_id=UNIQUE_ID,
    number=1,
    prompt="inbound",
    language="en",
    sha256="00ff",
    played_by=PlayedBy.WHISPER,
    started=AT + 1.25,
    finished=AT + 6.5,
    complete=True,
)
FACTS: list[Fact] = [
    call(
        answered=AT + 1.5, ended=AT + 99.125, caller_name="Ann", called_number="201", trunk="PJSIP/trunk", language="en"
    ),
    channel(party_name="Ann", answered=AT + 1, ended=AT + 2, exempt="scope one-per-call"),
    recording(reason="because"),
    segment("1780000000.7-1.wav", AT, AT + 5, size=0, stop_asked=AT + 4, closed=AT + 6, monitor_id="0x7f"),
    suspension(AT + 5, None),
    TOLD,
    Gap(unique_id=UNIQUE_ID, started=AT + 7, ended=AT + 8, cause="the link was down"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.sqlite"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    opened = open_catalogue(path)
    yield opened
    opened.close()


def saved(path: Path, kind: type[Any]) -> list[Any]:
    """All facts of a kind, as somebody else reads them, over a connection of their own."""
    db = open_readonly(path)
    rows = db.conn.execute(TABLES[kind].select("1")).fetchall()
    db.close()
    return [fact_of(kind, row) for row in rows]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_comes_back_as_it_was_saved(db: Database, path: Path, fact: Fact) -> None:
    save(db, fact)
    (read,) = saved(path, type(fact))
    assert read == fact
    for field in fields(fact):
        assert type(getattr(read, field.name)) is type(getattr(fact, field.name))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_caller_chose_is_kept_as_given(db: Database, path: Path, text: str) -> None:
    mine = call(caller_number=text, caller_name=text, called_number=text)
    leg = channel(number=text, party_name=text, endpoint=text)
    save_all(db, [mine, leg])
    assert (saved(path, Call), saved(path, Channel)) == ([mine], [leg])
    assert len(find_calls(db, text="nobody")) == 0


@given(st.text(st.characters(exclude_categories=())))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_at_all_is_kept_as_given(db: Database, path: Path, text: str) -> None:
    mine = call(caller_number=text, caller_name=text)
    save(db, mine)
    assert saved(path, Call) == [mine]
    find_calls(db, number=text, extension=text, text=text)


def test_a_newer_state_replaces_the_older_and_nothing_else(db: Database, path: Path) -> None:
    other = segment("other.wav", AT, AT + 1, 2)
    closed = segment("mine.wav", AT, AT + 1)
    starting = replace(closed, state=SegmentState.STARTING, started=None, stopped=None)
    save_all(db, [starting, other])
    save(db, closed)
    assert sorted(saved(path, Segment), key=str) == sorted([closed, other], key=str)


def test_all_facts_of_a_batch_are_saved_or_none(db: Database, path: Path) -> None:
    impossible = replace(segment("b.wav", AT, AT + 1), number=2**70)
    with pytest.raises(OverflowError):
        save_all(db, [call(), segment("a.wav", AT, AT + 1), impossible])
    assert saved(path, Segment) == saved(path, Call) == []
    save(db, call())
    assert saved(path, Call) == [call()]


def test_a_suspension_is_entered_into_the_audit_chain_once_when_it_is_proven(db: Database, path: Path) -> None:
    asked = replace(suspension(AT, None), confirmed=None)
    save(db, asked)
    assert audit.entries(db) == []
    for _ in range(2):
        save(db, replace(asked, confirmed=AT + 0.002, how="no recorder is left"))
    save(db, replace(asked, confirmed=AT + 0.002, how="no recorder is left", ended=AT + 60))
    other = open_readonly(path)
    (entry,) = audit.entries(other)
    assert (entry.at, entry.who, entry.act, entry.about) == (AT + 0.002, "201", "suspension", UNIQUE_ID)
    assert entry.details == {"why": "card line", "seconds_to_proof": 0.002, "how": "no recorder is left"}
    assert audit.verify(other).faults == ()
    other.close()
    save(db, replace(suspension(AT + 90, AT + 95, number=2), by=""))
    assert [one.who for one in audit.entries(db)] == ["201", audit.DAEMON]


def test_a_fact_that_comes_before_its_call_is_not_lost(db: Database, path: Path) -> None:
    early = segment("a.wav", AT, AT + 1)
    save(db, early)
    save_all(db, [suspension(AT, AT + 1), recording()])
    assert saved(path, Segment) == [early]
    save_all(db, [channel(), call()])
    assert (saved(path, Channel), saved(path, Call)) == ([channel()], [call()])
    assert saved(path, Recording) == [recording()]


def test_facts_are_saved_in_any_order(db: Database, path: Path) -> None:
    save_all(db, reversed(FACTS))
    assert [saved(path, type(fact)) for fact in FACTS] == [[fact] for fact in FACTS]


def test_numbers_are_kept_as_given_and_in_e164(db: Database) -> None:
    save_all(db, [call(caller_number="020 7946 0123", called_number="201"), channel(number="(020) 79460123")])
    found = reading.call(db, UNIQUE_ID)
    assert found is not None
    assert (found.call.caller_number, found.caller_e164, found.called_e164) == ("020 7946 0123", "+442079460123", None)
    assert db.conn.execute("SELECT e164 FROM channels").fetchone() == ("+442079460123",)


def test_numbers_are_dialled_in_the_region_of_the_catalogue(path: Path) -> None:
    db = open_catalogue(path, "DE")
    save(db, call(caller_number="030 123456"))
    db.close()
    reader = open_readonly(path)
    assert [found.caller_e164 for found in find_calls(reader, number="+49 30 123456")] == ["+4930123456"]
    reader.close()


# Searching


def a_day(db: Database) -> None:
    """Three calls: Ann rings in and reaches 201; 202 rings Ann; 201 rings 202."""
    ann, phone = "020 7946 0123", {"role": Role.PHONE, "party_name": ""}
    out = call("1.2", direction=Direction.OUTBOUND, started=AT + 60, caller_number="202", called_number="+442079460123")
    inside = call("1.3", direction=Direction.INTERNAL, started=AT + 120, caller_number="201", called_number="202")
    save_all(
        db,
        [
            call("1.1", started=AT, caller_number=ann, caller_name="Ann Ångström", called_number="02079460000"),
            out,
            inside,
            channel("1.1", "1.1", number=ann),
            channel("1.1b", "1.1", endpoint="PJSIP/201", number="201", **phone),
            channel("1.2", "1.2", endpoint="PJSIP/202", number="202", started=AT + 60, **phone),
            channel("1.3", "1.3", endpoint="PJSIP/201", number="201", started=AT + 120, **phone),
            channel("1.3b", "1.3", endpoint="PJSIP/202", number="202", started=AT + 120, **phone),
            *(recording(unique_id, linked_id, wanted=AT + n) for n, (unique_id, linked_id) in enumerate(RECORDED)),
        ],
    )


RECORDED = [("1.1", "1.1"), ("1.1b", "1.1"), ("1.2", "1.2"), ("1.3", "1.3"), ("1.3b", "1.3")]


@pytest.mark.parametrize(
    ("wanted", "calls"),
    [
        ({}, ["1.3", "1.2", "1.1"]),
        ({"number": "0044 20 7946 0123"}, ["1.2", "1.1"]),
        ({"number": "60123"}, ["1.2", "1.1"]),
        ({"number": "79460"}, []),
        ({"number": "201"}, ["1.3", "1.1"]),
        ({"extension": "201"}, ["1.3", "1.1"]),
        ({"extension": "PJSIP/202"}, ["1.3", "1.2"]),
        ({"extension": "20"}, []),
        ({"number": "02079460123", "extension": "201"}, ["1.1"]),
        ({"direction": Direction.OUTBOUND}, ["1.2"]),
        ({"direction": Direction.OUTBOUND, "extension": "201"}, []),
        ({"from_": AT + 60}, ["1.3", "1.2"]),
        ({"to": AT + 60}, ["1.1"]),
        ({"from_": AT + 1, "to": AT + 120}, ["1.2"]),
        ({"from_": AT + 1, "number": "02079460123"}, ["1.2"]),
        ({"text": "ann angstrom"}, ["1.1"]),
        ({"text": "ÅNG"}, ["1.1"]),
        ({"text": "ann", "number": "02079460123"}, ["1.1"]),
        ({"text": "ann", "extension": "202"}, []),
        ({"text": 'an" OR "b'}, []),
        ({"text": "  "}, ["1.3", "1.2", "1.1"]),
        ({"text": "\x00"}, ["1.3", "1.2", "1.1"]),
        ({"limit": 2}, ["1.3", "1.2"]),
        ({"limit": 2, "offset": 1}, ["1.2", "1.1"]),
        ({"limit": None}, ["1.3", "1.2", "1.1"]),
        ({"number": "02079460123", "limit": 1, "offset": 1}, ["1.1"]),
        ({"number": ""}, []),
    ],
)  # fmt: skip
def test_calls_and_their_recordings_are_found(db: Database, wanted: dict[str, Any], calls: list[str]) -> None:
    a_day(db)
    assert [found.call.linked_id for found in find_calls(db, **wanted)] == calls
    if "limit" not in wanted:
        of_calls = [unique_id for linked_id in calls for unique_id, its_call in RECORDED if its_call == linked_id]
        assert [r.recording.unique_id for r in find_recordings(db, **wanted)] == of_calls


def test_a_recording_is_found_with_its_call_and_its_channel(db: Database) -> None:
    a_day(db)
    (found, *_) = find_recordings(db, number="02079460123", limit=1)
    assert (found.call.direction, found.channel.endpoint, found.file) == (Direction.OUTBOUND, "PJSIP/202", None)
    assert reading.recording(db, "1.2") == found
    assert reading.recording(db, "9.9") is None


def test_a_call_is_found_by_a_name_it_was_given_later_and_not_by_the_earlier(db: Database) -> None:
    save(db, call(caller_number="02079460001", caller_name="Ann"))
    save(db, call(caller_number="02079460002", caller_name="Bob"))
    assert find_calls(db, number="02079460001") == find_calls(db, text="ann") == []
    assert find_calls(db, number="02079460002") == find_calls(db, text="bob") != []


def index(db: Database) -> list[Any]:
    sql = "SELECT linked_id, kind, \"key\", started FROM parties JOIN numbers ON numbers.id = number ORDER BY 1, 2, 3"
    return [*db.conn.execute(sql), *db.conn.execute("SELECT rowid, words FROM calls_text WHERE words <> '' ORDER BY 1")]


@pytest.mark.parametrize("seed", range(5))
def test_however_its_facts_come_a_call_is_found_as_if_it_were_looked_through_anew(db: Database, seed: int) -> None:
    """Most facts change times only, and nothing is looked through for them."""
    chance = random.Random(seed)
    of_calls: dict[str, list[Any]] = {
        "caller_number": ["", "02079460001", "201"], "caller_name": ["", "Ann", "\udcff"], "started": [AT, AT - 1],
    }  # fmt: skip
    of_channels: dict[str, list[Any]] = {
        "number": ["", "02079460001", "\udc80"], "party_name": ["", "Bob"], "role": list(Role),
        "endpoint": ["", "PJSIP/202"],
    }  # fmt: skip
    for _ in range(40):
        facts: list[Fact] = []
        for _ in range(chance.randrange(1, 4)):
            linked_id, times = chance.choice(["1.0", "2.0"]), {"answered": chance.choice([None, AT + 1])}
            chosen: dict[str, Any] = {name: chance.choice(some) for name, some in of_calls.items()}
            facts.append(call(linked_id, **chosen, **times))
            chosen = {name: chance.choice(some) for name, some in of_channels.items()}
            facts.append(channel(f"{linked_id}{chance.randrange(2)}", linked_id=linked_id, **chosen, **times))
        save_all(db, chance.sample(facts, chance.randrange(1, len(facts) + 1)))
        found = index(db)
        with transaction(db) as connection:
            for linked_id in ("1.0", "2.0"):
                index_call(connection, linked_id, region(db))
        assert found == index(db)


def test_a_call_is_found_by_its_notes(db: Database) -> None:
    save(db, call())
    assert annotate(db, UNIQUE_ID, "complaint about the cat flap")
    assert [found.notes for found in find_calls(db, text="cat fl")] == ["complaint about the cat flap"]
    save(db, call(ended=AT + 1))
    assert len(find_calls(db, text="complaint")) == 1
    assert not annotate(db, "9.9", "nothing")


def test_a_search_that_means_nobody_in_particular_says_so(db: Database) -> None:
    save_all(db, [call(f"1.{n}", caller_number=f"9{n:04d}12345") for n in range(MOST_NUMBERS + 1)])
    with pytest.raises(TooManyNumbers, match="more digits"):
        find_calls(db, number="12345")


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"number": "02079460123"},
        {"extension": "201"},
        {"from_": AT, "to": AT + 60},
        {"direction": Direction.INBOUND},
    ],
)
def test_no_search_but_that_by_words_sorts_or_reads_everything(db: Database, wanted: dict[str, Any]) -> None:
    a_day(db)
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    find_calls(db, **wanted)
    find_recordings(db, **wanted)
    db.conn.set_trace_callback(None)
    for sql in (sql for sql in asked if "ORDER BY" in sql):
        plan = "\n".join(row[3] for row in db.conn.execute("EXPLAIN QUERY PLAN " + sql))
        assert "TEMP B-TREE FOR ORDER BY" not in plan, plan
        assert "SCAN" not in plan or "SCAN c USING INDEX calls_started" in plan, plan


# One call


def test_the_story_of_a_call_is_everything_that_is_known_of_it(db: Database) -> None:
    save_all(db, FACTS)
    story = reading.story(db, UNIQUE_ID)
    assert story is not None
    parts = (story.channels, story.segments, story.suspensions, story.announcements, story.gaps)
    assert [one for part in parts for one in part] == [FACTS[1], FACTS[3], FACTS[4], FACTS[5], FACTS[6]]
    assert (story.call.call, [found.recording for found in story.recordings]) == (FACTS[0], [FACTS[2]])
    assert reading.story(db, "9.9") is None


def test_the_ledger_of_a_channel_has_its_spans(db: Database) -> None:
    save_all(db, [*FACTS, suspension(AT + 20, AT + 30, 2)])
    rows = reading.ledger_rows(db, UNIQUE_ID)
    assert rows is not None
    assert (rows.channel, rows.segments, rows.gaps) == (FACTS[1], (FACTS[3],), (FACTS[6],))
    assert [item.number for item in rows.suspensions] == [1, 2]
    assert reading.ledger_rows(db, "9.9") is None


def test_start_up_looks_at_what_was_not_finished_only(db: Database) -> None:
    save_all(db, [recording(f"1.{n}", state=state) for n, state in enumerate(type(recording().state))])
    states = {found.recording.state.value for found in reading.unfinished(db)}
    assert states == {state.value for state in type(recording().state)} - {"stored", "discarded", "purged"}


def test_a_suspension_keeps_the_word_that_sql_has_for_itself(db: Database, path: Path) -> None:
    mine = replace(suspension(AT, None), by="O'Brien; --")
    save(db, mine)
    assert saved(path, Suspension) == [mine]


def test_a_reader_cannot_write(db: Database, path: Path) -> None:
    reader = open_readonly(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        save(reader, call())
    reader.close()


def test_a_gap_of_no_length_is_taken_out_of_the_catalogue(tmp_path: Path) -> None:
    db = open_catalogue(tmp_path / "c.sqlite")
    save_all(db, [channel(), Gap(unique_id=UNIQUE_ID, started=AT, ended=AT + 2, cause="x")])
    save(db, Gap(unique_id=UNIQUE_ID, started=AT, ended=AT, cause="x"))
    assert db.conn.execute("SELECT count(*) FROM gaps").fetchone() == (0,)
    db.close()
