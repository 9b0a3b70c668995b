"""Collecting a release over the control socket, and deciding on it; for the data protection officer, audited.

================  ==========================================================  ======================================
verb              arguments                                                   answer
================  ==========================================================  ======================================
release-find      ``numbers``, ``names``, ``extensions``, ``from``, ``to``    ``recordings``
release-open      ``request``, and as above; none: what the request covers    the release
release-list      none                                                        ``releases``
release-show      ``release``                                                 the release, ``recordings``
release-decide    ``release``, ``recording`` (none: all that is undecided),   ``decided``: on how many
                  ``decision`` (include, exclude), ``reason``
release-mute      ``release``, ``recording``, ``from``, ``to``, ``reason``    the release
release-unmute    ``release``, ``recording``, ``from``, ``to``                the release
release-waveform  ``release``, ``recording``, ``columns``                     ``peaks``, ``seconds``, ``muted``
================  ==========================================================  ======================================

Times of recordings are seconds from their beginning.
"""

import asyncio
import math
import os
import time
from collections.abc import Mapping
from typing import Any, TypeVar

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.control import ControlError, Handler, Kind, Peer, text_of
from callwarden.custody import audit
from callwarden.custody.hearing import report_damage
from callwarden.custody.holding import Permit, number_of, reason_of, texts_of
from callwarden.custody.people import Act
from callwarden.release import cases, shapes
from callwarden.release.cases import NoApproval, NoSuchRelease, NotNow, Release
from callwarden.release.counter import Counter
from callwarden.release.plan import Decision, Item, Mute
from callwarden.release.sound import Span, peaks
from callwarden.storage import reading
from callwarden.storage.database import transaction
from callwarden.storage.keeper import Keeper
from callwarden.storage.opening import Damaged, unlinked_copy
from callwarden.storage.persons import NobodyMeant, Person
from callwarden.storage.reading import StoredFile

T = TypeVar("T")
PIECE_BYTES = 1 << 20
MOST_COLUMNS = 2000
MOST_FOUND = 5000
Request = Mapping[str, object]


class ReleaseDesk:
    """``permit`` says who asks and whether they may."""

    def __init__(self, keeper: Keeper, permit: Permit, alarms: Alarms) -> None:
        self._keeper, self._permit, self._counter, self._alarms = keeper, permit, Counter(keeper), alarms

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        return {
            "release-find": self._find,
            "release-open": self._open,
            "release-list": self._list,
            "release-show": self._show,
            "release-decide": self._decide,
            "release-mute": self._mute,
            "release-unmute": self._unmute,
            "release-waveform": self._waveform,
        }

    # -- what there is ---------------------------------------------------------------------------------------------

    async def _find(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        person, from_, to = _person(request), _moment(request, "from"), _moment(request, "to")

        def work(db: Database) -> list[dict[str, Any]]:
            ids = cases.found(db, person, from_, to, None)[:MOST_FOUND]
            return [shapes.of_recording(found) for one in ids if (found := reading.recording(db, one)) is not None]

        recordings = await self._counter.answer(self._keeper.read(work))
        await self._counter.enter(asker, "release-find", "", {**_known(person), "found": len(recordings)})
        return {"recordings": recordings}

    async def _open(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        number, from_, to = number_of(request, "request"), _moment(request, "from"), _moment(request, "to")
        person = _person(request, nobody_too=True)
        now = time.time()

        def work(db: Database) -> Release:
            basis = cases.basis(db, number, now)
            ids = cases.found(db, person, from_, to, number)
            if not ids:
                raise NoSuchRelease("No recording concerns them: there is nothing to release.")
            times = [(name, repr(at)) for name, at in (("from", from_), ("to", to)) if at is not None]
            with transaction(db) as connection:
                opened = cases.insert(connection, number, ids, [*person.terms, *times], asker.who, now)
                detail = {"request": number, "kind": basis.kind, "recordings": len(ids), **_known(person)}
                audit.append(db, now, asker.who, "release-opened", f"release {opened}", detail)
            return cases.release(db, opened)

        return await self._counter.shown((await self._counter.changed(work)).number)

    async def _list(self, peer: Peer, _request: Request) -> Mapping[str, Any]:
        await self._permit(peer, Act.RELEASE)
        return {"releases": [shapes.of_release(one) for one in await self._keeper.read(cases.releases)]}

    async def _show(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        number = number_of(request, "release")
        shown = await self._counter.shown(number)
        await self._counter.enter(asker, "release-shown", f"release {number}", {})
        return shown

    # -- what is decided -------------------------------------------------------------------------------------------

    async def _decide(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        number, decision = number_of(request, "release"), text_of(request, "decision")
        if decision not in ("include", "exclude"):
            raise ControlError('"decision" is include or exclude.', Kind.BAD_REQUEST)
        recording = text_of(request, "recording") if request.get("recording") is not None else None
        given = request.get("reason")
        reason = reason_of(request) if decision == "exclude" or given else ""
        now = time.time()

        def work(db: Database) -> int:
            if decision == "include":
                _covered(cases.items(db, number), recording, cases.release(db, number).request)
            with transaction(db) as connection:
                count = cases.decide(connection, number, recording, Decision(decision), reason, asker.who, now)
                detail = {"recording": recording or "all undecided", "reason": reason, "count": count}
                audit.append(db, now, asker.who, f"release-{decision}", f"release {number}", detail)
            return count

        return {"decided": await self._counter.changed(work)}

    async def _mute(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        number, recording = number_of(request, "release"), text_of(request, "recording")
        mute, now = Mute(_span(request), reason_of(request)), time.time()

        def work(db: Database) -> None:
            found = reading.recording(db, recording)
            if found is not None and found.file is not None and mute.span.started >= found.file.seconds:
                raise NotNow(f"Recording {recording} is {found.file.seconds:.1f} s long: the span is beyond its end.")
            with transaction(db) as connection:
                cases.add_mute(connection, number, recording, mute, asker.who, now)
                audit.append(db, now, asker.who, "release-mute", f"release {number}", _muted(recording, mute))

        await self._counter.changed(work)
        return await self._counter.shown(number)

    async def _unmute(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        number, recording = number_of(request, "release"), text_of(request, "recording")
        span, now = _span(request), time.time()

        def work(db: Database) -> None:
            with transaction(db) as connection:
                cases.remove_mute(connection, number, recording, span)
                detail = _muted(recording, Mute(span, ""))
                audit.append(db, now, asker.who, "release-unmute", f"release {number}", detail)

        await self._counter.changed(work)
        return await self._counter.shown(number)

    async def _waveform(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        number, recording = number_of(request, "release"), text_of(request, "recording")
        columns = number_of(request, "columns")
        if columns > MOST_COLUMNS:
            raise ControlError(f'"columns" is at most {MOST_COLUMNS}.', Kind.BAD_REQUEST)
        items = await self._counter.answer(self._keeper.read(lambda db: cases.items(db, number)))
        item = next((each for each in items if each.unique_id == recording), None)
        if item is None or item.found is None or item.found.file is None:
            raise ControlError(f"Release {number} has no recording {recording} with audio.", Kind.NOT_FOUND)
        await self._counter.enter(asker, "release-waveform", f"release {number}", {"recording": recording})
        file = item.found.file
        try:
            heights = await asyncio.to_thread(self._peaks, file, columns)
        except Damaged as error:
            await report_damage(self._keeper, self._alarms, recording, str(error), asker.who)
            raise ControlError(
                f"Recording {recording} is not opened: {error}. This was reported; a backup may have it."
            ) from error
        except OSError as error:  # sealed to another key, the external store is away
            raise ControlError(f"Recording {recording} cannot be opened now: {error.strerror or error}") from error
        muted = [{"from": one.span.started, "to": one.span.ended, "reason": one.reason} for one in item.mutes]
        return {"peaks": [round(height, 4) for height in heights], "seconds": file.seconds, "muted": muted}

    def _peaks(self, file: StoredFile, columns: int) -> list[float]:
        with os.fdopen(unlinked_copy(self._keeper.vault, file), "rb") as opened:
            return peaks(opened, columns)


def _covered(items: list[Item], recording: str | None, request: int) -> None:
    """Raises NoApproval when something is to be included that the request does not cover."""
    beyond = [
        item.unique_id
        for item in items
        if not item.covered and (item.unique_id == recording or (recording is None and item.decision is Decision.NONE))
    ]
    if beyond:
        raise NoApproval(
            f"Request {request} does not cover recording {beyond[0]}: exclude it, or have a request approved that "
            "covers it."
        )


def _person(request: Request, nobody_too: bool = False) -> Person:
    known = [texts_of(request, name) for name in ("numbers", "names", "extensions")]
    if nobody_too and not any(known):
        return Person()
    try:
        return Person.of(*known)
    except NobodyMeant as error:
        raise ControlError(str(error), Kind.BAD_REQUEST) from None


def _known(person: Person) -> dict[str, object]:
    """What the audit says of them: numbers are masked there, names counted."""
    return {"number": list(person.numbers), "names": len(person.names), "extensions": list(person.extensions)}


def _muted(recording: str, mute: Mute) -> dict[str, object]:
    return {"recording": recording, "from": mute.span.started, "to": mute.span.ended, "reason": mute.reason}


def _span(request: Request) -> Span:
    started, ended = _seconds(request, "from"), _seconds(request, "to")
    if not started < ended:
        raise ControlError("A span ends after it begins.", Kind.BAD_REQUEST)
    return Span(started, ended)


def _seconds(request: Request, name: str) -> float:
    value = request.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6 or math.isnan(value):
        raise ControlError(f'"{name}" is a number of seconds.', Kind.BAD_REQUEST)
    return float(value)


def _moment(request: Request, name: str) -> float | None:
    value = request.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise ControlError(f'"{name}" is a time in seconds.', Kind.BAD_REQUEST)
    return float(value)
