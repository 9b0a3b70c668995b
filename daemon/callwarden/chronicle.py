"""A call's story in plain sentences, in the order of time: the answer to "why is there no recording here?". Pure.

Takes what the catalogue knows of the call; gives sentences, each with its moment, and a short answer. Numbers are
masked here already, as in the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from callwarden.config import Settings
from callwarden.core.facts import Announcement, Channel, Direction, PlayedBy, RecordingState, Role, Suspension
from callwarden.core.numbers import mask
from callwarden.core.spans import Kind, Span
from callwarden.fates import fate, short_fate
from callwarden.storage.evidence import Evidence
from callwarden.storage.reading import FoundCall, Story

ROLES = {
    Role.OUTSIDE: "the outside party",
    Role.PHONE: "our phone",
    Role.CARD_LINE: "the card line",
    Role.PLUMBING: "a channel of the PBX",
}
PLAYERS = {
    PlayedBy.DAEMON: "by Callwarden",
    PlayedBy.WHISPER: "by a whisper",
    PlayedBy.DIALPLAN: "by the dialplan alone",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened ``at`` (UTC epoch seconds); ``about`` is a channel's unique id, or empty for the call; ``trouble``
    marks what should not have happened."""

    at: float
    about: str
    text: str
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the story is told from; ``spans`` is each channel's ledger."""

    story: Story
    spans: Mapping[str, Sequence[Span]]
    evidence: Evidence
    settings: Settings


def chronicle(known: Known) -> list[Sentence]:
    """The story."""
    tellers = (_call, _parties, _announced, _unannounced, _seconds, _fates, _noticed)
    sentences = [sentence for teller in tellers for sentence in teller(known)]
    return sorted(sentences, key=lambda sentence: sentence.at)


def in_short(known: Known) -> str:
    """One sentence: is there a recording, and if not, why."""
    story = known.story
    if story.call.call.answered is None and not any(known.spans.values()):
        up = " yet" if story.call.call.ended is None else ""
        return f"Nobody has answered this call{up}, so there is nothing that could have been recorded."
    connected = [channel for channel in story.channels if known.spans[channel.unique_id]]
    sides = [f"{who(channel)} {short_fate(story, known.evidence, channel)}" for channel in connected]
    there = sum(1 for found in story.recordings if found.recording.state is RecordingState.STORED)
    said = {0: "There is no recording of this call in the vault", 1: "There is a recording of this call"}
    begin = said.get(there, f"There are {there} recordings of this call")
    return f"{begin}: {'; '.join(sides)}." if sides else f"{begin}."


def who(channel: Channel) -> str:
    """``the outside party (PJSIP/trunk)``; once forgotten, its role alone."""
    return f"{ROLES[channel.role]} ({channel.endpoint})" if channel.endpoint else ROLES[channel.role]


def _call(known: Known) -> Iterator[Sentence]:
    found = known.story.call
    call = found.call
    through = f" through {call.trunk}" if call.trunk else ""
    kind = "A call" if call.direction is Direction.UNKNOWN else f"An {call.direction} call"
    yield Sentence(call.started, "", f"{kind} {_from_to(found)} began{through}.")
    if call.ended is not None:
        yield Sentence(call.ended, "", f"The call was over, {_length(call.ended - call.started)} after it began.")
    if found.forgotten is not None:
        said = "Who took part was forgotten: the time for which it is kept was over, and no recording was left."
        yield Sentence(found.forgotten, "", said)


def _from_to(found: FoundCall) -> str:
    if found.forgotten is not None:
        return "between people whose numbers are forgotten by now"
    caller, called = mask(found.call.caller_number), mask(found.call.called_number)
    return f"from {caller or 'a withheld number'} to {called or 'no number'}"


def _parties(known: Known) -> Iterator[Sentence]:
    for channel in known.story.channels:
        sentence = partial(Sentence, about=channel.unique_id)
        if channel.answered is not None:
            yield sentence(channel.answered, text=f"{_upper(who(channel))} was connected.")
        if channel.ended is not None:
            how = "left" if channel.answered is not None else "was never connected: it stopped ringing"
            yield sentence(channel.ended, text=f"{_upper(who(channel))} {how}.")


def _announced(known: Known) -> Iterator[Sentence]:
    channels = {channel.unique_id: channel for channel in known.story.channels}
    for told in known.story.announcements:
        party = _upper(who(channels[told.unique_id]))
        said = f'{party} was told "{told.prompt}" ({told.language}) {PLAYERS[told.played_by]} {_heard(told)}.'
        yield Sentence(told.started, told.unique_id, said)


def _heard(told: Announcement) -> str:
    if told.complete and told.finished is not None:
        return f"and heard it to the end, {told.finished - told.started:.1f} s"
    reason = f": {told.reason}" if told.reason else ""
    return f"and did not hear it to the end{reason}" if told.finished is not None else "and nobody saw its end"


def _unannounced(known: Known) -> Iterator[Sentence]:
    told = {one.unique_id for one in known.story.announcements}
    for channel in known.story.channels:
        if channel.role is not Role.OUTSIDE or channel.answered is None or channel.unique_id in told:
            continue
        said = f"Nothing was announced to {who(channel)}: {_why_untold(known)}."
        yield Sentence(channel.answered, channel.unique_id, said)


def _why_untold(known: Known) -> str:
    announce, direction = known.settings.announce, known.story.call.call.direction
    ways = {
        Direction.INBOUND: announce.inbound,
        Direction.OUTBOUND: announce.outbound,
        Direction.INTERNAL: announce.internal,
    }
    if ways.get(direction) == "off":
        return f"announcements of {direction} calls are off in the configuration (announce.{direction})"
    return "no announcement to it is on record"


def _seconds(known: Known) -> Iterator[Sentence]:
    for channel in known.story.channels:
        proofs = [one for one in known.story.suspensions if one.unique_id == channel.unique_id]
        for span in known.spans[channel.unique_id]:
            said = f"{_upper(who(channel))} {_what(span)} for {_length(span.seconds)}{_why(span, proofs)}."
            yield Sentence(span.started, channel.unique_id, said, span.kind is Kind.GAP)


def _what(span: Span) -> str:
    return {
        Kind.RECORDED: "was recorded",
        Kind.SUSPENDED: "was not recorded on purpose",
        Kind.EXEMPT: "was not recorded, by a rule,",
        Kind.GAP: "was NOT recorded, against the policy,",
    }[span.kind]


def _why(span: Span, suspensions: Sequence[Suspension]) -> str:
    if span.kind is not Kind.SUSPENDED:
        return f": {span.why}" if span.why else ""
    by = f", by {span.by}" if span.by else ""
    return f": {span.why}{by}{_proof(span, suspensions)}"


def _proof(span: Span, suspensions: Sequence[Suspension]) -> str:
    mine = [one for one in suspensions if one.confirmed is not None and one.confirmed <= span.started]
    if not mine or mine[-1].confirmed is None:
        return ""
    took = (mine[-1].confirmed - mine[-1].asked) * 1000
    how = mine[-1].how or "how is not on record"
    return f"; that every recorder had stopped was proven {took:.0f} ms after it was asked for ({how})"


def _fates(known: Known) -> Iterator[Sentence]:
    for channel in known.story.channels:
        at, said = fate(known.story, known.evidence, channel, bool(known.spans[channel.unique_id]))
        lost = "LOST" in said
        yield Sentence(at, channel.unique_id, f"{_upper(who(channel))}: {said}.", lost)


def _noticed(known: Known) -> Iterator[Sentence]:
    for one in known.evidence.noticed:
        over = "" if one.ended is None else " It is over by now."
        yield Sentence(one.at, one.about, f"{_upper(one.what)} ({one.kind}): {one.text.rstrip('.')}.{over}", True)


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {seconds % 60:.0f} s"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
