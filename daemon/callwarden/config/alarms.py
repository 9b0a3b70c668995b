"""The section of the alarms: by which ways somebody is told, and how often."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from callwarden.config import kinds as kind
from callwarden.config.section import LISTED, Section


class Alarms(Section):
    """Who is told when something needs a person. Every alarm is a line of the log and is kept in the catalogue
    (`callwarden alarms`) as well."""

    repeat_after: Annotated[float, Field(ge=60, le=604800)] = 3600.0
    """Seconds in which the same alarm about the same thing is sent once: a trouble that goes on is a
    reminder an hour, not a flood. What happened in between is counted in it."""
    hook: Annotated[tuple[kind.Argument, ...], LISTED] = ()
    """A command and its arguments, such as ["/usr/local/bin/page", "--urgent"]; no shell reads it. It gets the
    alarm as JSON on its standard input, and in CALLWARDEN_NEWS (raised, ended, test), CALLWARDEN_KIND,
    CALLWARDEN_TEXT and CALLWARDEN_CHANNEL. It runs as Callwarden's user within the unit's sandbox. Empty: none."""
    hook_timeout: Annotated[float, Field(ge=1, le=300)] = 30.0
    """Seconds after which the command and all it started is killed."""
    mail_to: Annotated[tuple[kind.MailAddress, ...], LISTED] = ()
    """Addresses, such as ["admin@example.org"]. What comes together comes in one mail, and there is at most one
    a minute. Empty: no mail."""
    mail_from: kind.OptionalMailAddress = ""
    """The sender. Needed for mail."""
    smtp_host: kind.OptionalHost = ""
    """The mail server. Needed for mail. When it is on another machine, add its address to the unit: see
    IPAddressAllow in callwarden.service."""
    smtp_port: kind.Port = 587
    """587 is where mail is handed in with STARTTLS, 465 with TLS, 25 is another mail server's."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` refuses a server that does not offer it; `none` is for a server on this machine."""
    smtp_ca: kind.OptionalPath = ""
    """A file of certificates (PEM) to check the server's by, beside the system's own. Empty: the system's."""
    smtp_username: kind.Line = ""
    """Empty: the server asks for none."""
    smtp_password: kind.Secret = SecretStr("")
    """As [ami] secret: the systemd credential `smtp-password` (/etc/credstore/callwarden.smtp-password) or the
    environment variable CALLWARDEN_SMTP_PASSWORD."""
