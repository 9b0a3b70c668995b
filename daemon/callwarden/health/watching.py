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
    from callwarden.service import Service


class Health:
    """Made before the rest of the service, which tells ``counting`` what happens; looks at it only once it runs."""

    def __init__(self, service: "Service") -> None:
        options = service.settings.metrics
        self._service = service
        self.disks = Disks(lambda: service.settings, service.alarms)
        self.metrics = Metrics(service, self.disks)
        self.counting = self.metrics.counting
        self._server = MetricsServer(self.metrics.registry, options.listen, options.port)

    async def start(self) -> None:
        """Answer whoever scrapes."""
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    def watches(self) -> list[Coroutine[Any, Any, None]]:
        """What runs as long as the daemon does."""
        service = self._service
        return [
            self.disks.run(),
            Lasting(lambda: problems(service), KINDS, service.alarms).run(),
            stuck.watch(service.keeper.writer, service.pulse, service.alarms),
            turning.measure(self.counting.late),
        ]
