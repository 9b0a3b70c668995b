"""A snapshot tells of the channels that are up as if they came one after another."""

import asyncio
import itertools
import threading
from types import SimpleNamespace

import pytest

from callwarden.asterisk.ami import ActionFailed, LinkState
from callwarden.asterisk.snapshot import CARD_PHONE, callers_first, variable_of
from callwarden.asterisk.wire import as_it_came
from callwarden.core import events as ev
from callwarden.service import Service
from peers import eventually


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


def test_a_channels_variables_are_those_that_were_set() -> None:
    status = as_it_came(
        "Event: Status\r\nChannel: PJSIP/700-1\r\nVariable: CALLWARDEN_MONITOR=(null)\r\n"
        "Variable: CALLWARDEN_CARD_PHONE=1"
    )
    assert variable_of(status, CARD_PHONE) == "1"
    assert variable_of(status, "CALLWARDEN_MONITOR") == variable_of(status, "ANOTHER") == ""


async def test_a_snapshot_that_failed_is_not_tried_again_on_the_next_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That one takes its own, once: a second picture, a second later, is of another moment."""
    tried: list[int] = []

    async def fail(*_: object) -> list[ev.Event]:
        tried.append(service._connections)
        raise ActionFailed("the connection was closed")

    async def nothing() -> None: ...

    monkeypatch.setattr("callwarden.service.take", fail)
    monkeypatch.setattr("callwarden.service.SNAPSHOT_RETRY_SECONDS", 0.05)
    service = object.__new__(Service)
    writer = SimpleNamespace(thread_id=threading.get_native_id())
    parts = {"keeper": SimpleNamespace(writer=writer), "left_behind": SimpleNamespace(take_in=nothing)}
    vars(service).update(parts, link=SimpleNamespace(state=LinkState.READY), translator=None, _connections=1)
    first = asyncio.create_task(service._take_snapshot(1))
    await eventually(lambda: len(tried) >= 2)
    service._connections = 2
    async with asyncio.timeout(1):
        await first
    assert set(tried) == {1}
