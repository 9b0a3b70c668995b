"""Counting for somebody who waits: it gives others their turn, and ends in time with what to do instead."""

from pathlib import Path

import pytest

from callwarden.control import ControlError
from callwarden.custody.overseeing import LONGEST_SECONDS, Patience
from callwarden.storage.accounts import coverage
from callwarden.storage.database import open_readonly
from cli_world import STARTED, World, card_call


def test_counting_that_takes_too_long_says_what_to_ask_for_instead() -> None:
    clock = iter([0.0, LONGEST_SECONDS - 1, LONGEST_SECONDS + 1])
    patience = Patience(lambda: False, lambda: next(clock))
    patience.rest()
    with pytest.raises(ControlError, match="--from and --to"):
        patience.rest()


def test_a_daemon_that_stops_does_not_wait_for_counting() -> None:
    with pytest.raises(ControlError, match="stopping"):
        Patience(lambda: True).rest()


def test_every_portion_rests_and_may_break_off(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.save(*card_call())
    db = open_readonly(world.catalogue)
    rests: list[int] = []
    counted = coverage(db, None, None, STARTED + 3600, lambda: rests.append(1))
    assert (counted.total.channels, rests) == (2, [1])
    with pytest.raises(ControlError):
        coverage(db, None, None, STARTED + 3600, Patience(lambda: True).rest)
    db.close()
