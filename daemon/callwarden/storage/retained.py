"""The state of retention: what is kept and why, what is due, what is on hold, what went with which proof.

Takes a connection (a read-only one will do) and the rules; gives rows and counts without personal data. Reads every
stored recording once, in pages.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlite_utils import Database

from callwarden.config.retention import Retention
from callwarden.core.retention import Ended, Kept
from callwarden.storage import lately, ruling
from callwarden.storage.database import setting
from callwarden.storage.ended import COLUMNS, Asked, ended
from callwarden.storage.holds import Hold, covered_calls, holds
from callwarden.storage.ruling import Ruling

PAGE = 5000
LATEST = 50  # tombstones that a page shows; the CSV has all
LATE_SECONDS = 2 * 86400.0  # the purge comes once a day
LAST_PURGE = "last purge"
STORED, TOMBSTONES = "stored", "tombstones"
Row = tuple[int, str, str | None, str, Ended]
KEPT, DUE, HELD, GOING, PURGED = "kept", "due", "on hold", "being deleted", "purged"


@dataclass(frozen=True, slots=True)
class Line:
    """One recording. ``state`` is one of the words above; ``holds`` are the numbers of the holds on its call."""

    unique_id: str
    state: str
    ended: float | None
    rule: str
    until: float | None
    holds: tuple[int, ...]
    sha256: str
    purged: float | None = None
    why: str = ""
    note: str = ""


@dataclass(slots=True)
class OfRule:
    """How many recordings a rule keeps (those on hold and due among them), how many are due and are not on hold, and
    how many are due and are on hold."""

    kept: int = 0
    due: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class OfHold:
    """What a hold keeps: calls, recordings, how many of these would be due without it, and how many were being deleted
    already when it was placed."""

    hold: Hold
    calls: int
    recordings: int
    waiting: int
    going: int


@dataclass(slots=True)
class State:
    """``oldest``: of the oldest call with a recording. ``tombstones`` by month; ``unproven``: recordings said to
    be purged that have no tombstone; ``late``: due for more than two days, and not because the rules were changed or
    a hold was lifted since. Both must be none."""

    at: float
    ruling: Ruling
    by_rule: dict[str, OfRule] = field(default_factory=dict)
    holds: list[OfHold] = field(default_factory=list)
    oldest: Line | None = None
    oldest_free: Line | None = None
    stuck: list[tuple[str, str]] = field(default_factory=list)
    tombstones: dict[str, int] = field(default_factory=dict)
    gone_before: int = 0
    unproven: int = 0
    forgotten: int = 0
    late: int = 0
    last_purge: float | None = None
    latest: list[Line] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Recordings in the vault."""
        return sum(rule.kept for rule in self.by_rule.values())

    @property
    def due(self) -> int:
        """Of these, due and not on hold: the next purge takes them."""
        return sum(rule.due for rule in self.by_rule.values())

    @property
    def held_and_due(self) -> int:
        """Of these, due but on hold."""
        return sum(rule.held for rule in self.by_rule.values())

    @property
    def purged(self) -> int:
        """Tombstones in all."""
        return sum(self.tombstones.values())


@dataclass(frozen=True, slots=True)
class Difference:
    """What a rule of the configuration would do: recordings it keeps; of these due by the rules in force, due by the
    configured rules, and due by the configured rules but on hold."""

    name: str
    period: str
    calls: str
    kept: int
    due_before: int
    due_after: int
    held: int


def state(db: Database, rules: Ruling, now: float) -> State:
    """Everything the report says."""
    found = State(now, rules)
    covering = _covering(db)
    lately_free = lately.freed(db, now - LATE_SECONDS)
    long_ago = 0.0 if lately.rules_changed(db, now - LATE_SECONDS) else now - LATE_SECONDS
    for line in _lines(_rows(db, rules.asked), rules, now, covering):
        of_rule = found.by_rule.setdefault(line.rule, OfRule())
        over = line.until is not None and line.until <= now
        of_rule.kept += 1
        of_rule.due += over and not line.holds
        of_rule.held += over and bool(line.holds)
        found.late += over and not line.holds and (line.until or now) < long_ago and line.unique_id not in lately_free
        found.oldest = _older(found.oldest, line)
        found.oldest_free = found.oldest_free if line.holds else _older(found.oldest_free, line)
    found.holds = [of_hold(db, hold, rules, now) for hold in holds(db)]
    _deleted(db, found)
    return found


def of_hold(db: Database, hold: Hold, rules: Ruling, now: float) -> OfHold:
    """What one hold keeps."""
    sql = (
        f"SELECT r.state, {COLUMNS} FROM json_each(?) a CROSS JOIN calls c ON c.linked_id = a.value "
        "CROSS JOIN recordings r ON r.linked_id = c.linked_id WHERE r.state IN ('stored', 'purging')"
    )
    calls = covered_calls(db, hold)
    rows = db.conn.execute(sql, [json.dumps(sorted(calls))]).fetchall()
    deciding = rules.rules
    waiting = sum(deciding.kept(call).until <= now for call in ended(db, [tuple(row[1:]) for row in rows], rules.asked))
    going = sum(row[0] == "purging" for row in rows)
    return OfHold(hold, len(calls), len(rows), waiting, going)


def lines(db: Database, rules: Ruling, now: float, after: str = "") -> tuple[list[Line], str]:
    """A page of lines after the place ``after`` (empty: the first), and the place for the next page; empty: no more.

    First every recording that is kept, then every one that was purged, with its tombstone.
    """
    part, _, place = after.partition(":")
    if part in ("", STORED):
        rows = _rows_after(db, rules.asked, int(place or 0), PAGE)
        if rows:
            return list(_lines(rows, rules, now, _covering(db))), f"{STORED}:{rows[-1][0]}"
        place = ""
    found = list(_tombstones(db, "WHERE unique_id > ? ORDER BY unique_id LIMIT ?", place, PAGE))
    return found, f"{TOMBSTONES}:{found[-1].unique_id}" if found else ""


def is_place(text: str) -> bool:
    """Whether this may be a place that :func:`lines` gave."""
    part, _, place = text.partition(":")
    return text == "" or part == TOMBSTONES or (part == STORED and place.isdecimal() and len(place) < 19)


def differences(db: Database, configured: Retention, now: float) -> list[Difference]:
    """What the configured rules do, beside what those in force do: by each configured rule, the general one last."""
    before = ruling.read(db, configured, now)
    after = Ruling(configured, None, None, None, before.region)
    old, new = ruling.rules_of(before.in_force, before.region), after.rules
    asked, on_hold = before.asked | after.asked, _covering(db)
    counts: dict[str, Counter[str]] = {}
    for *_, call in _rows(db, asked):
        due, kept = old.kept(call).until <= now, new.kept(call)
        over, held = kept.until <= now, call.linked_id in on_hold
        row = counts.setdefault(kept.rule.name, Counter())
        row.update(kept=1, before=due and not held, after=over and not held, held=over and held)
    found = [(row, counts.get(ruling.rule_name(row[0], row[1]), Counter())) for row in ruling.described(configured)]
    return [Difference(*row, of["kept"], of["before"], of["after"], of["held"]) for row, of in found]


def _lines(rows: Iterable[Row], rules: Ruling, now: float, covering: dict[str, tuple[int, ...]]) -> Iterator[Line]:
    deciding = rules.rules
    for _, unique_id, sha256, recording_state, call in rows:
        kept, on_hold = deciding.kept(call), covering.get(call.linked_id, ())
        word = GOING if recording_state == "purging" else _word(kept, on_hold, now)
        yield Line(unique_id, word, call.ended, kept.rule.name, kept.until, on_hold, sha256 or "")


def _word(kept: Kept, on_hold: tuple[int, ...], now: float) -> str:
    if on_hold:
        return HELD
    return DUE if kept.until <= now else KEPT


def _rows(db: Database, asked: Asked) -> Iterator[Row]:
    """Every recording with a file."""
    after = 0
    while rows := _rows_after(db, asked, after, PAGE):
        after = rows[-1][0]
        yield from rows


def _rows_after(db: Database, asked: Asked, after: int, most: int) -> list[Row]:
    sql = (
        f"SELECT r.rowid, r.unique_id, r.sha256, r.state, {COLUMNS} FROM recordings r "
        "JOIN calls c ON c.linked_id = r.linked_id "
        "WHERE r.state IN ('stored', 'purging') AND r.rowid > ? ORDER BY r.rowid LIMIT ?"
    )
    rows = db.conn.execute(sql, [after, most]).fetchall()
    calls = ended(db, [tuple(row[4:]) for row in rows], asked)
    return [(*row[:4], call) for row, call in zip(rows, calls, strict=True)]


def _covering(db: Database) -> dict[str, tuple[int, ...]]:
    """The calls on hold, each with the numbers of its holds."""
    found: dict[str, tuple[int, ...]] = {}
    for hold in holds(db):
        for linked_id in covered_calls(db, hold):
            found[linked_id] = (*found.get(linked_id, ()), hold.number)
    return found


def _older(one: Line | None, other: Line) -> Line:
    if one is None or one.ended is None or other.ended is None:
        return one or other
    return other if other.ended < one.ended else one


def _deleted(db: Database, found: State) -> None:
    """What went, and what proves it."""
    months = db.conn.execute(
        "SELECT strftime('%Y-%m', purged, 'unixepoch'), count(*) FROM tombstones GROUP BY 1 ORDER BY 1"
    )
    found.tombstones = dict(months.fetchall())
    found.gone_before = _count(db, "tombstones WHERE note <> ''")
    found.unproven = _count(
        db, "recordings r WHERE r.state = 'purged' AND r.unique_id NOT IN (SELECT unique_id FROM tombstones)"
    )
    found.forgotten = _count(db, "calls WHERE forgotten IS NOT NULL")
    found.stuck = db.conn.execute(
        "SELECT unique_id, problem FROM purge_marks WHERE problem <> '' ORDER BY unique_id"
    ).fetchall()
    last = setting(db, LAST_PURGE)
    found.last_purge = float(last) if last is not None else None
    found.latest = list(_tombstones(db, "ORDER BY purged DESC, unique_id LIMIT ?", LATEST))


def _tombstones(db: Database, which: str, *parameters: object) -> Iterator[Line]:
    sql = f"SELECT unique_id, sha256, purged, why, note FROM tombstones {which}"
    for unique_id, sha256, purged, why, note in db.conn.execute(sql, parameters):
        yield Line(unique_id, PURGED, None, "", None, (), sha256 or "", purged, why, note)


def _count(db: Database, of: str) -> int:
    (number,) = db.conn.execute(f"SELECT count(*) FROM {of}").fetchone()
    return int(number)
