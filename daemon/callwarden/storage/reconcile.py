"""The catalogue compared with call detail records and with the disk: reads only, and gives what does not fit.

Takes a connection of its own (a read-only one: writing goes on meanwhile), so it sees the catalogue as it was at one
moment, while calls end and files come and go. What seems not to fit is therefore looked at a second time, at the end.
"""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from callwarden.core.facts import RecordingState
from callwarden.core.reconcile import (
    KEPT,
    OF_CDRS,
    Cdr,
    Kinds,
    Known,
    unrecorded,
)
from callwarden.storage import reconcile_disk as disk
from callwarden.storage.accounts import spans_of
from callwarden.storage.cdr import CdrError, Cdrs
from callwarden.storage.findings import Finding
from callwarden.storage.reading import ledger_rows
from callwarden.storage.reconciled import SOURCE, Asked, Compared
from callwarden.storage.vault import Vault

# Seconds: a CDR's whole seconds, and the moment between the first event and the first CDR time.
CLOCK_SECONDS = 2.0
DAY_SECONDS = 86400.0


def compare(db: Database, vault: Vault, spool: Path, asked: Asked) -> Compared:
    """Everything. Raises what the catalogue raises."""
    result = Compared()
    if asked.cdr:
        _with_cdrs(db, asked, result)
    disk.compare(db, vault, spool, asked, result)
    return result


# -- call detail records ------------------------------------------------------------------------------------------


def _with_cdrs(db: Database, asked: Asked, result: Compared) -> None:
    matched: set[str] = set()
    first = float("inf")
    found: dict[str, Finding] = {}
    try:
        for cdr in _all_records(asked, result):
            first = min(first, cdr.started)
            if not asked.from_ - DAY_SECONDS <= cdr.started < asked.to + DAY_SECONDS:
                continue
            linked_id = lookup(db, cdr)
            if linked_id is not None:
                matched.add(linked_id)
            finding = _of_record(db, cdr, linked_id, asked)
            if finding is not None:
                found.setdefault(finding.subject, finding)
    except CdrError as error:
        result.problems.append(str(error))
        return
    result.findings += found.values()
    result.findings += _without_record(db, matched, max(asked.from_, first), asked, result)
    result.checked |= set(OF_CDRS)
    result.windowed |= set(OF_CDRS)


def _all_records(asked: Asked, result: Compared) -> Iterator[Cdr]:
    for path in asked.cdr:
        cdrs = Cdrs(path, asked.csv_times, asked.table)
        yield from cdrs
        result.cdrs += cdrs.read
        if cdrs.bad:
            said = f"{cdrs.bad} records of {path} could not be understood, the first is {cdrs.bad_at}"
            result.notes.append(f"{said}: what they tell of is not compared.")


def _of_record(db: Database, cdr: Cdr, linked_id: str | None, asked: Asked) -> Finding | None:
    if not (asked.from_ <= cdr.started < asked.to and cdr.ended < asked.quiet) or not cdr.counts:
        return None
    why = unrecorded(cdr, None if linked_id is None else known_call(db, linked_id))
    if why is None:
        return None
    kind, text = why
    return Finding(SOURCE, kind, linked_id or _name(cdr), f"{text} ({cdr.where}).", cdr.started, linked_id or "")


def _name(cdr: Cdr) -> str:
    """What a record is called in a finding; a channel's name is that of somebody's phone, so only its hash."""
    if cdr.unique_id:
        return cdr.unique_id[:150]
    named = hashlib.sha256(cdr.channel.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{cdr.started:.0f} {named[:12]}"


def lookup(db: Database, cdr: Cdr) -> str | None:
    """The linked id of the call that this record tells of: by its ids, or by its channels' names and its time."""
    ids = ("SELECT linked_id FROM channels WHERE unique_id = ?", cdr.unique_id), (
        "SELECT linked_id FROM calls WHERE linked_id = ?", cdr.linked_id or cdr.unique_id,
    )  # fmt: skip
    for sql, identity in ids:
        row = db.conn.execute(sql, [identity]).fetchone() if identity else None
        if row is not None:
            return str(row[0])
    return _by_name(db, cdr) or _forgotten(db, cdr)


def _by_name(db: Database, cdr: Cdr) -> str | None:
    """Channel names come again after a restart of Asterisk, so the time has to fit, too."""
    names = [name for name in (cdr.channel, cdr.to_channel) if name and not name.startswith("Local/")]
    if not names:
        return None
    sql = (
        "SELECT linked_id FROM channels INDEXED BY channels_time WHERE answered IS NOT NULL "
        "AND ended >= ? AND ended < ? AND answered <= ? AND started >= ? "
        f"AND name IN ({','.join('?' * len(names))}) LIMIT 1"
    )
    ended = cdr.ended - CLOCK_SECONDS
    times = [ended, ended + DAY_SECONDS, cdr.ended + CLOCK_SECONDS, cdr.started - DAY_SECONDS]
    row = db.conn.execute(sql, [*times, *names]).fetchone()
    return None if row is None else str(row[0])


def _forgotten(db: Database, cdr: Cdr) -> str | None:
    """Of a call whose retention is over the catalogue has no names any more."""
    sql = "SELECT linked_id FROM calls WHERE started >= ? AND started < ? AND forgotten IS NOT NULL LIMIT 1"
    row = db.conn.execute(sql, [cdr.started - CLOCK_SECONDS, cdr.started + CLOCK_SECONDS]).fetchone()
    return None if row is None else str(row[0])


def known_call(db: Database, linked_id: str) -> Known:
    """What the catalogue has of a call."""
    rows_of = db.conn.execute("SELECT state FROM recordings WHERE linked_id = ?", [linked_id]).fetchall()
    states = [RecordingState(state) for (state,) in rows_of]
    if KEPT.intersection(states):  # nearly always: its seconds need not be read
        return Known(linked_id, states, [])
    channels = db.conn.execute("SELECT unique_id FROM channels WHERE linked_id = ?", [linked_id]).fetchall()
    rows = [ledger_rows(db, unique_id) for (unique_id,) in channels]
    spans = [spans_of(one, time.time()) for one in rows if one is not None]
    return Known(linked_id, states, spans)


def _without_record(
    db: Database, matched: set[str], from_: float, asked: Asked, result: Compared
) -> Iterator[Finding]:
    """Calls with a recording that no record tells of, from the first record on: before it, nobody wrote any."""
    sql = (
        "SELECT c.linked_id, c.started FROM calls c WHERE c.started >= ? AND c.started < ? AND c.ended < ? AND EXISTS "
        "(SELECT 1 FROM recordings r WHERE r.linked_id = c.linked_id AND r.state IN ('stored', 'purged')) "
        "ORDER BY c.started"
    )
    for linked_id, started in db.conn.execute(sql, [from_ - CLOCK_SECONDS, asked.to, asked.quiet]):
        result.calls += 1
        if linked_id not in matched:
            text = "the catalogue has a recording of a call of which Asterisk wrote no call detail record."
            yield Finding(SOURCE, Kinds.RECORDING_WITHOUT_CALL, linked_id, text, started, linked_id)


