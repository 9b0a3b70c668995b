"""A configuration, a catalogue written by storage's own writer, and a daemon that answers: what the commands need."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from click.testing import CliRunner, Result

from callwarden.cli import main
from callwarden.control import ControlServer, Handler
from callwarden.core.facts import (
    Announcement,
    Call,
    Channel,
    Direction,
    Fact,
    Gap,
    PlayedBy,
    Recording,
    RecordingState,
    Role,
    Segment,
    SegmentState,
    Suspension,
)
from callwarden.storage.writer import Writer

HOSTILE = 'Jane "; rm -rf / \x1b[31m[bold]red[/bold] \u202e\x00\r\nFrom: x :smile: \udcff 📞'
STARTED = datetime(2025, 11, 22, 10, 15, 30).timestamp()  # local time, whatever the zone


class World:
    """Everything in one folder; `run("calls", "--json")` is what a person types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "callwarden.toml"
        self.socket = folder / "control.sock"
        self.agi_port = 14573  # nobody listens on it, and it is none that an outgoing connection may have just then
        self.configure()

    @property
    def catalogue(self) -> Path:
        return self.folder / "catalogue.sqlite"

    def configure(self, more: str = "") -> None:
        (self.folder / "spool").mkdir(exist_ok=True)
        (self.folder / "vault").mkdir(mode=0o700, exist_ok=True)
        self.config.write_text(
            f"""
[ami]
secret = "ami-secret-of-tests"
port = 1
[ari]
password = "ari-password-of-tests"
url = "http://127.0.0.1:1"
[agi]
port = {self.agi_port}
[spool]
path = "{self.folder}/spool"
[vault]
path = "{self.folder}/vault"
[catalogue]
path = "{self.catalogue}"
[control]
socket = "{self.socket}"
{more}
"""
        )
        self.config.chmod(0o600)

    def run(self, *arguments: str, columns: int = 80, **options: str) -> Result:
        environ = {"COLUMNS": str(columns), "CALLWARDEN_CONFIG": str(self.config)}
        return CliRunner().invoke(main, arguments, env=environ, catch_exceptions=False, **options)  # type: ignore[arg-type]

    def save(self, *facts: Fact) -> None:
        """Through the one writer, closed when it is done."""

        async def write() -> None:
            writer = Writer(self.catalogue, lambda _: None, "GB")
            writer.save(*facts)
            await writer.close()

        asyncio.run(write())

    @contextmanager
    def daemon(self, handlers: Mapping[str, Handler]) -> Iterator[None]:
        """A control socket with these handlers, in a loop of its own."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        server = ControlServer(self.socket, "", handlers)
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(5)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def card_call(linked_id: str = "1763806530.0", name: str = "Jane Caller", at: float = STARTED) -> list[Fact]:
    """A caller rings in, hears the announcement, pays by card, comes back; reception's side has a gap."""
    phone = f"{linked_id.partition('.')[0]}.1"
    return [
        Call(
            linked_id=linked_id, direction=Direction.INBOUND, started=at, answered=at + 1, ended=at + 101,
            caller_number="07700900123", caller_name=name, called_number="02079460001", trunk="PJSIP/trunk",
            language="en",
        ),
        Channel(
            unique_id=linked_id, linked_id=linked_id, name="PJSIP/trunk-00000000", endpoint="PJSIP/trunk",
            role=Role.OUTSIDE, started=at, number="07700900123", party_name=name, answered=at + 1, ended=at + 101,
        ),
        Channel(
            unique_id=phone, linked_id=linked_id, name="PJSIP/202-00000001", endpoint="PJSIP/202", role=Role.PHONE,
            started=at + 8, number="202", party_name="Reception", answered=at + 9, ended=at + 41,
        ),
        Recording(unique_id=linked_id, linked_id=linked_id, state=RecordingState.CLOSED, wanted=at),
        Recording(unique_id=phone, linked_id=linked_id, state=RecordingState.FAILED, wanted=at + 8, reason="disk full"),
        Announcement(
            unique_id=linked_id, number=1, prompt="inbound", language="en", sha256="ab" * 32,
            played_by=PlayedBy.DAEMON, started=at + 1, finished=at + 7, complete=True,
        ),
        Segment(
            file=f"{linked_id}-1.wav", unique_id=linked_id, number=1, state=SegmentState.CLOSED, asked=at,
            started=at, stop_asked=at + 41, stopped=at + 41, closed=at + 41, size=640_044,
        ),
        Segment(
            file=f"{linked_id}-2.wav", unique_id=linked_id, number=2, state=SegmentState.CLOSED, asked=at + 71,
            started=at + 71, stopped=at + 101, closed=at + 101, size=480_044,
        ),
        Suspension(
            unique_id=linked_id, number=1, why="card line", by="PJSIP/202", asked=at + 41, confirmed=at + 41,
            how="no recorder is left", ended=at + 71,
        ),
        Gap(unique_id=phone, started=at + 9, ended=at + 41, cause="disk full"),
    ]  # fmt: skip
