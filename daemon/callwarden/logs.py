"""Logging for an operator: one line a record, for the journal or for a log collector, with no number in full.

Takes the configured level and format; sets up the one handler of the process, on standard error. Rules: what a
caller chose can neither end a line nor drive a terminal; a run of seven or more digits keeps its last three, unless it
is part of a unique id, a hash or an address; the secrets of the configuration never pass. Both are the last line of
defence: whoever logs masks what it knows to be a number.

``log.info("...", extra=about(linked_id, channel))`` names the call and the channel that a line is about.
"""

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TextIO

from callwarden.core.numbers import MASK_KEEPS

PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""sd-daemon(3): journald reads the priority of a line from its beginning."""

# What looks like a number and is none, then what is masked. A unique id is ten digits of epoch and a counter, in the
# name of a segment's file with the milliseconds of its start behind it; a channel ends in a counter of eight hex
# digits; addresses and hashes are hex.
_DIGITS = re.compile(
    r"(?<!\d)[1-9]\d{9}\.\d{1,10}(?:-\d{13}\.(?:wav|WAV))?(?!\d)"
    r"|-000[0-9a-f]{5}(?![0-9A-Za-z])"
    r"|0x[0-9a-f]+"
    r"|(?<![0-9A-Za-z])[0-9a-f]{32,128}(?![0-9A-Za-z])"
    r"|(?P<number>\d{7,})"
)
_SHORTEST_SECRET = 4  # characters: hiding "a" would hide the log

# Their warnings are worth reading; their details are bytes of callers and, in part, secrets.
_THIRD_PARTIES = logging.WARNING


def set_up(
    level: str,
    form: str,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Log to ``stream`` (standard error) from now on; may be called again to change its mind."""
    stream = stream or sys.stderr
    journal = goes_to_journal(stream, environ)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Json(secrets, journal) if form == "json" else Text(secrets, journal))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_THIRD_PARTIES)
    logging.getLogger("callwarden").setLevel(level.upper())
    _gather_only_what_is_shown()


def _gather_only_what_is_shown() -> None:
    """No line names a thread, a process or a place in the source: these need not be looked up for each record (the
    logging HOWTO's "Optimization")."""
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def goes_to_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether ``stream`` is the journal's: systemd.exec(5), JOURNAL_STREAM is its device and inode."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def about(call: str = "", channel: str = "") -> dict[str, str]:
    """``extra`` for a record: the linked id and the channel it is about."""
    return {"call": call, "channel": channel}


def masked(text: str) -> str:
    """``text`` with every long run of digits cut to its last three."""
    return _DIGITS.sub(_mask, text)


def one_line(text: str) -> str:
    """``text`` with everything that is not printable written out: a line break, an escape, a bidi override."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _mask(found: re.Match[str]) -> str:
    number = found["number"]
    return found[0] if number is None else "***" + number[-MASK_KEEPS:]


class _Formatter(logging.Formatter):
    """What both formats share: the secrets, the masking, the priority."""

    def __init__(self, secrets: Iterable[str], journal: bool) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
        self._journal = journal

    def safe(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return one_line(masked(text))

    def message(self, record: logging.LogRecord, before: str = "") -> str:
        """What it says, safe, and what is to stand before it."""
        try:
            return self.safe(before + record.getMessage())
        except (TypeError, ValueError) as error:  # a record that does not fit its arguments must not be lost
            return self.safe(f"{before}{record.msg} ({error})")

    def trace(self, record: logging.LogRecord) -> list[str]:
        if not record.exc_info or record.exc_info[1] is None:
            return []
        text = "".join(traceback.format_exception(record.exc_info[1]))
        return [self.safe(line) for line in text.splitlines()]

    def prefix(self, record: logging.LogRecord) -> str:
        return f"<{PRIORITIES.get(record.levelno, 6)}>" if self._journal else ""


class Text(_Formatter):
    """For the journal, which has its own time and level; and for a terminal, which has neither."""

    def format(self, record: logging.LogRecord) -> str:
        prefix = self.prefix(record)
        when = "" if self._journal else f"{_local(record.created)} {record.levelname.lower():7} "
        known = " ".join(str(each) for name in ("call", "channel") if (each := getattr(record, name, "")))
        message = self.message(record, f"[{known}] " if known else "")
        lines = [f"{when}{message}", *(f"    | {line}" for line in self.trace(record))]
        return "\n".join(prefix + line for line in lines)


class Json(_Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
        }
        for name in ("call", "channel"):
            if value := getattr(record, name, ""):
                fields[name] = self.safe(str(value))
        if trace := self.trace(record):
            fields["trace"] = trace
        return self.prefix(record) + json.dumps(fields)


def _local(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(sep=" ", timespec="milliseconds")
