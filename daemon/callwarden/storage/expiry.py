"""Writing down until when each recording is kept. What is written is for people and searches; a purge asks the rule.

Takes the rule in force; dates what has no date yet, and everything anew when the rule is not the one of last time.
"""

from collections.abc import Sequence
from functools import partial

from sqlite_utils import Database

from callwarden.core.retention import Rule
from callwarden.storage.database import set_setting, setting, transaction
from callwarden.storage.finish import Run

BATCH = 2000
RULE = "retention"

Dated = tuple[int, float]


def date_recordings(run: Run, rule: Rule) -> int:
    """Set ``expires`` of the stored recordings whose call has ended; how many were dated."""
    undated_only = run(partial(setting, name=RULE)) == rule.name
    count, after = 0, 0
    while rows := run(partial(_page, after=after, undated_only=undated_only)):
        run(partial(_save, dates=[(rule.expires(ended), row_id) for row_id, ended in rows]))
        count, after = count + len(rows), rows[-1][0]
    run(partial(set_setting, name=RULE, value=rule.name))
    return count


def _page(db: Database, after: int, undated_only: bool) -> list[Dated]:
    condition = "AND r.expires IS NULL" if undated_only else ""
    sql = (
        "SELECT r.rowid, c.ended FROM recordings r JOIN calls c ON c.linked_id = r.linked_id "
        f"WHERE r.state = 'stored' AND c.ended IS NOT NULL AND r.rowid > ? {condition} ORDER BY r.rowid LIMIT ?"
    )
    return list(db.conn.execute(sql, [after, BATCH]))


def _save(db: Database, dates: Sequence[tuple[float, int]]) -> None:
    with transaction(db) as connection:
        connection.executemany("UPDATE recordings SET expires = ? WHERE rowid = ?", dates)
