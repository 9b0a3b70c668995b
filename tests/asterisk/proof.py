"""What a test on a real Asterisk proves with: the catalogue, the ledger, and the sound itself.

The ledger says what each second of a channel was; the recording in the vault must agree, half second by half second.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlite_utils import Database

from callwarden.core.facts import Announcement, Channel, RecordingState
from callwarden.core.ledger import account
from callwarden.core.silence import RENEWED
from callwarden.core.spans import Kind, Span
from callwarden.storage.card_check import SOURCE
from callwarden.storage.database import open_readonly
from callwarden.storage.reading import FoundRecording, Story, ledger_rows, recording, story
from lab import tones
from lab.lab import Lab

# A recorder ends and begins some frames beside its confirmation, and a jitter of the world's timers: seconds.
EDGE = 0.35
MOMENT = 0.1
# Nothing is played but what a test asks for: calls connect at once.
BRISK = {
    "announce.inbound": "off", "announce.outbound": "off", "announce.joining": "off",
    "card.not_recorded_prompt": False, "card.resumed_prompt": False,
}  # fmt: skip
OVER = (RecordingState.STORED, RecordingState.DISCARDED, RecordingState.MISSING)
VERSIONS = [pytest.param(v, marks=pytest.mark.asterisk_version(v), id=f"asterisk-{v}") for v in ("22", "16")]
BOTH_VERSIONS = pytest.mark.parametrize("version", VERSIONS)


@dataclass(frozen=True)
class Leg:
    """One channel as the catalogue has it."""

    channel: Channel
    spans: list[Span]
    found: FoundRecording | None
    file: Path | None
    began: float

    def seconds(self, kind: Kind, why: str | None = None) -> float:
        return sum(span.seconds for span in self.spans if span.kind is kind and why in (None, span.why))

    @property
    def outline(self) -> list[str]:
        """The kinds in their order, for people: ``recorded``, ``card line``, ``recorded``. Renewals are left out, and
        the moment that a recorder takes to be confirmed where a phone of the world answers within milliseconds."""
        lasting = [s for s in self.spans if s.why != RENEWED and (s.kind is not Kind.GAP or s.seconds > MOMENT)]
        words = [span.why or str(span.kind) for span in lasting]
        return [word for n, word in enumerate(words) if n == 0 or words[n - 1] != word]


class Account:
    """The whole of what was catalogued in a laboratory since ``since`` (UTC epoch seconds)."""

    def __init__(self, lab: Lab, since: float) -> None:
        self.lab = lab
        with closing(open_readonly(lab.catalogue_path)) as db:
            rows = db.conn.execute("SELECT linked_id FROM calls WHERE started >= ? ORDER BY started", [since])
            stories = [story(db, linked_id) for (linked_id,) in rows.fetchall()]
            self.stories: list[Story] = [one for one in stories if one is not None]
            self.legs = [self._leg(db, channel) for one in self.stories for channel in one.channels]

    def _leg(self, db: Database, channel: Channel) -> Leg:
        rows = ledger_rows(db, channel.unique_id)
        assert rows is not None
        spans = []
        if channel.answered is not None and channel.ended is not None:
            spans = account(
                channel.answered, channel.ended, segments=rows.segments, suspensions=rows.suspensions, gaps=rows.gaps,
                exempt=channel.exempt,
            )  # fmt: skip
        found = recording(db, channel.unique_id)
        file = self.lab.vault / found.file.path if found is not None and found.file is not None else None
        began = min((s.started for s in rows.segments if s.started is not None), default=0.0)
        return Leg(channel, spans, found, file, max(began, channel.answered or 0.0))

    def of(self, endpoint: str) -> Leg:
        """The one channel of this endpoint."""
        (leg,) = self.all_of(endpoint)
        return leg

    def all_of(self, endpoint: str) -> list[Leg]:
        return [leg for leg in self.legs if leg.channel.endpoint == endpoint]

    @property
    def caller(self) -> Leg:
        """The channel that began the first call."""
        return next(leg for leg in self.legs if leg.channel.unique_id == self.stories[0].call.call.linked_id)

    @property
    def announcements(self) -> list[Announcement]:
        return [one for known in self.stories for one in known.announcements]


def settled(lab: Lab, since: float, timeout: float = 15.0, leaks: bool = False) -> Account:
    """The account once every call has ended and every recording is where it will stay."""
    deadline = time.monotonic() + timeout
    while not _is_settled(lab.catalogue_path, since):
        assert time.monotonic() < deadline, f"calls or recordings are not finished:\n{_open_rows(lab, since)}"
        time.sleep(0.05)
    if not leaks:
        assert_nothing_cut(lab, since)
    return Account(lab, since)


def assert_nothing_cut(lab: Lab, since: float) -> None:
    """Where no recorder ran on after the hand-over, the check of the card time has nothing to say."""
    with lab.catalogue() as db:
        found = db.execute("SELECT text FROM findings WHERE source = ? AND found >= ?", [SOURCE, since]).fetchall()
    assert not found, [row["text"] for row in found]


def _is_settled(catalogue: Path, since: float) -> bool:
    with closing(sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)) as db:
        marks = ",".join("?" * len(OVER))
        (calls,) = db.execute("SELECT count(*) FROM calls WHERE started >= ?", [since]).fetchone()
        (open_calls,) = db.execute(
            "SELECT count(*) FROM channels WHERE started >= ? AND ended IS NULL", [since]
        ).fetchone()
        (unfinished,) = db.execute(
            f"SELECT count(*) FROM recordings WHERE wanted >= ? AND state NOT IN ({marks})", [since, *OVER]
        ).fetchone()
    return bool(calls) and not open_calls and not unfinished


def _open_rows(lab: Lab, since: float) -> str:
    with lab.catalogue() as db:
        rows = db.execute("SELECT name, ended FROM channels WHERE started >= ?", [since]).fetchall()
        states = db.execute("SELECT unique_id, state, note FROM recordings WHERE wanted >= ?", [since]).fetchall()
    return "\n".join(str(tuple(row)) for row in [*rows, *states]) + "\n" + lab.daemon.log.read_text()[-3000:]


def assert_accounted(leg: Leg) -> None:
    """Every second from the answer to the end is one of the four, and none is unexplained."""
    assert leg.spans, f"{leg.channel.name} has no ledger"
    assert leg.spans[0].started == leg.channel.answered
    assert leg.spans[-1].ended == leg.channel.ended
    gaps = [span for span in leg.spans if span.kind is Kind.GAP and span.seconds > MOMENT]
    assert not gaps, f"{leg.channel.name}: {gaps}"


def assert_sound_agrees(leg: Leg, *frequencies: float) -> None:
    """Where the ledger says recorded one of these tones is heard, where it says suspended it is silent."""
    assert leg.file is not None, f"{leg.channel.name} has no file"
    heard = sorted(span for frequency in frequencies for span in tones.spans_with(leg.file, frequency))
    for span in leg.spans:
        start, end = span.started - leg.began + EDGE, span.ended - leg.began - EDGE
        if end - start < 0.4:
            continue
        covered = _overlap(heard, start, end)
        if span.kind is Kind.RECORDED:
            assert covered > 0.6 * (end - start), f"{leg.channel.name}: silent where recorded: {span}, {heard}"
        else:
            assert covered == 0, f"{leg.channel.name}: sound where {span.why}: {heard}"


def _overlap(spans: list[tuple[float, float]], start: float, end: float) -> float:
    """Seconds of ``start`` to ``end`` that the spans cover together."""
    covered, at = 0.0, start
    for a, b in spans:
        a, b = max(a, at), min(b, end)
        if b > a:
            covered, at = covered + b - a, b
    return covered


def wait_until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Until it holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


def wait_told(lab: Lab, since: float, announcements: int = 1) -> None:
    """Until so many announcements have been made to their ends, whichever ends: how soon a whisper begins is the
    machine's affair."""
    wait_until(lambda: _told(lab, since) >= announcements)


def _told(lab: Lab, since: float) -> int:
    asked = "SELECT count(*) FROM announcements WHERE started >= ? AND finished IS NOT NULL"
    with lab.catalogue() as db:
        return int(db.execute(asked, [since]).fetchone()[0])
