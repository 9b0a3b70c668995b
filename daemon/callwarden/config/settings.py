"""Every option, its default and its reason: the one place where options are written down.

Gives frozen, typed sections; the descriptions here are the comments of the sample file.
Checks that read more than one option are in checks.py, so that all errors come out at once.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from callwarden.config import kinds as kind
from callwarden.config.alarms import Alarms
from callwarden.config.archive import Archive
from callwarden.config.health import Disk, Metrics
from callwarden.config.people import Audit, Person, Requests, Scrub
from callwarden.config.reconcile import Reconcile
from callwarden.config.release import Release
from callwarden.config.retention import Retention
from callwarden.config.sealing import Seal
from callwarden.config.section import LISTED, Section


class Ami(Section):
    """Asterisk's manager interface: the source of truth about calls, and what starts and stops recorders."""

    host: kind.Host = "127.0.0.1"
    """AMI is not encrypted, so it belongs on the same machine."""
    port: kind.Port = 5038
    """Asterisk's own default."""
    username: kind.User = "callwarden"
    """The section of manager.conf that `callwarden init` prints."""
    secret: kind.Secret = SecretStr("")
    """Best left empty here and kept in the systemd credential `ami-secret`
    (/etc/credstore/callwarden.ami-secret) or the environment variable CALLWARDEN_AMI_SECRET. The
    environment wins over the credential, the credential over this file."""


class Ari(Section):
    """Asterisk's REST interface: whispers an announcement to a party in mid-call, nothing else."""

    url: kind.Url = "http://127.0.0.1:8088"
    """The HTTP server of http.conf, without /ari. Use https when it is on another machine."""
    username: kind.User = "callwarden"
    """The section of ari.conf that `callwarden init` prints."""
    password: kind.Secret = SecretStr("")
    """As [ami] secret: the systemd credential `ari-password` (/etc/credstore/callwarden.ari-password)
    or the environment variable CALLWARDEN_ARI_PASSWORD."""


class Agi(Section):
    """Where the dialplan reaches Callwarden for the steps a caller waits for."""

    listen: kind.Address = "127.0.0.1"
    """Loopback: FastAGI has no password, whoever reaches the port can ask for a step."""
    port: kind.Port = 4573
    """FastAGI's registered port."""
    allow: Annotated[tuple[kind.Network, ...], LISTED] = ("127.0.0.1",)
    """Addresses and networks that may connect. An Asterisk on another machine or in a container is
    named here, and `listen` is set to an address it can reach."""


class Spool(Section):
    """Where Asterisk writes recordings while calls last. Callwarden empties it."""

    path: kind.AnyPath = Path("/var/spool/asterisk/callwarden")
    """Below Asterisk's own spool, because Asterisk's user must be able to write there."""
    asterisk_path: kind.AsteriskPath = ""
    """The same directory as Asterisk sees it, when Asterisk runs in a container or another root. Empty:
    the same path."""


class Vault(Section):
    """Where finished recordings are kept."""

    path: kind.AnyPath = Path("/var/lib/callwarden/vault")
    """Read by Callwarden's user only, so not below the spool: Asterisk has no business here."""


class Catalogue(Section):
    """The record of every call, recording, announcement and deletion."""

    path: kind.AnyPath = Path("/var/lib/callwarden/catalogue.sqlite")
    """One SQLite file. On a local disk: SQLite's locks do not work on network file systems."""


class Control(Section):
    """The local socket by which the `callwarden` command speaks to the daemon."""

    socket: kind.SocketPath = Path("/run/callwarden/control.sock")
    """In the directory that the systemd unit creates."""
    group: kind.Group = ""
    """A group whose members may use the socket as well as root and Callwarden's own user: put every [[person]]
    into it. What each may do is a matter of their roles. Empty: nobody else."""


class Recording(Section):
    """What is recorded and how."""

    scope: Literal["each-channel", "one-per-call"] = "each-channel"
    """`each-channel` misses nothing when calls are transferred, and the second recorder of a call costs
    next to no CPU. `one-per-call` records the outside party's channel only: half the disk."""
    format: Literal["wav", "wav49"] = "wav"
    """`wav` is what was heard (57 MB an hour); `wav49` is GSM, a tenth of that and rougher.
    Either is written as wav while the call lasts: of wav49 Asterisk would keep 20 seconds to itself."""
    beep_every: kind.Beep = 0
    """Seconds between beeps that remind everyone of the recording; 0: none, the announcement tells."""
    keep_unanswered: bool = False
    """A call that nobody answered holds no conversation, so nothing of it is kept."""
    exempt_endpoints: Annotated[tuple[kind.Endpoint, ...], LISTED] = ()
    """Phones that are never recorded, such as "PJSIP/250". None, for the policies say every call; the
    ledger names this rule for each second that is missing because of it."""
    suspended_time: Literal["silence", "tone", "cut"] = "silence"
    """What fills the time of the card payment. `silence` keeps the recording's clock true, `tone` makes
    the gap audible, `cut` leaves it out."""


class Calls(Section):
    """How calls are understood."""

    trunks: Annotated[tuple[kind.Endpoint, ...], LISTED] = ()
    """Endpoints that lead outside, such as "PJSIP/trunk" or "trunk"; every other endpoint is one of our
    phones. Empty: learned from the calls that come through callwarden-inbound."""
    country: kind.Country = "GB"
    """Where numbers without a country code belong to; two capital letters (ISO 3166)."""


class Did(Section):
    """An announcement of its own for one dialled number."""

    number: kind.Number
    """The dialled number, in any spelling."""
    language: kind.Language = "en"
    """The language of the announcement."""
    prompt: kind.Prompt = "inbound"
    """The name of the prompt."""


class Announce(Section):
    """Who is told that the call is recorded, and when."""

    language: kind.Language = "en"
    """For everyone whose number has no [[announce.did]] of its own."""
    inbound: Literal["before-connect", "off"] = "before-connect"
    """Callers are told before anybody hears them."""
    outbound: Literal["before-connect", "whisper", "off"] = "before-connect"
    """The person we rang: `before-connect` tells them before the two are connected, `whisper` tells
    them in the first seconds of the call, without a wait."""
    joining: Literal["whisper", "off"] = "whisper"
    """Somebody outside who joins by transfer is told while the others go on talking."""
    internal: Literal["off", "whisper"] = "off"
    """Off: staff are told by the policy itself."""
    sounds: kind.Sounds = "callwarden"
    """The folder of the prompts below Asterisk's own sounds, in each language."""
    built: kind.OptionalPath = ""
    """Where `callwarden sounds build` put the prompts, as the daemon sees them: the catalogue names what
    was heard by their hashes. Empty: those that come with Callwarden."""
    did: Annotated[tuple[Did, ...], LISTED] = ()


class CardLine(Section):
    """A line that callers are handed to for paying by card, and that is never recorded."""

    name: kind.Name
    """What the ledger calls it."""
    extension: kind.Extension
    """The extension that is dialled or transferred to."""
    context: kind.Context = "from-internal"
    """The dialplan context of that extension."""
    endpoint: kind.OptionalEndpoint = ""
    """Our own phone that rings there, or empty."""
    number: kind.OptionalNumber = ""
    """The outside number that is rung there, or empty."""


class Card(Section):
    """The card line: it does not ring until every recorder of the conversation is confirmed stopped."""

    gate_timeout: Annotated[float, Field(ge=0.05, le=10)] = 1.0
    """Seconds to wait for the confirmations, after which the hand-over is refused. They take
    milliseconds, so a second is already a sign of trouble, and the caller is waiting."""
    settle: Annotated[float, Field(ge=0, le=10)] = 0.5
    """Seconds that a party must be seen away from the card line before recording resumes: a transfer
    moves parties about for 0.3 seconds before they are where they will stay."""
    in_place: bool = False
    """Lets agents suspend recording with *8 without a transfer. Off: it depends on somebody
    remembering, and then the card is read to the agent."""
    in_place_limit: Annotated[int, Field(ge=10, le=3600)] = 300
    """Seconds after which recording resumes by itself when *8 is forgotten."""
    not_recorded_prompt: bool = True
    """Tells the caller that the next part is not recorded, before the card line rings."""
    resumed_prompt: bool = True
    """Tells the caller that recording is on again."""
    divert_to: kind.OptionalExtension = ""
    """The extension *7 sends callers to. Empty: that of the first card line."""
    line: Annotated[tuple[CardLine, ...], LISTED] = ()


class Purge(Section):
    """When recordings that have outlived their retention are deleted."""

    schedule: kind.Schedule = "30 2 * * *"
    """Minute, hour, day, month, day of the week (mon to sun); local time. At night: nobody is listening
    to a recording, and 02:30 leaves the log rotation and backups of midnight alone."""
    largest_clock_jump: Annotated[float, Field(ge=0.05, le=60)] = 3.0
    """Days. A machine whose clock jumped by more, or that was off for longer, purges nothing and raises an alarm until
    the clock is right again or a person says that it is (`callwarden purge --clock-is-right`): a clock that is a year
    ahead would delete everything. Three days are a weekend without the machine."""


class Log(Section):
    """What is written to the journal. Numbers are masked and keyed digits never written, at every level."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """`info` tells the life of each call in a few lines."""
    format: Literal["text", "json"] = "text"
    """`json` is for a log collector."""


class Settings(Section):
    """The whole configuration."""

    ami: Ami = Ami()
    ari: Ari = Ari()
    agi: Agi = Agi()
    spool: Spool = Spool()
    vault: Vault = Vault()
    seal: Seal = Seal()
    archive: Archive = Archive()
    catalogue: Catalogue = Catalogue()
    control: Control = Control()
    recording: Recording = Recording()
    calls: Calls = Calls()
    announce: Announce = Announce()
    card: Card = Card()
    retention: Retention = Retention()
    release: Release = Release()
    purge: Purge = Purge()
    alarms: Alarms = Alarms()
    audit: Audit = Audit()
    scrub: Scrub = Scrub()
    requests: Requests = Requests()
    reconcile: Reconcile = Reconcile()
    disk: Disk = Disk()
    metrics: Metrics = Metrics()
    log: Log = Log()
    person: Annotated[tuple[Person, ...], LISTED] = ()
