"""The card gate: clear only when every recorder of the conversation is proven stopped."""

import pytest

from callwarden.core import actions as do
from callwarden.core.events import (
    ChannelRenamed,
    ForeignRecorderStarted,
    RecordersProvenStopped,
    RecordersStopUnproven,
    RedirectFailed,
    ResumptionOrdered,
    Step,
    SuspensionOrdered,
)
from scenes import Scene

CLEAR = "answer trunk-1 clear back to PJSIP/202 after card-not-recorded"
REFUSED = "answer trunk-1 refused back to PJSIP/202"


def waiting_at_the_gate(timeout: float = 1.0) -> Scene:
    """A caller stands at the gate; Asterisk has been asked to stop two recorders and has not answered yet."""
    scene = Scene(card__gate_timeout=timeout)
    scene.talking()
    scene.obedient = False
    scene.alone("with-trunk-1", "trunk-1")
    assert scene.asks(Step.CARD_GATE, "trunk-1") == ["stop 202-1", "stop trunk-1"]
    return scene


def test_the_gate_opens_with_the_last_proof_and_not_before() -> None:
    scene = waiting_at_the_gate()
    scene.work()
    assert CLEAR not in scene.orders
    scene.work()
    assert scene.orders[-1] == CLEAR


def test_a_recorder_that_is_still_starting_is_stopped_behind_its_start() -> None:
    scene = Scene(obedient=False)
    scene.channel("PJSIP/207-1", exten="700")
    assert scene.asks(Step.CARD_GATE, "207-1") == ["stop 207-1"]
    assert [type(order) for order in scene.ami] == [do.StartRecorder, do.StopRecorders]
    scene.work()
    assert not scene.orders[-1].startswith("answer")
    scene.work()
    assert scene.orders[-1].startswith("answer 207-1 clear")
    assert not scene.recorded("207-1")


def test_an_older_proof_does_not_open_a_newer_gate() -> None:
    scene = waiting_at_the_gate()
    scene.decide(RecordersProvenStopped(scene.now, "trunk-1", 0, "late"))
    scene.decide(RecordersProvenStopped(scene.now, "202-1", 0, "late"))
    assert CLEAR not in scene.orders


def test_plumbing_owes_a_proof_too() -> None:
    scene = waiting_at_the_gate()
    scene.gone("202-1")
    scene.channel("Local/x-1;2", call="trunk-1")
    scene.work()
    scene.work()
    assert scene.orders[-1] == "stop x-1;2"
    scene.work()
    assert scene.orders[-1] == CLEAR


def test_whoever_joins_while_the_gate_waits_is_silenced_and_waited_for() -> None:
    scene = waiting_at_the_gate()
    assert scene.channel("PJSIP/203-1", call="trunk-1") == ["stop 203-1"]
    scene.work()
    scene.work()
    assert CLEAR not in scene.orders
    scene.work()
    assert scene.orders[-1] == CLEAR


def test_a_recorder_that_somebody_starts_after_its_proof_keeps_the_gate_shut() -> None:
    scene = waiting_at_the_gate()
    scene.work()
    scene.happen(ForeignRecorderStarted(scene.now, "202-1"))
    scene.work()
    assert CLEAR not in scene.orders
    scene.work()
    assert scene.orders[-2:] == [CLEAR, "alarm foreign-recorder 202-1"]


def test_a_masquerade_after_a_proof_asks_for_another() -> None:
    scene = waiting_at_the_gate()
    scene.work()
    assert scene.happen(ChannelRenamed(scene.now, "202-1", "PJSIP/202-9")) == ["stop 202-1"]
    scene.work()
    assert CLEAR not in scene.orders
    scene.work()
    assert scene.orders[-1] == CLEAR


@pytest.mark.parametrize("timeout", [0.05, 1.0, 10.0])
def test_what_is_not_proven_in_time_is_refused(timeout: float) -> None:
    scene = waiting_at_the_gate(timeout)
    assert REFUSED not in scene.after(timeout - 0.01)
    assert REFUSED in scene.after(0.02)


def test_a_stop_that_fails_refuses_at_once() -> None:
    scene = waiting_at_the_gate()
    scene.decide(RecordersStopUnproven(scene.now, "202-1", 1, "Permission denied"))
    assert scene.orders[-3:] == ["alarm stop-unproven 202-1", "alarm gate-refused trunk-1", REFUSED]


def test_after_a_refusal_recording_comes_back_once_that_has_settled() -> None:
    scene = waiting_at_the_gate()
    scene.after(1.0)
    scene.obedient = True
    for _ in range(len(scene.ami)):
        scene.work()
    assert scene.after(0.4) == []
    assert scene.after(0.2) == ["start 202-1", "start trunk-1"]


def test_a_channel_that_hangs_up_owes_nothing_more() -> None:
    scene = waiting_at_the_gate()
    scene.work()
    scene.gone("202-1")
    scene.work()
    assert scene.orders[-1] == CLEAR


def test_a_caller_who_hangs_up_at_the_gate_leaves_nobody_waiting() -> None:
    scene = waiting_at_the_gate()
    scene.gone("trunk-1")
    assert scene.book.gates == {}


def test_the_second_call_of_a_phone_silences_the_call_it_holds() -> None:
    scene = Scene()
    scene.talking()
    scene.channel("PJSIP/202-2", exten="700")
    assert scene.asks(Step.CARD_GATE, "202-2") == ["stop 202-1", "stop 202-2", "stop trunk-1"]


def test_another_call_on_the_trunk_is_left_alone() -> None:
    scene = Scene()
    scene.talking()
    scene.talking("PJSIP/trunk-2", "PJSIP/203-1")
    assert scene.asks(Step.CARD_GATE, "trunk-1") == ["stop 202-1", "stop trunk-1"]
    assert scene.recorded("trunk-2")
    assert scene.recorded("203-1")


def test_divert_sends_the_caller_when_all_is_silent() -> None:
    scene = Scene()
    scene.talking()
    assert scene.asks(Step.DIVERT, "202-1") == ["stop 202-1", "stop trunk-1"]
    assert scene.after(0.01) == ["redirect trunk-1 700@from-internal", "answer 202-1 done"]


def test_divert_sends_to_the_line_that_is_configured() -> None:
    scene = Scene(card__divert_to="701")
    scene.talking()
    scene.asks(Step.DIVERT, "202-1")
    assert "redirect trunk-1 701@from-internal" in scene.after(0.01)


@pytest.mark.parametrize("who", ["trunk-1", "202-9"])
def test_only_a_phone_that_talks_with_somebody_may_divert(who: str) -> None:
    scene = Scene()
    scene.talking()
    scene.channel("PJSIP/202-9")
    assert scene.asks(Step.DIVERT, who) == [f"answer {who} refused"]


def test_without_a_card_line_there_is_nowhere_to_divert_to() -> None:
    scene = Scene(card__line=[])
    scene.talking()
    assert scene.asks(Step.DIVERT, "202-1") == ["answer 202-1 refused"]


def test_a_diverted_caller_who_never_arrives_is_recorded_again() -> None:
    scene = Scene()
    scene.talking()
    scene.asks(Step.DIVERT, "202-1")
    assert "start trunk-1" in scene.after(6.0)


def test_a_redirect_that_fails_is_told_and_recording_comes_back() -> None:
    scene = Scene()
    scene.talking()
    scene.asks(Step.DIVERT, "202-1")
    scene.after(0.01)
    assert scene.happen(RedirectFailed(scene.now, "trunk-1", "no")) == ["alarm divert-failed trunk-1"]
    assert scene.after(1.0) == ["start 202-1", "start trunk-1"]


def test_an_agent_who_hangs_up_while_diverting_does_not_stop_the_caller_on_the_way() -> None:
    scene = Scene()
    scene.talking()
    scene.obedient = False
    scene.asks(Step.DIVERT, "202-1")
    scene.gone("202-1")
    scene.work()
    scene.work()
    assert "redirect trunk-1 700@from-internal" in scene.orders


def test_two_gates_over_one_conversation_both_get_their_answer() -> None:
    scene = waiting_at_the_gate()
    scene.channel("PJSIP/202-2", exten="700")
    scene.asks(Step.CARD_GATE, "202-2")
    scene.obedient = True
    for _ in range(len(scene.ami)):
        scene.work()
    scene.after(0.1)
    answers = [order for order in scene.orders if "clear" in order]
    assert answers == [CLEAR, "answer 202-2 clear after card-not-recorded"]


def test_a_suspension_by_an_operator_names_the_operator_and_a_card_payment_in_it_the_card_line() -> None:
    scene = Scene()
    scene.talking()
    scene.happen(SuspensionOrdered(scene.now, "trunk-1", "anna", 7))
    scene.after(0.1)
    scene.asks(Step.CARD_GATE, "trunk-1")
    scene.after(0.1)
    recorder = scene.book.recorders["trunk-1"]
    assert [(one.why, one.by) for one in recorder.suspensions] == [
        ("suspended in place", "anna"),
        ("card line", "PJSIP/202"),
    ]


def test_an_operators_reply_number_is_nobodys_step() -> None:
    scene = waiting_at_the_gate()
    assert scene.steps == 2
    scene.talking("PJSIP/trunk-2", "PJSIP/203-1")
    assert scene.happen(SuspensionOrdered(scene.now, "trunk-2", "anna", 2)) == ["stop 203-1", "stop trunk-2"]


def test_resuming_does_not_end_a_card_payment() -> None:
    scene = Scene()
    scene.talking()
    scene.happen(SuspensionOrdered(scene.now, "trunk-1", "anna", 1))
    scene.after(0.1)
    scene.at_card_line()
    scene.happen(ResumptionOrdered(scene.now, "trunk-1", "anna", 2))
    scene.after(2.0)
    assert not scene.recorded("trunk-1")
