"""Whether ARI lets us in and may be written to, and which prompts Asterisk knows.

Takes settings, gives findings. Asks nothing that changes anything: the write is to a playback that does not exist.
"""

import os
from http import HTTPStatus

import aiohttp

from callwarden.checks.ari_login import ABOUT, REFUSED, authorization, refused
from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.checks.prompts import heard
from callwarden.config import Settings

PATIENCE = aiohttp.ClientTimeout(total=5.0)  # seconds
NO_SUCH_PLAYBACK = "playbacks/callwarden-check"
UNREACHED = (aiohttp.ClientError, TimeoutError, OSError)


async def ari(settings: Settings) -> list[Finding]:
    """Reachable, the right password, the right to write; then the prompts."""
    try:
        async with _session(settings) as session:
            return await _asked(session, settings)
    except UNREACHED as error:
        number = getattr(error, "errno", None)
        why = os.strerror(number).lower() if number else str(error) or "no answer in time"
        advice = "See http.conf (enabled, bindaddr, bindport) and [ari] url"
        return [problem(ABOUT, f"{settings.ari.url} was not reached: {why}", advice)]


def _session(settings: Settings) -> aiohttp.ClientSession:
    headers = {"Authorization": authorization(settings)}
    return aiohttp.ClientSession(f"{settings.ari.url}/ari/", headers=headers, timeout=PATIENCE)


async def _asked(session: aiohttp.ClientSession, settings: Settings) -> list[Finding]:
    async with session.get("asterisk/info", params={"only": "system"}) as answer:
        if answer.status != HTTPStatus.OK:
            return [_refused(answer.status, settings)]
    async with session.delete(NO_SUCH_PLAYBACK) as answer:
        if answer.status == HTTPStatus.FORBIDDEN:
            told = f"the user {settings.ari.username} is read-only, so no announcement can be whispered"
            return [problem(ABOUT, told, "Set read_only = no for it in ari.conf, then: module reload res_ari.so")]
    return [ok(ABOUT, "logged in; the user may do all that is needed"), await _sounds(session, settings)]


def _refused(status: int, settings: Settings) -> Finding:
    if status in REFUSED:
        return refused(settings)
    told = f"{settings.ari.url}/ari answers with HTTP status {status}: ARI is not there"
    return problem(ABOUT, told, "See ari.conf (enabled = yes), http.conf (prefix) and that res_ari.so is loaded")


async def _sounds(session: aiohttp.ClientSession, settings: Settings) -> Finding:
    async with session.get("sounds") as answer:
        if answer.status == HTTPStatus.OK:
            return heard(await answer.json(), settings)
    told = "Asterisk does not tell which sounds it has"
    return warning("sounds", told, "Call in and hear that the announcement is played")
