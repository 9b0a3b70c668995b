"""Where Callwarden keeps things: the spool, the vault, the catalogue, their disks.

Takes settings, gives findings; looks and changes nothing.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.checks.who import User, asterisk_user, daemon_user, may
from callwarden.config import Settings
from callwarden.storage.database import CatalogueError, open_readonly
from callwarden.storage.keys import KeysError, load_keys

SPOOL, VAULT, CATALOGUE, DISK, SEAL = "spool", "vault", "catalogue", "disk", "seal"
LITTLE, TOO_LITTLE = 5e9, 5e8  # bytes: about 90 and 9 hours of recordings in wav
TMPFILES = "systemd-tmpfiles --create callwarden.conf"


def places(settings: Settings) -> Iterator[Finding]:
    """Everything on disk."""
    us = daemon_user(settings)
    yield from usable(settings, us)
    yield from vault_privacy(settings.vault.path, us)
    yield from catalogue(settings.catalogue.path)
    yield from disks(settings)


def usable(settings: Settings, us: User) -> Iterator[Finding]:
    """Who may do what, where ``us`` run the daemon. Not a full disk or an old catalogue: it starts with the one and
    mends the other."""
    yield from spool(settings, us, asterisk_user())
    yield from vault_access(settings.vault.path, us)
    yield from catalogue_access(settings.catalogue.path, us)
    yield from seal(settings)


def spool(settings: Settings, us: User, asterisk: User | None) -> Iterator[Finding]:
    """Asterisk writes there, we read and remove."""
    path = settings.spool.path
    if not path.is_dir():
        what = "is no directory" if path.exists() else "is not there"
        yield problem(SPOOL, f"{path} {what}, so nothing can be recorded", f"Make it: {TMPFILES}")
        return
    mine = may(us, path, "rwx")
    if mine is False:
        told = f"{us.name} may not read and remove files in {path}"
        yield problem(SPOOL, told, f"Give it the rights: setfacl -m u:{us.name}:rwx,d:u:{us.name}:rwx {path}")
    yield from _asterisk_writes(path, asterisk)
    if path.stat().st_mode & stat.S_IROTH:
        yield warning(SPOOL, f"every user of this machine can list {path}", f"Close it: chmod o-rwx {path}")
    if mine:
        yield ok(SPOOL, f"{path} can be read and emptied by {us.name}")
    if mine is None:
        yield _unknown(SPOOL, f"whether {us.name} may use {path}")


def _asterisk_writes(path: Path, asterisk: User | None) -> Iterator[Finding]:
    writes = None if asterisk is None else may(asterisk, path, "wx")
    if asterisk is None:
        told = f"Asterisk does not run on this machine, so it cannot be told whether it may write to {path}"
        yield warning(SPOOL, told, "Make a call and see that `callwarden status` shows its recorders")
    elif writes is None:
        yield _unknown(SPOOL, f"whether Asterisk's user {asterisk.name} may write to {path}")
    elif writes:
        yield ok(SPOOL, f"{path} can be written by Asterisk's user {asterisk.name}")
    else:
        told = f"Asterisk's user {asterisk.name} may not write to {path}: it would report success and record nothing"
        yield problem(SPOOL, told, f"chown {asterisk.name}:{asterisk.name} {path} && chmod 2770 {path}")


def vault_access(path: Path, us: User) -> Iterator[Finding]:
    """Ours to use."""
    try:
        there = path.exists()
    except OSError:
        yield _unknown(VAULT, f"how {path} is kept")
        return
    if not there:
        yield from _can_be_made(VAULT, path, us)
    elif not path.is_dir():
        yield problem(VAULT, f"{path} is no directory", "Move it away, or set [vault] path")
    elif may(us, path, "rwx") is False:
        yield problem(VAULT, f"{us.name}, who runs the daemon, may not use {path}", f"chown -R {us.name} {path}")


def vault_privacy(path: Path, us: User) -> Iterator[Finding]:
    """And nobody else's. Not a reason not to start: nothing recorded is worse."""
    try:
        found = path.stat()
    except OSError:
        return
    if found.st_uid != us.uid:
        yield problem(VAULT, f"{path} does not belong to {us.name}, who runs the daemon", f"chown -R {us.name} {path}")
    elif found.st_mode & 0o077:
        yield problem(VAULT, f"others than {us.name} can get into {path}", f"chmod 700 {path}")
    else:
        yield ok(VAULT, f"{path} is open to {us.name} alone")


def seal(settings: Settings) -> Iterator[Finding]:
    """The key that recordings are sealed with."""
    try:
        keys = load_keys(settings)
    except KeysError as error:
        yield problem(SEAL, str(error).rstrip("."), "Without it no recording can leave the spool")
        return
    if keys is None or not settings.seal.enabled:
        return
    if settings.seal.recipients:
        yield ok(SEAL, f"recordings are sealed to the daemon and {len(keys.recipients) - 1} others")
    else:
        told = "nobody but the daemon can open the recordings: with its key they are lost"
        yield warning(SEAL, told, "Name the data protection officer's key in [seal] recipients")


def catalogue_access(path: Path, us: User) -> Iterator[Finding]:
    """Ours to read and write."""
    try:
        there = path.exists()
    except OSError:
        yield _unknown(CATALOGUE, f"what {path} is like")
        return
    if not there:
        yield from _can_be_made(CATALOGUE, path, us)
    elif may(us, path, "rw") is False or may(us, path.parent, "wx") is False:  # SQLite makes files beside it
        advice = f"chown -R {us.name} {path.parent}"
        yield problem(CATALOGUE, f"{us.name} may not read and write {path} and the folder it is in", advice)


def catalogue(path: Path) -> Iterator[Finding]:
    """One SQLite file of a schema that we know, if it is there and we may look."""
    if not os.access(path, os.R_OK, effective_ids=True):
        return
    try:
        open_readonly(path).close()
    except CatalogueError as error:
        yield problem(CATALOGUE, str(error).rstrip("."), "Do not delete it: it says what is in the vault")
        return
    if path.stat().st_mode & 0o077:
        yield warning(CATALOGUE, f"others can read {path}: who called whom is in it", f"chmod 600 {path}")
    else:
        yield ok(CATALOGUE, f"{path} opens and is up to date")


def disks(settings: Settings) -> Iterator[Finding]:
    """How much room there is; each disk once."""
    seen: set[int] = set()
    for path in (settings.vault.path, settings.spool.path, settings.catalogue.path):
        there = nearest(path)
        device = there.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield _room(there)


def nearest(path: Path) -> Path:
    """``path``, or the nearest directory above it that is there (Path.exists would raise where we may not look)."""
    return next(each for each in (path, *path.parents) if os.path.exists(each))  # noqa: PTH110


def _room(path: Path) -> Finding:
    usage = shutil.disk_usage(path)
    told = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB are free where {path} is"
    if usage.free < TOO_LITTLE:
        return problem(DISK, told, "Make room: recordings within their retention are never deleted for it")
    if usage.free < LITTLE:
        return warning(DISK, told, "Make room soon, or record as wav49, which takes a tenth")
    return ok(DISK, told)


def _can_be_made(about: str, path: Path, us: User) -> Iterator[Finding]:
    above = nearest(path.parent)
    if may(us, above, "wx") is False:
        advice = f"Make {path.parent} and give it to {us.name}: install -d -m 700 -o {us.name} {path.parent}"
        yield problem(about, f"{path} is not there, and {us.name} may not make it in {above}", advice)
    else:
        yield ok(about, f"{path} is not there yet; the daemon makes it")


def _unknown(about: str, what: str) -> Finding:
    return warning(about, f"it cannot be told from here {what}", "Run `callwarden check` as root")
