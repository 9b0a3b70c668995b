"""What the daemon does for whoever asks on the control socket: one method a verb, in the shapes of ``answers``.

Takes the peer as the kernel knows it and the request's fields; changes calls only by way of the core.
"""

import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from callwarden import __version__
from callwarden.answers import (
    AlarmsAcknowledged,
    AlarmsTested,
    Disk,
    Done,
    Due,
    LiveCall,
    LiveChannel,
    OpenAlarm,
    Purge,
    Sounds,
    Status,
)
from callwarden.control import ControlError, Handler, Kind, Peer
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.alarm import Alarm
from callwarden.core.calls import Leg
from callwarden.core.facts import Call
from callwarden.core.numbers import mask
from callwarden.custody.holding import HoldsDesk
from callwarden.custody.retaining import RetentionDesk
from callwarden.health.problems import problems
from callwarden.housekeeping import Housekeeping
from callwarden.release.desk import ReleaseDesk
from callwarden.release.handing import HandingDesk

if TYPE_CHECKING:
    from callwarden.back_office import BackOffice

ORDER_SECONDS = 5.0  # for the core to answer an order: a gate's time-out and some


class Desk:
    """``office`` is the back office that it is in."""

    def __init__(self, office: "BackOffice") -> None:
        self._office, self._service = office, office.service
        self._orders = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[do.ReplyToOperator]] = {}

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        return {
            "status": self._status,
            "suspend": self._suspend,
            "resume": self._resume,
            "purge": self._purge,
            "reload": self._reload,
            "sounds": self._sounds,
            "alarms-test": self._alarms_test,
            "alarms-acknowledge": self._alarms_acknowledge,
            **self._office.sealer.handlers(),
            **self._office.reconciling.handlers(),
            **HoldsDesk(self._service.keeper, self._office.door.permit).handlers(),
            **RetentionDesk(
                self._service.keeper, self._office.door.permit, self._office.housekeeping.date_recordings
            ).handlers(),
            **self._office.archiver.handlers(),
            **ReleaseDesk(self._service.keeper, self._office.door.permit, self._service.alarms).handlers(),
            **HandingDesk(self._service.keeper, self._office.door.permit, self._office.building).handlers(),
            **self._office.browsing.handlers(),
            **self._office.overseeing.handlers(),
            **self._office.office.handlers(),
            **self._office.hearing.handlers(),
            **self._office.auditing.handlers(),
        }

    def reply(self, action: do.ReplyToOperator) -> None:
        """The core has answered an order."""
        waiting = self._waiting.pop(action.reply_to, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(action)

    # -- orders ---------------------------------------------------------------------------------------------------

    async def _suspend(self, peer: Peer, request: Mapping[str, object]) -> Done:
        call = _call(request)
        return await self._order(lambda number: ev.SuspensionOrdered(time.time(), call, peer.user, number))

    async def _resume(self, peer: Peer, request: Mapping[str, object]) -> Done:
        call = _call(request)
        return await self._order(lambda number: ev.ResumptionOrdered(time.time(), call, peer.user, number))

    async def _order(self, order: Callable[[int], ev.Event]) -> Done:
        number = next(self._orders)
        answered: asyncio.Future[do.ReplyToOperator] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        try:
            self._service.receive(order(number))
            reply = await asyncio.wait_for(answered, ORDER_SECONDS)
        except TimeoutError:
            raise ControlError("The order was not carried out in time: see the log.") from None
        finally:
            self._waiting.pop(number, None)
        return {"done": reply.ok, "message": reply.message}

    async def _purge(self, peer: Peer, request: Mapping[str, object]) -> Purge:
        housekeeping = self._office.housekeeping
        if request.get("clock_is_right", False):
            if peer.uid not in (0, os.getuid()):
                raise ControlError("Only root may say that the clock is right.", Kind.NOT_ALLOWED)
            await housekeeping.confirm_clock(peer.user)
        if request.get("dry_run", False):
            due = await housekeeping.due()
            listed: list[Due] = [
                {"recording": d.unique_id, "call": d.linked_id, "path": d.path, "bytes": d.bytes, "why": d.why}
                for d in due
            ]
            doubts = await _doubts(housekeeping)
            return Purge(dry_run=True, due=listed, purged=0, forgotten=0, waiting=0, problems=doubts)
        report = await housekeeping.purge(self._office.door.asker(peer).who)
        return {
            "dry_run": False,
            "due": [],
            "purged": report.purged,
            "forgotten": report.forgotten,
            "waiting": report.waiting,
            "problems": report.problems,
        }

    async def _reload(self, _peer: Peer, _request: Mapping[str, object]) -> Mapping[str, Any]:
        if self._service.reload is None:
            raise ControlError("This daemon was started without a configuration file that could be read again.")
        return self._service.reload()

    async def _sounds(self, _peer: Peer, _request: Mapping[str, object]) -> Sounds:
        return await asyncio.to_thread(self._service.keeper.sounds)

    # -- alarms ---------------------------------------------------------------------------------------------------

    async def _alarms_test(self, peer: Peer, _request: Mapping[str, object]) -> AlarmsTested:
        return {"ways": await self._service.alarms.test(peer.user)}

    async def _alarms_acknowledge(self, peer: Peer, request: Mapping[str, object]) -> AlarmsAcknowledged:
        ids = request.get("ids")
        if ids is not None and not (isinstance(ids, list) and ids and all(type(one) is int for one in ids)):
            raise ControlError('"ids" is a list of the numbers that `callwarden alarms` shows.', Kind.BAD_REQUEST)
        return {"acknowledged": await self._service.alarms.acknowledge(ids, peer.user)}

    # -- how things are -------------------------------------------------------------------------------------------

    async def _status(self, _peer: Peer, _request: Mapping[str, object]) -> Status:
        office, service = self._office, self._service
        writer, wrong = service.keeper.writer.state, problems(office)
        spool_files = await asyncio.to_thread(service.spool.count)
        return {
            "version": __version__,
            "pid": service.pid,
            "since": service.since,
            "config": service.config,
            "asterisk": {
                "state": service.link.state.value,
                "why": service.link_why,
                "version": service.link.asterisk_version,
            },
            "ari": {"state": office.ari.state.value, "why": office.ari_why},
            "agi": {"listen": service.agi.listen, "port": service.agi.port},
            "calls": [self._live(call) for call in service.warden.book.facts.values()],
            "recorders": dict(Counter(str(one.state) for one in service.warden.book.recorders.values())),
            "catalogue": {"problem": writer.problem, "waiting": writer.waiting, "lost": writer.lost},
            "spool_files": spool_files,
            "disk": await self._disk(),
            "next_purge": office.housekeeping.next_purge,
            "last_purge": office.housekeeping.last_purge,
            "problems": list(wrong.values()),
            "alarms": [_said(alarm) for alarm in service.alarms.open if alarm.kind not in wrong],
        }

    def _live(self, call: Call) -> LiveCall:
        book = self._service.warden.book
        legs = [leg for leg in book.calls.call(call.linked_id) if book.is_party(leg)]
        return {
            "linked_id": call.linked_id,
            "direction": str(call.direction),
            "caller": mask(call.caller_number),
            "called": mask(call.called_number),
            "since": call.started,
            "channels": [self._channel(leg) for leg in legs],
        }

    def _channel(self, leg: Leg) -> LiveChannel:
        recorder = self._service.warden.book.recorders.get(leg.unique_id)
        return {
            "unique_id": leg.unique_id,
            "endpoint": leg.endpoint,
            "role": str(leg.role),
            "state": str(recorder.state) if recorder is not None else "exempt",
            "file": recorder.segments[-1].file if recorder is not None and recorder.segments else "",
        }

    async def _disk(self) -> Disk:
        """Of the vault's disk."""
        if not self._office.health.disks.rooms:
            await self._office.health.disks.look()
        room = next(iter(self._office.health.disks.rooms), None)
        if room is None:
            return {"free": 0, "total": 0, "days_left": None}
        return {"free": room.free, "total": room.total, "days_left": room.days}


async def _doubts(housekeeping: Housekeeping) -> list[str]:
    """Why a purge would delete nothing now."""
    _, why = await housekeeping.clock.check()
    return [why] if why else []


def _call(request: Mapping[str, object]) -> str:
    call = request.get("call")
    if not isinstance(call, str) or not call:
        raise ControlError("Say which call: its linked id, as `callwarden status` shows it.", Kind.BAD_REQUEST)
    return call


def _said(alarm: Alarm) -> OpenAlarm:
    return {
        "kind": alarm.kind,
        "text": alarm.text,
        "channel": alarm.about,
        "first": alarm.first,
        "last": alarm.last,
        "count": alarm.count,
    }
