"""Who may do what with a file: the daemon's user and Asterisk's, whoever runs the check.

Takes a path and the rights, gives yes, no, or None where that cannot be told from here. As root each question is put
to the kernel as that user, so groups and access lists count as they really do.
"""

import os
import pwd
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callwarden.config import Settings

DAEMON = "callwarden"  # the user that config/callwarden.sysusers makes
ASTERISK = "asterisk"
_MODES = {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}
_TEST = ("/usr/bin/test", "/bin/test")


@dataclass(frozen=True, slots=True)
class User:
    """A user with all the groups it is in."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def user_of(uid: int) -> User:
    """The user with this number, also one that has no name here."""
    try:
        known = pwd.getpwuid(uid)
    except KeyError:
        return User(f"uid {uid}", uid, uid, ())
    return User(known.pw_name, uid, known.pw_gid, tuple(os.getgrouplist(known.pw_name, known.pw_gid)))


def daemon_user(settings: Settings) -> User:
    """Who runs the daemon: whoever checks, unless that is root; then who owns the catalogue, or the unit's user."""
    if os.geteuid() != 0:
        return user_of(os.geteuid())
    try:
        return user_of(settings.catalogue.path.stat().st_uid)
    except OSError:
        return named(DAEMON) or user_of(0)


def asterisk_user() -> User | None:
    """Who runs Asterisk on this machine, or would; None where there is neither a process nor a user of its name."""
    running = sorted(set(_owners_of(ASTERISK)))
    return user_of(running[0]) if running else named(ASTERISK)


def may(user: User, path: Path, rights: str) -> bool | None:
    """Whether ``user`` has all ``rights`` (of "rwx") to ``path``."""
    if user.uid == os.geteuid():
        return os.access(path, _mode(rights), effective_ids=True)
    if os.geteuid() == 0:
        return _ask_kernel(user, path, rights)
    return _by_mode(user, path, rights) or None  # an access list may give what the mode does not


def _mode(rights: str) -> int:
    mode = 0
    for right in rights:
        mode |= _MODES[right]
    return mode


def _ask_kernel(user: User, path: Path, rights: str) -> bool | None:
    program = next((each for each in _TEST if Path(each).exists()), None)
    if program is None:
        return None
    conditions = [part for right in rights for part in ("-a", f"-{right}", str(path))][1:]
    answer = subprocess.run(
        [program, *conditions], user=user.uid, group=user.gid, extra_groups=user.groups, check=False, cwd="/"
    )
    return answer.returncode == 0


def _by_mode(user: User, path: Path, rights: str) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    shift = 6 if found.st_uid == user.uid else 3 if found.st_gid in (user.gid, *user.groups) else 0
    return (stat.S_IMODE(found.st_mode) >> shift) & _mode(rights) == _mode(rights)


def named(name: str) -> User | None:
    """The user of this name, if there is one."""
    try:
        return user_of(pwd.getpwnam(name).pw_uid)
    except KeyError:
        return None


def _owners_of(program: str) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() == program:
                yield process.stat().st_uid
        except OSError:
            continue  # it has ended
