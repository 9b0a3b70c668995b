"""Whether the daemon runs, has its port and its socket to itself, and is looked for there by the dialplan.

Takes settings, gives findings; what is tried is undone at once.
"""

import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from callwarden.asking import ask
from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.checks.pbx import Seen
from callwarden.checks.places import nearest
from callwarden.checks.who import User, daemon_user, may
from callwarden.config import Settings
from callwarden.control import ControlError, Kind

ABOUT, AGI = "daemon", "AGI"
DEFAULT_AGI, DEFAULT_SPOOL = "127.0.0.1:4573", "/var/spool/asterisk/callwarden"  # of dialplan/callwarden.conf
TAKEN = (errno.EADDRINUSE,)


def daemon(settings: Settings) -> list[Finding]:
    """The daemon and what it listens on."""
    path = settings.control.socket
    try:
        status = ask(path, "status", patience=3.0)
    except ControlError as error:
        return [*_silent(error, settings), agi_port(settings, running=error.kind is not Kind.NOT_RUNNING)]
    return [*_told(status), agi_port(settings, running=True)]


def _told(status: dict[str, Any]) -> Iterator[Finding]:
    yield ok(ABOUT, f"it runs (version {status.get('version', 'unknown')})")
    for sentence in status.get("problems", []):
        yield problem(ABOUT, str(sentence).rstrip("."), "See `callwarden status`")


def _silent(error: ControlError, settings: Settings) -> Iterator[Finding]:
    if error.kind is Kind.NOT_ALLOWED:
        yield warning(ABOUT, "it runs, but you may not ask it how it is", "Run `callwarden check` as root")
    elif error.kind is Kind.NOT_RUNNING:
        yield ok(ABOUT, "it does not run")
        yield from control_socket(settings, daemon_user(settings))
    else:
        yield problem(ABOUT, str(error).rstrip("."), "See `journalctl -u callwarden`")


def control_socket(settings: Settings, us: User) -> Iterator[Finding]:
    """Whether ``us``, who run the daemon, can make the socket."""
    folder = settings.control.socket.parent
    if not Path(folder).is_dir():
        if may(us, nearest(folder), "wx") is False:
            told = f"{folder} is not there; the systemd unit makes it when it starts the daemon"
            yield warning(ABOUT, told, f"Without systemd: install -d -o {us.name} {folder}")
    elif may(us, folder, "wx") is False:
        yield problem(ABOUT, f"{us.name} may not make the control socket in {folder}", f"chown {us.name} {folder}")


def agi_port(settings: Settings, *, running: bool) -> Finding:
    """Whether the port can be had, or is had by the daemon that runs."""
    where = f"{settings.agi.listen}:{settings.agi.port}"
    family = socket.AF_INET6 if ":" in settings.agi.listen else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the daemon does: not barred by old calls
        try:
            probe.bind((settings.agi.listen, settings.agi.port))
        except OSError as error:
            if error.errno in TAKEN and running:
                return ok(AGI, f"the daemon listens on {where}")
            why = "another program listens there" if error.errno in TAKEN else (error.strerror or str(error)).lower()
            advice = "Set [agi] listen and port, and CALLWARDEN_AGI in the dialplan's [globals]"
            return problem(AGI, f"{where} cannot be listened on: {why}", advice)
    if running:
        return problem(
            AGI, f"the daemon runs, but does not listen on {where}", "Restart it: systemctl restart callwarden"
        )
    return ok(AGI, f"{where} is free")


def dialplan_agrees(seen: Seen, settings: Settings) -> Iterator[Finding]:
    """Whether Asterisk has the same address and the same spool."""
    if seen.settings is None:
        return
    agi = seen.settings["CALLWARDEN_AGI"] or DEFAULT_AGI
    if agi.rpartition(":")[2] != str(settings.agi.port):
        told = f"the dialplan asks {agi}, but [agi] port is {settings.agi.port}"
        yield problem(AGI, told, "Set CALLWARDEN_AGI in [globals] of extensions.conf, then: dialplan reload")
    spool = (seen.settings["CALLWARDEN_SPOOL"] or DEFAULT_SPOOL).rstrip("/")
    ours = (settings.spool.asterisk_path or str(settings.spool.path)).rstrip("/")
    if spool != ours:
        told = f"without the daemon the dialplan records into {spool}, and the daemon looks for it in {ours}"
        yield problem("spool", told, "Set CALLWARDEN_SPOOL in [globals] of extensions.conf, then: dialplan reload")
