"""The card line comes into a conference from elsewhere: everybody there is silent before it can be heard.

Nothing that is known beforehand tells which conference a script, or the card line's own phone, has in mind. The phone
sends its tone from its first packet on.
"""

import time
from collections.abc import Callable, Iterator

import pytest
from hard_office import CALLER, DESK_TONES, TALK, Mine, Way, hard_office
from proof import assert_accounted, assert_sound_agrees, settled

from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from lab.lab import Lab
from lab.watcher import Watcher
from lab.world import CARD_TONE, Party

EARLY = 1.0  # seconds for which the card phone is heard before it answers


@pytest.fixture(scope="module", params=["22", "16"], ids=["asterisk-22", "asterisk-16"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with hard_office(request.param, tmp_path_factory.mktemp(f"conference{request.param}")) as lab:
        yield lab


def _originate(way: Way, channel: str) -> Party:
    way.lab.pbx.ami.action(
        "Originate", Channel=channel, Context="from-internal", Exten=way.conference, Priority="1", Async="true"
    )
    return way.lab.world.party_at(way.card)


def a_script_through_the_gate(way: Way) -> Party:
    return _originate(way, f"Local/{way.card}@from-internal/n")


def a_script_that_rings_the_phone(way: Way) -> Party:
    return _originate(way, f"PJSIP/{way.card}")


def the_cli(way: Way) -> Party:
    way.lab.pbx.cli(f"channel originate PJSIP/{way.card} extension {way.conference}@from-internal")
    return way.lab.world.party_at(way.card)


def the_phone_itself(way: Way) -> Party:
    return way.lab.world.call(way.card, way.conference, tone=CARD_TONE).wait_answered()


HOW: tuple[Callable[[Way], Party], ...] = (
    a_script_through_the_gate, a_script_that_rings_the_phone, the_cli, the_phone_itself,
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOW)), ids=[how.__name__ for how in HOW])
def test_everybody_is_silent_before_the_card_phone_is_heard(office: Lab, number: int) -> None:
    how, way, since = HOW[number], Way(office, number), time.time()
    office.world.phone(way.card).is_heard_early(after=EARLY, tone=CARD_TONE)
    with Watcher(office.spool, office.vault) as watcher:
        caller = way.rings_in("conference").wait_answered()
        first = office.world.call(way.desk(), way.conference, tone=DESK_TONES[0]).wait_answered()
        time.sleep(TALK)
        card = how(way)
        time.sleep(TALK)
        assert card.hears(CALLER)
        card.hang_up()
        time.sleep(TALK)
        caller.hang_up()
        first.hang_up()
        account = settled(office, since)
        watcher.stop()
        assert watcher.bursts_of(CARD_TONE) == []
    mine = Mine(way, account)
    answered = account.of(f"PJSIP/{way.card}").channel.answered
    assert answered is not None
    for leg in (mine.caller, *mine.desk()):
        assert_accounted(leg)
        assert leg.outline == ["recorded", CARD_LINE, "recorded"]
        assert_sound_agrees(leg, CALLER, DESK_TONES[0])
        [silence] = [span for span in leg.spans if span.kind is Kind.SUSPENDED]
        if how is not the_phone_itself:
            assert silence.started < answered - EARLY / 2
