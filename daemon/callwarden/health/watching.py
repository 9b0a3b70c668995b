"""All of the daemon's health, from start to stop."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from callwarden.health import stuck, turning
from callwarden.health.disks import Disks
from callwarden.health.lasting import Lasting
from callwarden.health.metrics import Metrics
from callwarden.health.problems import KINDS, problems
from callwarden.health.serving import MetricsServer

if TYPE_CHECKING:
    from callwarden.back_office import BackOffice


class Health:
    """``office`` is the back office that it is in; what happens is counted from the service's beginning."""

    def __init__(self, office: "BackOffice") -> None:
        service, options = office.service, office.service.settings.metrics
        self._office = office
        self.disks = Disks(lambda: service.settings, service.alarms)
        self.metrics = Metrics(office, self.disks)
        self.counting = self.metrics.counting
        self._server = MetricsServer(self.metrics.registry, options.listen, options.port)

    async def start(self) -> None:
        """Count what happens, and answer whoever scrapes."""
        self._office.service.counting.counted_by(self.counting)
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    def watches(self) -> list[Coroutine[Any, Any, None]]:
        """What runs as long as the daemon does."""
        service = self._office.service
        return [
            self.disks.run(),
            Lasting(lambda: problems(self._office), KINDS, service.alarms).run(),
            stuck.watch(service.keeper.writer, service.pulse, service.alarms),
            turning.measure(self.counting.late),
        ]
