"""The back office: what people ask for, and what is done beside the calls. It opens when calls are looked after.

Its modules are most of the program and take most of the time that a start would take, so nothing that a call needs
may need anything of it. ``service`` imports it when it is ready.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from callwarden.archiver import Archiver
from callwarden.asterisk.ari import AriClient, AriState
from callwarden.core import events as ev
from callwarden.custody.auditing import Auditing
from callwarden.custody.browsing import Browsing
from callwarden.custody.door import Door
from callwarden.custody.hearing import Hearing
from callwarden.custody.office import Office
from callwarden.custody.overseeing import Overseeing
from callwarden.custody.scrubbing import Scrub
from callwarden.desk import Desk
from callwarden.health.watching import Health
from callwarden.housekeeping import Housekeeping
from callwarden.reconciling import Reconciling
from callwarden.release.building import Building
from callwarden.sealer import Sealer

if TYPE_CHECKING:
    from callwarden.service import Service


class BackOffice:
    """Of one daemon, from :meth:`open` to :meth:`close`."""

    def __init__(self, service: "Service") -> None:
        self.service = service
        settings, keeper, alarms = service.settings, service.keeper, service.alarms
        self.ari_why = ""
        self.ari = AriClient(
            settings.ari.url,
            settings.ari.username,
            settings.ari.password.get_secret_value(),
            "callwarden",
            on_event=lambda *_: None,
            on_state=self._ari_state,
        )
        self.housekeeping = Housekeeping(keeper, alarms)
        self.sealer = Sealer(keeper, alarms)
        self.reconciling = Reconciling(keeper, alarms)
        self.archiver = Archiver(keeper, alarms, self.housekeeping.finish_purge)
        self.building = Building(keeper, alarms)
        self.housekeeping.afterwards = self.building.sweep
        self.door = Door(keeper)
        self.browsing = Browsing(self.door, keeper)
        self.overseeing = Overseeing(self.door, keeper, self.browsing)
        self.auditing = Auditing(self.door, keeper, self.browsing, alarms)
        self.office = Office(self.door, keeper, self.browsing, alarms)
        self.hearing = Hearing(self.door, keeper, self.browsing, alarms)
        self.scrub = Scrub(keeper, alarms, self.auditing)
        self.health = Health(self)
        self.desk = Desk(self)
        self._watches: Sequence[asyncio.Task[None]] = ()

    async def open(self) -> None:
        """Open everything, the door for people last. What has questions for the catalogue asks them together: on a
        busy machine each answer is waited for. Raises what makes running pointless."""
        await asyncio.gather(
            self.ari.start(), self.housekeeping.start(), self.building.start(), self.reconciling.start(),
            self.health.start(), self.scrub.start(),
        )  # fmt: skip
        self.sealer.start()
        self.archiver.start()
        self._watches = [asyncio.create_task(watch) for watch in self.health.watches()]
        self.service.control.handlers = self.door.guarded(self.desk.handlers())
        await self.service.control.start()

    async def close(self) -> None:
        """End what is done beside the calls; nobody is answered any more. ``ari`` is stopped when they are let go."""
        await self.health.stop()
        await self.overseeing.stop()
        await self.scrub.stop()
        await self.housekeeping.stop()
        await self.building.stop()
        await self.reconciling.stop()
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await self.archiver.stop()
        await self.sealer.stop()

    def apply(self) -> None:
        """Go on with the settings as they are now."""
        self.housekeeping.reschedule()
        self.service.go(self.housekeeping.changed())
        self.scrub.reschedule()
        self.sealer.wake()
        self.archiver.wake()
        self.reconciling.reschedule()

    def _ari_state(self, state: AriState, why: str) -> None:
        self.ari_why = why
        if state is AriState.READY:
            self.service.receive(ev.WhispersPossible(time.time()))
