"""All of it together: an office's PBX, the world around it, and Callwarden beside the PBX.

`with Lab() as lab:` and there are `lab.pbx`, `lab.world`, `lab.daemon`, `lab.spool`, `lab.vault`,
`lab.catalogue_path`. Settings of the daemon are changed by their dotted names: `Lab(settings={"recording.scope":
"one-per-call"})`, or later `lab.configure({...})`.
"""

import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

from lab.daemon import Daemon
from lab.pbx import AMI_SECRET, AMI_USER, ARI_SECRET, ARI_USER, Pbx
from lab.world import PAYMENT_IVR, World

Settings = Mapping[str, object]
QUIET_LOOKS = 3


class Lab:
    """`folder` gets the daemon's configuration, log, vault and catalogue; `pbx_options` go to `Pbx`."""

    def __init__(
        self,
        version: str = "22",
        daemon: bool = True,
        settings: Settings | None = None,
        folder: Path | None = None,
        **pbx_options: Any,
    ) -> None:
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="callwarden-lab-"))
        self.world = World()
        self.pbx = Pbx(self.world.ports.sip, version, **pbx_options)
        self._with_daemon, self._initial = daemon, dict(settings or {})
        self._changes: Settings = {}
        self.daemon = Daemon(self.settings_path, self.folder)

    @property
    def settings_path(self) -> Path:
        return self.folder / "callwarden.toml"

    @property
    def spool(self) -> Path:
        return self.pbx.recordings

    @property
    def vault(self) -> Path:
        return self.folder / "vault"

    @property
    def catalogue_path(self) -> Path:
        return self.folder / "catalogue.sqlite"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def start(self) -> None:
        self.pbx.prepare()
        self.world.prepare_for(self.pbx)
        self.pbx.begin()
        self.world.begin()
        self.vault.mkdir(parents=True, exist_ok=True)
        self._write_settings()
        self.pbx.wait_ready()
        self.world.wait_ready()
        if self._with_daemon:
            self.daemon.start()

    def stop(self) -> None:
        self.daemon.kill()
        self.pbx.remove()
        self.world.remove()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def reset(self) -> None:
        """Everybody hangs up, the daemon runs with the settings this laboratory began with."""
        self.end_all_calls()
        self.world.reset()
        if self._changes:
            self.configure({})
        elif self._with_daemon and not self.daemon.is_running:
            self.daemon.start()

    def end_all_calls(self, timeout: float = 10) -> None:
        """Until nobody has had a channel for a while: a call on its way between the two is in neither."""
        deadline = time.monotonic() + timeout
        quiet_looks = 0
        while quiet_looks < QUIET_LOOKS:
            busy = [asterisk for asterisk in (self.world, self.pbx) if asterisk.ami.channels()]
            for asterisk in busy:
                asterisk.ami.try_action("Command", Command="channel request hangup all")
            quiet_looks = 0 if busy else quiet_looks + 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"channels that do not end: {', '.join(self.pbx.ami.channels())}")
            time.sleep(0.03)

    def wait_quiet(self, timeout: float = 10) -> None:
        """Until the PBX has no channel any more."""
        deadline = time.monotonic() + timeout
        while channels := self.pbx.ami.channels():
            if time.monotonic() > deadline:
                raise TimeoutError(f"channels that do not end: {', '.join(channels)}")
            time.sleep(0.02)

    def configure(self, changes: Settings) -> None:
        """Restart the daemon with the initial settings and these changes to them."""
        self.daemon.stop()
        self._changes = changes
        self._write_settings()
        self.daemon.start()

    def rewrite_settings(self, changes: Settings) -> None:
        """As `configure`, but the daemon is only told to read them again."""
        self._changes = changes
        self._write_settings()
        self.daemon.reload()

    @contextmanager
    def catalogue(self) -> Iterator[sqlite3.Connection]:
        """A second connection that can only read."""
        with closing(sqlite3.connect(f"file:{self.catalogue_path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection

    def _write_settings(self) -> None:
        settings = {**self._usual_settings(), **self._initial, **self._changes}
        self.settings_path.write_text(as_toml(settings))

    def _usual_settings(self) -> dict[str, object]:
        pbx = self.pbx
        return {
            "ami.port": pbx.ports.ami, "ami.username": AMI_USER, "ami.secret": AMI_SECRET,
            "ari.url": f"http://127.0.0.1:{pbx.ports.http}", "ari.username": ARI_USER, "ari.password": ARI_SECRET,
            "agi.port": pbx.agi_port,
            "spool.path": str(pbx.recordings), "spool.asterisk_path": pbx.recordings_inside,
            "vault.path": str(self.vault), "catalogue.path": str(self.catalogue_path),
            "control.socket": str(self.folder / "control.sock"),
            "calls.trunks": ["PJSIP/trunk"],
            "card.line": card_lines(),
            "log.level": "debug",
        }  # fmt: skip


def card_lines() -> list[dict[str, str]]:
    """A phone, a payment IVR at an outside number, and a phone that nobody answers."""
    place = {"context": "from-internal"}
    return [
        {"name": "payments", "extension": "700", "endpoint": "PJSIP/700", **place},
        {"name": "payment IVR", "extension": "701", "number": PAYMENT_IVR, **place},
        {"name": "payments at night", "extension": "702", "endpoint": "PJSIP/702", **place},
    ]


def as_toml(settings: Settings) -> str:
    """Dotted names to a TOML file. A list of dictionaries becomes an array of tables. JSON's values are TOML's."""
    tables: dict[str, list[str]] = {}
    arrays: list[str] = []
    for name, value in settings.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            arrays += [line for row in value for line in (f"[[{name}]]", *_pairs(row))]
        else:
            table, _, key = name.rpartition(".")
            tables.setdefault(table, []).append(f"{key} = {json.dumps(value)}")
    lines = [line for table, pairs in tables.items() for line in (f"[{table}]", *pairs)]
    return "\n".join([*lines, *arrays, ""])


def _pairs(row: Mapping[str, object]) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in row.items()]
