"""The ledgers of many channels, one after the other, in little memory however many there are.

Takes a connection (a read-only one will do) and a stretch of time; gives the rows of each answered channel that had a
part in it, some hundreds at a time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlite_utils import Database

from callwarden.core.coverage import Coverage, of_a_live_channel, summed
from callwarden.core.facts import Channel, Gap, Segment, Suspension
from callwarden.core.ledger import account
from callwarden.core.spans import Span
from callwarden.days import LocalDays
from callwarden.storage.reading import LedgerRows
from callwarden.storage.rows import TABLES, fact_of

P = TypeVar("P", Segment, Suspension, Gap)
BEGINNING = 0.0
BATCH = 400  # channels: SQLite takes at least 999 parameters in one statement

# Two statements, so that each is one walk down the index of time.
ENDED = "answered IS NOT NULL AND ended > ? AND answered < ?"
LIVE = "answered IS NOT NULL AND ended IS NULL AND answered < ?"


def coverage(
    db: Database, from_: float | None, to: float | None, now: float, rest: Callable[[], None] = lambda: None
) -> Coverage:
    """What every answered second between ``from_`` (None: the beginning) and ``to`` (at the latest ``now``) was, by
    local day. ``rest`` is called after each portion, and may raise."""
    begin, end = from_ or BEGINNING, now if to is None else min(to, now)
    return summed((spans_of(rows, now) for rows in ledgers(db, begin, end, rest)), begin, end, LocalDays().of)


def ledgers(
    db: Database, from_: float, to: float, rest: Callable[[], None] = lambda: None
) -> Iterator[LedgerRows]:
    """The rows of every channel that was answered before ``to`` and ended after ``from_``, or is up."""
    for where, parameters in ((ENDED, [from_, to]), (LIVE, [to])):
        cursor = db.conn.execute(TABLES[Channel].select(where), parameters)
        while rows := cursor.fetchmany(BATCH):
            yield from _with_rows(db, [fact_of(Channel, row) for row in rows])
            rest()


def spans_of(rows: LedgerRows, now: float) -> list[Span]:
    """A channel's account; what is up is counted until ``now``; nothing for one that was never answered."""
    channel = rows.channel
    if channel.answered is None:
        return []
    spans = account(
        channel.answered,
        max(channel.answered, now) if channel.ended is None else channel.ended,
        segments=rows.segments,
        suspensions=rows.suspensions,
        gaps=rows.gaps,
        exempt=channel.exempt,
    )
    return of_a_live_channel(spans) if channel.ended is None else spans


def _with_rows(db: Database, channels: Sequence[Channel]) -> Iterator[LedgerRows]:
    ids = [channel.unique_id for channel in channels]
    segments = _by_channel(db, Segment, ids, "number")
    suspensions = _by_channel(db, Suspension, ids, "number")
    gaps = _by_channel(db, Gap, ids, "started")
    for channel in channels:
        mine = channel.unique_id
        yield LedgerRows(channel, tuple(segments[mine]), tuple(suspensions[mine]), tuple(gaps[mine]))


def _by_channel(db: Database, kind: type[P], ids: Sequence[Any], order: str) -> "defaultdict[str, list[P]]":
    marks = ",".join("?" * len(ids))
    found: defaultdict[str, list[P]] = defaultdict(list)
    sql = TABLES[kind].select(f"unique_id IN ({marks}) ORDER BY unique_id, {order}")
    for row in db.conn.execute(sql, ids):
        fact = fact_of(kind, row)
        found[fact.unique_id].append(fact)
    return found
