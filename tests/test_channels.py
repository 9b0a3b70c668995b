"""The rows of calls and channels, as channels come, move and go."""

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.channels import PAST_CALLS
from callwarden.core.facts import Call, Direction, Role
from callwarden.core.warden import Warden
from stage import settings

TRUNK, PHONE, OTHER = "PJSIP/trunk-1", "PJSIP/207-2", "PJSIP/700-3"


def calls(actions: list[do.Action]) -> list[Call]:
    return [action.fact for action in actions if isinstance(action, do.Save) and isinstance(action.fact, Call)]


def created(at: float, unique_id: str, linked_id: str, name: str, number: str, exten: str) -> ev.ChannelCreated:
    return ev.ChannelCreated(
        at=at, unique_id=unique_id, linked_id=linked_id, name=name, caller_number=number, exten=exten
    )


def warden() -> Warden:
    fresh = Warden(settings())
    fresh.decide(ev.SnapshotTaken(0.0, 0.0, frozenset()))
    return fresh


def test_a_call_that_a_transfer_empties_and_fills_again_is_the_same_call() -> None:
    """Seen with REFER and Replaces: for a moment all its channels have the other call's linked id."""
    one = warden()
    [begun] = calls(one.decide(created(1.0, "1.1", "1.1", TRUNK, "07700900123", "02079460007")))
    one.decide(created(2.0, "2.1", "2.1", OTHER, "700", "s"))
    [ended] = calls(one.decide(ev.LinkedIdChanged(3.0, "1.1", "2.1")))[-1:]
    assert (ended.linked_id, ended.ended) == ("1.1", 3.0)
    back = calls(one.decide(ev.LinkedIdChanged(3.1, "2.1", "1.1")))[0]
    assert back == begun
    assert (back.direction, back.caller_number, back.started) == (Direction.INBOUND, "07700900123", 1.0)


def test_only_so_many_past_calls_are_remembered() -> None:
    one = warden()
    for number in range(PAST_CALLS + 50):
        one.decide(created(number, f"{number}.1", f"{number}.1", PHONE, "207", "201"))
        one.decide(ev.ChannelHungUp(number + 0.5, f"{number}.1"))
    assert len(one.book.past) == PAST_CALLS


def test_a_trunk_that_nobody_named_is_known_again_after_a_restart() -> None:
    restarted = Warden(settings(calls__trunks=[]))
    restarted.decide(ev.TrunksRemembered(0.0, frozenset({"PJSIP/provider"})))
    restarted.decide(ev.SnapshotTaken(0.0, 0.0, frozenset()))
    restarted.decide(created(1.0, "1.1", "1.1", "PJSIP/202-1", "202", "01632960999"))
    restarted.decide(created(1.1, "1.2", "1.1", "PJSIP/provider-1", "", ""))
    assert restarted.book.calls.legs["1.2"].role is Role.OUTSIDE
    assert restarted.book.facts["1.1"].direction is Direction.OUTBOUND


def test_a_card_phone_that_only_the_dialplan_knows_of_is_found_and_its_agent_is_not_one() -> None:
    """A consultation through a ``Local`` channel with an outside card line, as a daemon finds it that was away."""
    warden = Warden(settings())
    context = {"1.3": "callwarden-card-line"}
    found = {"1.1": "PJSIP/202-1", "1.2": "Local/701@x-1;1", "1.3": "Local/701@x-1;2", "1.4": "PJSIP/provider-1"}
    for unique_id, name in found.items():
        card_phone, where = unique_id == "1.4", context.get(unique_id, "")
        event = ev.ChannelCreated(
            at=1.0, unique_id=unique_id, linked_id="1.1", name=name, found=True, card_phone=card_phone, context=where
        )
        warden.decide(event)
    warden.decide(ev.LocalPaired(1.0, "1.2", "1.3"))
    for bridge, unique_id in (("b1", "1.1"), ("b1", "1.2"), ("b2", "1.3"), ("b2", "1.4")):
        warden.decide(ev.BridgeEntered(1.0, bridge, unique_id))
    actions = warden.decide(ev.SnapshotTaken(1.0, 0.0, frozenset(found)))
    legs = warden.book.calls.legs
    assert [legs[one].role for one in ("1.1", "1.4")] == [Role.PHONE, Role.CARD_LINE]
    assert [action for action in actions if isinstance(action, do.StartRecorder)] == []
