"""Listening: one recording's audio into the hands of one person, with an approved request, on record.

Takes an asker, a recording and a request; gives a descriptor over the control socket: a copy without a name that only
the asker's process holds, and that is gone when that process ends or closes it. The entry is made before anything is
handed out; what cannot be entered is not heard.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from functools import partial

from sqlite_utils import Database

from callwarden.alarms import Alarms
from callwarden.control import ControlError, Handed, Handler, text_of
from callwarden.control import Kind as Why
from callwarden.custody import audit, requests
from callwarden.custody.browsing import Browsing
from callwarden.custody.door import Door
from callwarden.custody.office import number_of
from callwarden.custody.people import Asker
from callwarden.custody.requests import Request
from callwarden.storage import requested
from callwarden.storage.database import region, transaction
from callwarden.storage.keeper import Keeper
from callwarden.storage.opening import Damaged, unlinked_copy
from callwarden.storage.reading import FoundRecording, StoredFile, recording

USES = ("play", "file")


class Hearing:
    """Its verb: ``listen``."""

    def __init__(self, door: Door, keeper: Keeper, browsing: Browsing, alarms: Alarms) -> None:
        self._door, self._keeper, self._browsing, self._alarms = door, keeper, browsing, alarms

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        return {"listen": self._door.knowing(self._listen)}

    async def _listen(self, who: Asker, fields: Mapping[str, object]) -> Mapping[str, object]:
        identity, use = text_of(fields, "recording"), fields.get("use", "play")
        if use not in USES:
            raise ControlError(f'"use" is one of {", ".join(USES)}.', Why.BAD_REQUEST)
        number = number_of(fields)
        one, found = await self._browsing.read(partial(_read, number=number, identity=identity, who=who))
        file = _file(found)
        handle = await self._opened(who, one, identity, file)
        try:
            await self._door.enter(
                who.who, "listen", identity, request=one.id, kind=str(one.kind), reason=one.reason, use=use,
                until=one.lasts, sha256=file.sha256,
            )  # fmt: skip
        except BaseException:
            os.close(handle)
            raise
        return Handed(
            {"recording": identity, "request": one.id, "until": one.lasts, "format": file.format,
             "bytes": os.fstat(handle).st_size, "seconds": file.seconds, "sha256": file.sha256},
            handle,
        )  # fmt: skip

    async def _opened(self, who: Asker, one: Request, identity: str, file: StoredFile) -> int:
        try:
            return await asyncio.to_thread(unlinked_copy, self._keeper.vault, file)
        except Damaged as error:
            await report_damage(self._keeper, self._alarms, identity, str(error), who.who, one.id)
            raise ControlError(
                f"Recording {identity} is not opened: {error}. This was reported; a backup may have it."
            ) from error
        except OSError as error:
            why = error.strerror or str(error)
            await self._door.enter(who.who, "not-opened", identity, request=one.id, why=why)
            raise ControlError(f"Recording {identity} cannot be opened: {why}") from error


async def report_damage(
    keeper: Keeper, alarms: Alarms, unique_id: str, problem: str, who: str = audit.DAEMON, request: int | None = None
) -> None:
    """Mark the recording, enter it, sound the alarm. Raises what the catalogue raises."""

    def write(db: Database) -> None:
        now = time.time()
        with transaction(db):
            requested.mark_damaged(db, unique_id, problem, now)
            audit.append(db, now, who, "damaged", unique_id, {"problem": problem, "request": request})

    await keeper.on_catalogue(write)
    alarms.sound(
        "recording-damaged",
        f"A recording is not what was stored: {problem}. It is marked and not opened. Restore its file from a backup.",
        unique_id,
    )


def _read(db: Database, number: int, identity: str, who: Asker) -> tuple[Request, FoundRecording]:
    """The request and the recording, once the one is known to cover the other. Raises ControlError."""
    one, found = requested.request(db, number), recording(db, identity)
    if one is None:
        raise ControlError(f"There is no request {number}. See: callwarden request list", Why.NOT_FOUND)
    if found is None:
        raise ControlError(f"There is no recording {identity}.", Why.NOT_FOUND)
    no = requests.may_hear(one, who, requested.subject(db, found), time.time(), region(db))
    if no:
        raise ControlError(no, Why.NOT_ALLOWED)
    return one, found


def _file(found: FoundRecording) -> StoredFile:
    if found.file is None or str(found.recording.state) != "stored":
        raise ControlError(f"Recording {found.recording.unique_id} has no audio: it is {found.recording.state}.")
    return found.file
