"""Legal holds over the control socket: placed by directors and the DPO, lifted by the DPO, every one of them audited.

===========  =================================================================  ====================================
verb         arguments                                                          answer
===========  =================================================================  ====================================
holds-add    ``reason``, and ``call``, ``request``, or ``numbers``, ``names``,  the hold (see :func:`shape`)
             ``extensions`` (lists)
holds-list   ``lifted`` (bool: those too)                                       ``holds``: a list of them
holds-lift   ``hold`` (its number), ``reason``                                  the hold
===========  =================================================================  ====================================
"""

import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlite_utils import Database

from callwarden.control import ControlError, Handler, Kind, Peer, text_of
from callwarden.custody import audit
from callwarden.custody.people import Act, Asker
from callwarden.storage import holds, ruling
from callwarden.storage.database import transaction
from callwarden.storage.holds import Hold, NoSuchThing
from callwarden.storage.keeper import Keeper
from callwarden.storage.persons import NobodyMeant, Person
from callwarden.storage.retained import OfHold, of_hold

LONGEST_REASON = 1000  # characters
Permit = Callable[[Peer, Act], Awaitable[Asker]]
"""Who asks, if they may do this; raises ControlError, having audited it, if not."""


class HoldsDesk:
    """``permit`` says who asks and whether they may."""

    def __init__(self, keeper: Keeper, permit: Permit) -> None:
        self._keeper, self._permit = keeper, permit

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        return {"holds-add": self._add, "holds-list": self._list, "holds-lift": self._lift}

    async def _add(self, peer: Peer, request: Mapping[str, object]) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.HOLD)
        reason = reason_of(request)
        place, detail = _wanted(request)
        now = time.time()

        def work(db: Database) -> Hold:
            with transaction(db) as connection:
                number = place(connection, reason, asker.who, now)
                audit.append(db, now, asker.who, "hold-placed", f"hold {number}", {**detail, "reason": reason})
            return holds.hold(db, number)

        placed = await self._done(work)
        return shape(await self._keeper.read(lambda db: self._kept(db, placed)))

    async def _lift(self, peer: Peer, request: Mapping[str, object]) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.LIFT_HOLD)
        reason, number = reason_of(request), number_of(request, "hold")
        now = time.time()

        def work(db: Database) -> OfHold:
            with transaction(db) as connection:
                kept = self._kept(db, holds.hold(db, number))
                holds.lift(connection, number, reason, asker.who, now)
                detail = {"reason": reason, "recordings": kept.recordings, "waiting": kept.waiting}
                audit.append(db, now, asker.who, "hold-lifted", f"hold {number}", detail)
            return kept

        return shape(await self._done(work))

    async def _list(self, peer: Peer, request: Mapping[str, object]) -> Mapping[str, Any]:
        await self._permit(peer, Act.HOLD)
        lifted_too = request.get("lifted") is True

        def work(db: Database) -> list[OfHold]:
            return [self._kept(db, hold) for hold in holds.holds(db, lifted_too)]

        return {"holds": [shape(each) for each in await self._keeper.read(work)]}

    def _kept(self, db: Database, hold: Hold) -> OfHold:
        now = time.time()
        return of_hold(db, hold, ruling.read(db, self._keeper.settings.retention, now), now)

    async def _done(self, work: Callable[[Database], Any]) -> Any:
        try:
            return await self._keeper.on_catalogue(work)
        except NoSuchThing as error:
            raise ControlError(str(error), Kind.NOT_FOUND) from None


def shape(kept: OfHold) -> dict[str, Any]:
    """A hold as it is answered. ``waiting``: recordings that would be due without it; ``going``: those that were being
    deleted already when it was placed."""
    hold, person = kept.hold, kept.hold.person
    return {
        "hold": hold.number,
        "kind": str(hold.kind),
        "subject": hold.subject,
        "numbers": list(person.numbers) if person else [],
        "names": list(person.names) if person else [],
        "extensions": list(person.extensions) if person else [],
        "reason": hold.reason,
        "placed": hold.placed,
        "placed_by": hold.placed_by,
        "lifted": hold.lifted,
        "lifted_by": hold.lifted_by,
        "lift_reason": hold.lift_reason,
        "calls": kept.calls,
        "recordings": kept.recordings,
        "waiting": kept.waiting,
        "going": kept.going,
    }


def reason_of(request: Mapping[str, object]) -> str:
    """The reason that was given. Raises ControlError."""
    reason = " ".join(text_of(request, "reason").split())
    if not reason or len(reason) > LONGEST_REASON:
        raise ControlError(f"Give a reason of 1 to {LONGEST_REASON} characters.", Kind.BAD_REQUEST)
    return reason.encode("utf-8", "replace").decode()


def number_of(request: Mapping[str, object], name: str) -> int:
    """An argument that has to be a number of ours. Raises ControlError."""
    value = request.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**53:
        raise ControlError(f'This needs "{name}", a number.', Kind.BAD_REQUEST)
    return value


def texts_of(request: Mapping[str, object], name: str) -> list[str]:
    """An argument that is a list of texts, or is not there. Raises ControlError."""
    value = request.get(name, [])
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(each, str) for each in value):
        raise ControlError(f'"{name}" is a list of at most 100 texts.', Kind.BAD_REQUEST)
    return value


def person_of(request: Mapping[str, object]) -> Person:
    """Whom ``numbers``, ``names`` and ``extensions`` mean. Raises ControlError."""
    try:
        return Person.of(*(texts_of(request, name) for name in ("numbers", "names", "extensions")))
    except NobodyMeant as error:
        raise ControlError(str(error), Kind.BAD_REQUEST) from None


Place = Callable[[sqlite3.Connection, str, str, float], int]


def _wanted(request: Mapping[str, object]) -> tuple[Place, dict[str, object]]:
    """What is to be held, and what the audit says of it."""
    given = [name for name in ("call", "request") if request.get(name)]
    if not given:
        person = person_of(request)
        known = {"number": list(person.numbers), "names": len(person.names), "extensions": list(person.extensions)}
        return lambda connection, *rest: holds.place_on_person(connection, person, *rest), {"on": "person", **known}
    if len(given) > 1 or any(request.get(name) for name in ("numbers", "names", "extensions")):
        raise ControlError("A hold is put on a call, a person or a request: name one of them.", Kind.BAD_REQUEST)
    if given == ["request"]:
        number = number_of(request, "request")
        detail: dict[str, object] = {"on": "request", "request": number}
        return lambda connection, *rest: holds.place_on_request(connection, number, *rest), detail
    call = text_of(request, "call")
    return lambda connection, *rest: holds.place_on_call(connection, call, *rest), {"on": "call", "call": call}
