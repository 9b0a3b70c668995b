"""What the catalogue knows of the demo's call: the only call of a fresh laboratory.

Takes a laboratory; gives the call's story as Callwarden's own code reads it, with the ledger of the caller's channel.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from callwarden.core.facts import Announcement, RecordingState, Suspension
from callwarden.core.ledger import account
from callwarden.core.spans import Kind, Span
from callwarden.storage.database import open_readonly
from callwarden.storage.reading import FoundRecording, LedgerRows, Story, ledger_rows, story
from lab.lab import Lab

T = TypeVar("T")
OVER = (RecordingState.STORED, RecordingState.DISCARDED, RecordingState.MISSING)
PATIENCE = 15.0
ANNOUNCED = "announced"


class DemoError(Exception):
    """The demo cannot go on; says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the caller's time with the name that people know it by, in seconds since the answer."""

    started: float
    ended: float
    name: str
    remark: str = ""

    @property
    def seconds(self) -> float:
        return self.ended - self.started


@dataclass(frozen=True, slots=True)
class Account:
    """The call's story, and of it the caller's channel."""

    story: Story
    caller: LedgerRows
    vault: Path

    @property
    def suspensions(self) -> tuple[Suspension, ...]:
        return self.story.suspensions

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        """Those made to the caller."""
        return tuple(one for one in self.story.announcements if one.unique_id == self.caller.channel.unique_id)

    @property
    def found(self) -> FoundRecording:
        """The caller's recording."""
        identity = self.caller.channel.unique_id
        return next(one for one in self.story.recordings if one.recording.unique_id == identity)

    @property
    def file(self) -> Path | None:
        """Its file in the vault."""
        return self.vault / self.found.file.path if self.found.file else None

    @property
    def answered(self) -> float:
        return self.caller.channel.answered or 0.0

    @property
    def recorded_from(self) -> float:
        """When the file begins (UTC epoch seconds)."""
        started = [one.started for one in self.caller.segments if one.started is not None]
        return min(started, default=self.answered)

    @property
    def spans(self) -> list[Span]:
        """The ledger of the caller's channel, as the product works it out."""
        rows, channel = self.caller, self.caller.channel
        if channel.answered is None or channel.ended is None:
            return []
        return account(
            channel.answered, channel.ended, segments=rows.segments, suspensions=rows.suspensions, gaps=rows.gaps,
            exempt=channel.exempt,
        )  # fmt: skip

    @property
    def stretches(self) -> list[Stretch]:
        return name_stretches(self.spans, self.announcements)


def name_stretches(spans: list[Span], announcements: tuple[Announcement, ...]) -> list[Stretch]:
    """The ledger in a newcomer's words: what is recorded while an announcement plays is called "announced"."""
    zero = spans[0].started if spans else 0.0
    named = [piece for span in spans for piece in _pieces(span, announcements)]
    return [Stretch(a - zero, b - zero, name, remark) for a, b, name, remark in named]


def _pieces(span: Span, announcements: tuple[Announcement, ...]) -> list[tuple[float, float, str, str]]:
    if span.kind is not Kind.RECORDED:
        name = f"{span.kind}: {span.why}" if span.why else str(span.kind)
        return [(span.started, span.ended, name, f"by {span.by}" if span.by else "")]
    pieces, at = [], span.started
    for one in announcements:
        start, end = max(one.started, at), min(one.finished or one.started, span.ended)
        if end <= start:
            continue
        # The first frames of a call, before the prompt begins: they belong to it.
        start = at if start - at < 0.1 else start
        if start > at:
            pieces.append((at, start, str(span.kind), ""))
        pieces.append((start, end, ANNOUNCED, "heard to the end" if one.complete else "not heard to the end"))
        at = end
    return [*pieces, (at, span.ended, str(span.kind), "")] if span.ended > at else pieces


def account_so_far(lab: Lab) -> Account:
    """As the catalogue has it at this moment."""
    db = open_readonly(lab.catalogue_path)
    try:
        newest = db.conn.execute("SELECT linked_id FROM calls ORDER BY started DESC LIMIT 1").fetchone()
        known = story(db, newest[0]) if newest else None
        rows = ledger_rows(db, newest[0]) if newest else None
    finally:
        db.close()
    if known is None or rows is None:
        raise DemoError("The catalogue knows nothing of the call.")
    return Account(known, rows, lab.vault)


def settled(lab: Lab) -> Account:
    """The account once every channel has ended and every recording is where it will stay."""

    def done() -> list[Account]:
        now = account_so_far(lab)
        ended = all(one.ended is not None for one in now.story.channels)
        stored = all(one.recording.state in OVER for one in now.story.recordings)
        return [now] if ended and stored else []

    return wait_for(done, "the recordings of the call are not in the vault")[0]


def wait_for(look: Callable[[], list[T]], otherwise: str) -> list[T]:
    """What ``look`` sees, as soon as it sees something."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise DemoError(f"After {PATIENCE:.0f} s {otherwise}.")
        time.sleep(0.05)
    return seen
