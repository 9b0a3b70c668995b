"""Who runs first: the event loop before the machine's other programs, the work behind it after them.

A caller who is handed to the card line waits for the loop, and on a busy machine that wait is nearly all waiting for
a CPU. It sleeps 99 % of the time, so being first costs the others nothing. Threads that are made later do not inherit
it (SCHED_RESET_ON_FORK, sched(7)).
"""

import contextlib
import gc
import os
import resource
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

# What `asterisk -p`, Debian's unit, gives itself: below it the loop waits for both cores' calls (a gate of 5 ms), at
# it for its turn (2.6 ms), above it calls would wait for us.
AS_ASTERISK = 10
# Microseconds of CPU without a pause, after which the kernel ends a loop that spins; the guard is quicker where it can.
SPINNING = 4_000_000
# Seconds that a thread may keep the interpreter from the loop; Python's own 0.005 is the gate's whole time.
SWITCH_SECONDS = 0.0005
NICENESS = 10
# How many more objects there are before the collector looks at the new ones. With the 700 of Python 3.11 it took some
# 6 % of the daemon's CPU (measured), with the 2,000 of 3.13 hardly any: next to nothing here goes round in circles.
YOUNG_OBJECTS = 10_000
# Debian's; in /proc the unit shows us no process but our own (ProtectProc=).
PID_FILE = Path("/run/asterisk/asterisk.pid")
PROC = Path("/proc")


def hurry() -> None:
    """Put the calling thread, which begins the daemon, ahead of everything but Asterisk, where that is allowed: on a
    busy machine it would wait seconds to be read in, and the calls that are up go before it. See ``_put_ahead``.

    The kernel's limit comes with ``go_first``: a slow machine imports for longer than a loop may spin. Python's
    collector rests until ``leave_alone_what_is_there``: what is imported stays, and looking through it again and again
    is some 7 % of the time.
    """
    gc.disable()
    step_ahead()


def go_first() -> bool:
    """Put the calling thread, which runs the loop, ahead; whether the system allowed it (LimitRTPRIO= of the unit)."""
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        resource.setrlimit(resource.RLIMIT_RTTIME, (SPINNING, SPINNING))
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(AS_ASTERISK))
    except (OSError, ValueError):
        return False
    return True


def leave_alone_what_is_there() -> None:
    """Python's collector need not look through the program itself again: that stops everything for 90 ms (measured),
    which a caller at the card line hears. For the moment when everything is imported; what importing left over, some
    two thousand objects, is not worth 50 to 100 ms either."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    gc.enable()


def step_ahead() -> None:
    """Put the calling thread, which calls wait for or which would keep the interpreter from the loop, ahead of
    everything but Asterisk, for good: the initializer of a thread that does one thing and ends."""
    _put_ahead(0)


@contextlib.contextmanager
def ahead(thread: int) -> Iterator[None]:
    """Keep another thread (its native id) ahead in the same way, for some tenths of a second. For the loop's thread:
    one that falls back by itself has the interpreter then, and does not get the CPU to give it up (60 ms, measured)."""
    _put_ahead(thread)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def _put_ahead(thread: int) -> None:
    """Not beside an Asterisk that has no real-time priority itself: these threads work for tenths of a second without
    a pause, and its callers would have a hole of that kind in what they hear (80 ms, measured on two cores)."""
    if not asterisk_is_ahead():
        return
    with contextlib.suppress(OSError):
        os.sched_setscheduler(thread, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(AS_ASTERISK - 1))


def asterisk_is_ahead() -> bool:
    """Whether an Asterisk of this machine has a real-time priority (`asterisk -p`, as Debian's unit starts it)."""
    return any(_is_ahead(pid) for pid in _asterisks())


def _asterisks() -> Iterator[int]:
    with contextlib.suppress(OSError, ValueError):
        yield int(PID_FILE.read_text())
    for process in PROC.glob("[1-9]*"):
        with contextlib.suppress(OSError):
            if (process / "comm").read_bytes() == b"asterisk\n":
                yield int(process.name)


def _is_ahead(pid: int) -> bool:
    try:
        return os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK in (os.SCHED_RR, os.SCHED_FIFO)
    except OSError:
        return False


def give_way() -> None:
    """Put the calling thread behind the others (Linux keeps a niceness for each thread): a pool's initializer."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
