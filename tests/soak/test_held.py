"""The call that is on hold: here for some seconds only, and what would be found if it were not whole."""

import threading
from dataclasses import replace
from pathlib import Path

from soak.accounts import Account
from soak.held import BESIDE, HOLD_SECONDS, HeldCall, findings
from soak.plan import Plan

PLAN = Plan(
    calls=1, faults=1, minutes=30.0, side_by_side=1, longest_talk=1.0, seed=1, version="22", short=False
)  # fmt: skip
HOLD = 8.0


def test_it_is_whole_and_nothing_is_found(tmp_path: Path) -> None:
    held = HeldCall(PLAN, tmp_path / "held", threading.Event(), HOLD)
    held.start()
    assert held.finish() == []
    assert held.seconds >= HOLD


def test_a_soak_that_is_stopped_does_not_wait_for_it(tmp_path: Path) -> None:
    stop = threading.Event()
    held = HeldCall(PLAN, tmp_path / "held", stop)
    stop.set()
    held.start()
    assert held.finish() == []
    assert held.seconds < 1


def test_a_short_soak_has_none() -> None:
    assert HeldCall.fits(PLAN)
    assert HeldCall.fits(replace(PLAN, minutes=12.0))
    assert not HeldCall.fits(replace(PLAN, minutes=(HOLD_SECONDS + BESIDE - 1) / 60))


def test_a_call_that_is_not_recorded_is_found() -> None:
    none: dict[str, Account] = {}
    assert [one.sort for one in findings(none, HOLD)] == ["lost"]
