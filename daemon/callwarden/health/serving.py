"""http://127.0.0.1:9473/metrics, for Prometheus. On loopback: it has no password, and needs none there.

A port that is taken is a warning: recording calls does not depend on being watched, and what watches sees that nobody
answers.
"""

import logging

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

log = logging.getLogger(__name__)

SHUT_DOWN = 0.5  # seconds for a scrape that is under way


class MetricsServer:
    """``port`` 0 listens nowhere."""

    def __init__(self, registry: CollectorRegistry, listen: str, port: int) -> None:
        self._registry, self._listen, self._port = registry, listen, port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Never raises for a port that cannot be had."""
        if not self._port:
            return
        app = web.Application(client_max_size=1024)
        app.router.add_get("/metrics", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUT_DOWN)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._listen, self._port).start()
        except OSError as error:
            log.warning("metrics: nobody can ask for them on %s:%d: %s", self._listen, self._port, error.strerror)

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})
