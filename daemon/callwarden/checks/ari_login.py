"""Whether ARI refuses our name and password: asked before the daemon starts, with nothing that takes long to import.

Takes settings, gives findings; one request, by hand. All else about ARI is looked at by ``ari``, with a real client.
"""

import asyncio
from base64 import b64encode
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from callwarden.checks.finding import Finding, problem
from callwarden.config import Settings

ABOUT = "ARI"
PATIENCE = 5.0  # seconds
PORTS = {"http": 80, "https": 443}
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


async def wrong_password(settings: Settings) -> list[Finding]:
    """The one thing about ARI that no waiting cures."""
    try:
        async with asyncio.timeout(PATIENCE):
            status = await _status(settings)
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):  # it may come
        return []
    return [refused(settings)] if status in REFUSED else []


def refused(settings: Settings) -> Finding:
    """What to do about a name or password that is not Asterisk's."""
    advice = f"Compare [ari] username and password with [{settings.ari.username}] in ari.conf"
    return problem(ABOUT, f"Asterisk refused the user {settings.ari.username}: wrong name or password", advice)


def authorization(settings: Settings) -> str:
    """The value of the header that logs in."""
    login = f"{settings.ari.username}:{settings.ari.password.get_secret_value()}"
    return f"Basic {b64encode(login.encode()).decode()}"


async def _status(settings: Settings) -> int:
    url = urlsplit(settings.ari.url)
    secure = True if url.scheme == "https" else None
    reader, writer = await asyncio.open_connection(url.hostname, url.port or PORTS[url.scheme], ssl=secure)
    try:
        writer.write(_request(url, settings))
        _, status, *_ = (await reader.readuntil(b"\n")).split(maxsplit=2)
        return int(status)
    finally:
        writer.transport.abort()


def _request(url: SplitResult, settings: Settings) -> bytes:
    lines = (
        f"GET {url.path.rstrip('/')}/ari/asterisk/info?only=system HTTP/1.1",
        f"Host: {url.netloc.rpartition('@')[2]}",
        f"Authorization: {authorization(settings)}",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode()
