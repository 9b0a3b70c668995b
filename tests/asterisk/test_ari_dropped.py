"""ARI goes away and comes back with calls up, while AMI goes on: only who is whispered to notices.

Recording and the card gate need no ARI. A party that could not be told is told as soon as ARI is back.
"""

import time
from collections.abc import Iterator

import pytest
from proof import BOTH_VERSIONS, assert_accounted, settled, wait_told, wait_until

from callwarden.asking import ask
from callwarden.core.facts import PlayedBy
from callwarden.core.silence import CARD_LINE
from lab import prompts, tones
from lab.lab import Lab
from lab.watcher import Watcher
from lab.world import CARD_TONE
from soak.line import Line

OUTSIDE_NUMBER = "01632960999"
CALLER = 440
TALK = 1.0
NEARLY_ALL = 0.85 * prompts.PROMPT_SECONDS


@pytest.fixture
def line(telling_lab: Lab) -> Iterator[Line]:
    line = Line(telling_lab.pbx.ports.http)
    telling_lab.configure(
        {"ari.url": f"http://127.0.0.1:{line.port}", "announce.inbound": "off", "announce.outbound": "whisper"}
    )
    yield line
    line.close()


def ari_is(lab: Lab, state: str) -> bool:
    return bool(ask(lab.folder / "control.sock", "status")["ari"]["state"] == state)


def whispers(lab: Lab, since: float) -> int:
    with lab.catalogue() as db:
        return int(db.execute("SELECT count(*) FROM announcements WHERE started >= ?", [since]).fetchone()[0])


def said(lab: Lab, mark: int, words: str) -> int:
    return lab.daemon.log.read_text()[mark:].count(words)


@BOTH_VERSIONS
def test_calls_go_on_a_payment_is_silent_and_who_was_not_told_is_told_afterwards(
    telling_lab: Lab, line: Line, version: str
) -> None:
    lab, since, mark = telling_lab, time.time(), len(telling_lab.daemon.log.read_text())
    wait_until(lambda: ari_is(lab, "ready"))
    with Watcher(lab.spool, lab.vault) as watcher:
        caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
        desk = lab.world.party_at("202")
        line.refuse()
        wait_until(lambda: said(lab, mark, "ARI: ") >= 1)
        agent = lab.world.call("203", OUTSIDE_NUMBER).wait_answered()
        person = lab.world.party_at(OUTSIDE_NUMBER)
        time.sleep(TALK)
        desk.press("*7")
        lab.world.party_at("700")
        time.sleep(TALK)
        assert tones.seconds_with(person.heard, prompts.OUTBOUND) == 0
        line.restore()
        wait_until(lambda: said(lab, mark, "ARI: connected to Asterisk again") == 1)
        wait_told(lab, since, 2)
        time.sleep(TALK)
        caller.hang_up()
        agent.hang_up()
        account = settled(lab, since)
        watcher.stop()
        assert watcher.bursts_of(CARD_TONE) == []
    assert tones.seconds_with(person.heard, prompts.OUTBOUND) > NEARLY_ALL
    assert tones.seconds_with(agent.heard, prompts.OUTBOUND) == 0
    for leg in account.legs:
        assert_accounted(leg)
    assert account.caller.outline == ["recorded", CARD_LINE]
    told = [one for one in account.announcements if one.played_by is PlayedBy.WHISPER]
    assert [one.complete for one in told] == [False, True]
    assert {one.unique_id for one in told} == {leg.channel.unique_id for leg in account.all_of("PJSIP/trunk")[1:]}
    assert told[0].reason


@BOTH_VERSIONS
def test_a_whisper_that_is_cut_off_is_begun_again(telling_lab: Lab, line: Line, version: str) -> None:
    lab, since = telling_lab, time.time()
    wait_until(lambda: ari_is(lab, "ready"))
    agent = lab.world.call("203", OUTSIDE_NUMBER).wait_answered()
    person = lab.world.party_at(OUTSIDE_NUMBER)
    wait_until(lambda: whispers(lab, since) == 1)
    time.sleep(0.2)
    line.cut()
    wait_told(lab, since, 2)
    time.sleep(TALK)
    agent.hang_up()
    account = settled(lab, since)
    assert [one.complete for one in account.announcements] == [False, True]
    assert tones.seconds_with(person.heard, prompts.OUTBOUND) > NEARLY_ALL
    for leg in account.legs:
        assert_accounted(leg)
        assert leg.outline == ["recorded"]
    wait_until(lambda: not lab.pbx.ami.channels())
