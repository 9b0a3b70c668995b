"""What the tests of sealed storage share: keys, the `age` program of Debian, a process that dies at its nth step."""

import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from pyrage import x25519

from callwarden.storage.keys import Keys
from lab.roots import root

# What changes files, as Python's audit events name it: a kill may come before any of them.
STEPS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"})


class Holder:
    """Somebody with a key of age."""

    def __init__(self) -> None:
        self.identity = x25519.Identity.generate()
        self.recipient = str(self.identity.to_public())

    def write(self, path: Path) -> Path:
        path.write_text(f"# a key\n{self.identity}\n")
        path.chmod(0o600)
        return path


def keys_of(*holders: Holder) -> Keys:
    """The first is the daemon; it has the secret keys of nobody else."""
    return Keys((holders[0].identity,), tuple(sorted(holder.recipient for holder in holders)))


def age() -> str:
    """Debian's `age`, as the DPO has it."""
    return str(root("clients") / "usr/bin/age")


def decrypted(path: Path, holder: Holder, folder: Path) -> bytes:
    """What the standard program makes of a sealed file with this key."""
    key = holder.write(folder / "key.txt")
    command = [age(), "--decrypt", "--identity", str(key), str(path)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do ``work`` in a process of its own that gets SIGKILL at its ``step``-th change of a file; whether it did."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 dislikes a fork beside the threads of xdist
        pid = os.fork()
    if pid == 0:
        _work_and_die(step, work)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed; what it said is on standard error"
    return False


def _work_and_die(step: int, work: Callable[[], object]) -> None:
    left = step

    def count(event: str, _arguments: object) -> None:
        nonlocal left
        if event in STEPS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(count)
        work()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)
