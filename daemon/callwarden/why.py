"""The answer to `callwarden why`: one call's story from the catalogue, the same for root and over the control socket.

Takes a connection (a read-only one will do), an id and the settings; gives sentences and ledgers without anybody's
number or name.
"""

import time
from dataclasses import dataclass

from sqlite_utils import Database

from callwarden.chronicle import Known, Sentence, chronicle, in_short
from callwarden.config import Settings
from callwarden.core.facts import Channel
from callwarden.core.spans import Span
from callwarden.custody import veil
from callwarden.storage.accounts import spans_of
from callwarden.storage.evidence import call_of, evidence
from callwarden.storage.reading import ledger_rows, story


@dataclass(frozen=True, slots=True)
class Side:
    """One channel of the call, veiled, and what each of its seconds was."""

    channel: Channel
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """``linked_id`` names the call; ``in_short`` is the story in one sentence."""

    linked_id: str
    in_short: str
    sentences: tuple[Sentence, ...]
    sides: tuple[Side, ...]


def answer(db: Database, identity: str, settings: Settings) -> Answer | None:
    """The story of the call that ``identity`` (its linked id, or a channel's or recording's) names, if there is one."""
    linked_id = call_of(db, identity)
    whole = None if linked_id is None else story(db, linked_id)
    if linked_id is None or whole is None:
        return None
    now = time.time()
    ids = [channel.unique_id for channel in whole.channels]
    rows = {one: ledger_rows(db, one) for one in ids}
    spans = {one: spans_of(found, now) if found is not None else [] for one, found in rows.items()}
    known = Known(whole, spans, evidence(db, linked_id, ids), settings)
    sides = tuple(Side(veil.of_channel(one), tuple(spans[one.unique_id])) for one in whole.channels)
    return Answer(linked_id, in_short(known), tuple(chronicle(known)), sides)
