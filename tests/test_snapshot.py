"""A snapshot tells of the channels that are up as if they came one after another."""

import itertools

import pytest

from callwarden.asterisk.snapshot import callers_first
from callwarden.core import events as ev


def found(number: int, name: str) -> ev.ChannelCreated:
    return ev.ChannelCreated(
        at=0.0, unique_id=f"pbx-1795310419.{number}", linked_id="pbx-1795310419.9", name=name, found=True
    )


CALLER = found(9, "PJSIP/trunk-0000000d")
RUNG = [found(10, "PJSIP/3010-00000011"), found(11, "PJSIP/3011-00000010")]


@pytest.mark.parametrize("listed", list(itertools.permutations([CALLER, *RUNG])))
def test_who_called_is_found_before_whom_they_rang(listed: tuple[ev.ChannelCreated, ...]) -> None:
    """Seen in a soak: a ringing desk was listed first, and an incoming call was catalogued as an internal one of the
    desk's."""
    assert callers_first(listed)[0] == CALLER
