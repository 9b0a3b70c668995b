"""What the daemon itself wrote of the measured calls, read by a connection of the benchmark's own."""

import sqlite3
import time
from collections import defaultdict

from bench import marks
from bench.speed_result import Missed
from lab.lab import Lab

STORED_SECONDS = 40.0
UNFINISHED = "wanted >= ? AND state NOT IN ('stored', 'discarded', 'missing')"


def wait_stored(lab: Lab, since: float) -> int:
    """Until every recording is where it will stay, or time is up; gives how many are not."""
    deadline = time.monotonic() + STORED_SECONDS
    while (left := unfinished(lab, since)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def unfinished(lab: Lab, since: float = 0) -> int:
    return int(_rows(lab, f"SELECT count(*) FROM recordings WHERE {UNFINISHED}", since)[0][0])


def hours_stored(lab: Lab, since: float) -> float:
    return float(_rows(lab, "SELECT total(seconds) / 3600 FROM recordings WHERE stored >= ?", since)[0][0])


def until_recorded(lab: Lab, since: float) -> list[float]:
    """From each channel's beginning to the confirmation of its first recorder."""
    rows = _rows(
        lab,
        "SELECT s.started - c.started FROM channels c JOIN segments s USING (unique_id)"
        " WHERE c.started >= ? AND s.number = 1 AND s.started IS NOT NULL",
        since,
    )
    return [seconds for (seconds,) in rows]


def until_confirmed(lab: Lab, since: float) -> list[float]:
    """For each gate, from its asking to the last of its channels' confirmations."""
    rows = _rows(
        lab,
        "SELECT asked, max(confirmed) FROM suspensions"
        " WHERE asked >= ? AND why = 'card line' AND confirmed IS NOT NULL GROUP BY asked",
        since,
    )
    return [confirmed - asked for asked, confirmed in rows]


def missed(lab: Lab, since: float, until: float, *wanted: int) -> Missed:
    """Listen to all recordings of the calls that began in this time: what lacks of these marks?"""
    rows = _rows(
        lab,
        "SELECT c.linked_id, r.path FROM channels c JOIN recordings r USING (unique_id)"
        " WHERE c.started >= ? AND c.started < ? AND r.state = 'stored'",
        since, until,
    )  # fmt: skip
    lost: dict[tuple[str, int], list[float]] = defaultdict(list)
    for linked_id, path in rows:
        for mark in wanted:
            lost[linked_id, mark].append(marks.missing(lab.vault / path, mark))
    return tally(len(rows), list(lost.values()))


def tally(recordings: int, lost: list[list[float]]) -> Missed:
    """`lost`: for each mark of each call, the seconds that each of the call's recordings lacks."""
    return Missed(
        recordings=recordings,
        packets=sum(marks.packets(seconds) for each in lost for seconds in each),
        in_all=sum(marks.packets(min(each)) for each in lost),
        most=round(max((seconds for each in lost for seconds in each), default=0.0) * 1000, 2),
    )


def _rows(lab: Lab, query: str, *values: float) -> list[sqlite3.Row]:
    with lab.catalogue() as connection:
        return connection.execute(query, values).fetchall()
