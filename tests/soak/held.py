"""One call that is on hold for ten minutes, in which nobody sends a packet; then they talk, and pay by card.

It has a laboratory of its own, for an Asterisk that is killed every other minute has no call that long; it runs beside
the soak, and what is found of it is a finding of the soak. A thread plays it to its end: an Asterisk dies with the
thread that started it.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from callwarden.core.ledger import UNEXPLAINED
from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from lab import tones
from lab.lab import Lab
from lab.world import DEFAULT_TONES, Party
from soak.accounts import Account, accounts, settle, what_is_wrong_with
from soak.leaks import LeakWatch
from soak.plan import Plan
from soak.verdict import GAP, SOUND, Finding

HOLD_SECONDS = 600.0
BESIDE = 80.0  # seconds that the laboratory and the rest of the call take
TALK, CARD = 5.0, 3.0
DESK, CALLER = "202", 440
QUICK = {"announce.inbound": "off", "card.not_recorded_prompt": False, "card.resumed_prompt": False}


class HeldCall:
    """`start` and, after everything else, `finish`. `seconds` is how long the call was on hold."""

    def __init__(self, plan: Plan, folder: Path, stop: threading.Event, hold: float = HOLD_SECONDS) -> None:
        self.seconds = 0.0
        self._version, self._folder, self._stop, self._hold = plan.version, folder, stop, hold
        self._findings: list[Finding] = []
        self._thread = threading.Thread(target=self._run, name="the call on hold", daemon=True)

    @staticmethod
    def fits(plan: Plan) -> bool:
        """Whether a soak of that length can have it."""
        return plan.minutes * 60 >= HOLD_SECONDS + BESIDE

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> list[Finding]:
        """Wait for its end; gives what is wrong with it."""
        self._thread.join(self._hold + 2 * BESIDE)
        if self._thread.is_alive():
            return [Finding("other", "the call on hold did not come to its end")]
        return self._findings

    def _run(self) -> None:
        try:
            self._folder.mkdir(parents=True)
            with Lab(self._version, settings=QUICK, folder=self._folder) as lab:
                with LeakWatch(self._folder / "leaks", lab.spool, lab.vault) as watch:
                    self._play(lab)
                    unsettled = settle(lab, 30)
                    watch.finish()
                self._findings += [Finding("lost", f"on hold, never finished: {what}") for what in unsettled]
                self._findings += [
                    Finding("leaked", f"{leak.tone} Hz, call on hold", files=(str(leak.file),)) for leak in watch.leaks
                ]
                if self.seconds >= self._hold:
                    self._findings += findings(accounts(lab), self._hold)
        except Exception as error:
            self._findings.append(Finding("other", f"the call on hold: {type(error).__name__}: {error}"))

    def _play(self, lab: Lab) -> None:
        caller = lab.world.ring_in("02079460001", caller="07700900123", tone=CALLER).wait_answered()
        desk = lab.world.party_at(DESK)
        time.sleep(TALK)
        self._on_hold(caller, desk)
        if not self._stop.is_set():
            desk.press("*7")
            card = lab.world.party_at("700")
            time.sleep(CARD)
            card.hang_up()
            lab.world.party_at(DESK)
            time.sleep(TALK)
        caller.hang_up()

    def _on_hold(self, *parties: Party) -> None:
        began = time.monotonic()
        for party in parties:
            party.sends_nothing()
        self._stop.wait(self._hold)
        self.seconds = time.monotonic() - began
        for party, tone in zip(parties, (CALLER, DEFAULT_TONES[DESK]), strict=True):
            party.tone(tone)
        time.sleep(TALK)


def findings(channels: Mapping[str, Account], hold: float) -> Iterator[Finding]:
    """What is wrong with a call that was on hold for so many seconds."""
    held = [one for one in channels.values() if one.seconds(Kind.RECORDED) >= hold]
    if {one.channel.endpoint for one in held} != {"PJSIP/trunk", f"PJSIP/{DESK}"}:
        yield Finding("lost", f"on hold: {hold:.0f} s are recorded of {[one.channel.name for one in held]} only")
    for one in channels.values():
        if wrong := what_is_wrong_with(one):
            yield Finding("lost", f"on hold: {wrong}")
        for span in one.spans:
            if span.why == UNEXPLAINED and span.seconds > 0.1:
                what = f"{one.channel.name}, on hold: {span.seconds:.1f} s unexplained"
                yield Finding("unexplained", what, seconds=span.seconds)
            elif span.kind is Kind.GAP and span.seconds > GAP:
                what = f"{one.channel.name}, on hold: a gap of {span.seconds:.1f} s ({span.why})"
                yield Finding("lost", what, seconds=span.seconds)
    for one in held:
        if one.channel.endpoint == "PJSIP/trunk":
            yield from _of_the_caller(one)


def _of_the_caller(caller: Account) -> Iterator[Finding]:
    paid = sum(span.seconds for span in caller.spans if span.why == CARD_LINE)
    if paid < CARD:
        yield Finding("other", f"on hold: the payment is {paid:.1f} s in the ledger")
    talked = tones.seconds_with(caller.file, CALLER) if caller.file is not None else 0.0
    if talked < 3 * TALK * SOUND - 1.0:
        yield Finding("lost", f"on hold: {talked:.1f} of {3 * TALK:.0f} s of the caller's voice are in the file")
