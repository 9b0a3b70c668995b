"""A recorder that was given up and ran all the same: its sound is in the recording, once, and the gap is gone."""

from dataclasses import replace
from pathlib import Path

import pytest

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.facts import Channel, Recording, RecordingState, Segment, SegmentState, Suspension
from callwarden.core.spans import Kind
from callwarden.storage.audio import AudioFile
from callwarden.storage.parts import parts, pieces
from stage import Stage
from test_unseen import CALLER, WAVE_SECOND, created, row


def file_closed(stage: Stage, file: str, at: float, seconds: float) -> None:
    stage.asterisk.closed[file] = at
    stage.decide(ev.SegmentFileClosed(at, file, 44 + int(seconds * WAVE_SECOND)))


def given_up(stage: Stage) -> str:
    """Somebody is recorded from 0.3 on, and at 3.0 the spool seems to hold no such file; gives its name."""
    stage.happen(created(CALLER, 0.1))
    stage.advance(0.2)
    stage.happen(ev.ChannelAnswered(0.3, "trunk-1"))
    [segment] = stage.catalogue.of(Segment, "trunk-1")
    stage.advance(3.0)
    stage.decide(ev.SegmentFileClosed(3.0, segment.file, -1))
    assert stage.catalogue.of(Segment, "trunk-1")[0].state is SegmentState.FAILED
    return str(segment.file)


def spans(stage: Stage) -> list[tuple[Kind, float, float]]:
    found = stage.catalogue.ledger(row(stage, Channel, "trunk-1"))
    return [(one.kind, round(one.started, 2), round(one.ended, 2)) for one in found if one.seconds > 0.01]


def finished(stage: Stage) -> do.FinishRecording:
    [order] = [one for one in stage.actions if isinstance(one, do.FinishRecording)]
    return order


@pytest.mark.parametrize("during_the_call", [True, False])
def test_a_file_that_is_there_after_all_is_a_part_of_the_recording(during_the_call: bool) -> None:
    """The spool was away for a moment, or not to be written. Found by a soak."""
    stage = Stage()
    file = given_up(stage)
    stage.advance(6.0)
    if during_the_call:
        file_closed(stage, file, 5.0, 4.7)
    stage.asterisk.channels["trunk-1"].monitors.remove(file)
    stage.happen(ev.ChannelHungUp(9.0, "trunk-1"))
    if not during_the_call:
        file_closed(stage, file, 9.0, 8.7)
    stage.advance(20.0)
    first, second = stage.catalogue.of(Segment, "trunk-1")
    assert (first.state, round(first.started, 2)) == (SegmentState.CLOSED, 0.3)
    assert spans(stage) == [(Kind.RECORDED, 0.3, 9.0)]
    order = finished(stage)
    assert order.segments == (first, second)
    plan = pieces(order.segments, order.suspensions, Path("spool"), order.ended, order.answered)
    one, two = Path("spool") / file, Path("spool") / second.file
    heard = {one: first.closed - 0.3, two: 9.0 - second.started}
    joined = [part for part in parts(plan, heard, "silence") if isinstance(part, AudioFile)]
    assert [part.path for part in joined] == [one, two]
    assert sum(part.seconds or heard[part.path] for part in joined) == pytest.approx(8.7, abs=0.01)


def test_a_start_whose_answer_was_lost_leaves_no_gap_where_its_file_holds_sound() -> None:
    """AMI stalled for longer than an answer is waited for, and the recorder ran."""
    stage = Stage(obedient=False)
    stage.happen(created(CALLER, 0.1))
    stage.happen(ev.ChannelAnswered(0.3, "trunk-1"))
    [segment] = stage.catalogue.of(Segment, "trunk-1")
    stage.advance(2.1)
    stage.work(lost_reply=True)
    stage.obedient = True
    stage.asterisk.channels["trunk-1"].monitors.remove(segment.file)
    stage.advance(2.4)
    file_closed(stage, segment.file, 2.31, 2.0)
    stage.happen(ev.ChannelHungUp(9.0, "trunk-1"))
    stage.advance(20.0)
    told = spans(stage)
    assert sum(end - start for kind, start, end in told if kind is Kind.RECORDED) > 8.4
    assert row(stage, Recording, "trunk-1").state is RecordingState.STORED


def test_a_recorder_that_never_had_a_file_keeps_nobody_waiting() -> None:
    stage = Stage()
    file = given_up(stage)
    stage.asterisk.channels["trunk-1"].monitors.remove(file)
    stage.happen(ev.ChannelHungUp(9.0, "trunk-1"))
    stage.advance(9.1)
    assert finished(stage).ended == 9.0
    assert spans(stage)[0][0] is Kind.GAP


def test_a_file_that_comes_back_when_the_recording_is_being_stored_is_left_to_the_look_at_leftovers() -> None:
    stage = Stage()
    file = given_up(stage)
    stage.asterisk.channels["trunk-1"].monitors.remove(file)
    stage.happen(ev.ChannelHungUp(9.0, "trunk-1"))
    while not [one for one in stage.actions if isinstance(one, do.FinishRecording)]:
        stage.advance(stage.now + 0.0005)
    file_closed(stage, file, 9.0, 8.7)
    assert stage.catalogue.of(Segment, "trunk-1")[0].state is SegmentState.FAILED


def test_a_restart_does_not_forget_a_recorder_that_was_given_up() -> None:
    stage = Stage()
    file = given_up(stage)
    stage.asterisk.channels["trunk-1"].monitors.remove(file)
    stage.advance(4.0)
    stage.restart()
    file_closed(stage, file, 5.0, 4.7)
    stage.happen(ev.ChannelHungUp(9.0, "trunk-1"))
    stage.advance(20.0)
    assert spans(stage) == [(Kind.RECORDED, 0.3, 9.0)]


@pytest.mark.parametrize("lives", [True, False])
def test_a_suspension_that_was_over_when_the_daemon_died_is_over(lives: bool) -> None:
    """It had asked for the recorder again, and died before it could write that this had begun. Found by a soak: what
    was recorded then was taken for a card payment, and cut out."""
    stage = Stage()
    stage.happen(created(CALLER, 0.1))
    stage.advance(0.2)
    stage.happen(ev.ChannelAnswered(0.3, "trunk-1"))
    stage.happen(ev.SuspensionOrdered(3.0, "trunk-1", "an operator", 1))
    stage.advance(4.0)
    stage.happen(ev.ResumptionOrdered(5.0, "trunk-1", "an operator", 2))
    stage.advance(6.0)
    [over] = stage.catalogue.of(Suspension, "trunk-1")
    _, again = stage.catalogue.of(Segment, "trunk-1")
    assert over.ended == again.started
    stage.catalogue.save(replace(over, ended=None))
    stage.catalogue.save(replace(again, started=None, state=SegmentState.STARTING, monitor_id=""))
    if not lives:
        stage.linked = False
        stage.happen(ev.ChannelHungUp(9.0, "trunk-1"))
    stage.advance(9.5)
    stage.restart()
    stage.happen(ev.ChannelHungUp(12.0, "trunk-1"))
    stage.advance(30.0)
    ended = 12.0 if lives else 9.0
    assert spans(stage) == [
        (Kind.RECORDED, 0.3, 3.0), (Kind.SUSPENDED, 3.0, 5.0), (Kind.RECORDED, 5.0, ended),
    ]  # fmt: skip
