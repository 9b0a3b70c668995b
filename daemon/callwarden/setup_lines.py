"""What an admin adds to Asterisk's own files, as `callwarden init` prints it.

Takes settings, gives for each file its lines and its FreePBX name. Pure: nothing is read or written.
Rules: the least rights that work. The manager user gets no `dtmf`, and no `dialplan`, whose VarSet carries
the digits that Read() collects; only the events that are used leave Asterisk.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from callwarden.asterisk.translate import ANSWERED
from callwarden.config.settings import Agi, CardLine, Settings

EVENTS = (
    "BridgeEnter",
    "BridgeLeave",
    "DialBegin",
    "FullyBooted",
    "Hangup",
    "LocalBridge",
    "MixMonitorStart",
    "MusicOnHoldStart",
    "MusicOnHoldStop",
    "NewCallerid",
    "Newchannel",
    "Newstate",
    "Rename",
)
"""The AMI events that are let through: those that asterisk/translate.py understands, and the link's FullyBooted."""

STATE = "Newstate"
"""Of a channel's states only Up is needed."""

READ_CLASSES = ("call", "system")
WRITE_CLASSES = ("call", "reporting", "system")

HERE = "192.0.2.1"
"""Stands for the address of Callwarden's machine, which only the admin knows (RFC 5737: nobody's)."""

_PORTS = {"http": 80, "https": 443}

NO_SECRET = "CHANGE-ME"


@dataclass(frozen=True, slots=True)
class Addition:
    """Lines for one of Asterisk's files; `freepbx` is the file FreePBX leaves to the admin."""

    file: str
    freepbx: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"; {self.file} (FreePBX: {self.freepbx})", *self.lines, ""])


def setup_lines(settings: Settings) -> tuple[Addition, ...]:
    """Everything Asterisk needs, in the order in which an admin would do it."""
    return (
        Addition("manager.conf", "manager_custom.conf", _manager(settings)),
        Addition("http.conf", "http_custom.conf", _http(settings)),
        Addition("ari.conf", "ari_additional_custom.conf", _ari(settings)),
        Addition("features.conf", "features_applicationmap_custom.conf", _features()),
        Addition("extensions.conf", "globals_custom.conf", _globals(settings)),
        Addition("extensions.conf", "extensions_custom.conf", _extensions(settings)),
    )


def _manager(settings: Settings) -> tuple[str, ...]:
    return (
        "; In the file's own [general]: enabled = yes",
        f"[{settings.ami.username}]",
        _secret("secret", settings.ami.secret.get_secret_value(), "[ami] secret"),
        *_addresses(settings),
        "; system starts recorders and is as good as a shell on this machine: keep the secret as one.",
        f"read = {','.join(READ_CLASSES)}",
        f"write = {','.join(WRITE_CLASSES)}",
        "; No dtmf and no dialplan: digits that callers key in stay inside Asterisk.",
        f"eventfilter = {event_filter()}",
        "; Milliseconds without progress before Asterisk drops the connection; its default of 100 is",
        "; shorter than a busy machine's hiccup.",
        "writetimeout = 5000",
    )


def event_filter() -> str:
    """One regular expression for all events: each filter is tried on each event, so one is cheaper than many.

    Anchored, for a caller may call himself "Event: Newchannel". Who calls himself "ChannelState: 6" has his ringing
    told too.
    """
    always = "|".join(name for name in EVENTS if name != STATE)
    return f"^Event: (({always})[[:cntrl:]]|{STATE}[[:cntrl:]].*[[:cntrl:]]ChannelState: {ANSWERED}[[:cntrl:]])"


def _addresses(settings: Settings) -> tuple[str, ...]:
    deny = ("deny = 0.0.0.0/0.0.0.0", "deny = ::/0")
    if _is_loopback(settings.ami.host):
        return (*deny, "permit = 127.0.0.1/255.255.255.255", "permit = ::1/128")
    return (*deny, "; The address of the machine Callwarden runs on:", f"permit = {HERE}/255.255.255.255")


def _http(settings: Settings) -> tuple[str, ...]:
    url = urlsplit(settings.ari.url)
    address, port = _bound_to(url.hostname or ""), url.port or _PORTS[url.scheme]
    secure = (
        "tlsenable = yes",
        f"tlsbindaddr = {f'[{address}]' if ':' in address else address}:{port}",
        "tlscertfile = /etc/asterisk/keys/asterisk.pem",
    )
    return (
        "; Not needed where the HTTP server is on already (FreePBX: Advanced Settings). Put the lines below the",
        "; file's own [general], if it has one: Asterisk does not read a second one.",
        "[general]",
        "enabled = yes",
        *(secure if url.scheme == "https" else (f"bindaddr = {address}", f"bindport = {port}")),
        *((f"prefix = {url.path.strip('/')}",) if url.path else ()),
    )


def _ari(settings: Settings) -> tuple[str, ...]:
    return (
        "; In the file's own [general]: enabled = yes",
        f"[{settings.ari.username}]",
        "type = user",
        "read_only = no",
        "password_format = plain",
        _secret("password", settings.ari.password.get_secret_value(), "[ari] password"),
    )


def _features() -> tuple[str, ...]:
    return (
        "; On FreePBX leave this heading out: the file is included below it.",
        "[applicationmap]",
        "; self: only who presses it; the phones that may are marked by callwarden-agent below.",
        'callwarden-card => *7,self/both,Gosub,"callwarden-divert,s,1"',
        'callwarden-suspend => *8,self/both,Gosub,"callwarden-suspend,s,1"',
    )


def _extensions(settings: Settings) -> tuple[str, ...]:
    return (
        "; At the end of the file; callwarden.conf is copied beside it.",
        "#include callwarden.conf",
        "; The rest are examples: add what is marked <- to your own contexts.",
        *_inbound(settings),
        *_outbound(settings),
        *_internal(),
        *(line for card in settings.card.line or (_EXAMPLE,) for line in _card_line(card, settings)),
        *_FREEPBX,
    )


def _globals(settings: Settings) -> tuple[str, ...]:
    """What the dialplan needs to know when the daemon is not there to be asked."""
    spool, announce = settings.spool, settings.announce
    return (
        "; Below the file's own [globals], if it has one; on FreePBX leave this heading out.",
        "[globals]",
        f"CALLWARDEN_AGI={_agi_address(settings.agi)}",
        f"CALLWARDEN_SPOOL={spool.asterisk_path or spool.path}",
        f"CALLWARDEN_SOUNDS={announce.sounds}/{announce.language}",
        *(("CALLWARDEN_SCOPE=one-per-call",) if settings.recording.scope == "one-per-call" else ()),
    )


def _agi_address(agi: Agi) -> str:
    """Where the dialplan finds the daemon; one that listens on every address has none of its own to name."""
    address = ipaddress.ip_address(agi.listen)
    host = HERE if address.is_unspecified else str(address)
    return f"[{host}]:{agi.port}" if ":" in host else f"{host}:{agi.port}"


_EXAMPLE = CardLine(name="payments", extension="700", endpoint="PJSIP/700")


# Measured on 16 and 22: of two b() in one Dial the last wins, and FreePBX puts its own last; U() marks the
# phone at answer, in time for the features of the bridge.
_FREEPBX = (
    ";",
    "; FreePBX writes its own Dial lines, so tell it in Admin, Advanced Settings:",
    ";   Asterisk Dial Options: add U(callwarden-agent), because FreePBX's own b() wins over a second one",
    ";   Asterisk Outbound Trunk Dial Options: add U(callwarden-announce-outbound)",
    "; and in this file (FreePBX 16 and older: MacroExit() in place of Return()); give each trunk the context",
    "; from-trunk-callwarden:",
    ";[macro-dialout-trunk-predial-hook]",
    ";exten => s,1,Gosub(callwarden-outbound,s,1)",
    "; same => n,Return()",
    ";[from-trunk-callwarden]",
    ";exten => _[+0-9].,1,Gosub(callwarden-inbound,s,1)",
    "; same => n,Goto(from-trunk,${EXTEN},1)",
    ";exten => s,1,Gosub(callwarden-inbound,s,1)",
    "; same => n,Goto(from-trunk,s,1)",
)


def _inbound(settings: Settings) -> tuple[str, ...]:
    number = settings.announce.did[0].number if settings.announce.did else "02079460001"
    return (
        ";",
        "; Calls from outside: the caller is told, then the phones ring.",
        ";[from-trunk]",
        f";exten => {_dialled(number)},1,Gosub(callwarden-inbound,s,1)                 ; <-",
        "; same => n,Dial(PJSIP/202,30,b(callwarden-agent^s^1))                  ; <- b(); Queue() takes it too",
    )


def _outbound(settings: Settings) -> tuple[str, ...]:
    trunk = _name(settings.calls.trunks[0]) if settings.calls.trunks else "trunk"
    return (
        ";",
        "; Calls to the outside: the person reached is told, then the two are connected.",
        ";[from-internal]",
        ";exten => _0X.,1,Gosub(callwarden-outbound,s,1)                          ; <-",
        f"; same => n,Dial(PJSIP/${{EXTEN}}@{trunk},60,U(callwarden-announce-outbound))  ; <- the U() part",
    )


def _internal() -> tuple[str, ...]:
    return (
        ";",
        "; Calls between phones. b() marks the phone that is rung as an agent's: it may press *7 and *8.",
        ";exten => _2XX,1,Gosub(callwarden-internal,s,1)                          ; <-",
        "; same => n,Dial(PJSIP/${EXTEN},30,b(callwarden-agent^s^1))              ; <- the b() part",
    )


def _card_line(card: CardLine, settings: Settings) -> tuple[str, ...]:
    return (
        ";",
        f"; The card line {card.name}: it rings only when every recorder is confirmed stopped.",
        f";[{card.context}]",
        f";exten => {card.extension},1,Gosub(callwarden-card-line,s,1({_rung(card, settings)}))",
        "; same => n,Hangup()",
    )


def _rung(card: CardLine, settings: Settings) -> str:
    """What the card line's extension dials."""
    if card.endpoint:
        return card.endpoint if "/" in card.endpoint else f"PJSIP/{card.endpoint}"
    if not card.number:
        return f"PJSIP/{card.extension}"
    trunk = settings.calls.trunks[0] if settings.calls.trunks else "trunk"
    technology = trunk.partition("/")[0] if "/" in trunk else "PJSIP"
    if technology == "PJSIP":
        return f"PJSIP/{_dialled(card.number)}@{_name(trunk)}"
    return f"{technology}/{_name(trunk)}/{_dialled(card.number)}"


def _secret(option: str, secret: str, twin: str) -> str:
    if not secret:
        return f"{option} = {NO_SECRET} ; the same as {twin} in callwarden.toml"
    return f"{option} = {secret.replace(';', chr(92) + ';')}"  # a bare ; would begin a comment


def _bound_to(host: str) -> str:
    """The address to listen on, so that Callwarden reaches it by `host`."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return "127.0.0.1" if host == "localhost" else "0.0.0.0"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _dialled(number: str) -> str:
    return "".join(character for character in number if character in "+0123456789")


def _name(endpoint: str) -> str:
    return endpoint.partition("/")[2] or endpoint
