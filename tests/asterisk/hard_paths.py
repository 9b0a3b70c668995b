"""The hard ways of a call, each walked in the office of ``hard_office``; each gives what to look at afterwards.

A function walks, and returns the check of its own rows and files. What holds for all is checked in
``test_hard_paths``: every second explained, the card's tone in no file.
"""

import time
from collections.abc import Callable

from hard_office import CALLER, DESK_TONES, OUTSIDE, TALK, Mine, Way
from proof import assert_sound_agrees, wait_until

from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from lab import tones
from lab.pbx import MUSIC_ON_HOLD
from lab.softphone import Softphone

Check = Callable[[Mine], None]
SECOND_CALLER = 1200
THERE_AND_BACK = ["recorded", CARD_LINE, "recorded"]
NO_RTP_SECONDS = 20.0


def _there_and_back(mine: Mine) -> None:
    assert mine.caller.outline == THERE_AND_BACK
    assert mine.caller.seconds(Kind.SUSPENDED, CARD_LINE) > TALK
    assert_sound_agrees(mine.caller, CALLER)


def a_picked_up_call(way: Way) -> Check:
    """Another desk fetches the ringing call, and sends it to the card line."""
    way.lab.world.phone(way.desk()).never_answers()
    caller = way.rings_in()
    way.lab.world.party_at(way.desk(), step="ringing")
    picker = way.lab.world.call(way.desk(1), f"8{way.desk()}", tone=DESK_TONES[1]).wait_answered()
    caller.wait_answered()
    wait_until(lambda: picker.hears(CALLER, 0.3))
    time.sleep(TALK)
    way.pays_and_comes_back(caller, picker, 1)
    return _there_and_back


def a_parked_call(way: Way) -> Check:
    """Parked by the first desk, fetched by the second, which sends it to the card line."""
    caller, agent = way.reception()
    agent.refer("760")
    time.sleep(TALK)
    second = way.lab.world.call(way.desk(1), "761", tone=DESK_TONES[1]).wait_answered()
    wait_until(lambda: second.hears(CALLER, 0.3))
    time.sleep(TALK)
    way.pays_and_comes_back(caller, second, 1)

    def check(mine: Mine) -> None:
        _there_and_back(mine)
        assert_sound_agrees(mine.desk(1)[0], CALLER)

    return check


def a_ring_group_whose_loser_hangs_up_first(way: Way) -> Check:
    """The desk that declines is gone before the other one answers."""
    way.lab.world.phone(way.desk()).answers(after=0.8, tone=DESK_TONES[0])
    way.lab.world.phone(way.desk(1)).declines()
    caller = way.rings_in("group").wait_answered()
    agent = way.at_desk()
    time.sleep(TALK)
    way.pays_and_comes_back(caller, agent)

    def check(mine: Mine) -> None:
        _there_and_back(mine)
        [loser] = mine.account.all_of(way.phone(1))
        assert (loser.channel.answered, loser.file) == (None, None)

    return check


def a_queue(way: Way) -> Check:
    """Music, an agent, the card line, and back to that agent."""
    way.lab.world.phone(way.desk()).never_answers()
    way.lab.world.phone(way.desk(1)).answers(after=1.0, tone=DESK_TONES[1])
    caller = way.rings_in("queue")
    agent = way.at_desk(1)
    wait_until(lambda: caller.hears(DESK_TONES[1], 0.3))
    time.sleep(TALK)
    way.pays_and_comes_back(caller, agent, 1)

    def check(mine: Mine) -> None:
        _there_and_back(mine)
        assert_sound_agrees(mine.desk(1)[0], CALLER)

    return check


def a_conference_whose_member_consults_the_card_line(way: Way) -> Check:
    """A second call of a member's phone, which could mix the two: everybody is silent before the card line rings."""
    caller = way.rings_in("conference").wait_answered()
    first = way.lab.world.call(way.desk(), way.conference, tone=DESK_TONES[0]).wait_answered()
    second = way.lab.world.call(way.desk(1), way.conference, tone=DESK_TONES[1]).wait_answered()
    wait_until(lambda: second.hears(CALLER, 0.3))
    time.sleep(TALK)
    way.lab.world.call(way.desk(), way.card, tone=DESK_TONES[0])
    way.pays().hang_up()
    time.sleep(2 * TALK)
    for party in (caller, first, second):
        party.hang_up()

    def check(mine: Mine) -> None:
        for leg in (mine.caller, mine.desk()[0], *mine.desk(1)):
            assert leg.outline == THERE_AND_BACK
            assert leg.seconds(Kind.SUSPENDED, CARD_LINE) > TALK
            assert_sound_agrees(leg, CALLER, *DESK_TONES[:2])
        assert mine.desk()[1].seconds(Kind.RECORDED) < 0.1

    return check


def a_call_forwarded_to_outside(way: Way) -> Check:
    """The office's number is forwarded: both outside channels are recorded."""
    caller = way.rings_in("forwarded").wait_answered()
    person = way.lab.world.party_at(way.outside)
    wait_until(lambda: person.hears(CALLER, 0.3))
    time.sleep(TALK)
    caller.hang_up()

    def check(mine: Mine) -> None:
        assert mine.caller.outline == ["recorded"]
        assert_sound_agrees(mine.caller, CALLER, OUTSIDE)
        assert tones.seconds_with(mine.caller.file or "", OUTSIDE) > TALK / 2

    return check


def a_desk_that_redirects_to_outside(way: Way) -> Check:
    """302 Moved Temporarily, which Asterisk follows through a Local channel."""
    way.lab.world.phone(way.desk()).forwards_to(way.outside)
    caller = way.rings_in().wait_answered()
    person = way.lab.world.party_at(way.outside)
    wait_until(lambda: person.hears(CALLER, 0.3))
    time.sleep(TALK)
    caller.hang_up()

    def check(mine: Mine) -> None:
        assert mine.caller.outline == ["recorded"]
        assert_sound_agrees(mine.caller, CALLER, OUTSIDE)

    return check


def a_desk_that_redirects_to_the_card_line(way: Way) -> Check:
    """302 to the card line: the gate is on the way all the same."""
    way.lab.world.phone(way.desk()).forwards_to(way.card)
    caller = way.rings_in()
    card = way.pays()
    assert card.hears(CALLER)
    card.hang_up()
    caller.hang_up()

    def check(mine: Mine) -> None:
        assert mine.caller.outline[-1] == CARD_LINE
        assert mine.caller.seconds(Kind.SUSPENDED, CARD_LINE) > TALK

    return check


def a_chain_of_transfers(way: Way) -> Check:
    """Caller to A, to B, to the card line, whose clerk sends the caller to A again."""
    caller, first = way.reception()
    first.refer(way.desk(1))
    second = way.at_desk(1)
    wait_until(lambda: second.hears(CALLER, 0.3))
    time.sleep(TALK)
    second.refer(way.card)
    clerk = way.pays()
    clerk.press("#1")
    time.sleep(0.3)
    clerk.press(way.desk())
    clerk.wait_hangup()
    again = way.at_desk()
    wait_until(lambda: again.hears(CALLER, 0.3))
    time.sleep(TALK)
    caller.hang_up()

    def check(mine: Mine) -> None:
        _there_and_back(mine)
        assert len(mine.desk()) == 2
        assert tones.seconds_with(mine.desk()[1].file or "", CALLER) > TALK / 2

    return check


def two_callers_on_one_phone(way: Way) -> Check:
    """While their phone consults the card line both are silent, for it could mix them; one who is sent there by a blind
    transfer is with that phone no longer, and the other one goes on being recorded."""
    one, agent = way.reception()
    other = way.rings_in(caller=f"{way.caller}9", tone=SECOND_CALLER).wait_answered()
    wait_until(lambda: way.at_desk() != agent)
    again = way.at_desk()
    time.sleep(TALK)
    way.lab.world.call(way.desk(), way.card, tone=DESK_TONES[0])
    way.pays().hang_up()
    time.sleep(2 * TALK)
    again.refer(way.card)
    way.pays().hang_up()
    wait_until(lambda: way.at_desk() not in (agent, again))
    time.sleep(TALK)
    one.hang_up()
    other.hang_up()

    def check(mine: Mine) -> None:
        payer = mine.calling(f"{way.caller}9")
        assert payer.outline == [*THERE_AND_BACK, CARD_LINE, "recorded"]
        assert_sound_agrees(payer, SECOND_CALLER)
        for leg in (mine.caller, mine.desk()[0]):  # the phone may have the payer for a moment of the hand-over still
            assert leg.outline[:3] == THERE_AND_BACK
            assert leg.outline[-1] == "recorded"
            assert leg.seconds(Kind.SUSPENDED, CARD_LINE) < payer.seconds(Kind.SUSPENDED, CARD_LINE) - TALK / 2
            assert_sound_agrees(leg, CALLER)

    return check


def a_call_without_any_sound_for_long(way: Way) -> Check:
    """Held by the phone itself: nobody sends anything. All of it is explained, and what is said afterwards is there."""
    caller, agent = way.reception()
    caller.sends_nothing()
    agent.sends_nothing()
    time.sleep(NO_RTP_SECONDS)
    caller.tone(CALLER)
    agent.tone(DESK_TONES[0])
    wait_until(lambda: agent.hears(CALLER, 0.3))
    time.sleep(TALK)
    caller.hang_up()

    def check(mine: Mine) -> None:
        for leg in (mine.caller, *mine.desk()):
            assert set(leg.outline) == {"recorded"}
            assert leg.seconds(Kind.RECORDED) > NO_RTP_SECONDS
            assert tones.seconds_with(leg.file or "", CALLER) > 1.5 * TALK
            assert tones.seconds_with(leg.file or "", DESK_TONES[0]) > 1.5 * TALK

    return check


def a_call_on_hold(way: Way) -> Check:
    """Held by a real phone, with music for the caller, and taken up again."""
    with Softphone(way.lab.pbx, "207", tone=DESK_TONES[0]) as phone:
        caller = way.lab.world.ring_in("02079460007", caller=way.caller, tone=CALLER).wait_answered()
        wait_until(lambda: caller.hears(DESK_TONES[0], 0.3))
        time.sleep(TALK)
        phone.hold(1)
        wait_until(lambda: caller.hears(MUSIC_ON_HOLD, 0.3))
        time.sleep(TALK)
        phone.resume(1)
        wait_until(lambda: caller.hears(DESK_TONES[0], 0.3))
        time.sleep(2 * TALK)
        caller.hang_up()

    def check(mine: Mine) -> None:
        assert mine.caller.outline == ["recorded"]
        assert_sound_agrees(mine.caller, CALLER, MUSIC_ON_HOLD)
        heard = tones.seconds_with(caller.heard, DESK_TONES[0])
        assert tones.seconds_with(mine.caller.file or "", DESK_TONES[0]) > heard - 0.5

    return check


def early_media(way: Way) -> Check:
    """What is heard before the answer is no conversation; from the answer on all is recorded."""
    way.lab.world.phone(way.outside).is_heard_early(after=1.5, tone=OUTSIDE)
    agent = way.lab.world.call(way.desk(), way.outside, tone=DESK_TONES[0])
    way.lab.world.party_at(way.outside)
    time.sleep(TALK)
    agent.hang_up()

    def check(mine: Mine) -> None:
        [leg] = mine.desk()
        assert leg.outline == ["recorded"]
        assert TALK - 0.3 < leg.seconds(Kind.RECORDED) < TALK + 1.0
        assert_sound_agrees(leg, OUTSIDE)

    return check


def early_media_of_the_card_line(way: Way) -> Check:
    """A card phone that is heard before it answers is in no file either."""
    way.lab.world.phone(way.card).is_heard_early(after=1.5, tone=1700)
    caller, agent = way.reception()
    way.pays_and_comes_back(caller, agent)
    return _there_and_back


def a_blind_transfer_that_rings_back(way: Way) -> Check:
    """Nobody answers the second desk: the call comes back to the first."""
    way.lab.world.phone(way.desk(1)).never_answers()
    caller, agent = way.reception()
    agent.press("#1")
    time.sleep(0.3)
    agent.press(f"4{way.desk(1)}")
    agent.wait_hangup()
    again = way.at_desk()
    wait_until(lambda: again.hears(CALLER, 0.3))
    time.sleep(TALK)
    caller.hang_up()

    def check(mine: Mine) -> None:
        assert mine.caller.outline == ["recorded"]
        assert len(mine.desk()) == 2
        assert tones.seconds_with(mine.desk()[1].file or "", CALLER) > TALK / 2
        assert tones.seconds_with(mine.caller.file or "", DESK_TONES[0]) > TALK

    return check


PATHS: tuple[Callable[[Way], Check], ...] = (
    a_picked_up_call, a_parked_call, a_ring_group_whose_loser_hangs_up_first, a_queue,
    a_conference_whose_member_consults_the_card_line, a_call_forwarded_to_outside,
    a_desk_that_redirects_to_outside, a_desk_that_redirects_to_the_card_line, a_chain_of_transfers,
    two_callers_on_one_phone, a_call_without_any_sound_for_long, a_call_on_hold, early_media,
    early_media_of_the_card_line,
    a_blind_transfer_that_rings_back,
)  # fmt: skip
