"""What the catalogue and the vault have of each channel, read once everything is over."""

import hashlib
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from callwarden.core.facts import Call, Channel, RecordingState
from callwarden.core.ledger import account
from callwarden.core.spans import Kind, Span
from callwarden.storage.database import open_readonly
from callwarden.storage.reading import FoundRecording, call, ledger_rows, recording
from lab.lab import Lab

SETTLED = (RecordingState.STORED, RecordingState.DISCARDED, RecordingState.MISSING)
LOOK = 0.25


@dataclass(frozen=True, slots=True)
class Account:
    """One channel as the catalogue has it; `spans` from its answer to its end. `segments` how many files it had."""

    channel: Channel
    call: Call
    spans: Sequence[Span]
    found: FoundRecording | None
    file: Path | None
    segments: int

    def seconds(self, kind: Kind) -> float:
        return sum(span.seconds for span in self.spans if span.kind is kind)


def settle(lab: Lab, seconds: float) -> list[str]:
    """Wait until every call has ended and every recording is where it will stay; gives what is not."""
    deadline = time.monotonic() + seconds
    while (left := _unsettled(lab)) and time.monotonic() < deadline:
        time.sleep(LOOK)
    return left


def _unsettled(lab: Lab) -> list[str]:
    marks = ",".join("?" * len(SETTLED))
    with lab.catalogue() as db:
        rows = [
            *db.execute("SELECT 'channel not ended', name FROM channels WHERE ended IS NULL"),
            *db.execute(
                f"SELECT 'recording ' || state, unique_id FROM recordings WHERE state NOT IN ({marks})", SETTLED
            ),
        ]
    files = [("left in the spool", path.name) for path in lab.spool.glob("[!.]*")] if lab.spool.is_dir() else []
    return [f"{what}: {which}" for what, which in (*map(tuple, rows), *files)]


def accounts(lab: Lab) -> dict[str, Account]:
    """By unique id."""
    with closing(open_readonly(lab.catalogue_path)) as db:
        unique_ids = [one for (one,) in db.conn.execute("SELECT unique_id FROM channels").fetchall()]
        return {unique_id: _account(db, lab.vault, unique_id) for unique_id in unique_ids}


def _account(db: Database, vault: Path, unique_id: str) -> Account:
    rows = ledger_rows(db, unique_id)
    assert rows is not None
    channel, spans = rows.channel, []
    if channel.answered is not None and channel.ended is not None:
        spans = account(
            channel.answered, channel.ended, segments=rows.segments, suspensions=rows.suspensions, gaps=rows.gaps,
            exempt=channel.exempt,
        )  # fmt: skip
    found, its_call = recording(db, unique_id), call(db, channel.linked_id)
    assert its_call is not None
    file = vault / found.file.path if found is not None and found.file is not None else None
    return Account(channel, its_call.call, spans, found, file, len(rows.segments))


def what_is_wrong_with(account: Account) -> str:
    """Of a stored recording's file: missing, or not what was stored."""
    if account.found is None or account.found.file is None or account.file is None:
        return ""
    if not account.file.is_file():
        return f"its file {account.file.name} is not in the vault"
    if hashlib.sha256(account.file.read_bytes()).hexdigest() != account.found.file.sha256:
        return f"its file {account.file.name} is not what was stored"
    return ""
