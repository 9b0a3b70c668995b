"""The rows of calls and channels, as channels come, move and go."""

from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.channels import PAST_CALLS
from callwarden.core.facts import Call, Direction
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
