"""What is known of a call beside its own rows: what was deleted and by what rule, findings, alarms.

Takes a connection (a read-only one will do).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A recording was deleted at ``purged`` (UTC epoch seconds), because of ``why``."""

    unique_id: str
    sha256: str | None
    purged: float
    why: str
    note: str


@dataclass(frozen=True, slots=True)
class Deleting:
    """A recording is being deleted since ``marked``; ``problem`` is why it is still there, if it is."""

    unique_id: str
    marked: float
    why: str
    problem: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """A finding or an alarm: ``what`` of both it is, ``ended`` when it was over, if it is."""

    what: str
    kind: str
    about: str
    text: str
    at: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it, of one call."""

    tombstones: tuple[Tombstone, ...] = ()
    deleting: tuple[Deleting, ...] = ()
    noticed: tuple[Noticed, ...] = ()


def evidence(db: Database, linked_id: str, unique_ids: Sequence[str]) -> Evidence:
    """What there is of a call and its channels."""
    marks = ",".join("?" * len(unique_ids))
    tombstones = f"SELECT unique_id, sha256, purged, why, note FROM tombstones WHERE unique_id IN ({marks})"
    deleting = f"SELECT unique_id, marked, why, problem FROM purge_marks WHERE unique_id IN ({marks})"
    findings = (
        "SELECT 'finding', kind, subject, text, found, coalesce(resolved, acknowledged) FROM findings "
        f"WHERE (linked_id IN ({marks}) OR linked_id = ?) AND linked_id <> '' OR subject IN ({marks})"
    )
    alarms = (
        "SELECT 'alarm', kind, about, text, first, coalesce(ended, acknowledged) FROM alarms "
        f"WHERE about <> '' AND about IN ({marks})"
    )
    ids = [*unique_ids, linked_id, *unique_ids, *unique_ids]
    noticed = db.conn.execute(f"{findings} UNION ALL {alarms}", ids).fetchall()
    return Evidence(
        tuple(Tombstone(*row) for row in db.conn.execute(tombstones, list(unique_ids)).fetchall()),
        tuple(Deleting(*row) for row in db.conn.execute(deleting, list(unique_ids)).fetchall()),
        tuple(sorted((Noticed(*row) for row in noticed), key=lambda one: one.at)),
    )


def call_of(db: Database, identity: str) -> str | None:
    """The linked id of the call that ``identity`` (a linked id, or a channel's or recording's unique id) names."""
    for table, column in (("calls", "linked_id"), ("channels", "unique_id")):
        row = db.conn.execute(f"SELECT linked_id FROM {table} WHERE {column} = ?", [identity]).fetchone()
        if row is not None:
            return str(row[0])
    return None
