"""The daemon as systemd sees it: a process of its own, its notify socket, its signals, its exit status."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callwarden.unattended import CannotRun, alone
from cli_world import World
from ports import free_port

SECONDS = 15.0


class Systemd:
    """Starts `callwarden run` and hears what it says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._folder = tempfile.TemporaryDirectory(prefix="cw-")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"{self._folder.name}/notify")
        self._socket.settimeout(SECONDS)
        self.said: list[str] = []
        self.log = world.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, watchdog: float = 30.0) -> None:
        environ = {
            **os.environ, "NOTIFY_SOCKET": f"{self._folder.name}/notify", "WATCHDOG_USEC": str(int(watchdog * 1e6)),
        }  # fmt: skip
        command = [sys.executable, "-W", "error", "-m", "callwarden", "run", "--config", str(self.world.config)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)

    def hears(self, wanted: str) -> str:
        """Wait for a message that holds ``wanted``."""
        while True:
            message = self._socket.recv(4096).decode()
            self.said.append(message)
            if wanted in message:
                return message

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def status(self) -> int:
        assert self.process is not None
        return self.process.wait(SECONDS)

    def logged(self, wanted: str) -> str:
        """The log, once it holds ``wanted``."""
        ends = time.monotonic() + SECONDS
        while wanted not in (text := self.log.read_text()):
            assert time.monotonic() < ends, f"{wanted!r} is not in:\n{text}"
            time.sleep(0.05)
        return text

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._socket.close()
        self._folder.cleanup()


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.agi_port = free_port()
    world.configure()
    return world


@pytest.fixture
def systemd(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    made = Systemd(world)
    yield made
    made.close()


def test_it_is_ready_without_an_asterisk_and_stops_when_told(systemd: Systemd) -> None:
    systemd.start()
    systemd.hears("READY=1")
    assert systemd.world.run("status").exit_code == 1
    systemd.send(signal.SIGTERM)
    systemd.hears("STOPPING=1")
    assert systemd.status() == 0
    assert not systemd.world.socket.exists()


def test_the_watchdog_is_fed(systemd: Systemd) -> None:
    systemd.start(watchdog=0.4)
    begun = time.monotonic()
    for _ in range(5):
        systemd.hears("WATCHDOG=1")
    assert time.monotonic() - begun < SECONDS


def test_a_reload_says_what_counts_now_and_what_later(systemd: Systemd) -> None:
    systemd.start()
    systemd.hears("READY=1")
    systemd.world.config.write_text(
        systemd.world.config.read_text().replace("port = 1\n", "port = 2\n")
        + '[log]\nlevel = "warning"\n[card]\nsettle = 1.0\n'
    )
    systemd.send(signal.SIGHUP)
    reloading = systemd.hears("RELOADING=1")
    assert re.search(r"^MONOTONIC_USEC=\d{6,}$", reloading, re.MULTILINE)
    systemd.hears("READY=1")
    assert "only a restart makes it count: ami.port" in systemd.logged("only a restart")


def test_a_bad_new_configuration_is_reported_and_the_old_one_stays(systemd: Systemd) -> None:
    systemd.start()
    systemd.hears("READY=1")
    systemd.world.config.write_text(systemd.world.config.read_text() + "[card]\nsetle = 1\n")
    systemd.send(signal.SIGHUP)
    assert "the old one stays" in systemd.hears("READY=1\nSTATUS=The configuration has errors")
    assert 'card.setle: there is no such option. Did you mean "settle"?' in systemd.logged("was not reloaded")
    systemd.send(signal.SIGTERM)
    assert systemd.status() == 0


def test_a_second_daemon_refuses_to_start(systemd: Systemd) -> None:
    systemd.start()
    systemd.hears("READY=1")
    assert systemd.process is not None
    second = systemd.world.run("run")
    assert second.exit_code == 2
    assert f"Another Callwarden (process {systemd.process.pid}) is running" in second.stderr
    systemd.send(signal.SIGTERM)
    assert systemd.status() == 0


def test_a_killed_daemon_leaves_nothing_in_the_way_of_the_next(systemd: Systemd) -> None:
    systemd.start()
    systemd.hears("READY=1")
    systemd.send(signal.SIGKILL)
    systemd.status()
    systemd.start()
    systemd.hears("READY=1")


def test_a_spool_that_is_not_there_is_one_clear_sentence_and_status_2(world: World) -> None:
    (world.folder / "spool").rmdir()
    result = world.run("run")
    assert result.exit_code == 2
    assert f"spool: {world.folder}/spool is not there, so nothing can be recorded." in result.stderr
    assert "Traceback" not in result.output


def test_a_vault_that_is_a_file_is_one_clear_sentence_and_status_2(world: World) -> None:
    (world.folder / "vault").rmdir()
    (world.folder / "vault").touch()
    result = world.run("run")
    assert result.exit_code == 2
    assert "is no directory" in result.stderr


def test_a_port_that_is_taken_is_one_clear_sentence_and_status_2(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        world.config.write_text(
            re.sub(r"(\[agi\]\nport =) \d+", rf"\1 {taken.getsockname()[1]}", world.config.read_text())
        )
        result = world.run("run")
    assert result.exit_code == 2
    assert "another program listens there" in result.stderr


def test_a_catalogue_that_is_no_database_is_one_clear_sentence_and_status_2(world: World) -> None:
    world.catalogue.write_text("rubbish " * 1000)
    done = subprocess.run(
        [sys.executable, "-m", "callwarden", "run", "--config", str(world.config)],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "The daemon could not start" in done.stderr


def test_the_catalogue_is_held_by_one_process(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with alone(path), pytest.raises(CannotRun, match=f"process {os.getpid()}"), alone(path):
        pass
    with alone(path):
        pass
