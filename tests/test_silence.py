"""Who must be silent, and who may be recorded again."""

import pytest

from callwarden.core import actions as do
from callwarden.core.events import (
    ChannelRenamed,
    LinkedIdChanged,
    RecordersStopUnproven,
    Step,
    SuspensionOrdered,
)
from callwarden.core.facts import RecordingState, Role
from callwarden.core.silence import RENEWED, reason
from scenes import Scene
from stage import short


def paying() -> Scene:
    """A caller whom reception sent there talks with the card line."""
    scene = Scene()
    scene.talking()
    scene.alone("with-trunk-1", "trunk-1", "202-1")
    scene.at_card_line()
    scene.gone("202-1")
    scene.after(1.0)
    return scene


def test_nobody_looks_at_conversations_while_no_card_line_is_about() -> None:
    scene = Scene()
    scene.talking()
    assert scene.book.watched == set()


def test_whoever_pays_is_silent_by_whose_doing_it_stands_there() -> None:
    scene = paying()
    assert reason(scene.book, "trunk-1") == ("card line", "PJSIP/202")
    assert not scene.recorded("trunk-1")


def test_a_channel_that_is_born_into_a_payment_is_silent_from_its_first_moment() -> None:
    assert paying().channel("PJSIP/203-1", call="trunk-1") == ["stop 203-1"]


def test_a_phone_that_is_rung_for_another_call_while_it_pays_is_silent_with_its_caller() -> None:
    scene = Scene()
    scene.channel("PJSIP/202-1", exten="700")
    scene.at_card_line("202-1")
    scene.channel("PJSIP/trunk-2")
    assert scene.channel("PJSIP/202-2", call="trunk-2") == ["stop 202-2"]
    assert scene.dials("trunk-2", "202-2") == ["stop trunk-2"]


def test_recording_comes_back_when_the_card_line_has_been_away_for_the_settling_time() -> None:
    scene = paying()
    scene.gone("700-1")
    scene.channel("PJSIP/203-1", call="trunk-1")
    scene.dials("trunk-1", "203-1", "203", "from-internal")
    scene.together("b9", "trunk-1", "203-1")
    assert scene.after(0.45) == []
    assert scene.after(0.1) == ["start 203-1", "start trunk-1"]


def test_a_card_line_that_comes_back_before_that_finds_silence() -> None:
    scene = paying()
    scene.alone("card-trunk-1", "700-1")
    scene.after(0.3)
    scene.together("card-trunk-1", "700-1")
    assert scene.after(5.0) == []


def test_after_the_card_line_the_caller_waits_until_it_is_recorded_again() -> None:
    scene = paying()
    assert scene.asks(Step.CARD_LEFT, "trunk-1") == []
    assert scene.gone("700-1") == ["start trunk-1"]
    assert scene.after(0.01) == ["answer trunk-1 done after recording-resumed"]


def test_the_caller_does_not_wait_for_ever() -> None:
    scene = paying()
    scene.obedient = False
    scene.gone("700-1")
    scene.asks(Step.CARD_LEFT, "trunk-1")
    assert "answer trunk-1 done" in scene.after(1.1)


def test_a_caller_who_was_never_silent_goes_on_at_once() -> None:
    scene = Scene()
    scene.talking()
    assert scene.asks(Step.CARD_LEFT, "trunk-1") == ["answer trunk-1 done"]


def test_a_caller_whom_the_card_line_sends_on_is_recorded_there() -> None:
    scene = paying()
    scene.alone("card-trunk-1", "trunk-1")
    scene.gone("700-1")
    scene.channel("PJSIP/203-1", call="trunk-1")
    scene.dials("trunk-1", "203-1", "203", "from-internal")
    scene.together("b9", "trunk-1", "203-1")
    scene.after(1.0)
    assert scene.book.calls.legs["203-1"].role is Role.PHONE
    assert scene.recorded("203-1")
    assert scene.recorded("trunk-1")


@pytest.mark.parametrize("order", [("x-1;1", "206-1"), ("206-1", "x-1;1")])
def test_a_card_line_behind_a_local_channel_stays_one_when_that_is_gone(order: tuple[str, str]) -> None:
    scene = Scene()
    scene.talking()
    scene.alone("with-trunk-1", "trunk-1", "202-1")
    scene.gone("202-1")
    scene.asks(Step.CARD_GATE, "trunk-1")
    scene.after(0.1)
    for name in ("Local/x-1;1", "Local/x-1;2", "PJSIP/206-1"):
        scene.channel(name, call="trunk-1")
    scene.book.calls.pair("x-1;1", "x-1;2")
    dials = {
        "x-1;1": ("trunk-1", "x-1;1", "x", "callwarden-card-line"),
        "206-1": ("x-1;2", "206-1", "206", "from-internal"),
    }
    for destination in order:
        scene.dials(*dials[destination])
    scene.gone("x-1;1", "x-1;2")
    scene.together("b9", "206-1", "trunk-1")
    assert scene.after(5.0) == []
    assert reason(scene.book, "trunk-1") is not None


def test_a_card_line_dialled_past_the_gate_is_silent_before_it_rings_and_told_once() -> None:
    scene = Scene()
    scene.channel("PJSIP/203-1")
    scene.after(0.1)
    assert scene.channel("PJSIP/700-1", call="203-1") == ["stop 203-1", "alarm card-line-ungated 700-1"]
    assert scene.dials("203-1", "700-1", "700", "from-internal") == []


def test_an_outside_card_line_dialled_past_the_gate_is_known_by_its_number() -> None:
    scene = Scene()
    scene.channel("PJSIP/203-1")
    scene.channel("PJSIP/trunk-2", call="203-1")
    scene.after(0.1)
    orders = scene.dials("203-1", "trunk-2", "09098790001@trunk", "from-internal")
    assert sorted(set(orders)) == ["alarm card-line-ungated trunk-2", "stop 203-1", "stop trunk-2"]


def test_a_phone_that_takes_the_card_lines_name_is_the_card_line() -> None:
    scene = Scene()
    scene.talking()
    assert "stop trunk-1" in scene.happen(ChannelRenamed(scene.now, "202-1", "PJSIP/700-5"))


@pytest.mark.parametrize("how", ["merged away", "renamed", "moved"])
def test_those_left_behind_by_a_move_are_recorded_again(how: str) -> None:
    scene = Scene()
    scene.talking()
    scene.channel("PJSIP/700-1", call="700-1")
    scene.together("with-trunk-1", "700-1")
    scene.after(1.0)
    assert not scene.recorded("trunk-1")
    match how:
        case "moved":
            scene.together("elsewhere", "700-1")
        case "merged away":
            scene.happen(LinkedIdChanged(scene.now, "700-1", "trunk-1"))
            scene.alone("with-trunk-1", "700-1")
            scene.happen(LinkedIdChanged(scene.now, "700-1", "another"))
        case _:
            scene.alone("with-trunk-1", "700-1")
            scene.happen(ChannelRenamed(scene.now, "700-1", "PJSIP/700-8"))
    scene.after(1.0)
    assert scene.recorded("trunk-1")
    assert scene.recorded("202-1")


def test_a_stop_that_was_not_proven_is_repeated_until_it_is() -> None:
    scene = paying()
    scene.obedient = False
    scene.channel("PJSIP/203-1", call="trunk-1")
    for _ in range(3):
        proof = scene.book.recorders["203-1"].proof
        scene.ami.clear()
        scene.decide(RecordersStopUnproven(scene.now, "203-1", proof, "no answer in time"))
        assert scene.after(0.6) == ["stop 203-1"]
    scene.work()
    assert scene.book.recorders["203-1"].state is RecordingState.SUSPENDED
    assert scene.after(5.0) == []


def test_a_card_payment_that_begins_in_the_middle_of_a_renewal_is_called_by_its_name() -> None:
    scene = Scene()
    scene.talking()
    scene.alone("with-trunk-1", "202-1")
    scene.channel("PJSIP/203-1", call="trunk-1")
    scene.together("with-trunk-1", "203-1")
    scene.channel("PJSIP/700-1", call="trunk-1")
    scene.dials("203-1", "700-1")
    scene.after(5.0)
    assert [one.why for one in scene.book.recorders["trunk-1"].suspensions] == [RENEWED, "card line"]
    assert not scene.recorded("trunk-1")


def test_no_recorder_is_started_out_of_sight() -> None:
    scene = Scene()
    scene.talking()
    scene.happen(SuspensionOrdered(scene.now, "trunk-1", "anna", 1))
    scene.after(0.1)
    scene.lose_link()
    scene.channel("PJSIP/203-1")
    assert scene.after(400.0) == []
    mark = len(scene.actions)
    scene.regain_link()
    scene.after(1.0)
    assert any(isinstance(action, do.StartRecorder) for action in scene.actions[mark:])
    assert scene.recorded("203-1")


def test_one_per_call_starts_nobody_beside_the_card_line() -> None:
    scene = Scene(recording__scope="one-per-call")
    scene.talking()
    scene.channel("Local/700@x-1;1", call="trunk-1")
    scene.channel("Local/700@x-1;2", call="trunk-1")
    scene.book.calls.pair("700@x-1;1", "700@x-1;2")
    scene.asks(Step.CARD_GATE, "700@x-1;2")
    scene.after(0.1)
    orders = scene.together("consult", "202-1", "700@x-1;1")
    assert not any(order.startswith("start") for order in orders + scene.after(5.0))


def test_one_per_call_goes_on_with_who_is_left() -> None:
    scene = Scene(recording__scope="one-per-call")
    scene.talking()
    scene.channel("PJSIP/203-1", call="trunk-1")
    scene.up("203-1")
    scene.together("with-trunk-1", "203-1")
    assert scene.gone("trunk-1") == ["start 202-1"]


def test_a_recorder_whose_start_was_not_answered_is_stopped_before_another_is_started() -> None:
    """It may run: two beside each other would both be kept."""
    scene = Scene(obedient=False)
    scene.channel("PJSIP/trunk-1")
    scene.work(lost_reply=True)
    assert scene.recorded("trunk-1")
    assert scene.after(0.25) == ["stop trunk-1"]
    scene.work()
    assert not scene.recorded("trunk-1")
    assert scene.after(0.2) == ["start trunk-1"]
    scene.work()
    assert len(scene.asterisk.channels["trunk-1"].monitors) == 1


def test_before_a_card_line_it_is_stopped_and_not_started() -> None:
    scene = Scene(obedient=False)
    scene.channel("PJSIP/trunk-1")
    scene.work(lost_reply=True)
    scene.asks(Step.CARD_GATE, "trunk-1")
    scene.work()
    assert not scene.recorded("trunk-1")
    assert scene.after(5.0) == []


def conferring() -> Scene:
    """A caller and a phone are in a conference, and another two talk elsewhere."""
    scene = Scene()
    scene.talking("PJSIP/trunk-9", "PJSIP/203-1")
    for name in ("PJSIP/trunk-1", "PJSIP/202-1"):
        scene.channel(name)
        scene.up(short(name))
    scene.confer("c1", "trunk-1", "202-1")
    scene.after(1.0)
    return scene


def in_conference(scene: Scene) -> list[bool]:
    return [scene.recorded(one) for one in ("trunk-1", "202-1")]


def test_a_card_line_that_nobody_is_with_makes_conferences_silent_and_nobody_else() -> None:
    scene = conferring()
    assert scene.channel("PJSIP/700-1") == ["stop 202-1", "stop trunk-1"]
    scene.after(5.0)
    assert in_conference(scene) == [False, False]
    assert scene.recorded("trunk-9")
    scene.confer("c1", "700-1")
    scene.after(5.0)
    assert in_conference(scene) == [False, False]
    scene.alone("c1", "700-1")
    scene.gone("700-1")
    assert scene.after(1.0) == ["start 202-1", "start trunk-1"]


def test_a_card_line_that_hangs_up_alone_leaves_the_conferences_to_be_recorded_again() -> None:
    scene = conferring()
    scene.channel("PJSIP/700-1")
    scene.gone("700-1")
    assert scene.after(1.0) == ["start 202-1", "start trunk-1"]


def test_a_card_phone_that_calls_somebody_is_no_longer_alone() -> None:
    scene = conferring()
    scene.channel("PJSIP/700-1")
    scene.channel("PJSIP/204-1", call="700-1")
    scene.dials("700-1", "204-1", "204", "from-internal")
    assert scene.after(1.0) == ["start 202-1", "start trunk-1"]


def test_the_gate_opens_for_nobody_before_all_conferences_are_proven_silent() -> None:
    scene = conferring()
    scene.obedient = False
    scene.channel("Local/x-1;1")
    scene.channel("Local/x-1;2", call="x-1;1")
    scene.book.calls.pair("x-1;1", "x-1;2")
    orders = scene.asks(Step.CARD_GATE, "x-1;2")
    assert {"stop 202-1", "stop trunk-1"} < set(orders)
    for _ in range(len(orders) - 1):
        scene.work()
    assert "answer x-1;2 clear" not in "".join(scene.orders)
    scene.work()
    assert scene.orders[-1].startswith("answer x-1;2 clear")


def test_a_payment_leaves_a_conference_alone() -> None:
    scene = conferring()
    scene.at_card_line("trunk-9")
    scene.after(2.0)
    assert in_conference(scene) == [True, True]
    scene.gone("700-1", "trunk-9", "203-1")
    scene.after(2.0)
    assert in_conference(scene) == [True, True]
    assert scene.book.card_alone is False


def test_whoever_joins_a_conference_while_a_card_line_is_alone_is_silent_there() -> None:
    scene = conferring()
    scene.channel("PJSIP/700-1")
    scene.channel("PJSIP/205-1")
    scene.up("205-1")
    scene.after(0.5)
    assert scene.recorded("205-1")
    assert scene.confer("c1", "205-1") == ["stop 205-1"]
