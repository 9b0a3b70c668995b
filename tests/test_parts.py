"""What a recording is put together from, and where the clock of the wall shows in it."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from callwarden.core.card_time import Stretch
from callwarden.core.facts import SegmentState
from callwarden.storage.audio import AudioFile, Silence, Tone
from callwarden.storage.parts import Missing, SpoolFile, Suspended, parts, pieces
from storage_world import segment, suspension

SPOOL = Path("/spool")
ONE, TWO, THREE = (SPOOL / f"{n}.wav" for n in (1, 2, 3))
TALK_PAY_TALK = (SpoolFile(ONE, 0, 10), Suspended(10, 40), SpoolFile(TWO, 40, 60))


def test_what_lies_between_two_segments_is_suspended_or_missing() -> None:
    segments = [segment("2.wav", 40, 60, 2), segment("1.wav", 0, 10, 1)]
    assert pieces(segments, [suspension(12, 38)], SPOOL, 60) == (
        SpoolFile(ONE, 0, 10),
        Missing(10, 12),
        Suspended(12, 38),
        Missing(38, 40),
        SpoolFile(TWO, 40, 60),
    )


def test_two_suspensions_without_a_segment_between_are_both_there() -> None:
    segments = [segment("1.wav", 0, 10), segment("2.wav", 40, 60, 2)]
    assert pieces(segments, [suspension(10, 20), suspension(25, 40, 2)], SPOOL, 60)[1:-1] == (
        Suspended(10, 20),
        Missing(20, 25),
        Suspended(25, 40),
    )


def test_a_suspension_that_never_ended_fills_up_to_the_next_segment() -> None:
    segments = [segment("1.wav", 0, 10), segment("2.wav", 40, 60, 2)]
    assert pieces(segments, [suspension(10, None)], SPOOL, 60)[1:-1] == (Suspended(10, 40),)


def test_a_segment_that_was_running_at_the_end_ends_with_the_channel() -> None:
    last = segment("1.wav", 0, 0)
    open_ended = replace(last, stopped=None)
    assert pieces([open_ended], [], SPOOL, 33.0) == (SpoolFile(ONE, 0, 33.0),)


def test_a_failed_recorder_need_not_have_a_file() -> None:
    failed = segment("1.wav", 0, 1, state=SegmentState.FAILED)
    assert pieces([failed], [], SPOOL, 9) == (SpoolFile(ONE, 0, 1, expected=False),)


def test_suspended_time_is_silent_or_a_tone_or_cut_out() -> None:
    heard = {ONE: 10.0, TWO: 20.0}
    assert parts(TALK_PAY_TALK, heard, "silence") == [AudioFile(ONE), Silence(30), AudioFile(TWO)]
    assert parts(TALK_PAY_TALK, heard, "tone") == [AudioFile(ONE), Tone(30), AudioFile(TWO)]
    assert parts(TALK_PAY_TALK, heard, "cut") == [AudioFile(ONE), AudioFile(TWO)]


def test_missing_time_is_silent_even_where_suspended_time_is_cut() -> None:
    plan = (SpoolFile(ONE, 0, 10), Missing(10, 12), Suspended(12, 40), SpoolFile(TWO, 40, 60))
    heard = {ONE: 10.0, TWO: 20.0}
    assert parts(plan, heard, "cut") == [AudioFile(ONE), Silence(2), AudioFile(TWO)]
    assert parts(plan, heard, "tone") == [AudioFile(ONE), Silence(2), Tone(28), AudioFile(TWO)]


def test_audio_that_is_shorter_than_its_span_does_not_move_what_comes_later() -> None:
    heard = {ONE: 7.0, TWO: 20.0}
    assert parts(TALK_PAY_TALK, heard, "tone") == [AudioFile(ONE), Silence(3), Tone(30), AudioFile(TWO)]
    assert parts(TALK_PAY_TALK, heard, "cut") == [AudioFile(ONE), Silence(3), AudioFile(TWO)]


def test_audio_that_is_longer_than_its_span_takes_from_the_silence_behind_it() -> None:
    assert parts(TALK_PAY_TALK, {ONE: 11.0, TWO: 20.0}, "silence") == [AudioFile(ONE), Silence(29), AudioFile(TWO)]


def test_nothing_is_added_behind_the_last_segment() -> None:
    assert parts((SpoolFile(ONE, 0, 10),), {ONE: 4.0}, "silence") == [AudioFile(ONE)]


def test_a_segment_without_audio_leaves_its_time_silent() -> None:
    plan = (SpoolFile(ONE, 0, 10), SpoolFile(TWO, 10, 20), SpoolFile(THREE, 20, 30))
    assert parts(plan, {ONE: 10.0, THREE: 10.0}, "silence") == [AudioFile(ONE), Silence(10), AudioFile(THREE)]


def test_a_first_segment_without_audio_still_sets_the_clock() -> None:
    assert parts(TALK_PAY_TALK, {TWO: 20.0}, "silence") == [Silence(10), Silence(30), AudioFile(TWO)]


def test_a_recording_begins_with_the_answer() -> None:
    """Early media, or the music of a queue, was written before: what follows would be late by it."""
    plan = (SpoolFile(ONE, 10, 20, asked=4, answered=10), Suspended(20, 30), SpoolFile(TWO, 30, 40, asked=30))
    assert parts(plan, {ONE: 15.0, TWO: 10.0}, "silence") == [AudioFile(ONE, 5.0, 10.0), Silence(10), AudioFile(TWO)]


def test_a_file_that_ended_with_the_answer_is_left_out() -> None:
    plan = (SpoolFile(ONE, 10, 10, asked=4, answered=10), Suspended(10, 10.5), SpoolFile(TWO, 10.5, 40, asked=10.5))
    placed = parts(plan, {ONE: 5.9, TWO: 29.5}, "silence")
    assert placed == [Silence(0.5), AudioFile(TWO)]


def test_some_frames_more_than_it_ran_are_no_early_media() -> None:
    assert parts((SpoolFile(ONE, 10, 20, asked=4, answered=10),), {ONE: 10.05}, "silence") == [AudioFile(ONE)]


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), min_size=1, max_size=8), st.floats(-5, 60), st.floats(0, 3))
def test_no_sound_of_answered_time_is_taken_for_early_media(
    frames: list[tuple[float, bool]], answered: float, late: float
) -> None:
    """Whatever was written when, however late the start was confirmed and the file was closed."""
    at, sound_before, seconds = 0.0, 0.0, 0.0
    for length, flows in frames:
        sound_before += max(0.0, min(at + length, answered) - at) if flows else 0.0
        seconds += length if flows else 0.0
        at += length
    started = max(answered, min(late, at))
    file = SpoolFile(ONE, started, max(started, at), asked=0.0, written=at + late, answered=answered)
    assert 0 <= file.head(seconds) <= sound_before + 1e-6


def test_a_start_that_was_confirmed_late_costs_nothing_of_what_was_said() -> None:
    """AMI stalled for 1.5 s between the order and the reply; the call was answered before."""
    late = segment("1.wav", 11.5, 20, asked=10.0, closed=20.0)
    plan = pieces([late], [], SPOOL, 20, answered=8.0)
    assert parts(plan, {ONE: 10.0}, "silence") == [AudioFile(ONE)]


def test_the_ringing_is_left_out_where_the_stop_was_proven_late_or_a_card_time_is_cut_out() -> None:
    rung = segment("1.wav", 4, 26, closed=20.0)
    plan = pieces([rung], [], SPOOL, 26, answered=10.0)
    assert parts(plan, {ONE: 16.0}, "silence") == [AudioFile(ONE, 6.0, 10.0)]
    kept = {ONE: [Stretch(0, 9), Stretch(12, 16)]}
    assert parts(plan, {ONE: 16.0}, "silence", kept) == [
        AudioFile(ONE, 6.0, 3.0), Silence(3.0), AudioFile(ONE, 12.0, 4.0)
    ]  # fmt: skip
