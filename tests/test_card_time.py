"""After every call the card time is checked again: what may have been heard in it is in no file any more."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlite_utils import Database

from callwarden.core.card_time import (
    CUT,
    SEEN_GONE,
    CardTime,
    Stretch,
    Written,
    card_times,
    kept,
    leaks,
    reached,
    stray,
)
from callwarden.core.facts import Role, Segment, Suspension
from callwarden.storage import reading
from callwarden.storage.audio import AudioFile, Silence, Tone
from callwarden.storage.card_check import CUT_OUT, DESTROYED
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue, open_readonly
from callwarden.storage.findings import listed
from callwarden.storage.finish import Finished, FinishJob, finish
from callwarden.storage.parts import SpoolFile, Suspended, SuspendedTime, parts, pieces
from callwarden.storage.vault import Vault
from storage_world import AT, UNIQUE_ID, call, channel, loudness, recording, samples_of, segment, tone, write_wav

T = TypeVar("T")
CARD = CardTime(10.0, 40.0, "card line")
moments = some.floats(0, 60)


def silent(
    confirmed: float | None, ended: float | None, why: str = "card line", asked: float = 9.0, how: str = "proven"
) -> Suspension:
    return Suspension(
        unique_id=UNIQUE_ID, number=1, why=why, by="", asked=asked, confirmed=confirmed, how=how, ended=ended
    )


# -- decisions ------------------------------------------------------------------------------------------------------


def test_a_recorder_that_stopped_as_it_was_proven_leaked_nothing() -> None:
    assert leaks(Written(0.0, 10.0, 10.4, 10.0), [CARD]) == []
    assert leaks(Written(0.0, 10.0, 10.9, 6.0), [CARD]) == []
    assert leaks(Written(40.0, 60.0, 60.2, 20.0), [CARD]) == []


def test_a_file_that_was_written_on_after_the_proof_loses_what_came_after_it() -> None:
    assert leaks(Written(0.0, 10.0, 15.0, 15.0), [CARD]) == [Stretch(10.0, 15.0)]
    assert leaks(Written(0.0, 10.0, 60.0, 60.0), [CARD]) == [Stretch(10.0, 40.0)]


def test_a_file_that_holds_more_than_its_recorder_ran_is_not_believed_whatever_its_clock_says() -> None:
    assert leaks(Written(0.0, 10.0, 10.0, 14.0), [CARD]) == [Stretch(10.0, 14.0)]


def test_where_sound_was_missing_all_that_may_be_of_the_card_time_goes() -> None:
    """15 s of wall time, 8 s of sound: any 5 of them may be those after the hand-over."""
    assert leaks(Written(0.0, 10.0, 15.0, 8.0), [CARD]) == [Stretch(3.0, 8.0)]


def test_a_segment_that_ran_through_a_suspension_loses_its_middle() -> None:
    found = leaks(Written(0.0, 60.0, 60.0, 60.0), [CARD])
    assert found == [Stretch(10.0, 40.0)]
    assert kept(60.0, found) == [Stretch(0.0, 10.0), Stretch(40.0, 60.0)]


def test_two_payments_in_one_file_leave_three_pieces() -> None:
    found = leaks(Written(0.0, 60.0, 60.0, 60.0), [CARD, CardTime(50.0, 55.0, "card line")])
    assert kept(60.0, found) == [Stretch(0.0, 10.0), Stretch(40.0, 50.0), Stretch(55.0, 60.0)]


def test_a_recorder_that_was_started_in_a_card_time_loses_its_beginning() -> None:
    assert leaks(Written(35.0, 60.0, 60.0, 25.0), [CARD]) == [Stretch(0.0, 5.0)]


def test_only_payments_count_and_a_proof_begins_them() -> None:
    assert card_times([silent(10.0, 40.0)], 60.0) == [CardTime(10.0, 40.0, "card line")]
    assert card_times([silent(10.0, None)], 60.0) == [CardTime(10.0, 60.0, "card line")]
    assert [one.why for one in card_times([silent(10.0, 40.0, "suspended in place")], 60.0)] == ["suspended in place"]
    assert card_times([silent(10.0, 40.0, "recorder renewed")], 60.0) == []


def test_a_stop_that_was_never_proven_counts_from_its_asking() -> None:
    assert card_times([silent(None, None)], 60.0) == [CardTime(9.0, 60.0, "card line", proven=False)]
    assert card_times([silent(None, 9.5)], 9.5) == [], "hung up while it was asked for"


def test_a_payment_that_ended_while_the_daemon_was_away_ended_when_the_dialplan_recorded_again() -> None:
    back = segment("1780000000.7-dialplan1780000025.wav", 25.0, 60.0, 2)
    ours = segment("1780000000.7-1780000030000.wav", 30.0, 60.0, 3)
    assert card_times([silent(10.0, 40.0)], 60.0, [back, ours]) == [CardTime(10.0, 25.0, "card line")]
    assert leaks(Written(25.0, 60.0, 60.0, 34.0), [CardTime(10.0, 25.0, "card line")]) == []
    before = segment("1780000000.7-dialplan1780000010.wav", 10.0, 10.5, 1)
    assert card_times([silent(10.0, 40.0)], 60.0, [before]) == [CardTime(10.0, 40.0, "card line")]


def test_a_card_time_ends_where_recording_was_asked_for_again_and_not_some_milliseconds_later() -> None:
    again = segment("second.wav", 40.05, 60.0, number=2, asked=40.0)
    [time] = card_times([silent(10.0, 40.05)], 60.0, [again])
    assert time.ended == 40.0
    [time] = card_times([silent(10.0, 40.05)], 60.0, [replace(again, asked=39.0, started=39.1)])
    assert time.ended == 40.05, "a recorder that ran in it ends nothing"


def test_a_gate_that_was_refused_led_nobody_to_a_card_line() -> None:
    doubtful = card_times([silent(None, None)], 60.0)
    assert reached(doubtful, []) == []
    assert reached(doubtful, [(0.0, 5.0), (61.0, 70.0)]) == []
    assert reached(doubtful, [(20.0, 30.0)]) == [CardTime(20.0, 30.0, "card line", proven=False)]
    assert reached([CARD], []) == [CARD]


def test_the_dialplans_clock_knows_whole_seconds_only() -> None:
    (time,) = card_times([silent(10.0, 40.0, how=SEEN_GONE)], 60.0)
    assert (time.started, time.ended) == (11.0, 39.0)
    assert leaks(Written(0.5, 10.0, 11.2, 10.4), [time]) == []
    assert card_times([silent(10.0, 11.0, how=SEEN_GONE)], 60.0) == []


@given(started=moments, length=moments, sound=some.floats(0, 1), late=some.floats(0, 30), begun=moments, paid=moments)
def test_nothing_that_was_surely_heard_in_a_card_time_is_kept(
    started: float, length: float, sound: float, late: float, begun: float, paid: float
) -> None:
    """A writer that writes on until it is closed, without a pause: its sound lies where the clock says."""
    ended = started + length
    written = ended + (late if late > 1.0 else 0.0)
    file = Written(started, ended, written, written - started)
    time = CardTime(begun, begun + paid, "card line")
    for stretch in kept(file.seconds, leaks(file, [time])):
        heard = (started + stretch.start, started + stretch.end)
        assert min(heard[1], time.ended) - max(heard[0], time.started) < 0.03


def test_a_stray_file_is_judged_by_its_last_writing() -> None:
    assert stray(Written(0.0, 20.0, 20.0, 15.0), [CARD])
    assert not stray(Written(0.0, 9.0, 9.0, 9.0), [CARD])
    assert not stray(Written(0.0, 60.0, 60.0, 15.0), [CARD])


@pytest.mark.parametrize(
    ("setting", "between"), [("silence", [Silence(30.0)]), ("tone", [Tone(30.0)]), ("cut", [])]
)
def test_what_is_cut_out_is_replaced_as_suspended_time_is(setting: SuspendedTime, between: list[object]) -> None:
    path = Path("/spool/1.wav")
    plan = (SpoolFile(path, 0, 60), Suspended(60, 70), SpoolFile(Path("/spool/2.wav"), 70, 80))
    heard = {path: 60.0, Path("/spool/2.wav"): 10.0}
    joined = parts(plan, heard, setting, {path: [Stretch(0.0, 10.0), Stretch(40.0, 60.0)]})
    behind: dict[str, list[object]] = {"silence": [Silence(10)], "tone": [Tone(10)], "cut": []}
    cut = [AudioFile(path, 0.0, 10.0), *between, AudioFile(path, 40.0, 20.0)]
    assert joined[:-1] == [*cut, *behind[setting]]


# -- with real files --------------------------------------------------------------------------------------------------


class World:
    """A call of a minute: 440 Hz, then from second 2 to 4 a card (1700 Hz), then 440 Hz again."""

    def __init__(self, root: Path) -> None:
        self.spool, self.vault, self.path = root / "spool", Vault(root / "vault"), root / "catalogue.sqlite"
        self.db = open_catalogue(self.path)
        save_all(self.db, [call(), channel(answered=AT, ended=AT + 6), recording()])

    def run(self, work: Callable[[Database], T]) -> T:
        return work(self.db)

    def write(self, name: str, samples: bytes, written: float) -> Path:
        path = write_wav(self.spool / name, samples)
        os.utime(path, (written, written))
        return path

    def job(self, segments: list[Segment], suspensions: list[Suspension]) -> FinishJob:
        plan = pieces(segments, suspensions, self.spool, AT + 6)
        return FinishJob(UNIQUE_ID, plan, card_times=tuple(card_times(suspensions, AT + 6)), ended=AT + 6)

    def spooled(self) -> list[str]:
        return sorted(path.name for path in self.spool.iterdir())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.db.close()


SEGMENTS = [segment("1780000000.7-1.wav", AT, AT + 2), segment("1780000000.7-2.wav", AT + 4, AT + 6, 2)]
PAID = [silent(AT + 2, AT + 4, asked=AT + 2)]


def leaked_world(world: World) -> FinishJob:
    world.write("1780000000.7-1.wav", tone(440, 2) + tone(1700, 1.5), AT + 3.5)
    world.write("1780000000.7-2.wav", tone(440, 2), AT + 6)
    return world.job(SEGMENTS, PAID)


def assert_no_card(world: World, result: Finished) -> None:
    sound = samples_of(world.vault.root / result.path)
    assert loudness(sound, 1700, 0, 6) < 50
    assert loudness(sound, 440, 0.1, 1.9) > 5000
    assert loudness(sound, 440, 4.1, 5.9) > 5000
    assert world.spooled() == []


def test_a_recorder_that_lied_of_its_stop_is_cut_the_original_destroyed_and_it_is_said(world: World) -> None:
    result = finish(leaked_world(world), world.vault, world.run)
    assert isinstance(result, Finished)
    assert_no_card(world, result)
    assert [leak.kind for leak in result.leaks] == [CUT_OUT]
    said = "1.5 s of sound that may have been heard after the hand-over (card line) were cut out"
    assert said in result.leaks[0].text
    reader = open_readonly(world.path)
    (found,) = listed(reader)
    assert found.finding == result.leaks[0]
    assert found.resolved is not None
    reader.close()


class Killed(BaseException):
    """The daemon died here."""


@pytest.mark.parametrize("step", range(12))
def test_a_crash_at_any_step_ends_in_the_same_and_is_said_once(world: World, step: int) -> None:
    job, steps = leaked_world(world), iter(range(100))

    def run(work: Callable[[Database], T]) -> T:
        if next(steps) == step:
            raise Killed
        done = work(world.db)
        if next(steps) == step:
            raise Killed
        return done

    with contextlib.suppress(Killed):
        finish(job, world.vault, run)
    result = finish(job, world.vault, world.run)
    assert isinstance(result, Finished)
    assert_no_card(world, result)
    assert len(list(listed(world.db))) == len(result.leaks) == 1


def test_a_segment_that_overlaps_a_suspension_is_cut_in_its_middle(world: World) -> None:
    world.write("1780000000.7-1.wav", tone(440, 2) + tone(1700, 2) + tone(440, 2), AT + 6)
    result = finish(world.job([segment("1780000000.7-1.wav", AT, AT + 6)], PAID), world.vault, world.run)
    assert isinstance(result, Finished)
    assert_no_card(world, result)
    assert result.seconds == pytest.approx(6, abs=0.05)


def test_what_was_recorded_before_the_hand_over_and_is_lost_with_it_becomes_a_gap(world: World) -> None:
    world.write("1780000000.7-1.wav", tone(440, 1) + tone(1700, 0.5), AT + 3.5)
    finish(world.job(SEGMENTS[:1], PAID), world.vault, world.run)
    rows = reading.ledger_rows(world.db, UNIQUE_ID)
    assert rows is not None
    assert [(gap.started - AT, gap.ended - AT, gap.cause) for gap in rows.gaps] == [(0.0, 2.0, CUT)]


def test_an_unproven_stop_cuts_only_where_a_card_line_was_up(world: World) -> None:
    name = "1780000000.7-1.wav"
    unproven, whole = [silent(None, None, asked=AT + 1)], [segment(name, AT, AT + 6)]
    world.write(name, tone(440, 2) + tone(1700, 2) + tone(440, 2), AT + 6)
    card = {"started": AT + 1.9, "answered": AT + 2, "ended": AT + 4.1, "role": Role.CARD_LINE}
    save_all(world.db, [channel("1780000002.9", UNIQUE_ID, **card)])
    result = finish(world.job(whole, unproven), world.vault, world.run)
    assert isinstance(result, Finished)
    assert_no_card(world, result)
    assert len(result.leaks) == 1


def test_an_unproven_stop_of_a_gate_that_was_refused_cuts_nothing(world: World) -> None:
    name = "1780000000.7-1.wav"
    world.write(name, tone(440, 6), AT + 6)
    unproven = [silent(None, None, asked=AT + 1)]
    result = finish(world.job([segment(name, AT, AT + 6)], unproven), world.vault, world.run)
    assert isinstance(result, Finished)
    assert (result.leaks, result.seconds) == ((), 6)


def test_a_file_that_is_nothing_but_card_time_leaves_an_empty_recording(world: World) -> None:
    world.write("1780000000.7-1.wav", tone(1700, 1.5), AT + 3.6)
    only = [segment("1780000000.7-1.wav", AT + 2.1, AT + 3.6)]
    result = finish(world.job(only, PAID), world.vault, world.run)
    assert isinstance(result, Finished)
    assert result.seconds == 0
    assert world.spooled() == []


def test_a_file_of_somebody_elses_recorder_in_our_spool_is_destroyed(world: World) -> None:
    job = leaked_world(world)
    world.write("1780000000.7-other.wav", tone(1700, 1), AT + 3.5)
    world.write("1780000000.70-other.wav", tone(1700, 1), AT + 3.5)
    world.write("1780000000.7-before.wav", tone(440, 1), AT + 1.5)
    result = finish(job, world.vault, world.run)
    assert isinstance(result, Finished)
    assert {leak.kind for leak in result.leaks} == {CUT_OUT, DESTROYED}
    assert world.spooled() == ["1780000000.7-before.wav", "1780000000.70-other.wav"]


def test_a_recorder_that_wrote_nothing_is_no_card_audio(world: World) -> None:
    """The dialplan began to record at the end of a payment, and the caller hung up. Found by a soak."""
    job = leaked_world(world)
    world.write("1780000000.7-dialplan1780000003.wav", b"", AT + 3.5)
    nothing = world.spool / "1780000000.7-dialplan1780000004.wav"
    nothing.touch()
    os.utime(nothing, (AT + 3.5, AT + 3.5))
    result = finish(job, world.vault, world.run)
    assert isinstance(result, Finished)
    assert [leak.kind for leak in result.leaks] == [CUT_OUT]
    assert world.spooled() == []


def test_a_recorder_that_still_has_its_file_open_may_write_card_audio_yet(world: World) -> None:
    job = leaked_world(world)
    path = world.spool / "1780000000.7-other.wav"
    with path.open("wb"):
        os.utime(path, (AT + 3.5, AT + 3.5))
        result = finish(job, world.vault, world.run)
    assert isinstance(result, Finished)
    assert DESTROYED in {leak.kind for leak in result.leaks}


def test_a_call_as_it_should_be_is_stored_whole_and_nothing_is_said(world: World) -> None:
    world.write("1780000000.7-1.wav", tone(440, 2), AT + 2.2)
    world.write("1780000000.7-2.wav", tone(440, 2), AT + 6)
    result = finish(world.job(SEGMENTS, PAID), world.vault, world.run)
    assert isinstance(result, Finished)
    assert result.leaks == ()
    assert result.seconds == pytest.approx(6, abs=0.01)


def test_what_a_recorder_wrote_while_it_rang_is_no_card_time(world: World) -> None:
    """It holds more than the call was answered for. Found by a soak: the last second before each hand-over was cut."""
    world.write("1780000000.7-1.wav", tone(0, 1) + tone(440, 2), AT + 2)
    world.write("1780000000.7-2.wav", tone(440, 2), AT + 6)
    rang = [replace(SEGMENTS[0], asked=AT - 1.0), SEGMENTS[1]]
    result = finish(world.job(rang, PAID), world.vault, world.run)
    assert isinstance(result, Finished)
    assert result.leaks == ()
