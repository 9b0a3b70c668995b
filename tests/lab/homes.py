"""The directory of one process inside a private root: `ROOT/lab/<id>`, which the process itself sees as `/lab/<id>`.

It belongs to the Python process that made it. What a killed run leaves behind is ended and removed by the next one.
"""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_serial = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Home:
    root: Path
    identity: str

    @property
    def outside(self) -> Path:
        return self.root / "lab" / self.identity

    @property
    def inside(self) -> str:
        return f"/lab/{self.identity}"

    def make(self) -> None:
        reap(self.root)
        # It appears with its owner in it: others reap at this very moment.
        beginning = self.root / "lab-beginning" / self.identity
        beginning.mkdir(parents=True)
        (beginning / "owner").write_text(f"{os.getpid()} {_start_time(os.getpid())}\n")
        self.outside.parent.mkdir(exist_ok=True)
        beginning.rename(self.outside)

    def popen(self, *command: str, output: IO[bytes], stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """Run a program in the root. It dies with the thread that started it."""
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "chroot", str(self.root), *command],
            stdin=stdin, stdout=output, stderr=subprocess.STDOUT, cwd="/", start_new_session=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.inside, "TERM": "dumb", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        with (self.outside / "pids").open("a") as pids:
            pids.write(f"{process.pid}\n")
        return process

    def remove(self) -> None:
        shutil.rmtree(self.outside, ignore_errors=True)


def new_home(root: Path, name: str) -> Home:
    return Home(root, f"{name}-{os.getpid()}-{next(_serial)}")


def reap(root: Path) -> None:
    """End and remove whatever in this root has an owner that is gone."""
    for directory in (root / "lab").glob("*"):
        if not _owner_lives(directory):
            with contextlib.suppress(OSError):
                for pid in (directory / "pids").read_text().split():
                    _kill_if_ours(int(pid), directory.name)
            shutil.rmtree(directory, ignore_errors=True)


def _owner_lives(directory: Path) -> bool:
    try:
        pid, started = (directory / "owner").read_text().split()
        return _start_time(int(pid)) == started
    except (FileNotFoundError, ProcessLookupError):
        return False


def _kill_if_ours(pid: int, identity: str) -> None:
    """Only a process that names this directory on its command line: the number may be another's by now."""
    with contextlib.suppress(OSError):
        if f"/lab/{identity}/".encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def _start_time(pid: int) -> str:
    """When a process started, in kernel ticks: tells it from a later one with the same number."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
