"""Whether anybody would be told of an alarm: the command can be run, the mail server answers.

Takes settings, gives findings. Nothing is sent: `callwarden alarms test` does that.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.checks.who import daemon_user, may
from callwarden.config import Settings

ABOUT = "alarms"
SECONDS = 3.0  # for the mail server


def telling(settings: Settings) -> list[Finding]:
    """The ways out for alarms."""
    found = [*_hook(settings), *_mail(settings)]
    return found or [
        warning(
            ABOUT,
            "they go to the log and to `callwarden alarms` alone",
            "Name a mail address (mail_to) or a command (hook) in [alarms], then run `callwarden alarms test`",
        )
    ]


def _hook(settings: Settings) -> Iterator[Finding]:
    if not settings.alarms.hook:
        return
    command, us = Path(settings.alarms.hook[0]), daemon_user(settings)
    if not command.is_file():
        yield problem(ABOUT, f"the hook {command} is not there", "Put it there, or change [alarms] hook")
    elif may(us, command, "x") is False:
        yield problem(ABOUT, f"{us.name} may not run the hook {command}", f"chmod 755 {command}")
    else:
        yield ok(ABOUT, f"the hook {command} can be run")


def _mail(settings: Settings) -> Iterator[Finding]:
    options = settings.alarms
    if not options.mail_to:
        return
    where = f"{options.smtp_host}:{options.smtp_port}"
    try:
        socket.create_connection((options.smtp_host, options.smtp_port), SECONDS).close()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        yield problem(ABOUT, f"the mail server {where} does not answer: {reason}", "See smtp_host in [alarms]")
    else:
        yield ok(ABOUT, f"the mail server {where} answers; `callwarden alarms test` sends a mail")
