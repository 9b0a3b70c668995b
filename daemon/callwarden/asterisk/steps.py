"""The steps a call waits for: FastAGI on one side, the core on the other.

Takes a connection from the dialplan, tells the core, waits for its answer, plays what is to be played, and sets the
channel variables that let the dialplan go on. What is set last is what the dialplan judges by: a step that was broken
off at any point leaves it unset, and the dialplan then does the work itself.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable

from callwarden.asterisk.agi import AgiFailed, AgiStep, CallerGone
from callwarden.core import actions as do
from callwarden.core import events as ev

log = logging.getLogger(__name__)

Told = Callable[[ev.Step, float, do.AnswerStep | None], None]

LONGEST_PROMPT = 120  # seconds, as `callwarden sounds build` has it
ANSWER_SECONDS = 15.0  # the gate's longest time-out and the loop's own business; beyond it the daemon is not well


class Steps:
    """``sound`` gives the name Asterisk plays a prompt by, ``sha256`` the hash of what it plays; ``told`` hears of each
    step, in how many seconds it was answered and what (None: nothing in time)."""

    def __init__(
        self,
        post: Callable[[ev.Event], None],
        sound: Callable[[str, str], str],
        sha256: Callable[[str, str], str],
        told: Told = lambda *_: None,
    ) -> None:
        self._post, self._sound, self._sha256, self._told = post, sound, sha256, told
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[do.AnswerStep]] = {}

    def handlers(self) -> dict[str, Callable[[AgiStep], Awaitable[None]]]:
        """What to do for each FastAGI address."""
        return {step.value: self._handler(step) for step in ev.Step}

    def answer(self, action: do.AnswerStep) -> None:
        """The core has decided. A step whose caller has gone meanwhile is nobody's any more."""
        waiting = self._waiting.pop(action.step_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(action)

    def _handler(self, step: ev.Step) -> Callable[[AgiStep], Awaitable[None]]:
        async def serve(agi: AgiStep) -> None:
            try:
                await self._serve(step, agi)
            except CallerGone:
                log.debug("step %s on %s: the caller hung up", step, agi.unique_id)

        return serve

    async def _serve(self, step: ev.Step, agi: AgiStep) -> None:
        answer = await self._ask(step, agi)
        if answer is None:
            return
        played = await self._play(answer, agi) if answer.prompt else True
        if played or not answer.number:  # what was not heard is left to the dialplan
            for name, value in answer.variables:
                await agi.set_variable(name, value)

    async def _ask(self, step: ev.Step, agi: AgiStep) -> do.AnswerStep | None:
        step_id = next(self._ids)
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[step_id] = waiting
        asked = ev.StepAsked(
            at=time.time(), step_id=step_id, step=step, unique_id=agi.unique_id, name=agi.channel,
            arguments=tuple(agi.args),
        )  # fmt: skip
        begun, answer = time.monotonic(), None
        try:
            self._post(asked)
            if waiting.done():  # as a rule
                answer = waiting.result()
            else:
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await waiting
        except TimeoutError:
            log.warning("step %s on %s was not decided in time", step, agi.unique_id)
        finally:
            self._waiting.pop(step_id, None)
        self._told(step, time.monotonic() - begun, answer)
        return answer

    async def _play(self, answer: do.AnswerStep, agi: AgiStep) -> bool:
        """Play the answer's prompt to the end; returns whether it was heard to the end."""
        heard, reason = False, "the caller hung up"
        try:
            if any(agi.args[1:2]):
                # The dialplan breaks off a step that a hanging daemon holds; this one has only a prompt to play.
                await agi.set_variable("TIMEOUT(absolute)", str(LONGEST_PROMPT))
            if answer.number:
                await agi.answer()
                sha256 = self._sha256(answer.prompt, answer.language)
                self._post(ev.AnnouncementStarted(time.time(), agi.unique_id, answer.number, sha256))
            result = await agi.stream_file(self._sound(answer.prompt, answer.language))
            heard = result.complete
            reason = "Asterisk could not play the prompt" if result.failed else "" if heard else reason
        except AgiFailed as error:
            reason = str(error)
        finally:
            if answer.number:
                self._post(ev.AnnouncementFinished(time.time(), agi.unique_id, answer.number, heard, reason))
        return heard
