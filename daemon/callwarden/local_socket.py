"""A Unix socket to listen on: made for its owner and one group, in the place of one that a killed daemon left.

Takes a path and a group's name; gives a listening socket. Rule: a socket that somebody answers on, and a file that is
no socket, are never removed.
"""

import fcntl
import grp
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODE = 0o660
BACKLOG = 32
PATIENCE = 5.0  # seconds


class SocketTaken(Exception):
    """The socket cannot be made as configured; the text says what to do."""


def bind(path: Path, group: str) -> socket.socket:
    """A listening socket at ``path`` that only its owner and ``group`` may use. Raises SocketTaken and OSError."""
    group_id = -1 if not group else _group_id(group)
    with _alone_in(path.parent):
        _remove_stale(path)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            listening.bind(str(path))
            os.chown(path, -1, group_id)
            path.chmod(MODE)
            listening.listen(BACKLOG)  # only now can anybody connect, whatever the mode was before
        except BaseException:
            listening.close()
            raise
        return listening


def is_answered(path: Path) -> bool:
    """Whether a process listens at ``path``. Raises OSError when that cannot be told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PATIENCE)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except BlockingIOError:
            return True  # its queue is full
        return True


def _remove_stale(path: Path) -> None:
    """A socket that nobody answers on is what a killed daemon left; anything else is not ours to remove."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise SocketTaken(f"{path} is there and is no socket. Move it away, or set [control] socket.")
    if is_answered(path):
        raise SocketTaken(f"Another Callwarden is running: it answers on {path}. Stop that one first.")
    path.unlink()


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Two daemons that start together must not each take the other's fresh socket for a stale one."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _group_id(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise SocketTaken(f"There is no group {group} on this machine; see [control] group.") from None


def inode(path: Path) -> tuple[int, int] | None:
    """What is at ``path``, whatever its name; None for nothing."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
