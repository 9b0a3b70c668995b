"""Requests for recordings, as the control socket takes them: open, list, show, approve, refuse, close.

Takes an asker and fields; each change is made and entered in one transaction. A subject access request is told to the
data protection officer at once, by every way that alarms have.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.control import ControlError, Handler, text_of
from callwarden.control import Kind as Why
from callwarden.custody import audit, requests
from callwarden.custody.browsing import Browsing
from callwarden.custody.door import Door
from callwarden.custody.people import Asker
from callwarden.custody.requests import Kind, Request, State, covers, days_left, deadline, standing
from callwarden.storage import requested
from callwarden.storage.database import region, transaction
from callwarden.storage.keeper import Keeper
from callwarden.storage.reading import FoundRecording
from callwarden.storage.search import find_recordings
from callwarden.storage.told import named

SHOWN = 200  # recordings that are listed with a request
TEXTS = ("number", "extension", "parties", "other")


class Office:
    """Its verbs all begin with ``request-``."""

    def __init__(self, door: Door, keeper: Keeper, browsing: Browsing, alarms: Alarms) -> None:
        self._door, self._keeper, self._browsing, self._alarms = door, keeper, browsing, alarms

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        verbs = {
            "request-open": self._open,
            "request-list": self._list,
            "request-show": self._show,
            "request-approve": self._approve,
            "request-refuse": self._refuse,
            "request-close": self._close,
        }
        return {verb: self._door.knowing(handler) for verb, handler in verbs.items()}

    async def _open(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        wanted = _wanted(who, fields, time.time())
        if lacking := requests.incomplete(wanted):
            raise ControlError(lacking, Why.BAD_REQUEST)

        def write(db: Database) -> Request:
            with transaction(db):
                opened = requested.insert(db, wanted)
                _enter(db, who, "request-open", opened, number=opened.number, extension=opened.extension)
            return opened

        opened = await self._keeper.on_catalogue(write)
        if opened.kind is Kind.SUBJECT_ACCESS:
            self._tell_the_dpo(opened)
        return {"request": shape(opened, time.time())}

    def _tell_the_dpo(self, opened: Request) -> None:
        last = deadline(opened.received)
        self._alarms.sound(
            "subject-access",
            f"Data protection officer: subject access request {opened.id} was opened by {opened.opened_by}; the answer "
            f"is due by {last:%d %B %Y}. See: callwarden request show {opened.id}",
            f"request-{opened.id}",
        )

    async def _list(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        open_only, now = fields.get("all") is not True, time.time()
        found = await self._browsing.read(lambda db: requested.requests(db, open_only))
        return {"requests": [shape(one, now) for one in found if requests.may_see(one, who)]}

    async def _show(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        """With the recordings that it covers, for whoever decides it and whoever may hear them."""
        one = await self._browsing.read(lambda db: _existing(db, fields))
        _must(_seen(one, who))
        covered = await self._browsing.found(lambda db: covered_by(db, one, SHOWN))
        await self._door.enter(who.who, "request-show", f"request-{one.id}", found=len(covered))
        shown = covered if standing(one, time.time()) is State.APPROVED or one.opened_by != who.who else []
        return {
            "request": shape(one, time.time()),
            "covered": len(covered),
            "recordings": [_recording(found) for found in shown],
        }

    async def _approve(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        agreement, consulted = _text(fields, "decision"), _text(fields, "consulted")
        lasts = fields.get("lasts")

        def decide(one: Request, now: float) -> Request:
            _must(requests.may_approve(one, who, now, agreement, consulted))
            until = self._keeper.settings.requests.approval_lasts.seconds_after(now)
            if isinstance(lasts, int | float) and not isinstance(lasts, bool):
                until = float(lasts)
            if until <= now:
                raise ControlError("An approval cannot end before it begins (--until).", Why.BAD_REQUEST)
            return replace(
                one, state=State.APPROVED, decided=now, decided_by=who.who, decision=agreement, consulted=consulted,
                lasts=until,
            )  # fmt: skip

        return await self._change(who, fields, "request-approve", decide)

    async def _refuse(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        why = text_of(fields, "decision")

        def decide(one: Request, now: float) -> Request:
            _must(requests.may_decide(one, who, now))
            return replace(one, state=State.REFUSED, decided=now, decided_by=who.who, decision=why)

        return await self._change(who, fields, "request-refuse", decide)

    async def _close(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        outcome = text_of(fields, "outcome")

        def close(one: Request, now: float) -> Request:
            _must(_seen(one, who))
            if one.state in (State.CLOSED, State.REFUSED):
                raise ControlError(f"Request {one.id} is {one.state} already.")
            return replace(one, state=State.CLOSED, closed=now, closed_by=who.who, outcome=outcome)

        return await self._change(who, fields, "request-close", close)

    async def _change(
        self, who: Asker, fields: Mapping[str, object], act: str, change: Callable[[Request, float], Request]
    ) -> Mapping[str, object]:
        now = time.time()

        def write(db: Database) -> Request:
            with transaction(db):
                changed = change(_existing(db, fields), now)
                requested.update(db, changed)
                said = {"decision": changed.decision, "consulted": changed.consulted, "outcome": changed.outcome}
                until = {"until": changed.lasts} if act == "request-approve" else {}
                _enter(db, who, act, changed, **{name: text for name, text in said.items() if text}, **until)
            return changed

        return {"request": shape(await self._keeper.on_catalogue(write), now)}


def covered_by(db: Database, one: Request, limit: int | None) -> list[FoundRecording]:
    """The recordings that a request covers now, the newest first; at most about ``limit``, where given."""
    if one.calls:
        found = [recording for identity in one.calls for recording in named(db, identity)]
    else:
        extension = one.extension.rpartition("/")[2] or None
        found = find_recordings(
            db, number=one.number or None, extension=extension, from_=one.from_, to=one.to, limit=limit
        )
    dialled = region(db)
    return [recording for recording in found if covers(one, requested.subject(db, recording), dialled)]


def shape(one: Request, now: float) -> dict[str, Any]:
    """For the socket and for `--json`: times are UTC epoch seconds."""
    last = deadline(one.received).isoformat() if one.kind is Kind.SUBJECT_ACCESS else None
    return {
        "id": one.id,
        "kind": str(one.kind),
        "state": str(standing(one, now)),
        "reason": one.reason,
        "calls": list(one.calls),
        "number": one.number,
        "extension": one.extension,
        "from": one.from_,
        "to": one.to,
        "parties": one.parties,
        "other": one.other,
        "received": one.received,
        "opened": one.opened,
        "opened_by": one.opened_by,
        "decided": one.decided,
        "decided_by": one.decided_by,
        "decision": one.decision,
        "consulted": one.consulted,
        "until": one.lasts,
        "closed": one.closed,
        "closed_by": one.closed_by,
        "outcome": one.outcome,
        "deadline": last,
        "days_left": days_left(one, now),
    }


def number_of(fields: Mapping[str, object]) -> int:
    """The number of a request. Raises ControlError."""
    value = fields.get("request")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise ControlError("Say which request: its number, as `callwarden request list` shows it.", Why.BAD_REQUEST)
    return value


def _existing(db: Database, fields: Mapping[str, object]) -> Request:
    number = number_of(fields)
    found = requested.request(db, number)
    if found is None:
        raise ControlError(f"There is no request {number}. See: callwarden request list", Why.NOT_FOUND)
    return found


def _enter(db: Database, who: Asker, act: str, one: Request, **more: object) -> None:
    said = {name: value for name, value in more.items() if value != ""}
    audit.append(
        db, time.time(), who.who, act, f"request-{one.id}", {"kind": str(one.kind), "reason": one.reason, **said}
    )


def _must(no: str) -> None:
    if no:
        raise ControlError(no, Why.NOT_ALLOWED)


def _seen(one: Request, who: Asker) -> str:
    return "" if requests.may_see(one, who) else f"Request {one.id} is another person's."


def _recording(found: FoundRecording) -> dict[str, Any]:
    return {
        "recording": found.recording.unique_id,
        "call": found.call.linked_id,
        "started": found.call.started,
        "direction": str(found.call.direction),
        "caller": found.call.caller_number,
        "called": found.call.called_number,
        "phone": found.channel.endpoint,
        "seconds": None if found.file is None else found.file.seconds,
        "state": str(found.recording.state),
    }


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise ControlError(f'"{name}" must be a text.', Why.BAD_REQUEST)
    return value.strip().encode("utf-8", "backslashreplace").decode()


def _time(fields: Mapping[str, object], name: str) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise ControlError(f'"{name}" must be a time in seconds.', Why.BAD_REQUEST)
    return float(value)


def _wanted(who: Asker, fields: Mapping[str, object], now: float) -> Request:
    calls = fields.get("calls", [])
    if not isinstance(calls, list) or not all(isinstance(each, str) and len(each) <= 150 for each in calls):
        raise ControlError('"calls" must be a list of ids.', Why.BAD_REQUEST)
    try:
        kind = Kind(_text(fields, "kind"))
    except ValueError:
        raise ControlError(f"The kind of a request is one of: {', '.join(Kind)}.", Why.BAD_REQUEST) from None
    texts = {name: _text(fields, name) for name in TEXTS}
    received = _time(fields, "received")
    return Request(
        id=0, kind=kind, reason=_text(fields, "reason"), calls=tuple(calls), from_=_time(fields, "from_"),
        to=_time(fields, "to"), received=now if received is None else received, opened=now, opened_by=who.who,
        state=State.OPEN, number=texts["number"], extension=texts["extension"], parties=texts["parties"],
        other=texts["other"],
    )  # fmt: skip
