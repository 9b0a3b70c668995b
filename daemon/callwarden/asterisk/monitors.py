"""Starting and stopping MixMonitors over AMI, with proof.

Takes the core's orders, gives what came of them as events. Measured on 22.10 and 16.28, and what this rests on:

* AMI performs the actions of one connection in order: a stop sent behind an unanswered start stops that one too.
* ``StopMixMonitor`` without an id stops one monitor, whoever started it, and answers the Error "Could not stop
  monitoring channel" once none is left: that error is the proof. Its Success means that the file is closed.
* ``MixMonitor`` answers Success even where it can write nothing: a start is believed only as far as the file is seen.
* Channels are named by unique id, which both actions accept and which a masquerade does not change under our feet.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from callwarden.asterisk.ami import ActionFailed, Reply, Then
from callwarden.core import actions as do
from callwarden.core import events as ev

log = logging.getLogger(__name__)

NONE_LEFT = "could not stop monitoring channel"
NO_CHANNEL = "no such channel"
NOT_STARTED = "could not start monitoring channel"
MOST_MONITORS = 20  # on one channel; more is no recording set-up but a fault
VARIABLE = "CALLWARDEN_MONITOR"  # the dialplan knows our monitor by it when the daemon is gone


class Link(Protocol):
    """What is needed of the AMI link."""

    def send(
        self, action: Mapping[str, str | list[str]], *, timeout: float | None = None, then: Then | None = None
    ) -> "asyncio.Future[Reply]": ...


class Monitors:
    """``directory`` is the spool as Asterisk sees it; ``beep_every`` in seconds, 0 for none, may be changed."""

    def __init__(
        self,
        link: Link,
        directory: str,
        beep_every: int,
        post: Callable[[ev.Event], None],
        expect: Callable[[str], None],
    ) -> None:
        self._link, self._directory, self._post, self._expect = link, directory.rstrip("/"), post, expect
        self.beep_every = beep_every

    def start(self, order: do.StartRecorder) -> None:
        """Ask for a MixMonitor; RecorderStarted or RecorderStartFailed follows."""
        self._link.send(
            {
                "Action": "MixMonitor",
                "Channel": order.unique_id,
                "File": f"{self._directory}/{order.file}",
                "Options": f"i({VARIABLE})" + (f"B({self.beep_every})" if self.beep_every else ""),
            },
            then=partial(self._started, order),
        )

    def _started(self, order: do.StartRecorder, future: "asyncio.Future[Reply]") -> None:
        reply, trouble = outcome(future)
        now = time.time()
        if reply is not None and reply.success:
            self._expect(order.unique_id)
            monitor_id = reply.headers.get("mixmonitorid")
            self._post(ev.RecorderStarted(now, order.unique_id, order.file, monitor_id))
        else:
            if self.beep_every and trouble.lower() == NOT_STARTED:
                self._without_beep()
            self._post(ev.RecorderStartFailed(now, order.unique_id, order.file, trouble, unanswered=reply is None))

    def _without_beep(self) -> None:
        """An Asterisk that has not loaded func_periodic_hook records nothing at all where a beep is asked for (measured
        on 22). The next try goes without: a recording matters more than its reminder."""
        log.warning("no beep, for Asterisk has not loaded func_periodic_hook.so and app_chanspy.so; recording goes on")
        self.beep_every = 0

    def stop(self, order: do.StopRecorders) -> None:
        """Stop everything on the channel; RecordersProvenStopped or RecordersStopUnproven follows.

        All the stops and the one that has to fail are sent at once: one round trip, not one for each.
        """
        self._send_stops(order, order.monitors + 1, 0)

    def _send_stops(self, order: do.StopRecorders, count: int, stopped: int) -> None:
        action = {"Action": "StopMixMonitor", "Channel": order.unique_id}
        # Replies come in the order of their actions: when the last one is there, the others are.
        others = [self._link.send(action, then=_noted) for _ in range(count - 1)]
        self._link.send(action, then=lambda last: self._stopped(order, [*others, last], stopped))

    def _stopped(self, order: do.StopRecorders, sent: "list[asyncio.Future[Reply]]", before: int) -> None:
        outcomes = [outcome(future) for future in sent]
        stopped = before + sum(reply is not None and reply.success for reply, _ in outcomes)
        reply, trouble = outcomes[-1]
        now = time.time()
        if reply is not None and reply.success and stopped < MOST_MONITORS:
            self._send_stops(order, 1, stopped)
        elif trouble.lower() in (NONE_LEFT, NO_CHANNEL) and reply is not None:
            how = "no recorder is left" if trouble.lower() == NONE_LEFT else "the channel is gone"
            foreign = max(0, stopped - order.monitors)
            self._post(ev.RecordersProvenStopped(now, order.unique_id, order.proof, how, foreign))
        else:
            why = trouble or "recorders keep being started"
            self._post(ev.RecordersStopUnproven(now, order.unique_id, order.proof, why))


def _noted(_reply: "asyncio.Future[Reply]") -> None:
    """Looked at later."""


def outcome(future: "asyncio.Future[Reply]") -> tuple[Reply | None, str]:
    """The reply, and what went wrong: Asterisk's message, or why there is no reply."""
    if future.cancelled():
        return None, "the request was given up"
    error = future.exception()
    if error is not None:
        if not isinstance(error, ActionFailed):
            raise error
        return None, str(error)
    reply = future.result()
    return reply, "" if reply.success else reply.message or "refused without a reason"
