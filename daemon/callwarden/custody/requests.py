"""Requests for recordings: who must approve which kind, what one covers, how long it counts. Pure.

Takes a request, an asker, what is known of a recording, and the time; gives a sentence for every no, and nothing for a
yes. The rules are the clinic's policy, section 5, and the surgery's, "Playback" and "Confidentiality".
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from callwarden.core.numbers import e164, search_key, search_range
from callwarden.core.period import Period
from callwarden.custody.people import Asker, Role


class Kind(StrEnum):
    """What the recording is wanted for: the valid reasons that there are."""

    TRAINING = "training"  # and monitoring of quality
    COMPLAINT = "complaint"
    DISPUTE = "dispute"
    SUBJECT_ACCESS = "subject-access"
    LAW_ENFORCEMENT = "law-enforcement"
    DISCIPLINARY = "disciplinary"
    REGULATOR = "regulator"


class State(StrEnum):
    """Where a request is. EXPIRED is never written down: it is an approval whose time is over."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    CLOSED = "closed"


APPROVERS: dict[Kind, tuple[Role, ...]] = {
    Kind.TRAINING:        (Role.DIRECTOR, Role.DPO),
    Kind.COMPLAINT:       (Role.DIRECTOR, Role.DPO),
    Kind.DISPUTE:         (Role.DIRECTOR, Role.DPO),
    Kind.SUBJECT_ACCESS:  (               Role.DPO,),
    Kind.LAW_ENFORCEMENT: (               Role.DPO,),
    Kind.DISCIPLINARY:    (               Role.DPO,),  # in writing, after consultation
    Kind.REGULATOR:       (Role.DIRECTOR, Role.DPO),
}  # fmt: skip
"""Clinic 5.4 to 5.7; directors or the DPO otherwise (5.1, 5.2)."""
CONSULTED = frozenset({Kind.DISCIPLINARY})
"""Approved only with the words of an agreement and who was consulted (clinic 5.7)."""
LAW_GIVES = Period(1, "month")
"""UK GDPR, article 12(3): one month from receipt; where the next month has no such day, its last one."""
LONGEST = 2000  # characters of one text


@dataclass(frozen=True, slots=True)
class Request:
    """``calls`` are ids of calls or recordings; all that is given of calls, number, extension, from and to must fit.
    ``lasts`` is until when the approval counts; ``received`` is when it came in, in writing."""

    id: int
    kind: Kind
    reason: str
    calls: tuple[str, ...]
    number: str
    extension: str
    from_: float | None
    to: float | None
    parties: str
    other: str
    received: float
    opened: float
    opened_by: str
    state: State
    decided: float | None = None
    decided_by: str = ""
    decision: str = ""
    consulted: str = ""
    lasts: float | None = None
    closed: float | None = None
    closed_by: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A recording as a request sees it: its ids, when its call began, the numbers and extensions of the parties."""

    unique_id: str
    linked_id: str
    started: float
    numbers: tuple[str, ...]
    extensions: tuple[str, ...]


def incomplete(request: Request) -> str:
    """What is missing for it to be opened."""
    if not request.reason.strip():
        return "A request needs its valid reason (--reason)."
    if max(map(len, (request.reason, request.parties, request.other, request.number, request.extension))) > LONGEST:
        return f"A text of a request has at most {LONGEST} characters."
    if not (request.calls or request.number or request.extension or request.from_ is not None):
        return "Say which recordings: --call, --number, --extension, or when (--from, --to)."
    if request.number and search_range(request.number, "GB") is None:
        return f'"{request.number}" is no number.'
    if request.from_ is not None and request.to is not None and request.to <= request.from_:
        return "The time ends before it begins (--from, --to)."
    if request.received > request.opened:
        return "It cannot have been received in the future (--received)."
    return ""


def standing(request: Request, now: float) -> State:
    """Its state, with an approval that is over as EXPIRED."""
    over = request.state is State.APPROVED and request.lasts is not None and now >= request.lasts
    return State.EXPIRED if over else request.state


def may_decide(request: Request, who: Asker, now: float) -> str:
    """Why ``who`` may not approve or refuse it."""
    needed = APPROVERS[request.kind]
    if request.opened_by == who.who:
        return f"Request {request.id} is your own; nobody approves their own."
    if who.roles.isdisjoint(needed):
        roles = " or ".join(str(role) for role in needed)
        return f"A request of the kind {request.kind} is decided by the {roles}; you are {_roles(who)}."
    if standing(request, now) is not State.OPEN:
        return f"Request {request.id} is {standing(request, now)}; only an open one is decided."
    return ""


def may_approve(request: Request, who: Asker, now: float, agreement: str, consulted: str) -> str:
    """Why ``who`` may not approve it like this."""
    no = may_decide(request, who, now)
    if not no and request.kind in CONSULTED and not (agreement.strip() and consulted.strip()):
        return (
            f"A request of the kind {request.kind} needs the DPO's agreement in writing (--decision) and who was "
            "consulted (--consulted)."
        )
    return no


def may_see(request: Request, who: Asker) -> bool:
    """Their own, or all for directors and the DPO."""
    return request.opened_by == who.who or not who.roles.isdisjoint((Role.DIRECTOR, Role.DPO))


def may_hear(request: Request, who: Asker, subject: Subject, now: float, region: str) -> str:
    """Why ``who`` may not hear the recording with this request."""
    where = standing(request, now)
    if request.opened_by != who.who and Role.DPO not in who.roles:
        return f"Request {request.id} is another person's. Open your own: callwarden request open"
    if where is State.EXPIRED:
        return f"The approval of request {request.id} has expired. Open a new one: callwarden request open"
    if where is not State.APPROVED:
        return f"Request {request.id} is {where}, not approved. See: callwarden request show {request.id}"
    if not covers(request, subject, region):
        return f"Request {request.id} does not cover recording {subject.unique_id}. Open one that names it."
    return ""


def covers(request: Request, subject: Subject, region: str) -> bool:
    """Whether the recording is among those that are asked for. A request that names nothing covers nothing."""
    tests = []
    if request.calls:
        tests.append(subject.linked_id in request.calls or subject.unique_id in request.calls)
    if request.number:
        tests.append(any(_same_number(request.number, number, region) for number in subject.numbers))
    if request.extension:
        tests.append(_extension(request.extension) in map(_extension, subject.extensions))
    if request.from_ is not None:
        tests.append(subject.started >= request.from_)
    if request.to is not None:
        tests.append(subject.started < request.to)
    return bool(tests) and all(tests)


def deadline(received: float, zone: tzinfo | None = None) -> date:
    """The last day for the answer to a subject access request. An end on a weekend is not moved: earlier is safe."""
    return LAW_GIVES.after(_day(received, zone))


def days_left(request: Request, now: float, zone: tzinfo | None = None) -> int | None:
    """Days until the deadline, negative after it; None where there is none, or it was answered."""
    if request.kind is not Kind.SUBJECT_ACCESS or request.state in (State.CLOSED, State.REFUSED):
        return None
    return (deadline(request.received, zone) - _day(now, zone)).days


def _day(at: float, zone: tzinfo | None) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date()


def _same_number(wanted: str, number: str, region: str) -> bool:
    keys = search_range(wanted, region)
    if keys is None or not keys.first <= search_key(number, region) < keys.beyond:
        return False
    return keys.e164 is None or e164(number, region) in (None, keys.e164)


def _extension(text: str) -> str:
    return text.rpartition("/")[2].casefold().strip()


def _roles(who: Asker) -> str:
    return ", ".join(sorted(who.roles)) or "nobody"
