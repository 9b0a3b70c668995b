"""What is done to the daemon, to Asterisk, to what connects them and to what they write to; each is undone again.

Each takes the office and dice, and gives when its cause was gone (UTC epoch seconds; None: only now).
"""

import contextlib
import fcntl
import os
import random
import socket
import sqlite3
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callwarden.asking import ask
from callwarden.control import ControlError
from lab.ami import AmiError
from lab.rawsip import RawCall
from soak.office import Office
from soak.tones_of import FIRST_DESK

FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE = 0x80086601, 0x40086602, 0x10  # linux/fs.h
GARBAGE = (
    b"", b"\r\n", b"agi_network: yes\n", b"agi_network: yes\nagi_request: agi://x/card-gate\n", b"\0" * 5000,
    b"GET / HTTP/1.1\r\n\r\n", b"agi_request" * 2000, b'{"verb": "status"', b"\xff\xfe\n", b"[" * 20000 + b"\n",
)  # fmt: skip
FORGERY = "1%0d%0aUniqueid%3a%20x%0d%0a%0d%0aEvent%3a%20Hangup"


@dataclass(slots=True)
class Fault:
    """One that was injected. `lifted` is when its cause was gone (a daemon begun anew, a line put through), `ended`
    when that was done; `recovered` when all was well again, None if it never was."""

    kind: str
    began: float
    ended: float = 0.0
    lifted: float | None = None
    recovered: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def recovery(self) -> float:
        """Seconds from when its cause was gone until all was well."""
        return max(0.0, (self.recovered or self.ended) - (self.lifted or self.ended))


def kill(office: Office, dice: random.Random) -> float:
    office.lab.daemon.kill()
    return _begin_anew(office, dice)


def stop(office: Office, dice: random.Random) -> float:
    office.lab.daemon.stop()
    return _begin_anew(office, dice)


def _begin_anew(office: Office, dice: random.Random) -> float:
    time.sleep(dice.choice((0.0, dice.uniform(0, 3.0))))
    lifted = time.time()
    office.lab.daemon.start()
    return lifted


def freeze(office: Office, dice: random.Random) -> None:
    office.lab.daemon.freeze()
    time.sleep(dice.uniform(0.2, 7.0))
    office.lab.daemon.thaw()


def cut_ami(office: Office, dice: random.Random) -> float | None:
    if dice.random() < 0.5:
        office.ami_line.cut()
        return time.time()
    office.ami_line.break_off()
    time.sleep(1.0)
    office.ami_line.restore()
    return None


def refuse_ami(office: Office, dice: random.Random) -> None:
    office.ami_line.refuse()
    time.sleep(dice.uniform(0.5, 4.0))
    office.ami_line.restore()


def stall_ami(office: Office, dice: random.Random) -> None:
    office.ami_line.stall()
    time.sleep(dice.choice((dice.uniform(0.1, 1.5), dice.uniform(1.5, 8.0))))
    office.ami_line.restore()


def ari_off(office: Office, dice: random.Random) -> None:
    office.ari_line.refuse()
    time.sleep(dice.uniform(0.5, 3.0))
    office.ari_line.restore()


def reload(office: Office, dice: random.Random) -> None:
    """A new configuration, or one with errors, which changes nothing."""
    good = office.lab.settings_path.read_text()
    office.lab.settings_path.write_text(good.replace('"info"', dice.choice(('"debug"', '"verbose"'))))
    office.lab.daemon.reload()
    time.sleep(dice.uniform(0.2, 1.0))
    office.lab.settings_path.write_text(good)
    office.lab.daemon.reload()


def asterisk_killed(office: Office, dice: random.Random) -> float:
    office.lab.pbx.kill()
    office.evidence.asterisk_died(time.time())
    with contextlib.suppress(AmiError):
        office.lab.world.ami.try_action("Command", Command="channel request hangup all")
    time.sleep(dice.uniform(0, 1.0))
    lifted = time.time()
    office.lab.pbx.start()
    office.watch_pbx()
    return lifted


def spool_not_writable(office: Office, dice: random.Random) -> None:
    """Nothing can be made or removed there, not even by root; what is open can be written to."""
    try:
        set_immutable(office.lab.spool, True)
        time.sleep(dice.uniform(0.3, 3.0))
    finally:
        set_immutable(office.lab.spool, False)


def catalogue_locked(office: Office, dice: random.Random) -> None:
    with contextlib.closing(sqlite3.connect(office.lab.catalogue_path, timeout=5, isolation_level=None)) as other:
        with contextlib.suppress(sqlite3.OperationalError):  # the daemon was quicker, and is writing still
            other.execute("BEGIN IMMEDIATE")
        time.sleep(dice.uniform(0.5, 6.0))
        other.rollback()


def purge(office: Office, _dice: random.Random) -> None:
    with contextlib.suppress(ControlError):
        ask(office.lab.folder / "control.sock", "purge")


def port_scan(office: Office, dice: random.Random) -> None:
    """Half requests and rubbish on the ports, some of them left open."""
    left_open = []
    for _ in range(dice.randint(5, 25)):
        with contextlib.suppress(OSError):
            one = _connection(office, dice)
            one.sendall(dice.choice(GARBAGE))
            left_open.append(one)
            if dice.random() < 0.7:
                left_open.pop().close()
    time.sleep(dice.uniform(0.1, 2.0))
    for one in left_open:
        one.close()


def _connection(office: Office, dice: random.Random) -> socket.socket:
    if dice.random() < 0.7:
        return socket.create_connection(("127.0.0.1", office.lab.pbx.agi_port), timeout=1)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    one.settimeout(1)
    one.connect(str(office.lab.folder / "control.sock"))
    return one


def hostile_caller(office: Office, dice: random.Random) -> None:
    """A call by raw SIP whose number forges events of AMI."""
    desk = str(FIRST_DESK + dice.randrange(2 * 10))
    with (
        contextlib.suppress(OSError, ConnectionError),
        RawCall(office.lab.pbx.ports.sip, f"0207947{desk}", dice.choice((FORGERY, "8" * 10_000))),
    ):
        time.sleep(dice.uniform(0.2, 1.5))


FAULTS: dict[str, tuple[Callable[[Office, random.Random], Any], int]] = {
    "daemon killed": (kill, 24),
    "daemon stopped and started": (stop, 12),
    "daemon frozen": (freeze, 12),
    "AMI cut": (cut_ami, 12),
    "AMI refused": (refuse_ami, 8),
    "AMI stalled": (stall_ami, 12),
    "ARI off": (ari_off, 6),
    "configuration reloaded": (reload, 8),
    "Asterisk killed": (asterisk_killed, 3),
    "spool not writable": (spool_not_writable, 8),
    "catalogue locked": (catalogue_locked, 8),
    "purge run": (purge, 5),
    "ports scanned": (port_scan, 8),
    "hostile caller": (hostile_caller, 8),
}
# While these last, Callwarden cannot see or do what it should, and calls are recorded by the dialplan, or gaps.
BLINDING = frozenset(
    ("daemon killed", "daemon stopped and started", "daemon frozen", "AMI cut", "AMI refused", "AMI stalled",
     "Asterisk killed", "spool not writable")
)  # fmt: skip


def possible(office: Office) -> dict[str, int]:
    """The kinds and their weights; a file system may not know directories that nobody can change."""
    weights = {name: weight for name, (_, weight) in FAULTS.items()}
    try:
        set_immutable(office.lab.spool, False)
    except OSError:
        del weights["spool not writable"]
    return weights


def set_immutable(directory: Path, immutable: bool) -> None:
    """As `chattr +i` does. Raises OSError where the file system cannot."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flags = struct.unpack("l", fcntl.ioctl(handle, FS_IOC_GETFLAGS, struct.pack("l", 0)))[0]
        wanted = flags | FS_IMMUTABLE if immutable else flags & ~FS_IMMUTABLE
        fcntl.ioctl(handle, FS_IOC_SETFLAGS, struct.pack("l", wanted))
    finally:
        os.close(handle)
