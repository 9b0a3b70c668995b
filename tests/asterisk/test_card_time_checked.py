"""A stop that Asterisk never performed, and a card line that was reached all the same: nothing of it stays on disk."""

import time
from pathlib import Path

from proof import BRISK, settled, wait_until

from callwarden.storage.card_check import CUT_OUT
from lab import tones
from lab.lab import Lab
from lab.middleman import Middleman

CARD = 1700
DIGITS = 1100  # the caller reads the card out: a recorder that ran on through a transfer may have lost the other voice
PAST_THE_GATE = "exten => 799,1,Dial(PJSIP/700,20)"


def test_what_an_unconfirmed_stop_recorded_of_a_payment_is_cut_out_and_said(tmp_path: Path) -> None:
    with Lab(settings=BRISK, folder=tmp_path / "lab", more_dialplan=PAST_THE_GATE) as lab, Middleman(
        lab.pbx.ports.ami
    ) as middle:
        lab.configure({"ami.port": middle.port})
        since = time.time()
        caller = lab.world.ring_in("02079460001", tone=440).wait_answered()
        agent = lab.world.party_at("202")
        time.sleep(2)
        middle.keeps = b"StopMixMonitor"
        agent.press("#1")
        time.sleep(0.3)
        agent.press("799")
        lab.world.party_at("700")
        assert caller.will_hear(CARD)
        caller.tone(DIGITS)
        wait_until(lambda: tones.find_tone_anywhere([lab.spool], DIGITS) != [], timeout=15)  # the recorder ran on
        caller.hang_up()
        account = settled(lab, since, timeout=30, leaks=True)
        assert account.caller.file is not None
        for tone in (CARD, DIGITS):
            assert tones.find_tone_anywhere([lab.spool, lab.vault], tone) == []
        assert tones.spans_with(account.caller.file, 440), "what was said before the hand-over is there"
        with lab.catalogue() as db:
            kinds = {row["kind"] for row in db.execute("SELECT kind FROM findings")}
        assert CUT_OUT in kinds
        wait_until(lambda: f"ALARM {CUT_OUT}" in lab.daemon.log.read_text())
