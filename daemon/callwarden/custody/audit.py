"""The audit chain: everything that was done, each entry holding the SHA-256 of the one before.

Takes the catalogue's connection; gives entries, and what is wrong with the chain. Rules: an entry is never changed or
removed, numbers have no hole, the hash is over canonical JSON of all that an entry says. Telephone numbers are masked
and names of callers left out before an entry is made: the chain outlives every retention. No audio, no secret in it.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from callwarden.core.numbers import mask
from callwarden.logs import masked
from callwarden.storage.database import transaction

DAEMON = "daemon"
"""Who it was when nobody asked for it: the schedule, a start."""
BEGINNING = "0" * 64
"""What the first entry holds in the place of the hash of the one before."""
NUMBERS = frozenset({"number", "caller", "called"})
"""Names in ``detail`` whose values are telephone numbers: masked whatever they look like."""
COLUMNS = "number, at, who, act, about, detail, before, hash"
LONGEST = 2000  # characters of one text in an entry: a reason, not a novel
FAULTS_TOLD = 100
REST_EVERY, REST_SECONDS = 200, 0.0005  # about 1 ms of work, then others' turn


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. ``detail`` is canonical JSON; ``who`` is a person, a user or ``daemon``; ``about`` an id or empty."""

    number: int
    at: float
    who: str
    act: str
    about: str
    detail: str
    before: str
    hash: str

    @property
    def details(self) -> dict[str, Any]:
        """``detail`` read."""
        found: dict[str, Any] = json.loads(self.detail)
        return found


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain, as it was once seen."""

    number: int
    hash: str


_encode = json.JSONEncoder(separators=(",", ":")).encode  # made once: json.dumps would make one for each entry
EMPTY = Head(0, BEGINNING)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at entry ``number``."""

    number: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """``count`` entries were read up to ``head``; the chain is whole when there are no faults."""

    count: int
    head: Head
    faults: tuple[Fault, ...]


def append(db: Database, at: float, who: str, act: str, about: str, detail: Mapping[str, object]) -> Entry:
    """Add one entry, in the transaction that is open on ``db``, or else in one of its own. For the writer's
    connection. ``detail`` is a flat mapping of texts, numbers, and lists of them; raises TypeError for anything that
    JSON has no word for."""
    if db.conn.in_transaction:
        return _append(db.conn, at, who, act, about, detail)
    with transaction(db) as connection:
        return _append(connection, at, who, act, about, detail)


def head(db: Database) -> Head:
    """The chain's last link; of an empty one the beginning."""
    return _head(db.conn)


def holds(db: Database, kept: Head) -> bool:
    """Whether ``kept`` is a link of this chain."""
    if kept == EMPTY:
        return True
    row = db.conn.execute("SELECT hash FROM audit WHERE number = ?", [kept.number]).fetchone()
    return row is not None and row[0] == kept.hash


def verify(db: Database, kept: Sequence[Head] = (), rest: float = 0.0) -> Verdict:
    """Read the whole chain, one entry after the other. ``kept`` are links that were seen before: in the file beside
    the vault, in a mail, on paper. Each entry that was changed, removed, added between or moved is named; the faults
    are at most FAULTS_TOLD. ``rest``: seconds to sleep every REST_EVERY entries; in the daemon others come first."""
    return _Reader(kept, rest).read(db.conn.execute(f"SELECT {COLUMNS} FROM audit ORDER BY number"))


def entries(
    db: Database,
    who: str = "",
    act: str = "",
    about: str = "",
    from_: float | None = None,
    to: float | None = None,
    limit: int = 100,
) -> list[Entry]:
    """The newest ``limit`` entries that fit, oldest first; ``who`` is any part of it, ``act`` and ``about`` whole."""
    tests: list[tuple[str, object]] = []
    if who:
        tests.append(("instr(lower(who), lower(?))", who))
    tests += [(f"{name} = ?", value) for name, value in (("act", act), ("about", about)) if value]
    tests += [(f"at {sign} ?", value) for sign, value in ((">=", from_), ("<", to)) if value is not None]
    where = " AND ".join(["1", *(test for test, _ in tests)])
    sql = f"SELECT {COLUMNS} FROM audit WHERE {where} ORDER BY number DESC LIMIT ?"
    rows = db.conn.execute(sql, [*(value for _, value in tests), limit]).fetchall()
    return [Entry(*row) for row in reversed(rows)]


def canonical(detail: Mapping[str, object]) -> str:
    """One way to write it, with what must not be in the chain masked. ASCII."""
    safe = {name: _safe(value, name in NUMBERS) for name, value in detail.items()}
    return json.dumps(safe, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_of(number: int, at: float, who: str, act: str, about: str, detail: str, before: str) -> str:
    """SHA-256 over everything that an entry says, in hex."""
    said = _encode([number, at, who, act, about, detail, before])
    return hashlib.sha256(said.encode()).hexdigest()


def _append(
    connection: sqlite3.Connection, at: float, who: str, act: str, about: str, detail: Mapping[str, object]
) -> Entry:
    before = _head(connection)
    said = (before.number + 1, float(at), _text(who), act, _text(about), canonical(detail), before.hash)
    entry = Entry(*said, hash_of(*said))
    connection.execute(
        f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [entry.number, entry.at, entry.who, entry.act, entry.about, entry.detail, entry.before, entry.hash],
    )
    return entry


def _head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    return EMPTY if row is None else Head(*row)


def _safe(value: object, is_number: bool) -> object:
    if isinstance(value, str):
        return mask(value) if is_number else _text(value)
    if isinstance(value, Mapping):
        return {str(name): _safe(each, name in NUMBERS) for name, each in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        listed = sorted(value) if isinstance(value, set | frozenset) else value
        return [_safe(each, is_number) for each in listed]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no place in an audit entry")


def _text(text: str) -> str:
    """With long runs of digits masked, of a length, and as SQLite and JSON can both hold it."""
    return masked(text[:LONGEST]).encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


class _Reader:
    """Follows a chain and notes what does not fit."""

    def __init__(self, kept: Sequence[Head], rest: float) -> None:
        self._rest = rest
        self._kept: dict[int, set[str]] = {}
        for link in kept:
            self._kept.setdefault(link.number, set()).add(link.hash)
        self._faults: list[Fault] = []
        self._last = EMPTY
        self._count = 0

    def read(self, rows: Iterator[Sequence[Any]]) -> Verdict:
        for row in rows:
            self._count += 1
            self._check(row)
            if self._rest and self._count % REST_EVERY == 0:
                time.sleep(self._rest)
        for number in sorted(number for number in self._kept if number > self._last.number):
            self._fault(self._last.number + 1, f"entries {self._last.number + 1} to {number} are missing at the end")
            break
        return Verdict(self._count, self._last, tuple(self._faults))

    def _check(self, row: Sequence[Any]) -> None:
        number, before, found = int(row[0]), row[6], row[7]
        wanted = self._last.number + 1
        if number != wanted:
            missing = f"entry {wanted} is" if number == wanted + 1 else f"entries {wanted} to {number - 1} are"
            self._fault(wanted, f"{missing} missing")
        elif before != self._last.hash:
            self._fault(number, f"entry {number} does not follow entry {number - 1}: one of them was put there later")
        if self._hash(row) != found:
            self._fault(number, f"entry {number} was changed, or belongs elsewhere")
        elif any(found != kept for kept in self._kept.get(number, ())):
            self._fault(number, f"entry {number} is not the one that was kept: it or one before it was rewritten")
        self._last = Head(number, str(found))

    def _hash(self, row: Sequence[Any]) -> str | None:
        try:
            return hash_of(row[0], row[1], row[2], row[3], row[4], row[5], row[6])
        except (TypeError, ValueError):
            return None  # a value of another type than we write

    def _fault(self, number: int, what: str) -> None:
        if len(self._faults) < FAULTS_TOLD:
            self._faults.append(Fault(number, what))
