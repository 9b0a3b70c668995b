"""A way out for alarms: an e-mail in plain text, one for all that came together.

Spoken by aiosmtplib, so the event loop never waits for a mail server. What the server refuses for good (an address
that does not exist) is tried again like everything else: the admin mends the configuration, and the alarms still come.
"""

import socket
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib

from callwarden.alarms.outbox import SendingFailed
from callwarden.config.alarms import Alarms as Options
from callwarden.core.alarm import News, Notice

SECONDS = 20.0  # for each answer of the mail server
TOLD = 50  # alarms in one mail; the others are counted
WORDS = {News.RAISED: "ALARM", News.ENDED: "over", News.TEST: "test"}


class Mail:
    """``options`` with at least one receiver."""

    name = "mail"

    def __init__(self, options: Options) -> None:
        self._options = options

    async def send(self, notices: Sequence[Notice], missed: int) -> None:
        """Raises SendingFailed."""
        options = self._options
        try:
            await aiosmtplib.send(
                message(notices, missed, options, socket.gethostname()),
                hostname=options.smtp_host,
                port=options.smtp_port,
                username=options.smtp_username or None,
                password=options.smtp_password.get_secret_value() or None,
                use_tls=options.smtp_security == "tls",
                start_tls=options.smtp_security == "starttls",
                tls_context=context(options.smtp_ca) if options.smtp_security != "none" else None,
                timeout=SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            where = f"{options.smtp_host}:{options.smtp_port}"
            raise SendingFailed(f"{where}: {str(error) or type(error).__name__}") from None


def context(ca: str) -> ssl.SSLContext:
    """Checks the server's certificate by the system's authorities and by those in the file ``ca``. Raises OSError."""
    made = ssl.create_default_context()
    if ca:
        made.load_verify_locations(ca)
    return made


def message(notices: Sequence[Notice], missed: int, options: Options, host: str) -> EmailMessage:
    """The mail about ``notices`` and ``missed`` more."""
    made = EmailMessage()
    made["From"] = options.mail_from
    made["To"] = ", ".join(options.mail_to)
    made["Subject"] = _subject(notices, missed, host)
    made["Date"] = formatdate(localtime=True)
    made["Message-ID"] = make_msgid(domain=host)
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    made.set_content(_body(notices, missed, host))
    return made


def _subject(notices: Sequence[Notice], missed: int, host: str) -> str:
    first, more = notices[0], len(notices) + missed - 1
    others = f" and {more} more" if more else ""
    return f"Callwarden on {host}: {WORDS[first.news]} {first.alarm.kind}{others}"


def _body(notices: Sequence[Notice], missed: int, host: str) -> str:
    left = len(notices) - TOLD + missed if len(notices) > TOLD else missed
    parts = [_paragraph(notice) for notice in notices[:TOLD]]
    if left:
        parts.append(f"And {left} more: see `callwarden alarms` on {host}.")
    parts.append("`callwarden status` tells how things are now; `callwarden alarms acknowledge` ends an alarm.")
    return "\n\n".join(parts) + "\n"


def _paragraph(notice: Notice) -> str:
    alarm = notice.alarm
    times = "" if alarm.count == 1 else f", {alarm.count} times since {_local(alarm.first)}"
    channel = f"\nChannel: {alarm.about}" if alarm.about else ""
    return f"{WORDS[notice.news]} {alarm.kind} ({_local(alarm.last)}{times})\n{alarm.text}{channel}"


def _local(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
