"""Writing down until when each recording is kept. What is written is for people and searches; a purge asks the rule.

Takes the rules in force; dates what has no date yet, and everything anew when the rules are not those of last time.
A rule that asks for requests dates everything anew each time: a request may have come or gone.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlite_utils import Database

from callwarden.core.retention import Retention
from callwarden.storage.database import set_setting, setting, transaction
from callwarden.storage.ended import COLUMNS, Asked, ended
from callwarden.storage.finish import Run

BATCH = 2000
DATED_BY = "retention dated by"


def date_recordings(run: Run, retention: Retention, name: str, asked: Asked) -> int:
    """Set ``expires`` of the stored recordings whose call has ended; how many were dated. ``name`` is that of all the
    rules as they are now, ``asked`` what they ask of a call."""
    undated_only = not asked.requests and run(partial(setting, name=DATED_BY)) == name
    count, after = 0, 0
    while rows := run(partial(_page, after=after, undated_only=undated_only)):
        count += run(partial(_date, rows=rows, retention=retention, asked=asked))
        after = rows[-1][0]
    run(partial(set_setting, name=DATED_BY, value=name))
    return count


def _page(db: Database, after: int, undated_only: bool) -> list[Any]:
    condition = "AND r.expires IS NULL" if undated_only else ""
    sql = (
        f"SELECT r.rowid, r.expires, {COLUMNS} FROM recordings r JOIN calls c ON c.linked_id = r.linked_id "
        f"WHERE r.state = 'stored' AND c.ended IS NOT NULL AND r.rowid > ? {condition} ORDER BY r.rowid LIMIT ?"
    )
    return db.conn.execute(sql, [after, BATCH]).fetchall()


def _date(db: Database, rows: Sequence[Any], retention: Retention, asked: Asked) -> int:
    calls = ended(db, [tuple(row[2:]) for row in rows], asked)
    dates = [(retention.kept(call).until, row[0], row[1]) for call, row in zip(calls, rows, strict=True)]
    changed = [(until, row_id) for until, row_id, before in dates if until != before]
    if changed:
        with transaction(db) as connection:
            connection.executemany("UPDATE recordings SET expires = ? WHERE rowid = ?", changed)
    return len(changed)
