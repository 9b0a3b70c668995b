"""An office with people: a running daemon of a user of its own, a stored recording, and what each user may type."""

import asyncio
import contextlib
import encodings
import hashlib
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import apscheduler
import rich

import callwarden
from callwarden.cli import main
from callwarden.core.numbers import e164
from callwarden.storage.database import open_catalogue, transaction
from callwarden.storage.vault import Vault
from cli_world import World, card_call
from ports import free_port
from storage_world import tone, write_wav

DAEMON, JAS, VIV, DPO, ADA, STRANGER = 60990, 60001, 60002, 60003, 60004, 65534
PEOPLE = f"""
[[person]]
name = "Jas Larh"
user = "{JAS}"
roles = ["director"]
[[person]]
name = "Viviane Ward"
user = "{VIV}"
roles = ["monitor"]
[[person]]
name = "Dee Poe"
user = "{DPO}"
roles = ["dpo"]
[[person]]
name = "Ada Min"
user = "{ADA}"
roles = ["admin"]
"""
RECORDING, OTHER = "1763806530.0", "1763906530.0"
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


class User:
    """The command line in a process of another real user. Everything it may import is imported before: an interpreter
    below /root is closed to others."""

    def __init__(
        self, uid: int, arguments: list[str], environ: dict[str, str], where: Path, out: Path, err: Path,
        terminal: int | None = None,
    ) -> None:  # fmt: skip
        """``terminal`` is what they type at; None: there is none."""
        _import_all()
        stdin = os.dup(terminal) if terminal is not None else os.open(os.devnull, os.O_RDONLY)
        handles = [stdin] + [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for path in (out, err)]
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._become(uid, arguments, environ, where, handles)
            finally:
                os._exit(99)
        for handle in handles:
            os.close(handle)

    @staticmethod
    def _become(uid: int, arguments: list[str], environ: dict[str, str], where: Path, handles: list[int]) -> None:
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
        os.closerange(3, 4096)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(where)
        status = 0
        try:
            main(arguments, prog_name="callwarden")
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
            status = 98
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    def wait(self) -> int:
        """Its exit status."""
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise TimeoutError(f"it did not end within {SECONDS} s")


@cache
def _import_all() -> None:
    for package in (callwarden, rich, apscheduler, asyncio, encodings):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                with contextlib.suppress(ImportError, AttributeError):
                    importlib.import_module(module.name)
    e164("07700900123", "GB")
    datetime.strptime("2025-11-22", "%Y-%m-%d")


class Office:
    """``run(VIV, "listen", ...)`` is what that user types; the configuration is root's and the daemon's alone."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cw-office-")
        folder = Path(self._folder.name)
        folder.chmod(0o755)
        self.home = folder / "daemon"
        self.home.mkdir(mode=0o700)
        self.world = World(self.home)
        self.world.agi_port = free_port()
        self.world.configure()
        (folder / "run").mkdir()
        os.chown(folder / "run", DAEMON, DAEMON)
        self.socket = folder / "run" / "control.sock"
        text = self.world.config.read_text().replace(str(self.world.socket), str(self.socket))
        self.config = folder / "callwarden.toml"
        self.config.write_text(text + "[scrub]\nmegabytes_per_second = 1000\n" + PEOPLE)
        self.config.chmod(0o640)
        os.chown(self.config, 0, DAEMON)
        self.desks = {uid: self._desk(folder, uid) for uid in (JAS, VIV, DPO, ADA, STRANGER)}
        self.player = folder / "bin" / "play"
        self.player.parent.mkdir()
        self.player.write_text("#!/bin/sh\ncat > played.wav\n")
        self.player.chmod(0o755)
        self.notify = folder / "notify"
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._heard.bind(str(self.notify))
        self.notify.chmod(0o777)
        self._heard.settimeout(SECONDS)
        self.log = folder / "log"
        self._process: User | None = None

    @staticmethod
    def _desk(folder: Path, uid: int) -> Path:
        desk = folder / f"desk-{uid}"
        desk.mkdir(mode=0o700)
        os.chown(desk, uid, uid)
        return desk

    def furnish(self) -> None:
        """Two calls, a day apart, each with one stored recording."""
        vault = Vault(self.home / "vault")
        self.world.save(*card_call(RECORDING), *card_call(OTHER, "Someone Else", 1763906530.0))
        db = open_catalogue(self.world.catalogue)
        for unique_id, hertz in ((RECORDING, 400), (OTHER, 500)):
            audio = write_wav(self.home / "made.wav", tone(hertz, 1.0)).read_bytes()
            self.store(vault, unique_id, audio)
            with transaction(db) as connection:
                connection.execute(
                    "UPDATE recordings SET state = 'stored', path = ?, format = 'wav', sha256 = ?, bytes = ?, "
                    "seconds = 1.0, stored = ? WHERE unique_id = ?",
                    [self.path(unique_id), _sha256(audio), len(audio), time.time(), unique_id],
                )
        db.close()
        for path in (self.home, *self.home.rglob("*")):
            os.chown(path, DAEMON, DAEMON)

    @staticmethod
    def path(unique_id: str) -> str:
        return f"2025/11/22/{unique_id}.wav"

    def store(self, vault: Vault, unique_id: str, audio: bytes) -> None:
        with vault.put(self.path(unique_id)) as out:
            out.write(audio)

    def start(self) -> None:
        environ = {**os.environ, "NOTIFY_SOCKET": str(self.notify)}
        self._process = User(DAEMON, ["run", "--config", str(self.config)], environ, Path("/"), self.log, self.log)
        while b"READY=1" not in self._heard.recv(4096):
            pass
        self.socket.chmod(0o666)  # in the place of [control] group: made-up users are in none

    def stop(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)
            assert self._process.wait() == 0, self.log.read_text()[-3000:]
            self._process = None

    def close(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._heard.close()
        self._folder.cleanup()

    def run(self, uid: int, *arguments: str, terminal: int | None = None) -> Done:
        environ = {
            "PATH": f"{self.player.parent}:/bin:/usr/bin", "COLUMNS": "120", "LANG": "C.UTF-8",
            "CALLWARDEN_CONFIG": str(self.config), "CALLWARDEN_SOCKET": str(self.socket),
        }  # fmt: skip
        out, err = self.home.parent / "out", self.home.parent / "err"
        user = User(uid, list(arguments), environ, self.desks.get(uid, Path("/")), out, err, terminal)
        done = Done(user.wait(), out.read_text(), err.read_text())
        out.unlink()
        err.unlink()
        return done

    def at_terminal(self, uid: int, typed: str, *arguments: str) -> Done:
        """The same with a person at a terminal, who types this."""
        person, terminal = os.openpty()
        os.write(person, typed.encode())
        try:
            return self.run(uid, *arguments, terminal=terminal)
        finally:
            os.close(person)
            os.close(terminal)

    def json(self, uid: int, *arguments: str) -> Any:
        done = self.run(uid, *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def opened(self, uid: int, *arguments: str) -> int:
        """The number of a new request."""
        number = self.json(uid, "request", "open", "--reason", "complaint of 20 November", *arguments)["request"]["id"]
        assert isinstance(number, int)
        return number

    def audit(self, *arguments: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.json(DPO, "audit", "show", *arguments)["entries"]
        return entries


def _sha256(audio: bytes) -> str:
    return hashlib.sha256(audio).hexdigest()
