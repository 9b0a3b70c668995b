"""Was anything lost, leaked, or left unexplained?

Takes Asterisk's evidence, the catalogue's accounts, the faults with their times and the leaks; gives findings. A
channel counts as lost when neither a recording nor a gap whose cause one of the faults explains accounts for it, or
when the ledger says recorded and the party's tone is not in the file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from callwarden.core.facts import Direction
from callwarden.core.ledger import UNEXPLAINED
from callwarden.core.spans import Kind
from lab import tones
from soak.accounts import Account, what_is_wrong_with
from soak.evidence import Witnessed
from soak.faults import BLINDING, Fault
from soak.leaks import Leak

SHORTEST = 1.0  # seconds: a channel that was answered for less may have nothing to keep
MOMENT = 0.1  # seconds: an answer and a confirmation are milliseconds apart
DRIFT = 1.5  # seconds that the catalogue and Asterisk may disagree on a beginning or an end
GAP = 1.0  # seconds of gap that need no fault: a recorder that is being started on a machine under full load
BEFORE, AFTER = 1.0, 3.0  # seconds around a fault in which it still explains a gap
SOUND = 0.85  # of the recorded seconds must hold the party's tone,
EDGES, BUFFERED = 1.0, 4.2  # but for these seconds: of connecting and a segment each, and of a killed Asterisk (32 kB)
A_SEGMENT = 0.3
UNWRITTEN = 2.1  # seconds of sound that Asterisk keeps before it writes them (32 kB)


@dataclass(frozen=True, slots=True)
class Finding:
    """`sort` is lost, leaked, unexplained or other; `seconds` how much of the call it concerns."""

    sort: str
    what: str
    call: str = ""
    at: float = 0.0
    seconds: float = 0.0
    files: tuple[str, ...] = ()


def findings(
    witnessed: Mapping[str, Witnessed], accounts: Mapping[str, Account], faults: Sequence[Fault], leaks: Iterable[Leak]
) -> list[Finding]:
    blinded = [fault for fault in faults if fault.kind in BLINDING]
    found = [Finding("leaked", f"{leak.tone} Hz at {_spans(leak.spans)}", files=(str(leak.file),)) for leak in leaks]
    for channel in witnessed.values():
        if channel.is_recordable and channel.seconds >= SHORTEST:
            found += _of_channel(channel, accounts, faults, blinded)
    for account in accounts.values():
        if wrong := what_is_wrong_with(account):
            found.append(_finding("lost", wrong, account))
    return found


def _of_channel(
    channel: Witnessed, accounts: Mapping[str, Account], faults: Sequence[Fault], blinded: Sequence[Fault]
) -> Iterator[Finding]:
    account = accounts.get(channel.unique_id)
    if account is None:
        if not _left_no_trace(channel, blinded):
            yield Finding(
                "lost", f"{channel.name} is not in the catalogue", channel.linked_id, channel.created, channel.seconds
            )
        return
    if account.channel.exempt:
        return
    if account.channel.answered is None and _answered_unseen_and_killed(channel, blinded):
        return
    yield from _beginning(channel, account)
    yield from _times(channel, account, blinded)
    yield from _gaps(account, faults)
    yield from _recording(channel, account)


def _left_no_trace(channel: Witnessed, blinded: Sequence[Fault]) -> bool:
    """Without the daemon the dialplan tells of every channel but a phone that was refused the card line and met nobody,
    and one that died with Asterisk."""
    if not _covered(channel.created, channel.ended or channel.created, blinded):
        return False
    if channel.dialled:
        return channel.killed
    return not channel.is_outside and not channel.bridged


def _answered_unseen_and_killed(channel: Witnessed, blinded: Sequence[Fault]) -> bool:
    """While nobody could see it, and so shortly before Asterisk was killed that nothing of it was written."""
    assert channel.answered is not None and channel.ended is not None
    return channel.killed and channel.seconds <= UNWRITTEN and _covered(channel.answered, channel.ended, blinded)


def _beginning(channel: Witnessed, account: Account) -> Iterator[Finding]:
    """Who began the call, and from where, as the catalogue has it."""
    call = account.call
    if channel.unique_id != channel.linked_id or channel.dialled or call.linked_id != channel.unique_id:
        return
    if channel.is_outside and (call.direction is not Direction.INBOUND or channel.party not in call.caller_number):
        yield _finding("other", f"came in from {channel.party}, catalogued: {call.direction}", account)
    elif not channel.is_outside and call.direction not in (Direction.OUTBOUND, Direction.INTERNAL):
        yield _finding("other", f"was made by {channel.party}, catalogued: {call.direction}", account)
    elif call.answered is None and channel.bridged:
        yield _finding("other", "had an answer, catalogued: none", account)


def _times(channel: Witnessed, account: Account, blinded: Sequence[Fault]) -> Iterator[Finding]:
    """Seconds that Asterisk saw and the ledger has not."""
    assert channel.answered is not None and channel.ended is not None
    if account.channel.answered is None:
        yield _finding("lost", "the catalogue does not know that it was answered", account, channel.seconds)
        return
    if account.channel.ended is None:
        yield _finding("unexplained", "the catalogue does not know that it ended", account, channel.seconds)
        return
    late = account.channel.answered - channel.answered
    early = channel.ended - account.channel.ended
    for what, seconds, at in (("late", late, channel.answered), ("early", early, channel.ended)):
        if abs(seconds) > DRIFT + sum(_overlap(at - 1, at + abs(seconds) + 1, fault) for fault in blinded):
            verb = "begins" if what == "late" else "ends"
            yield _finding("unexplained", f"its ledger {verb} {seconds:.1f} s {what}", account, abs(seconds))
    for span in account.spans:
        if span.why == UNEXPLAINED and span.seconds > MOMENT:
            what = f"{span.seconds:.2f} s unexplained, {span.started - account.channel.answered:.1f} s after the answer"
            yield _finding("unexplained", what, account, span.seconds)


def _gaps(account: Account, faults: Sequence[Fault]) -> Iterator[Finding]:
    for span in account.spans:
        if span.kind is not Kind.GAP or span.why == UNEXPLAINED or span.seconds <= GAP:
            continue
        if not any(_overlap(span.started, span.ended, fault) for fault in faults):
            what = f"a gap of {span.seconds:.1f} s ({span.why}) while nothing was wrong"
            yield _finding("lost", what, account, span.seconds)


def _recording(channel: Witnessed, account: Account) -> Iterator[Finding]:
    assert channel.answered is not None and channel.ended is not None
    since, until = channel.answered, channel.ended  # early media, which may count as answered, has not its tone
    recorded = sum(
        max(0.0, min(span.ended, until) - max(span.started, since))
        for span in account.spans if span.kind is Kind.RECORDED
    )  # fmt: skip
    allowed = EDGES + A_SEGMENT * account.segments + (BUFFERED if channel.killed else 0)
    if recorded * SOUND <= allowed:
        return
    if account.file is None or not account.file.is_file():
        state = "none" if account.found is None else account.found.recording.state
        yield _finding("lost", f"{recorded:.1f} s recorded by the ledger, recording: {state}", account, recorded)
    elif channel.tone is not None:
        heard = tones.seconds_with(account.file, channel.tone)
        if heard < recorded * SOUND - allowed:
            what = f"{recorded:.1f} s recorded by the ledger, {heard:.1f} s of its {channel.tone} Hz in the file"
            yield _finding("lost", what, account, recorded - heard)


def _finding(sort: str, what: str, account: Account, seconds: float = 0.0) -> Finding:
    channel = account.channel
    files = () if account.file is None else (str(account.file),)
    return Finding(sort, f"{channel.name}: {what}", channel.linked_id, channel.started, seconds, files)


def _overlap(started: float, ended: float, fault: Fault) -> float:
    """Seconds of that stretch in which this fault explains something."""
    return max(0.0, min(ended, _over(fault) + AFTER) - max(started, fault.began - BEFORE))


def _over(fault: Fault) -> float:
    return max(fault.ended, fault.recovered or fault.ended)


def _covered(started: float, ended: float, faults: Sequence[Fault]) -> bool:
    """Whether these faults, one after another, cover the whole stretch."""
    at = started
    for fault in sorted(faults, key=lambda one: one.began):
        if fault.began - BEFORE <= at:
            at = max(at, _over(fault) + AFTER)
    return at >= ended


def _spans(spans: Sequence[tones.Span]) -> str:
    return ", ".join(f"{start:.2f}-{end:.2f} s" for start, end in spans)
