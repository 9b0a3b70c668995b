"""Everybody who has to be told is told: what they heard, and what the catalogue says they heard.

Prompts are tones of a second, so who heard which one, and how much of it, is exact.
"""

import hashlib
import time

import numpy as np
import pytest
from proof import BOTH_VERSIONS, settled, wait_told, wait_until

from callwarden.core.facts import Announcement, Direction, PlayedBy
from lab import prompts, tones
from lab.lab import Lab
from lab.pbx import PROMPTS
from lab.world import DEFAULT_TONES, OUTSIDE_TONE, Party

CALLER, AGENT, OTHER = 440, 700, 600
OUTSIDE_NUMBER = "01632960999"
TALK = 1.0
NEARLY_ALL = 0.85 * prompts.PROMPT_SECONDS


def ring_in(lab: Lab, did: str = "02079460001") -> Party:
    return lab.world.ring_in(did, tone=CALLER).wait_answered()


def heard(party: Party, frequency: int) -> float:
    """Seconds of that tone in everything the party heard."""
    return tones.seconds_with(party.heard, frequency)


def heard_to_the_end(told: Announcement, lab: Lab, prompt: str, language: str = "en") -> bool:
    """Whether the row says just that, with the hash of the file that was played."""
    file = lab.folder / "prompts" / language / f"{prompt}.sln"
    assert (told.prompt, told.language) == (prompt, language)
    assert told.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told.finished is not None
    assert told.finished - told.started == pytest.approx(prompts.PROMPT_SECONDS, abs=0.3)
    return told.complete


@BOTH_VERSIONS
def test_a_caller_is_told_before_anybody_answers(telling_lab: Lab, version: str) -> None:
    since = time.time()
    caller = ring_in(telling_lab)
    assert not telling_lab.world.has_rung("202")
    agent = telling_lab.world.party_at("202")
    time.sleep(TALK)
    caller.hang_up()
    account = settled(telling_lab, since)
    assert heard(caller, prompts.INBOUND) > NEARLY_ALL
    assert heard(agent, prompts.INBOUND) == 0
    [told] = account.announcements
    assert heard_to_the_end(told, telling_lab, "inbound")
    assert told.unique_id == account.caller.channel.unique_id
    assert told.played_by is PlayedBy.DAEMON
    # The announcement is in the recording: the proof that it was made.
    assert account.caller.file is not None
    assert tones.seconds_with(account.caller.file, prompts.INBOUND) > NEARLY_ALL


def test_the_shipped_words_are_heard_as_they_were_built(lab: Lab) -> None:
    since = time.time()
    built = PROMPTS / "en" / "inbound.sln"
    caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    lab.world.party_at("202")
    caller.hang_up()
    [told] = settled(lab, since).announcements
    assert told.complete
    assert told.sha256 == hashlib.sha256(built.read_bytes()).hexdigest()
    words = np.frombuffer(built.read_bytes(), "<i2") / 32768
    sounded = tones.read(caller.heard)
    assert len(sounded) / 8000 > len(words) / 8000 - 0.3
    assert energy(sounded) > 0.7 * energy(words)


def energy(samples: tones.Samples) -> float:
    return float(np.sum(np.square(samples)))


def test_a_number_has_its_own_announcement_in_its_own_language(telling_lab: Lab) -> None:
    telling_lab.configure(
        {"announce.did": [{"number": "+44 20 7946 0002", "language": "en_GB", "prompt": "inbound"}]}
    )
    since = time.time()
    special, usual = ring_in(telling_lab, "02079460002"), ring_in(telling_lab, "02079460001")
    telling_lab.world.party_at("202")
    special.hang_up()
    usual.hang_up()
    account = settled(telling_lab, since)
    assert (heard(special, prompts.INBOUND_GB) > NEARLY_ALL, heard(special, prompts.INBOUND)) == (True, 0)
    assert (heard(usual, prompts.INBOUND) > NEARLY_ALL, heard(usual, prompts.INBOUND_GB)) == (True, 0)
    told = {story.call.call.called_number: story for story in account.stories}
    assert heard_to_the_end(told["02079460002"].announcements[0], telling_lab, "inbound", "en_GB")
    assert heard_to_the_end(told["02079460001"].announcements[0], telling_lab, "inbound", "en")
    assert told["02079460002"].call.call.language == "en_GB"


def test_a_caller_who_hangs_up_in_the_middle_has_not_heard_it(telling_lab: Lab) -> None:
    since = time.time()
    caller = ring_in(telling_lab)
    time.sleep(0.4)
    caller.hang_up()
    account = settled(telling_lab, since)
    [told] = account.announcements
    assert not told.complete
    assert told.finished is not None
    assert 0 < told.finished - told.started < prompts.PROMPT_SECONDS - 0.2
    assert told.reason == "the caller hung up"
    assert not telling_lab.world.has_rung("202")


def test_a_missing_prompt_stops_no_call(telling_lab: Lab) -> None:
    """The catalogue says that it was not heard, and the dialplan plays its default."""
    telling_lab.configure({"announce.did": [{"number": "02079460001", "language": "cy", "prompt": "inbound"}]})
    since = time.time()
    caller = ring_in(telling_lab)
    telling_lab.world.party_at("202")
    time.sleep(TALK)
    caller.hang_up()
    account = settled(telling_lab, since)
    missing = account.announcements[0]
    assert (missing.language, missing.complete, missing.sha256) == ("cy", False, "")
    assert missing.reason == "Asterisk could not play the prompt"
    assert heard(caller, prompts.INBOUND) > NEARLY_ALL
    assert heard(caller, AGENT) > TALK / 2
    assert account.caller.outline == ["recorded"]


@BOTH_VERSIONS
def test_the_person_we_ring_is_told_before_the_two_are_connected(telling_lab: Lab, version: str) -> None:
    since = time.time()
    agent = telling_lab.world.call("202", OUTSIDE_NUMBER)
    person = telling_lab.world.party_at(OUTSIDE_NUMBER)
    agent.wait_answered()
    time.sleep(TALK)
    agent.hang_up()
    account = settled(telling_lab, since)
    assert heard(person, prompts.OUTBOUND) > NEARLY_ALL
    assert heard(agent, prompts.OUTBOUND) == 0
    prompt = tones.spans_with(person.heard, prompts.OUTBOUND)
    voice = tones.spans_with(person.heard, AGENT)
    assert voice[0][0] >= prompt[-1][1] - 0.05, "the agent was heard before the announcement had ended"
    [told] = account.announcements
    assert heard_to_the_end(told, telling_lab, "outbound")
    assert told.unique_id == account.of("PJSIP/trunk").channel.unique_id
    assert account.stories[0].call.call.direction is Direction.OUTBOUND


@BOTH_VERSIONS
def test_the_person_we_ring_is_whispered_to(telling_lab: Lab, version: str) -> None:
    telling_lab.configure({"announce.outbound": "whisper"})
    since = time.time()
    agent = telling_lab.world.call("202", OUTSIDE_NUMBER).wait_answered()
    person = telling_lab.world.party_at(OUTSIDE_NUMBER)
    wait_told(telling_lab, since)
    time.sleep(TALK)
    agent.hang_up()
    account = settled(telling_lab, since)
    assert heard(person, prompts.OUTBOUND) > NEARLY_ALL
    assert heard(agent, prompts.OUTBOUND) == 0
    # Beside the whisper the conversation goes on, in both directions.
    assert heard(person, AGENT) > TALK
    assert heard(agent, OUTSIDE_TONE) > TALK
    [told] = account.announcements
    assert heard_to_the_end(told, telling_lab, "outbound")
    assert told.played_by is PlayedBy.WHISPER
    for leg in account.legs:
        assert leg.file is not None
        assert tones.bursts_of(leg.file, prompts.OUTBOUND) == []


def test_nobody_is_told_of_an_outgoing_call_where_that_is_off(telling_lab: Lab) -> None:
    telling_lab.configure({"announce.outbound": "off"})
    since = time.time()
    agent = telling_lab.world.call("202", OUTSIDE_NUMBER).wait_answered()
    person = telling_lab.world.party_at(OUTSIDE_NUMBER)
    time.sleep(TALK)
    agent.hang_up()
    account = settled(telling_lab, since)
    assert heard(person, prompts.OUTBOUND) == 0
    assert account.announcements == []
    assert account.of("PJSIP/trunk").outline == ["recorded"]


@BOTH_VERSIONS
def test_a_third_party_outside_is_whispered_to_when_they_join(telling_lab: Lab, version: str) -> None:
    """Attended transfer of a caller to an outside number, whose U() told nobody: announced by whisper."""
    telling_lab.configure({"announce.inbound": "off", "announce.outbound": "off"})
    since = time.time()
    caller = ring_in(telling_lab)
    agent = telling_lab.world.party_at("202")
    agent.press("*2")
    time.sleep(1.0)
    agent.press(OUTSIDE_NUMBER)
    person = telling_lab.world.party_at(OUTSIDE_NUMBER)
    time.sleep(TALK)
    agent.hang_up()
    wait_until(lambda: person.hears(CALLER, 0.3))
    wait_told(telling_lab, since)
    time.sleep(TALK)
    caller.hang_up()
    account = settled(telling_lab, since)
    whispered = [told for told in account.announcements if told.played_by is PlayedBy.WHISPER]
    assert len(whispered) == 1
    assert heard(person, prompts.JOINED) > NEARLY_ALL
    assert heard_to_the_end(whispered[0], telling_lab, "joined")
    assert heard(caller, prompts.JOINED) == 0
    assert heard(agent, prompts.JOINED) == 0


def test_an_internal_call_is_not_announced(telling_lab: Lab) -> None:
    since = time.time()
    one = telling_lab.world.call("201", "202").wait_answered()
    time.sleep(TALK)
    one.hang_up()
    assert settled(telling_lab, since).announcements == []


def test_an_internal_call_is_whispered_where_that_is_wanted(telling_lab: Lab) -> None:
    telling_lab.configure({"announce.internal": "whisper"})
    since = time.time()
    one = telling_lab.world.call("201", "202").wait_answered()
    other = telling_lab.world.party_at("202")
    wait_told(telling_lab, since, 2)
    time.sleep(TALK)
    one.hang_up()
    account = settled(telling_lab, since)
    assert len(account.announcements) == 2
    assert all(heard_to_the_end(told, telling_lab, "inbound") for told in account.announcements)
    assert heard(one, prompts.INBOUND) > NEARLY_ALL
    assert heard(other, prompts.INBOUND) > NEARLY_ALL
    assert heard(one, DEFAULT_TONES["202"]) > TALK


def test_a_caller_is_told_of_the_card_line_and_of_the_recording_after_it(telling_lab: Lab) -> None:
    since = time.time()
    caller = ring_in(telling_lab)
    agent = telling_lab.world.party_at("202")
    time.sleep(TALK)
    agent.press("*7")
    card = telling_lab.world.party_at("700")
    time.sleep(TALK)
    card.hang_up()
    telling_lab.world.party_at("202")
    time.sleep(TALK)
    caller.hang_up()
    account = settled(telling_lab, since)
    assert heard(caller, prompts.NOT_RECORDED) > NEARLY_ALL
    assert heard(caller, prompts.RESUMED) > NEARLY_ALL
    assert heard(card, prompts.NOT_RECORDED) == 0
    file = account.caller.file
    assert file is not None
    assert tones.bursts_of(file, prompts.NOT_RECORDED) == []
    assert tones.seconds_with(file, prompts.RESUMED) > NEARLY_ALL


