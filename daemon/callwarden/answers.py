"""What the daemon answers on its control socket: the shapes that the handlers give and the command line shows.

Times are UTC epoch seconds, numbers of callers are masked here already: a status is looked at over shoulders.
``why`` and every other text is a sentence or empty; lists are empty rather than missing.

=========  ==============================  =============================================================
verb       arguments                       answer
=========  ==============================  =============================================================
status     none                            :class:`Status`
suspend    ``call`` (linked id)            :class:`Done`
resume     ``call`` (linked id)            :class:`Done`
purge      ``dry_run``, ``clock_is_right``  :class:`Purge`
reload     none                            :class:`Reloaded`
reconcile-acknowledge  ``numbers``         ``acknowledged``: how many
reconcile  ``from``, ``to`` (seconds),      ``findings``, ``resolved``, ``problems``, ``notes``,
           ``cdr`` (path)                  ``compared``: see ``reconciling``
sounds     none                            :class:`Sounds` (the hashes, read again from the built prompts)
alarms-test         none                   :class:`AlarmsTested`
alarms-acknowledge  ``ids`` (None: all)    :class:`AlarmsAcknowledged`
=========  ==============================  =============================================================
"""

from typing import TypedDict


class LiveChannel(TypedDict):
    """One leg of a live call. ``role`` and ``state`` are of :mod:`callwarden.core.facts`; ``file`` is in the spool."""

    unique_id: str
    endpoint: str
    role: str
    state: str
    file: str


class LiveCall(TypedDict):
    """A call that is up now."""

    linked_id: str
    direction: str
    caller: str
    called: str
    since: float
    channels: list[LiveChannel]


class AsteriskLink(TypedDict):
    """The AMI link: ``state`` is a :class:`callwarden.asterisk.ami.LinkState`."""

    state: str
    why: str
    version: str


class AriLink(TypedDict):
    """The ARI client: ``state`` is an :class:`callwarden.asterisk.ari.AriState`."""

    state: str
    why: str


class Agi(TypedDict):
    """Where FastAGI is listened on."""

    listen: str
    port: int


class Writer(TypedDict):
    """The catalogue's writer; ``problem`` is empty while it works."""

    problem: str
    waiting: int
    lost: int


class Disk(TypedDict):
    """Of the vault's disk, in bytes; ``days_left`` at the rate of the last week, None when that is not known."""

    free: int
    total: int
    days_left: float | None


class OpenAlarm(TypedDict):
    """An alarm that nobody has acknowledged and that is not over; ``channel`` is a unique id or empty."""

    kind: str
    text: str
    channel: str
    first: float
    last: float
    count: int


class Status(TypedDict):
    """How the daemon is. ``problems`` are sentences, each with what to do; all is well when there are none and no
    ``alarms`` either."""

    version: str
    pid: int
    since: float
    config: str
    asterisk: AsteriskLink
    ari: AriLink
    agi: Agi
    calls: list[LiveCall]
    recorders: dict[str, int]
    catalogue: Writer
    spool_files: int
    disk: Disk
    next_purge: float | None
    last_purge: float | None
    problems: list[str]
    alarms: list[OpenAlarm]


class Done(TypedDict):
    """What came of an order. ``done`` is False when nothing was changed; ``message`` says what or why."""

    done: bool
    message: str


class Due(TypedDict):
    """A recording that has outlived its retention; ``path`` below the vault, ``why`` without personal data."""

    recording: str
    call: str
    path: str | None
    bytes: int | None
    why: str


class Purge(TypedDict):
    """``due`` is what would go, of a dry run; the numbers and ``problems`` are what became of a real one;
    ``waiting``: deleted here, and not yet seen to be gone from the external store."""

    dry_run: bool
    due: list[Due]
    purged: int
    forgotten: int
    waiting: int
    problems: list[str]


class Reloaded(TypedDict):
    """``applied`` and ``restart``: the options that changed, by when they count; ``problems``: nothing was changed."""

    applied: list[str]
    restart: list[str]
    problems: list[str]


class SealStatus(TypedDict):
    """Recordings that are ``stored``, of these ``sealed``, and those ``left`` to be sealed with the present keys;
    ``done``: by the round that is ``running`` or was the last."""

    enabled: bool
    recipients: list[str]
    stored: int
    sealed: int
    left: int
    running: bool
    done: int
    problems: list[str]


class ArchiveStatus(TypedDict):
    """``url`` is empty where there is no external store; ``trouble`` says why it is away. Copies that are ``sent`` and
    checked, recordings ``waiting`` to be, copies ``to_delete``, recordings that are ``only_there``."""

    url: str
    trouble: str
    sent: int
    waiting: int
    to_delete: int
    only_there: int
    since_start: dict[str, int]
    problems: list[str]


class Sound(TypedDict):
    """One built prompt and the hash by which the catalogue names it."""

    language: str
    prompt: str
    sha256: str


class Sounds(TypedDict):
    """The prompts in use, and what is wrong with those that are not."""

    sounds: list[Sound]
    problems: list[str]


class AlarmsTested(TypedDict):
    """For each way that is configured (hook, mail) what went wrong; empty when nothing did."""

    ways: dict[str, str]


class AlarmsAcknowledged(TypedDict):
    """How many alarms were open and are seen now."""

    acknowledged: int
