"""One fault at a time: injected, taken away again, and waited for until Callwarden says that all is well.

Where the daemon ended itself it is started again, as systemd would.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from callwarden.asking import ask
from callwarden.control import ControlError
from lab.ami import AmiError
from lab.daemon import DaemonError
from soak.faults import FAULTS, Fault
from soak.office import Office

RECOVERY_LIMIT = 45.0
LOOK = 0.05


def inject(office: Office, kind: str, dice: random.Random) -> Fault:
    """One fault, and the recovery from it."""
    fault = Fault(kind, time.time())
    with _problems_into(fault):
        fault.lifted = FAULTS[kind][0](office, dice)
    fault.ended = time.time()
    recover(office, fault)
    return fault


def recover(office: Office, fault: Fault) -> None:
    """Wait until the daemon says that nothing is wrong, starting it where it is down."""
    deadline = time.monotonic() + RECOVERY_LIMIT
    while fault.recovered is None and time.monotonic() < deadline:
        if not office.lab.daemon.is_running:
            fault.notes.append(f"the daemon ended by itself: {_last_words(office)}")
            with _problems_into(fault):
                office.lab.daemon.start()
        if is_well(office):
            fault.recovered = time.time()
        time.sleep(LOOK)
    if fault.recovered is None:
        fault.notes.append(f"not well {RECOVERY_LIMIT:g} s after it: {_status(office)}")


def is_well(office: Office) -> bool:
    status = _status(office)
    return (
        status.get("asterisk", {}).get("state") == "ready"
        and status["ari"]["state"] == "ready"
        and not status["problems"]
        and not status["catalogue"]["problem"]
    )


def _status(office: Office) -> dict[str, Any]:
    try:
        return dict(ask(office.lab.folder / "control.sock", "status"))
    except ControlError as error:
        return {"problems": [str(error)]}


@contextmanager
def _problems_into(fault: Fault) -> Iterator[None]:
    try:
        yield
    except (DaemonError, AmiError) as error:
        fault.notes.append(str(error))


def _last_words(office: Office) -> str:
    return office.lab.daemon.log.read_text(errors="replace")[-300:].replace("\n", " | ")
