"""The laboratory itself: real calls on a real Asterisk, without Callwarden.

The last tests are the controls of every check for leaks: with nothing in the way, the card party's tone IS found.
"""

from pathlib import Path

import pytest

from lab import tones
from lab.lab import Lab
from lab.world import CALLER_TONE, CARD_TONE, DEFAULT_TONES, Party

both_versions = pytest.mark.parametrize(
    "_version", [pytest.param(v, marks=pytest.mark.asterisk_version(v)) for v in ("22", "16")]
)
RECORDED_DID = "0207946099{}"
RECEPTION_TONE = DEFAULT_TONES["202"]


def talking(lab: Lab, phone: str = "202") -> tuple[Party, Party]:
    caller = lab.world.ring_in(RECORDED_DID.format(phone[-1]))
    agent = lab.world.party_at(phone)
    caller.wait_answered()
    return caller, agent


def recording(lab: Lab) -> Path:
    lab.wait_quiet()
    return max((lab.pbx.spool / "monitor").glob("control-*.wav"), key=lambda path: path.stat().st_mtime_ns)


@both_versions
def test_a_caller_and_reception_are_both_in_the_recording(quiet_lab: Lab, _version: str) -> None:
    caller, agent = talking(quiet_lab)
    assert caller.hears(RECEPTION_TONE)
    assert agent.hears(CALLER_TONE)
    assert not agent.hears(CARD_TONE, 0.3)
    caller.hang_up()
    agent.wait_hangup()
    heard = recording(quiet_lab)
    assert tones.seconds_with(heard, CALLER_TONE) > 1
    assert tones.seconds_with(heard, RECEPTION_TONE) > 1
    assert tones.bursts_of(heard, CARD_TONE) == []
    assert tones.seconds_with(caller.heard, RECEPTION_TONE) > 1
