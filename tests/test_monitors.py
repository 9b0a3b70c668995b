"""Starting and stopping MixMonitors, with proof, over a link whose answers are scripted."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from callwarden.asterisk.ami import ActionFailed, Reply, Then
from callwarden.asterisk.monitors import MOST_MONITORS, Monitors
from callwarden.asterisk.wire import Headers
from callwarden.core import actions as do
from callwarden.core import events as ev

OWN = "1795310419.0"
SUCCESS = {"response": "Success"}
NONE_LEFT = {"response": "Error", "message": "Could not stop monitoring channel"}
NO_CHANNEL = {"response": "Error", "message": "No such channel"}
DENIED = {"response": "Error", "message": "Permission denied"}
STOP = do.StopRecorders(OWN, "PJSIP/trunk-1", monitors=1, proof=3)
START = do.StartRecorder(OWN, "PJSIP/trunk-1", "1795310419.0-17.wav")

Answer = dict[str, str] | Exception | None


class ScriptedLink:
    """Answers each action with the next of ``script`` (None: it is given up); ``sent`` holds the actions."""

    def __init__(self, script: Sequence[Answer]) -> None:
        self.script = list(script)
        self.sent: list[Mapping[str, str | list[str]]] = []

    def send(
        self, action: Mapping[str, str | list[str]], *, timeout: float | None = None, then: Then | None = None
    ) -> "asyncio.Future[Reply]":
        self.sent.append(action)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        answer = self.script.pop(0)
        if answer is None:
            future.cancel()
        elif isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            success = answer["response"] == "Success"
            future.set_result(Reply(success, answer.get("message", ""), Headers(answer.items())))
        if then is not None:
            asyncio.get_running_loop().call_soon(then, future)
        return future


class Played:
    """Monitors on a scripted link, and what came of it."""

    def __init__(self, *script: Answer, directory: str = "/spool/", beep: int = 0) -> None:
        self.link, self.events, self.expected = ScriptedLink(script), list[ev.Event](), list[str]()
        self.monitors = Monitors(self.link, directory, beep, self.events.append, self.expected.append)

    async def start(self, order: do.StartRecorder = START) -> ev.Event:
        self.monitors.start(order)
        return await self._outcome()

    async def stop(self, order: do.StopRecorders = STOP) -> ev.Event:
        self.monitors.stop(order)
        return await self._outcome()

    async def _outcome(self) -> ev.Event:
        for _ in range(MOST_MONITORS + 5):
            await asyncio.sleep(0)
        [event] = self.events
        return event


async def test_a_start_is_a_fact_when_asterisk_says_so() -> None:
    played = Played(SUCCESS | {"mixmonitorid": "0x7f"})
    event = await played.start()
    assert isinstance(event, ev.RecorderStarted)
    assert (event.unique_id, event.file, event.monitor_id) == (OWN, START.file, "0x7f")
    assert played.expected == [OWN]
    assert played.link.sent == [
        {
            "Action": "MixMonitor",
            "Channel": OWN,
            "File": "/spool/1795310419.0-17.wav",
            "Options": "i(CALLWARDEN_MONITOR)",
        }
    ]


async def test_a_beep_is_asked_for_with_the_recorder() -> None:
    played = Played(SUCCESS, beep=15)
    event = await played.start(do.StartRecorder(OWN, "x", "a-17.wav"))
    assert isinstance(event, ev.RecorderStarted)
    assert played.link.sent[0]["Options"] == "i(CALLWARDEN_MONITOR)B(15)"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NO_CHANNEL, "No such channel"),
        (DENIED, "Permission denied"),
        ({"response": "Error"}, "refused without a reason"),
        (ActionFailed("no answer within 2 s"), "no answer within 2 s"),
    ],
)
async def test_a_start_that_fails_says_why_and_is_not_expected(answer: Answer, reason: str) -> None:
    played = Played(answer)
    event = await played.start()
    assert isinstance(event, ev.RecorderStartFailed)
    assert (event.file, event.reason) == (START.file, reason)
    assert played.expected == []


async def test_an_asterisk_that_cannot_beep_records_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """Without func_periodic_hook MixMonitor refuses to record at all: the next try goes without the beep."""
    refused = {"response": "Error", "message": "Could not start monitoring channel"}
    played = Played(refused, SUCCESS, beep=15)
    assert isinstance(await played.start(), ev.RecorderStartFailed)
    played.events.clear()
    assert isinstance(await played.start(), ev.RecorderStarted)
    assert [str(action["Options"]).count("B(15)") for action in played.link.sent] == [1, 0]
    assert caplog.text.count("no beep") == 1


async def test_a_channel_that_is_gone_costs_nobody_the_beep() -> None:
    played = Played(NO_CHANNEL, SUCCESS, beep=15)
    await played.start()
    played.events.clear()
    await played.start()
    assert "B(15)" in str(played.link.sent[1]["Options"])


async def test_a_stop_is_proven_by_the_error_that_nothing_is_left() -> None:
    played = Played(SUCCESS, NONE_LEFT)
    event = await played.stop()
    assert isinstance(event, ev.RecordersProvenStopped)
    assert (event.proof, event.how, event.foreign) == (3, "no recorder is left", 0)
    assert played.link.sent == [{"Action": "StopMixMonitor", "Channel": OWN}] * 2


async def test_all_the_stops_are_sent_at_once() -> None:
    played = Played(SUCCESS, SUCCESS, NONE_LEFT)
    played.monitors.stop(do.StopRecorders(OWN, "x", monitors=2, proof=1))
    assert len(played.link.sent) == 3


async def test_recorders_that_are_not_ours_are_stopped_on_the_way_and_counted() -> None:
    played = Played(SUCCESS, SUCCESS, SUCCESS, NONE_LEFT)
    event = await played.stop()
    assert isinstance(event, ev.RecordersProvenStopped)
    assert event.foreign == 2


async def test_a_recorder_of_ours_that_had_ended_already_is_no_trouble() -> None:
    event = await Played(NONE_LEFT, NONE_LEFT).stop()
    assert isinstance(event, ev.RecordersProvenStopped)
    assert event.foreign == 0


async def test_a_channel_that_is_gone_is_silent() -> None:
    event = await Played(NO_CHANNEL, NO_CHANNEL).stop()
    assert isinstance(event, ev.RecordersProvenStopped)
    assert event.how == "the channel is gone"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([DENIED, DENIED], "Permission denied"),
        ([SUCCESS, DENIED], "Permission denied"),
        ([SUCCESS, ActionFailed("the connection was closed")], "the connection was closed"),
        ([ActionFailed("Could not stop monitoring channel")] * 2, "Could not stop monitoring channel"),
        ([None, None], "the request was given up"),
        ([SUCCESS] * MOST_MONITORS, "recorders keep being started"),
    ],
)
async def test_whatever_else_comes_is_no_proof(script: list[Answer], reason: str) -> None:
    event = await Played(*script).stop()
    assert isinstance(event, ev.RecordersStopUnproven)
    assert (event.proof, event.reason) == (3, reason)
