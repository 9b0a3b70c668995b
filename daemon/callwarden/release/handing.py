"""Building a release over the control socket, fetching and handing it over; for the data protection officer, audited.

================  ==========================================================  ======================================
verb              arguments                                                   answer
================  ==========================================================  ======================================
release-build     ``release``                                                 the release
release-progress  ``release``                                                 ``state``, ``done``, ``total``
release-files     ``release``                                                 ``files``: name, bytes, sha256
release-read      ``release``, ``name``, ``offset``                           ``data`` (base64), empty at the end
release-handed    ``release``, ``to``, ``how``, ``note``                      the release
================  ==========================================================  ======================================

Files are read in pieces by the asker's own process, so what it writes belongs to the asker and to nobody else.
"""

import asyncio
import base64
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from callwarden.control import ControlError, Handler, Kind, Peer, text_of
from callwarden.custody import audit
from callwarden.custody.holding import Permit, number_of
from callwarden.custody.people import Act
from callwarden.release import cases, shapes
from callwarden.release.build import Step, folder, sha256_of
from callwarden.release.building import Building
from callwarden.release.cases import NotNow, Release, State
from callwarden.release.counter import Counter
from callwarden.release.manifest import MANIFEST, SUMS
from callwarden.storage.database import transaction
from callwarden.storage.keeper import Keeper

PIECE_BYTES = 1 << 20
Request = Mapping[str, object]


class HandingDesk:
    """``permit`` says who asks and whether they may."""

    def __init__(self, keeper: Keeper, permit: Permit, building: Building) -> None:
        self._permit, self._building, self._counter = permit, building, Counter(keeper)

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        return {
            "release-build": self._build,
            "release-progress": self._progress,
            "release-files": self._files,
            "release-read": self._read,
            "release-handed": self._handed,
        }

    async def _build(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        number = number_of(request, "release")
        await self._counter.answer(self._building.begin(number, asker.who))
        return await self._counter.shown(number)

    async def _progress(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        await self._permit(peer, Act.RELEASE)
        one = await self._counter.release(number_of(request, "release"))
        step = self._building.steps.get(one.number, Step(0, 0))
        return {"state": str(one.state), "done": step.done, "total": step.total, "problem": one.problem}

    async def _files(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        one = await self._built(request)
        files = await asyncio.to_thread(self._listed, one)
        detail = {"manifest_sha256": one.manifest_sha256, "files": len(files)}
        await self._counter.enter(asker, "release-fetched", f"release {one.number}", detail)
        return {"files": files, "manifest_sha256": one.manifest_sha256}

    async def _read(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        await self._permit(peer, Act.RELEASE)
        one, name = await self._built(request), text_of(request, "name")
        offset = request.get("offset")
        if not shapes.is_name(name) or not isinstance(offset, int) or not 0 <= offset < 2**53:
            raise ControlError('"name" is one of the release\'s files, "offset" a number of bytes.', Kind.BAD_REQUEST)
        try:
            data = await asyncio.to_thread(_piece, folder(self._building.root, one.number) / name, offset)
        except OSError as error:
            raise ControlError(
                f"{name} of release {one.number} cannot be read: {error.strerror}. Build it again."
            ) from error
        return {"data": base64.b64encode(data).decode()}

    async def _handed(self, peer: Peer, request: Request) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RELEASE)
        number, to, how = number_of(request, "release"), _line(request, "to"), _line(request, "how")
        note = _line(request, "note") if request.get("note") else ""
        now = time.time()

        def work(db: Database) -> None:
            one = cases.release(db, number)
            with transaction(db) as connection:
                cases.hand_over(connection, one, to, how, note, asker.who, now)
                detail = {"how": how, "manifest_sha256": one.manifest_sha256}
                audit.append(db, now, asker.who, "release-handed", f"release {number}", detail)

        await self._counter.changed(work)
        return await self._counter.shown(number)

    async def _built(self, request: Request) -> Release:
        """One that is built, and whose request is still approved: what is over is not given out."""
        number = number_of(request, "release")

        def work(db: Database) -> Release:
            one = cases.release(db, number)
            if one.state is not State.BUILT:
                raise NotNow(f"Release {number} is {one.state}: build it first (callwarden release build {number}).")
            cases.basis(db, one.request, time.time())
            return one

        return await self._counter.answer(self._counter.keeper.read(work))

    def _listed(self, one: Release) -> list[dict[str, Any]]:
        """The files by their sums; a manifest that is not the one on record is refused."""
        here = folder(self._building.root, one.number)
        try:
            if sha256_of(here / MANIFEST) != one.manifest_sha256:
                raise ControlError(f"Release {one.number} was changed since it was built: build it again.")
            lines = (here / SUMS).read_text().splitlines()
            names = [line.partition("  ")[::2] for line in lines]
            files = [{"name": name, "sha256": digest, "bytes": (here / name).stat().st_size} for digest, name in names]
            return [*files, {"name": SUMS, "sha256": sha256_of(here / SUMS), "bytes": (here / SUMS).stat().st_size}]
        except OSError as error:
            raise ControlError(f"Release {one.number} cannot be read: {error.strerror}. Build it again.") from error


def _piece(path: Path, offset: int) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.pread(handle, PIECE_BYTES, offset)
    finally:
        os.close(handle)


def _line(request: Request, name: str) -> str:
    text = " ".join(text_of(request, name).split())
    if not text or len(text) > 500:
        raise ControlError(f'"{name}" is a line of at most 500 characters.', Kind.BAD_REQUEST)
    return text.encode("utf-8", "replace").decode()
