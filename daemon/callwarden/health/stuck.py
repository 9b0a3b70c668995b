"""Watches what works beside the event loop: the catalogue's writer, and the sign of life that the dialplan looks at.

The loop itself is watched by ``guard`` (a thread that ends the process) and by systemd, whose watchdog is fed by a task
of the loop and by nothing else. A writer that is stuck ends nothing: the gates and recorders need no catalogue, what is
to be written waits in memory, and a new process would meet the same disk. So a person is told.
"""

import asyncio
from typing import Protocol

from callwarden.alarms import Alarms

EVERY = 5.0  # seconds
WRITER_SECONDS = 30.0  # for one piece of work; the longest are some tenths of a second
PULSE_SECONDS = 10.0  # the dialplan asks nobody after 5 s


class Writes(Protocol):
    """The catalogue's writer."""

    @property
    def busy_for(self) -> float: ...


class Beats(Protocol):
    """The sign of life."""

    @property
    def silent_for(self) -> float: ...


async def watch(writer: Writes, pulse: Beats, alarms: Alarms, every: float = EVERY) -> None:
    """For ever; the alarms end when it moves again."""
    while True:
        look(writer, pulse, alarms)
        await asyncio.sleep(every)


def look(writer: Writes, pulse: Beats, alarms: Alarms) -> None:
    """Once."""
    if writer.busy_for > WRITER_SECONDS:
        text = f"Nothing was written to the catalogue for {writer.busy_for:.0f} s. Is its disk well? See `dmesg`."
        alarms.begin("writer-stuck", text)
    else:
        alarms.end("writer-stuck")
    if pulse.silent_for > PULSE_SECONDS:
        text = (
            f"The sign of life in the spool is {pulse.silent_for:.0f} s old, so the dialplan does its work without the "
            "daemon. Is the spool's disk well? See `dmesg`."
        )
        alarms.begin("pulse-stuck", text)
    else:
        alarms.end("pulse-stuck")
