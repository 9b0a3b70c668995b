"""A prompt that the core ordered has an end in every case: else the catalogue has an announcement that goes on for
ever, and the daemon remembers it for years."""

from ipaddress import ip_network

import pytest

from callwarden.asterisk.agi import AgiServer
from callwarden.asterisk.steps import Steps
from callwarden.core import actions as do
from callwarden.core import events as ev
from peers import FakeAgiCaller

PLAYED = {"STREAM FILE": "200 result=0 endpos=16000\n"}
GONE = "511 Command Not Permitted on a dead channel or intercept routine\n"


async def announced(answers: dict[str, str]) -> list[ev.Event]:
    """What the core hears of one step whose answer is a prompt to be played."""
    heard: list[ev.Event] = []

    def post(event: ev.Event) -> None:
        heard.append(event)
        if isinstance(event, ev.StepAsked):
            steps.answer(do.AnswerStep(event.step_id, (("CALLWARDEN_STEP", "done"),), "inbound", "en", number=1))

    steps = Steps(post, sound=lambda prompt, language: f"{language}/{prompt}", sha256=lambda *_: "hash")
    server = AgiServer(steps.handlers(), listen="127.0.0.1", port=0, allow=[ip_network("127.0.0.0/8")])
    await server.start()
    try:
        caller = await FakeAgiCaller(answers).ask(server.port, ev.Step.INBOUND.value, "1.0", "5", uniqueid="1.0")
        await caller.serve()
    finally:
        await server.stop()
    return heard


async def test_a_prompt_is_told_of_from_its_beginning_to_its_end() -> None:
    _, started, finished = await announced(PLAYED)
    assert isinstance(started, ev.AnnouncementStarted)
    assert isinstance(finished, ev.AnnouncementFinished)
    assert finished.complete


@pytest.mark.parametrize("broken_off_at", ["SET VARIABLE", "ANSWER", "STREAM FILE"])
async def test_a_caller_who_goes_at_any_command_has_not_heard_it(broken_off_at: str) -> None:
    *_, last = await announced(PLAYED | {broken_off_at: GONE})
    assert isinstance(last, ev.AnnouncementFinished)
    assert (last.unique_id, last.number, last.complete) == ("1.0", 1, False)
    assert last.reason
