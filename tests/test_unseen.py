"""What nobody saw is read off the files: an answer while the link was down, an end while the daemon hung.

Each was found by a soak.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.facts import Call, Channel, Direction, Recording, RecordingState, Role, Segment, SegmentState
from callwarden.core.ledger import UNEXPLAINED
from callwarden.core.noted import last_seen
from callwarden.core.recorder import Recorder
from callwarden.core.spans import Kind
from callwarden.core.unseen import doubt_end
from callwarden.storage.parts import SpoolFile, pieces
from playbook import Actors, read
from pretended import Channel as Pretended
from stage import Stage

F = TypeVar("F", Call, Channel, Recording)
CALLER, DESK = "PJSIP/trunk-1", "PJSIP/202-2"
WAVE_SECOND = 16_000


def created(name: str, at: float, **more: object) -> ev.ChannelCreated:
    unique_id = name.partition("/")[2]
    return ev.ChannelCreated(at=at, unique_id=unique_id, linked_id="trunk-1", name=name, **more)  # type: ignore[arg-type]


def row(stage: Stage, kind: type[F], unique_id: str) -> F:
    found = stage.catalogue.rows[(kind, unique_id)]
    assert isinstance(found, kind)
    return found


def closed(stage: Stage, unique_id: str, at: float, seconds: float) -> None:
    """Asterisk has closed the file of this channel; it holds so many seconds."""
    [segment] = stage.catalogue.of(Segment, unique_id)
    file = segment.file
    stage.asterisk.closed[file] = at
    stage.decide(ev.SegmentFileClosed(at, file, 44 + int(seconds * WAVE_SECOND)))


def talking(stage: Stage) -> None:
    for name in (CALLER, DESK):
        stage.happen(created(name, 0.1))
    stage.advance(0.2)
    for unique_id in ("trunk-1", "202-2"):
        stage.happen(ev.ChannelAnswered(0.3, unique_id))


def test_a_call_that_is_answered_and_ended_while_the_link_is_down_is_kept() -> None:
    stage = Stage()
    stage.happen(created(CALLER, 0.1))
    stage.happen(created(DESK, 0.2))
    stage.advance(0.3)
    stage.lose_link()
    stage.asterisk.channels.clear()
    for unique_id in ("trunk-1", "202-2"):
        closed(stage, unique_id, 5.0, 3.5)
    stage.advance(8.0)
    stage.regain_link()
    stage.advance(20.0)
    for unique_id in ("trunk-1", "202-2"):
        channel = row(stage, Channel, unique_id)
        assert (channel.answered, channel.ended) == (1.5, 5.0)
        assert row(stage, Recording, unique_id).state is RecordingState.STORED
    assert row(stage, Call, "trunk-1").answered == 1.5


def test_a_call_that_only_rang_while_the_link_was_down_was_not_answered() -> None:
    stage = Stage()
    stage.happen(created(CALLER, 0.1))
    stage.advance(0.3)
    stage.lose_link()
    stage.asterisk.channels.clear()
    closed(stage, "trunk-1", 5.0, 0.0)
    stage.advance(8.0)
    stage.regain_link()
    stage.advance(20.0)
    assert row(stage, Channel, "trunk-1").answered is None
    assert row(stage, Recording, "trunk-1").state is RecordingState.DISCARDED


@pytest.mark.parametrize("file_first", [True, False])
def test_a_hang_up_of_which_a_hanging_daemon_learns_late_was_when_the_file_was_closed(file_first: bool) -> None:
    stage = Stage()
    talking(stage)
    stage.advance(10.0)
    stage.now = 14.0
    if file_first:
        closed(stage, "trunk-1", 10.1, 9.8)
    stage.decide(ev.ChannelHungUp(14.0, "trunk-1"))
    if not file_first:
        closed(stage, "trunk-1", 10.1, 9.8)
    stage.advance(20.0)
    assert row(stage, Channel, "trunk-1").ended == 10.1
    [span] = stage.catalogue.ledger(row(stage, Channel, "trunk-1"))
    assert (span.kind, span.ended) == (Kind.RECORDED, 10.1)


def test_a_call_that_ended_before_a_restart_ends_when_its_file_was_closed() -> None:
    stage = Stage()
    talking(stage)
    stage.advance(2.0)
    stage.lose_link()
    stage.asterisk.channels.clear()
    stage.advance(20.0)
    stage.restart()
    closed(stage, "trunk-1", 5.0, 4.7)
    stage.advance(40.0)
    assert row(stage, Channel, "trunk-1").ended == 5.0


def test_a_hang_up_that_is_told_in_time_is_what_counts() -> None:
    stage = Stage()
    talking(stage)
    stage.advance(10.0)
    closed(stage, "trunk-1", 10.0, 9.7)
    stage.decide(ev.ChannelHungUp(10.02, "trunk-1"))
    stage.advance(20.0)
    assert row(stage, Channel, "trunk-1").ended == 10.02


def test_a_desk_seen_before_its_caller_does_not_make_the_call_its_own() -> None:
    """Between the loss of the link and the snapshot the daemon hears of a desk that rings, and not of who rang it."""
    stage = Stage()
    stage.decide(created(DESK, 1.2, caller_number="202"))
    call = row(stage, Call, "trunk-1")
    assert (call.direction, call.caller_number) == (Direction.INTERNAL, "202")
    found = created(CALLER, 0.1, caller_number="07700900123", answered=True, found=True, exten="02079460001")
    stage.decide(found)
    call = row(stage, Call, "trunk-1")
    assert (call.direction, call.caller_number, call.trunk) == (Direction.INBOUND, "07700900123", "PJSIP/trunk")
    assert (call.called_number, call.started, call.answered) == ("02079460001", 0.1, 0.1)


def test_a_desk_heard_of_before_a_restarts_snapshot_does_not_make_the_remembered_call_its_own() -> None:
    stage = Stage()
    stage.happen(created(CALLER, 0.1, caller_number="07700900123"))
    stage.happen(ev.ChannelAnswered(0.3, "trunk-1"))
    stage.advance(2.0)
    stage.asterisk.channels["202-2"] = Pretended(created(DESK, 2.5, caller_number="202"))
    stage.advance(3.0)
    before = stage.asterisk.snapshot

    def snapshot(at: float) -> Iterator[ev.Event]:
        yield created(DESK, 2.6, caller_number="202")
        yield from before(at)

    stage.asterisk.snapshot = snapshot  # type: ignore[method-assign]
    stage.restart()
    call = row(stage, Call, "trunk-1")
    assert (call.direction, call.caller_number, call.started) == (Direction.INBOUND, "07700900123", 0.1)


def test_a_call_that_ends_between_the_link_and_the_snapshot_is_kept() -> None:
    """The hang-up is heard of before it is known that somebody had answered. Found by a soak."""
    stage = Stage()
    stage.happen(created(CALLER, 0.1))
    stage.advance(0.3)
    stage.lose_link()
    stage.advance(8.0)
    stage.decide(ev.ChannelHungUp(8.0, "trunk-1"))
    closed(stage, "trunk-1", 8.0, 7.0)
    stage.advance(20.0)
    channel = row(stage, Channel, "trunk-1")
    assert (channel.answered, channel.ended) == (1.0, 8.0)
    assert row(stage, Recording, "trunk-1").state is RecordingState.STORED


def renewing(stage: Stage) -> None:
    """A renewal has stopped the caller's recorder, and nobody has said so."""
    talking(stage)
    for unique_id in ("trunk-1", "202-2"):
        stage.happen(ev.BridgeEntered(0.3, "b1", unique_id))
    stage.happen(ev.MusicStarted(2.0, "trunk-1"))
    stage.obedient = False
    stage.happen(ev.MusicStopped(5.0, "trunk-1"))
    [first] = stage.catalogue.of(Segment, "trunk-1")
    stage.asterisk.channels["trunk-1"].monitors.clear()
    stage.decide(stage.asterisk._close(5.1, first.file))


def test_between_a_renewals_stop_and_the_return_of_a_killed_daemon_nothing_is_recorded() -> None:
    stage = Stage()
    renewing(stage)
    stage.advance(13.0)
    stage.obedient = True
    stage.restart()
    for unique_id in ("trunk-1", "202-2"):
        stage.happen(ev.ChannelHungUp(20.0, unique_id))
    stage.advance(60.0)
    spans = stage.catalogue.ledger(row(stage, Channel, "trunk-1"))
    assert (spans[0].kind, spans[0].ended) == (Kind.RECORDED, 5.1)
    assert not [span for span in spans if span.why == UNEXPLAINED]
    assert sum(span.seconds for span in spans if span.kind is Kind.GAP) == pytest.approx(7.9, abs=0.1)


def test_a_stop_that_was_never_proven_counts_as_running_for_the_check_of_the_card_time() -> None:
    story = read(Path(__file__).parent / "stories" / "gate-stop-unproven.story")
    actors = Actors(Stage())
    for beat in story.beats:
        actors.play(beat.text)
    actors.stage.advance(60.0)
    [finished] = [one for one in actors.stage.actions if isinstance(one, do.FinishRecording)]
    plan = pieces(finished.segments, finished.suspensions, Path("spool"), finished.ended)
    first = next(piece for piece in plan if isinstance(piece, SpoolFile))
    assert (finished.segments[0].until, first.ended) == (5.1, 9.0)


def test_whom_a_call_reached_while_the_daemon_was_away_is_a_gap_with_that_cause() -> None:
    stage = Stage()
    talking(stage)
    stage.advance(2.0)
    reached = Channel(
        unique_id="trunk-9", linked_id="trunk-1", name="PJSIP/trunk-9", endpoint="PJSIP/trunk", role=Role.OUTSIDE,
        started=3.0, answered=3.0,
    )  # fmt: skip
    stage.catalogue.save(reached)
    stage.advance(9.0)
    stage.restart()
    ended = row(stage, Channel, "trunk-9")
    assert ended.ended == 9.0
    [span] = stage.catalogue.ledger(ended)
    assert (span.kind, span.why) == (Kind.GAP, "Callwarden was not running")


def stalled(stage: Stage) -> None:
    """The link stalls while the caller's recorder is started: it runs at once, and that is told 1.5 s later."""
    stage.obedient = False
    stage.happen(created(CALLER, 1.0))
    stage.asterisk.channels["trunk-1"].answered = True


def flushed(stage: Stage, answered: float) -> None:
    stage.advance(2.5)
    stage.decide(ev.ChannelAnswered(answered, "trunk-1"))
    stage.obedient = True
    stage.work()
    stage.happen(ev.ChannelHungUp(9.0, "trunk-1"))
    closed(stage, "trunk-1", 9.0, 7.9)
    stage.advance(20.0)


def test_a_recorder_that_was_confirmed_late_ran_since_its_file_holds_sound() -> None:
    stage = Stage()
    stalled(stage)
    stage.decide(ev.ChannelAnswered(1.05, "trunk-1"))
    flushed(stage, 1.05)
    [segment] = stage.catalogue.of(Segment, "trunk-1")
    assert segment.started == pytest.approx(1.1)
    spans = stage.catalogue.ledger(row(stage, Channel, "trunk-1"))
    assert [(span.kind, round(span.started, 2)) for span in spans] == [(Kind.GAP, 1.05), (Kind.RECORDED, 1.1)]


def test_an_answer_that_was_told_of_together_with_a_late_start_was_when_the_file_began() -> None:
    """A stalled link tells all at once; what the file holds since the real answer was taken for early media."""
    stage = Stage()
    stalled(stage)
    flushed(stage, 2.5)
    channel = row(stage, Channel, "trunk-1")
    assert channel.answered == pytest.approx(1.1)
    [span] = stage.catalogue.ledger(channel)
    assert span.kind is Kind.RECORDED
    [finished] = [one for one in stage.actions if isinstance(one, do.FinishRecording)]
    [file] = pieces(finished.segments, (), Path("spool"), finished.ended, finished.answered)
    assert isinstance(file, SpoolFile)
    assert file.head(7.9) == 0


@pytest.mark.parametrize("stop_asked", [5.0, None])
def test_a_stop_that_was_not_proven_before_the_hang_up_does_not_shorten_the_call(stop_asked: float | None) -> None:
    """The file was closed because its recorder was stopped; the caller talked on for four seconds."""
    segment = Segment(
        file="trunk-1-300.wav", unique_id="trunk-1", number=1, state=SegmentState.STOPPING, asked=0.3, started=0.3,
        stop_asked=stop_asked, closed=5.1, size=90_000,
    )  # fmt: skip
    recorder = Recorder("trunk-1", "trunk-1", CALLER, 0.3, answered=0.3, segments=[segment])
    assert last_seen(recorder, 9.0) == (5.1 if stop_asked is None else 9.0)
    recorder.row = Channel(
        unique_id="trunk-1", linked_id="trunk-1", name=CALLER, endpoint="PJSIP/trunk", role=Role.OUTSIDE, started=0.1
    )  # fmt: skip
    recorder.ended = 9.0
    doubt_end(recorder, replace(segment, stopped=9.0), 5.1)
    assert (recorder.end_unseen is None) == (stop_asked is not None)


def test_an_answer_that_is_told_of_behind_the_end_was_when_the_file_began() -> None:
    """The daemon was frozen from before the answer until after the hang-up. Found by a soak."""
    for file_first in (True, False):
        stage = Stage()
        stage.happen(created(DESK, 0.1))
        stage.advance(8.0)
        stage.asterisk.channels.clear()
        if file_first:
            closed(stage, "202-2", 6.5, 5.5)
        stage.decide(ev.ChannelAnswered(8.0, "202-2"))
        stage.decide(ev.ChannelHungUp(8.0, "202-2"))
        if not file_first:
            closed(stage, "202-2", 6.5, 5.5)
        stage.advance(20.0)
        channel = row(stage, Channel, "202-2")
        assert (channel.answered, channel.ended) == (1.0, 6.5)
        [span] = stage.catalogue.ledger(channel)
        assert span.kind is Kind.RECORDED


def test_what_a_killed_asterisk_had_not_written_yet_leaves_no_call_that_ended_before_its_answer() -> None:
    stage = Stage()
    talking(stage)
    stage.advance(1.5)
    stage.lose_link()
    stage.asterisk.channels.clear()
    closed(stage, "trunk-1", 0.1, 0.0)
    stage.advance(4.0)
    stage.regain_link()
    stage.advance(20.0)
    channel = row(stage, Channel, "trunk-1")
    assert channel.answered == 0.3
    assert channel.ended is not None
    assert channel.ended >= 0.3
    assert [span for span in stage.catalogue.ledger(channel) if span.why == UNEXPLAINED and span.seconds > 0] == []


@pytest.mark.parametrize("restarted", [True, False])
def test_who_was_let_to_the_card_line_and_went_unseen_counts_as_answered_and_silent(restarted: bool) -> None:
    """There is no sound that could tell, and unknown counts as answered. Found by a soak."""
    stage = Stage()
    stage.happen(created(DESK, 0.1))
    stage.happen(ev.StepAsked(at=0.11, step_id=1, step=ev.Step.CARD_GATE, unique_id="202-2"))
    stage.advance(0.2)
    stage.lose_link()
    stage.asterisk.channels.clear()
    stage.advance(4.0)
    if restarted:
        stage.restart()
    else:
        stage.regain_link()
    stage.advance(20.0)
    channel = row(stage, Channel, "202-2")
    assert channel.answered is not None
    assert channel.answered < 0.2
    assert {span.kind for span in stage.catalogue.ledger(channel)} == {Kind.SUSPENDED}
    assert row(stage, Call, "trunk-1").answered == channel.answered


def test_who_came_back_from_the_card_line_unseen_and_was_not_recorded_again_counts_as_answered() -> None:
    """The link had stalled: the answer was not told, the recorder that was asked for did not start. Found by a soak."""
    stage = Stage()
    stage.happen(created(DESK, 0.1))
    stage.happen(ev.StepAsked(at=0.11, step_id=1, step=ev.Step.CARD_GATE, unique_id="202-2"))
    stage.advance(0.2)
    stage.obedient = False
    stage.happen(ev.StepAsked(at=3.0, step_id=2, step=ev.Step.CARD_LEFT, unique_id="202-2"))
    stage.advance(4.0)
    stage.asterisk.channels.clear()
    [order] = stage.ami
    assert isinstance(order, do.StartRecorder)
    stage.ami.clear()
    stage.decide(ev.RecorderStartFailed(5.0, "202-2", order.file, "no reply within 2 s", unanswered=True))
    stage.advance(6.0)
    stage.lose_link()
    stage.obedient = True
    stage.advance(9.0)
    stage.regain_link()
    stage.advance(20.0)
    channel = row(stage, Channel, "202-2")
    assert channel.answered is not None
    assert channel.answered < 0.2
    spans = stage.catalogue.ledger(channel)
    assert {span.kind for span in spans} == {Kind.SUSPENDED, Kind.GAP}
    assert [span for span in spans if span.why == UNEXPLAINED] == []


def test_nobody_was_answered_before_it_was_born() -> None:
    """It came, and was answered, while Asterisk was out of sight for longer. Found by a soak."""
    unique_id = "pbx-1795386298.51"
    stage = Stage()
    stage.advance(1795386297.4)
    stage.lose_link()
    stage.decide(ev.ChannelCreated(at=1795386305.5, unique_id=unique_id, linked_id=unique_id, name=CALLER))
    stage.advance(1795386306.4)
    stage.linked = True
    stage.decide(
        ev.ChannelCreated(
            at=1795386306.4, unique_id=unique_id, linked_id=unique_id, name=CALLER, answered=True, found=True
        )
    )
    assert row(stage, Channel, unique_id).answered == 1795386298.0


def test_who_came_and_went_while_nothing_could_be_seen_is_a_gap() -> None:
    stage = Stage()
    stage.happen(created(CALLER, 0.1))
    stage.advance(0.3)
    stage.lose_link()
    stage.decide(created(DESK, 1.0))  # between the link and the snapshot
    stage.advance(5.0)
    stage.regain_link()
    stage.advance(6.0)
    stage.happen(ev.ChannelHungUp(9.0, "trunk-1"))
    stage.advance(20.0)
    [span] = stage.catalogue.ledger(row(stage, Channel, "202-2"))
    assert (span.started, span.ended, span.why) == (1.0, 5.0, "Callwarden could not see Asterisk")


def test_an_answer_that_a_restart_reads_off_a_file_is_the_calls_too() -> None:
    stage = Stage()
    stage.happen(created(CALLER, 0.1))
    stage.advance(0.2)
    stage.asterisk.channels["trunk-1"].answered = True
    before = stage.catalogue.remembered
    stage.catalogue.remembered = lambda at: (replace(one, sounded=0.4) for one in before(at))  # type: ignore[method-assign]
    stage.advance(3.0)
    stage.restart()
    assert row(stage, Channel, "trunk-1").answered == 0.4
    assert row(stage, Call, "trunk-1").answered == 0.4


@pytest.mark.parametrize("spoke", [True, False])
def test_who_was_answered_and_gone_before_the_snapshot_came_is_kept(spoke: bool) -> None:
    """When it was remembered nothing of it was written yet. Found by a soak: its recording was discarded."""
    stage = Stage()
    stage.happen(created(CALLER, 0.1))
    stage.advance(0.2)
    stage.asterisk.channels.clear()
    stage.restart()
    closed(stage, "trunk-1", 5.0, 3.0 if spoke else 0.0)
    stage.advance(20.0)
    channel = row(stage, Channel, "trunk-1")
    answered = pytest.approx(2.0) if spoke else None
    assert (channel.answered, channel.ended) == (answered, 5.0)
    assert row(stage, Call, "trunk-1").answered == answered
    assert (row(stage, Recording, "trunk-1").state is RecordingState.DISCARDED) is not spoke


@pytest.mark.parametrize("told_first", [True, False])
def test_an_answer_that_was_told_of_late_was_when_its_file_began_but_not_before_the_delay(told_first: bool) -> None:
    """A link that stalls and a daemon that hangs tell of an answer behind it: what was said is no early media."""
    stage = Stage()
    stage.happen(created(DESK, 0.1))
    stage.advance(6.0)
    if told_first:
        stage.decide(ev.NewsDelayed(6.0, 3.0))
    stage.happen(ev.ChannelAnswered(6.0, "202-2"))
    if not told_first:
        stage.decide(ev.NewsDelayed(6.0, 3.0))
    stage.happen(ev.ChannelHungUp(9.0, "202-2"))
    closed(stage, "202-2", 9.0, 5.5)
    stage.advance(20.0)
    channel = row(stage, Channel, "202-2")
    assert channel.answered == 3.5
    [span] = stage.catalogue.ledger(channel)
    assert (span.kind, span.started) == (Kind.RECORDED, 3.5)
    early = Stage()
    early.happen(created(DESK, 0.1))
    early.happen(ev.ChannelAnswered(6.0, "202-2"))
    early.decide(ev.NewsDelayed(9.0, 7.0))
    early.happen(ev.ChannelHungUp(9.0, "202-2"))
    closed(early, "202-2", 9.0, 5.5)
    early.advance(20.0)
    assert row(early, Channel, "202-2").answered == 6.0


@pytest.mark.parametrize(("context", "recorded"), [("callwarden-ask", False), ("from-internal", True)])
def test_who_hears_that_the_card_is_not_recorded_stays_silent_when_a_snapshot_is_taken(
    context: str, recorded: bool
) -> None:
    """The gate's prompt is played in the step, so its channel is not in the card line's context yet. A soak found a
    card tone: the snapshot took it for one that had gone elsewhere, and half a second later it was recorded again."""
    stage = Stage()
    stage.happen(created("PJSIP/trunk-1", 0.1))
    stage.happen(ev.ChannelAnswered(0.2, "trunk-1"))
    stage.happen(ev.StepAsked(at=1.0, step_id=1, step=ev.Step.CARD_GATE, unique_id="trunk-1"))
    stage.advance(1.2)
    assert row(stage, Recording, "trunk-1").state is RecordingState.SUSPENDED
    stage.asterisk.channels["trunk-1"].context = context
    stage.lose_link()
    stage.regain_link()
    stage.advance(4.0)
    assert (row(stage, Recording, "trunk-1").state is RecordingState.RECORDING) is recorded


def test_what_was_missing_before_an_answer_that_was_told_of_late_is_a_gap_once_the_answer_is_known() -> None:
    """The link had stalled from the answer until after the hang-up: its file closed, no recorder could be started
    again, then both were told in one moment. Found by a soak."""
    stage = Stage()
    stage.happen(created(CALLER, 0.1))
    stage.advance(3.0)
    stage.obedient = False
    closed(stage, "trunk-1", 3.0, 2.0)
    stage.advance(4.0)
    [order] = stage.ami
    assert isinstance(order, do.StartRecorder)
    stage.ami.clear()
    stage.decide(ev.RecorderStartFailed(5.5, "trunk-1", order.file, "no reply within 2 s", unanswered=True))
    stage.advance(7.0)
    stage.ami.clear()
    stage.obedient = True
    stage.decide(ev.NewsDelayed(7.0, 0.9))
    stage.decide(ev.ChannelAnswered(7.0, "trunk-1"))
    stage.asterisk.channels.clear()
    stage.decide(ev.ChannelHungUp(7.0, "trunk-1"))
    stage.advance(20.0)
    channel = row(stage, Channel, "trunk-1")
    assert channel.answered == 1.0
    spans = stage.catalogue.ledger(channel)
    assert (spans[0].kind, spans[0].ended) == (Kind.RECORDED, 3.0)
    assert {span.kind for span in spans[1:]} == {Kind.GAP}
    assert [span for span in spans if span.why == UNEXPLAINED] == []
