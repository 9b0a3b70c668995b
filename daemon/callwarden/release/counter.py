"""What both desks of releases share: reading and changing a release, with errors as the control socket says them."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from sqlite_utils import Database

from callwarden.control import ControlError, Kind
from callwarden.custody import audit
from callwarden.custody.people import Asker
from callwarden.release import cases, shapes
from callwarden.release.cases import NoApproval, NoSuchRelease, NotNow, Release
from callwarden.release.plan import CannotBuild
from callwarden.storage.keeper import Keeper

T = TypeVar("T")


class Counter:
    """``keeper`` holds the catalogue."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    async def release(self, number: int) -> Release:
        """One release."""
        return await self.answer(self.keeper.read(lambda db: cases.release(db, number)))

    async def shown(self, number: int) -> Mapping[str, Any]:
        """A release with its recordings, as it is answered."""

        def work(db: Database) -> Mapping[str, Any]:
            listed = [shapes.of_item(item) for item in cases.items(db, number)]
            return {**shapes.of_release(cases.release(db, number)), "recordings": listed}

        return await self.answer(self.keeper.read(work))

    async def changed(self, work: Callable[[Database], T]) -> T:
        """What ``work`` gives, done on the write connection."""
        return await self.answer(self.keeper.on_catalogue(work))

    async def enter(self, asker: Asker, act: str, about: str, detail: Mapping[str, object]) -> None:
        """An entry in the audit chain."""
        now = time.time()
        await self.keeper.on_catalogue(lambda db: audit.append(db, now, asker.who, act, about, detail))

    async def answer(self, work: Awaitable[T]) -> T:
        """What ``work`` gives. Raises ControlError for what a release does not allow."""
        try:
            return await work
        except NoSuchRelease as error:
            raise ControlError(str(error), Kind.NOT_FOUND) from None
        except NoApproval as error:
            raise ControlError(str(error), Kind.NOT_ALLOWED) from None
        except (NotNow, CannotBuild) as error:
            raise ControlError(str(error)) from None
