"""The kinds of value an option may have: each is one type that checks itself.

Takes what TOML gave, gives a value the rest may trust, or raises Unusable with a sentence and, where
one is likely, what was meant. Everything that ends in a dialplan, an AMI header or a file name is held
to a small alphabet here, because a comma in MixMonitor's `File` runs a shell command (measured).
"""

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SecretStr

from callwarden.core.period import Period

ENDPOINT = re.compile(r"(?:[A-Za-z][A-Za-z0-9]*/)?[A-Za-z0-9][A-Za-z0-9_.@+-]*")
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
SAFE_PATH = re.compile(r"/[A-Za-z0-9._/-]*")
PLAIN_SCHEDULE = re.compile(r"[0-5]?\d ([01]?\d|2[0-3]) \* \* (\*|mon|tue|wed|thu|fri|sat|sun)")
"""At a time of each day, or of a day of the week."""
LONGEST_SOCKET_PATH = 107
"""Bytes: the kernel's `sun_path` has 108, the last of them NUL."""


class Unusable(ValueError):
    """A value that cannot be used: a sentence, and what was probably meant."""

    def __init__(self, sentence: str, suggestion: str = "") -> None:
        super().__init__(sentence)
        self.suggestion = suggestion


def _shaped(pattern: str, sentence: str) -> AfterValidator:
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if not shape.fullmatch(text):
            raise Unusable(sentence)
        return text

    return AfterValidator(check)


def _or_empty(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda text: check(text) if text else text)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        suggestion = "127.0.0.1" if text.lower() == "localhost" else ""
        raise Unusable("this must be an IP address, such as 127.0.0.1", suggestion) from None


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        suggestion = "127.0.0.1" if text.lower() == "localhost" else ""
        raise Unusable("this must be an IP address or a network, such as 10.0.0.5 or 10.0.0.0/24", suggestion) from None
    if network.prefixlen == 0:
        raise Unusable("this would let every address in; name the addresses Asterisk connects from")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", text) or parts.query or parts.fragment:
        raise Unusable("this must be the address of Asterisk's HTTP server, such as http://127.0.0.1:8088")
    if "@" in parts.netloc:
        raise Unusable("leave the user and the password out of the URL; they have their own options")
    if parts.path.rstrip("/").endswith("/ari"):
        raise Unusable("leave /ari out of the URL; Callwarden adds it", text.rstrip("/").removesuffix("/ari"))
    return text.rstrip("/")


def _path(given: Any) -> Path:
    if not isinstance(given, str | Path):
        raise Unusable("this must be a path in quotes")
    if not given or "\0" in str(given):
        raise Unusable("this must be a path")
    path = Path(given)
    if not path.is_absolute():
        raise Unusable("this must be a full path, starting with /")
    if ".." in path.parts:
        raise Unusable("this must be a path that does not go up (..)")
    return path


def _socket(path: Path) -> Path:
    if len(bytes(path)) > LONGEST_SOCKET_PATH:
        raise Unusable(f"the path of a socket may have at most {LONGEST_SOCKET_PATH} bytes")
    return path


def _endpoint(text: str) -> str:
    if not ENDPOINT.fullmatch(text):
        raise Unusable("this must be an endpoint as Asterisk names it, such as PJSIP/202")
    return text


def _seen_by_asterisk(text: str) -> str:
    if not SAFE_PATH.fullmatch(text) or ".." in text.split("/"):
        raise Unusable("this must be a full path of letters, digits and . _ / - only")
    return text.rstrip("/") or "/"


def _number(text: str) -> str:
    if not re.fullmatch(r"[+(]{0,2}[0-9][0-9 ()./-]*", text):
        raise Unusable("this must be a telephone number, such as 02079460001 or +442079460001")
    return text


def _country(text: str) -> str:
    if text in phonenumbers.SUPPORTED_REGIONS:
        return text
    meant = "GB" if text.upper() == "UK" else text.upper()
    suggestion = meant if meant in phonenumbers.SUPPORTED_REGIONS else ""
    raise Unusable("this must be a country by its two capital letters, such as GB or DE", suggestion)


def _period(given: Any) -> Period:
    if isinstance(given, Period):
        return given
    if not isinstance(given, str):
        suggestion = f"{given} days" if type(given) is int and given > 0 else ""
        raise Unusable("this must be a period in quotes, such as '6 months'", suggestion)
    try:
        return Period.parse(given)
    except ValueError as reason:
        raise Unusable(f"{reason}, such as '6 months' or '180 days'") from None


def _schedule(text: str) -> str:
    fields = text.split()
    if len(fields) != 5:
        raise Unusable("a schedule has five fields: minute, hour, day, month, day of the week, such as '30 2 * * *'")
    # APScheduler counts 0 as Monday, cron as Sunday: a digit would run on another day than was meant.
    if re.search(r"(?<!/)\d", fields[4]):
        raise Unusable("name the days of the week (mon to sun), numbers mean different days to different programs")
    if PLAIN_SCHEDULE.fullmatch(text):
        return text
    # Here: the daemon's start waits for it, and nearly every schedule is a plain one.
    from apscheduler.triggers.cron import CronTrigger

    try:
        first = CronTrigger.from_crontab(text, timezone=UTC).get_next_fire_time(None, datetime(2024, 1, 1, tzinfo=UTC))
    except ValueError as reason:
        raise Unusable(f"this is not a schedule: {str(reason).removeprefix('Error validating expression ')}") from None
    if first is None:
        raise Unusable("no such day ever comes")
    return text


def _secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.isprintable() or text != text.strip():
        raise Unusable("a secret may not hold line ends, control characters, or spaces at its ends")
    return secret


def _mail_address(text: str) -> str:
    if not MAIL_ADDRESS.fullmatch(text):
        raise Unusable("this must be a mail address, such as admin@example.org")
    return text


def _line(text: str) -> str:
    if not text.isprintable():
        raise Unusable("this may not hold line ends or control characters")
    return text


def _argument(text: str) -> str:
    if "\0" in text:
        raise Unusable("an argument cannot hold a NUL")
    return text


def _beep(seconds: int) -> int:
    if seconds and not 5 <= seconds <= 300:
        raise Unusable("this must be 0 (no beep) or 5 to 300 seconds")
    return seconds


def _secret_in(given: Any) -> Any:
    return SecretStr(given) if isinstance(given, str) else given


Secret = Annotated[SecretStr, BeforeValidator(_secret_in), AfterValidator(_secret)]
Port = Annotated[int, Field(ge=1, le=65535)]
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Host = Annotated[
    str,
    _shaped(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}|[0-9A-Fa-f:]{2,45}", "this must be a host name or an IP address"),
]
OptionalHost = Annotated[
    str,
    _shaped(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}|[0-9A-Fa-f:]{2,45}|", "this must be a host name or an IP address"),
]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
OptionalMailAddress = Annotated[str, _or_empty(_mail_address)]
Line = Annotated[str, AfterValidator(_line)]
Argument = Annotated[str, AfterValidator(_argument)]
Url = Annotated[str, AfterValidator(_url)]
AnyPath = Annotated[Path, BeforeValidator(_path), PlainSerializer(str)]
OptionalPath = Annotated[str, _or_empty(lambda text: str(_path(text)))]
SocketPath = Annotated[Path, BeforeValidator(_path), AfterValidator(_socket), PlainSerializer(str)]
AsteriskPath = Annotated[str, _or_empty(_seen_by_asterisk)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
OptionalEndpoint = Annotated[str, _or_empty(_endpoint)]
Number = Annotated[str, AfterValidator(_number)]
OptionalNumber = Annotated[str, _or_empty(_number)]
Country = Annotated[str, AfterValidator(_country)]
KeptFor = Annotated[Period, BeforeValidator(_period), PlainSerializer(str)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Beep = Annotated[int, AfterValidator(_beep)]
User = Annotated[str, _shaped(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", "a user name has letters, digits and _ . - only")]
PersonName = Annotated[
    str, _shaped(r"[^\W\d_][\w .,'\u2019-]{0,63}", "a person's name has letters, digits, spaces and . , ' - only")
]
Group = Annotated[
    str, _shaped(r"(?:[A-Za-z_][A-Za-z0-9_.-]{0,31})?", "a group name has letters, digits and _ . - only")
]
Extension = Annotated[
    str,
    _shaped(r"[A-Za-z0-9*#+][A-Za-z0-9*#+_.-]{0,78}", "an extension has letters, digits and * # + _ . - only"),
]
OptionalExtension = Annotated[
    str,
    _shaped(r"(?:[A-Za-z0-9*#+][A-Za-z0-9*#+_.-]{0,78})?", "an extension has letters, digits and * # + _ . - only"),
]
Context = Annotated[str, _shaped(r"[A-Za-z0-9_-]{1,79}", "a context has letters, digits and _ - only")]
Language = Annotated[
    str, _shaped(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8})*", "this must be a language such as en or en_GB")
]
Prompt = Annotated[str, _shaped(r"[A-Za-z0-9_-]{1,64}", "a prompt is named by letters, digits and _ - only")]
Sounds = Annotated[
    str,
    _shaped(
        r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*",
        "this must be a folder below Asterisk's sounds, of letters, digits and _ - / only",
    ),
]
Name = Annotated[str, _shaped(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}", "a name has letters, digits, spaces and _ . - only")]
