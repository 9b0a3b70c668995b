"""Who is with whom: bridges, halves, devices and linked ids."""

import pytest

from callwarden.core import policy
from callwarden.core.calls import Calls, CardStage, Leg, endpoint_of, technology_of
from callwarden.core.facts import Role
from stage import settings


def leg(name: str, linked_id: str = "", role: Role = Role.PHONE) -> Leg:
    own = name.partition("/")[2]
    return Leg(own, linked_id or own, name, 0.0, role=role)


def calls(*legs: Leg) -> Calls:
    known = Calls()
    for one in legs:
        known.add(one)
    return known


@pytest.mark.parametrize(
    ("name", "endpoint", "technology"),
    [
        ("PJSIP/202-00000001", "PJSIP/202", "PJSIP"),
        ("PJSIP/front-desk-0000000a", "PJSIP/front-desk", "PJSIP"),
        ("PJSIP/202-00000001<ZOMBIE>", "PJSIP/202", "PJSIP"),
        ("Local/700@from-internal-0000;1", "Local/700@from-internal", "Local"),
        ("nonsense", "nonsense", "nonsense"),
    ],
)
def test_a_channels_name_tells_its_endpoint_and_technology(name: str, endpoint: str, technology: str) -> None:
    assert (endpoint_of(name), technology_of(name)) == (endpoint, technology)


def test_members_of_a_bridge_converse_and_hear_each_other() -> None:
    a, b = leg("PJSIP/trunk-1"), leg("PJSIP/202-1")
    known = calls(a, b)
    known.enter(a, "b1")
    known.enter(b, "b1")
    assert known.conversation("trunk-1") == known.hearing("trunk-1") == {"trunk-1", "202-1"}
    assert known.talks(a)
    known.leave(b, "b1")
    assert not known.talks(a)
    assert known.conversation("trunk-1") == {"trunk-1"}


def test_the_held_call_of_a_consulting_phone_is_in_its_conversation_but_does_not_hear_it() -> None:
    held, first, second = leg("PJSIP/trunk-1"), leg("PJSIP/202-1", "trunk-1"), leg("PJSIP/202-2")
    known = calls(held, first, second)
    assert known.conversation("202-2") == {"trunk-1", "202-1", "202-2"}
    assert known.hearing("202-2") == {"202-2"}


def test_two_calls_on_a_trunk_are_strangers() -> None:
    known = calls(leg("PJSIP/trunk-1", role=Role.OUTSIDE), leg("PJSIP/trunk-2", role=Role.OUTSIDE))
    assert known.conversation("trunk-1") == {"trunk-1"}


def test_the_halves_of_a_local_channel_pass_audio_on() -> None:
    a, one, two, b = leg("PJSIP/202-1"), leg("Local/x-1;1"), leg("Local/x-1;2"), leg("PJSIP/700-1")
    known = calls(a, one, two, b)
    known.pair("x-1;1", "x-1;2")
    for member, bridge in ((a, "b1"), (one, "b1"), (two, "b2"), (b, "b2")):
        known.enter(member, bridge)
    assert known.hearing("202-1") == {"202-1", "x-1;1", "x-1;2", "700-1"}
    known.remove("x-1;1")
    assert known.half(two) is None
    assert known.hearing("700-1") == {"700-1", "x-1;2"}


def test_parked_parties_share_a_bridge_and_no_word() -> None:
    a, b = leg("PJSIP/trunk-1", role=Role.OUTSIDE), leg("PJSIP/trunk-2", role=Role.OUTSIDE)
    known = calls(a, b)
    known.enter(a, "lot", holding=True)
    known.enter(b, "lot")
    assert known.conversation("trunk-1") == {"trunk-1"}
    assert not known.talks(a)


def test_a_late_leave_of_an_earlier_bridge_changes_nothing() -> None:
    a = leg("PJSIP/202-1")
    known = calls(a)
    known.enter(a, "b1")
    known.enter(a, "b2")
    known.leave(a, "b1")
    assert a.bridge == "b2"


def test_halves_that_are_not_known_leave_no_trace() -> None:
    known = calls(leg("Local/x-1;1"))
    known.pair("x-1;1", "x-1;2")
    assert known.half(known.legs["x-1;1"]) is None


def test_a_merged_channel_is_in_its_new_call_only() -> None:
    a, b = leg("PJSIP/202-1", "one"), leg("PJSIP/203-1", "two")
    known = calls(a, b)
    known.relink(a, "two")
    assert known.call("one") == []
    assert [one.unique_id for one in known.call("two")] == ["202-1", "203-1"]


def test_a_channel_that_a_masquerade_renamed_belongs_to_the_other_phone() -> None:
    a, b = leg("PJSIP/202-1"), leg("PJSIP/203-1")
    known = calls(a, b)
    known.rename(a, "PJSIP/203-9")
    assert known.conversation("203-1") == {"202-1", "203-1"}


def test_plumbing_becomes_a_party_when_it_gets_a_partys_name_and_stays_one() -> None:
    a = leg("Local/x-1;1", role=Role.PLUMBING)
    known = calls(a)
    assert not a.party
    known.rename(a, "PJSIP/202-1")
    assert a.party
    known.rename(a, "Local/x-1;1<ZOMBIE>")
    assert a.party


def test_whoever_was_let_through_is_at_the_card_line_until_it_talks_with_somebody_else() -> None:
    caller, agent = leg("PJSIP/trunk-1", role=Role.OUTSIDE), leg("PJSIP/202-1")
    card = leg("PJSIP/700-1", role=Role.CARD_LINE)
    known = calls(caller, agent, card)
    assert not known.at_card_line(caller)
    caller.card = CardStage.CLEARED
    assert known.at_card_line(caller)
    known.enter(caller, "b1")
    known.enter(card, "b1")
    assert known.at_card_line(caller)
    known.leave(card)
    known.enter(agent, "b1")
    assert not known.at_card_line(caller)


def test_a_bridge_that_nobody_is_in_is_forgotten() -> None:
    a, b = leg("PJSIP/202-1"), leg("PJSIP/203-1")
    known = calls(a, b)
    known.enter(a, "b1")
    known.enter(b, "b1")
    known.leave(a)
    assert set(known.bridges) == {"b1"}
    known.enter(b, "b2")
    assert set(known.bridges) == {"b2"}
    known.remove(b.unique_id)
    assert known.bridges == {}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("PJSIP/trunk-1", Role.OUTSIDE),
        ("SIP/learned-1", Role.OUTSIDE),
        ("PJSIP/202-1", Role.PHONE),
        ("PJSIP/700-1", Role.CARD_LINE),
        ("Local/700@x-1;1", Role.PLUMBING),
        ("Snoop/1-1", Role.PLUMBING),
    ],
)
def test_whose_channel_it_is(name: str, role: Role) -> None:
    assert policy.role_of(name, settings(), frozenset({"SIP/learned"})) is role
