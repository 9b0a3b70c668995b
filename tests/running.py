"""A running daemon, without an Asterisk: its control socket, catalogue, vault and schedule are the real ones.

``as_`` says which roles the user who runs the tests has from then on: the kernel says who asks, the configuration what
that user is.
"""

import asyncio
import hashlib
import os
import pwd
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from callwarden.config import load
from callwarden.core.facts import Call, Channel, Direction, Fact, Recording, RecordingState, Role
from callwarden.service import Service
from callwarden.storage.database import open_readonly
from callwarden.storage.vault import name_of
from cli_world import World
from ports import free_port
from storage_world import tone, write_wav

T = TypeVar("T")
PATIENCE = 60.0  # seconds
ANN, BOB = "020 7946 0123", "07700 900123"


class Running(World):
    """A :class:`World` whose daemon runs between :meth:`start` and :meth:`stop`."""

    def __init__(self, folder: Path) -> None:
        self.more = ""
        self.roles: tuple[str, ...] = ("dpo",)
        super().__init__(folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="daemon")
        self._thread.start()
        self.service: Service | None = None

    def settle(self) -> None:
        """Write the configuration as it is now."""
        user = pwd.getpwuid(os.getuid()).pw_name
        roles = ", ".join(f'"{role}"' for role in self.roles)
        person = f'[[person]]\nname = "Viv Ward"\nuser = "{user}"\nroles = [{roles}]\n' if self.roles else ""
        self.agi_port = free_port()
        self.configure(f"{self.more}\n{person}")

    def start(self) -> None:
        self.settle()
        self.service = self.call(self._started())

    async def _started(self) -> Service:
        service = Service(load(self.config), str(self.config))
        await service.start()
        await service.open_office()
        return service

    def stop(self) -> None:
        if self.service is not None:
            self.call(self.service.stop())
            self.service = None

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def as_(self, *roles: str, more: str | None = None) -> None:
        """The user who runs the tests has these roles from now on; ``more`` configuration is read with it."""
        self.roles, self.more = roles, self.more if more is None else more
        self.settle()

        async def apply() -> None:
            assert self.service is not None
            self.service.apply(load(self.config))
            await asyncio.sleep(0.05)

        self.call(apply())

    def call(self, work: Any) -> Any:
        """Have the daemon's loop do something."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def write(self, work: Callable[[Database], T]) -> T:
        """On the daemon's own write connection."""
        assert self.service is not None
        result: T = self.call(self.service.keeper.on_catalogue(work))
        return result

    def rows(self, sql: str) -> list[Any]:
        """As somebody else reads the catalogue."""
        db = open_readonly(self.catalogue)
        rows = db.conn.execute(sql).fetchall()
        db.close()
        return rows

    def acts(self) -> list[tuple[str, str]]:
        """What the audit chain says was done, and to what."""
        return self.rows("SELECT act, about FROM audit ORDER BY number")

    def recorded(
        self, unique_id: str, ended: float, samples: bytes | None = None, number: str = ANN, name: str = "Ann Smith"
    ) -> Path:
        """A call from outside with one stored recording; its file in the vault."""
        assert self.service is not None
        source = write_wav(self.folder / "scratch.wav", tone(440, 2) if samples is None else samples)
        seconds = (source.stat().st_size - 44) / 16000
        facts: list[Fact] = [
            Call(
                linked_id=unique_id, direction=Direction.INBOUND, started=ended - seconds, answered=ended - seconds,
                ended=ended, caller_number=number, caller_name=name, called_number="02079460001",
            ),
            Channel(
                unique_id=unique_id, linked_id=unique_id, name="PJSIP/trunk-1", endpoint="PJSIP/trunk",
                role=Role.OUTSIDE, started=ended - seconds, number=number, party_name=name, ended=ended,
            ),
            Channel(
                unique_id=f"{unique_id}9", linked_id=unique_id, name="PJSIP/202-1", endpoint="PJSIP/202",
                role=Role.PHONE, started=ended - seconds, number="202", ended=ended,
            ),
            Recording(unique_id=unique_id, linked_id=unique_id, state=RecordingState.STORED, wanted=ended - seconds),
        ]  # fmt: skip
        vault = self.service.keeper.vault
        path, content = name_of(unique_id, "wav"), source.read_bytes()
        with vault.put(path) as file:
            file.write(content)
        self.service.keeper.writer.save(*facts)
        values = [path, hashlib.sha256(content).hexdigest(), len(content), seconds, ended, unique_id]
        self.write(
            lambda db: db.execute(
                "UPDATE recordings SET path = ?, format = 'wav', sha256 = ?, bytes = ?, seconds = ?, stored = ? "
                "WHERE unique_id = ?",
                values,
            )
        )
        return vault.root / path


@contextmanager
def daemon(folder: Path, more: str = "") -> Iterator[Running]:
    """One, running; stopped at the end."""
    world = Running(folder)
    world.more = more
    try:
        world.start()
        yield world
    finally:
        world.close()
