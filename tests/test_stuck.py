"""What works beside the loop and stops moving is an alarm; a loop that stops turning starves systemd's watchdog."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from callwarden.alarms import Alarms
from callwarden.health import stuck
from callwarden.pulse import Pulse
from callwarden.storage.writer import Writer
from peers import eventually

HANGS = """
import asyncio, sys, time
from pathlib import Path
from callwarden.config import settings_from
from callwarden.unattended import Unattended

class Hanging:
    async def start(self):
        pass
    async def open_office(self):
        pass
    async def stop(self):
        pass

async def ready():
    asyncio.get_running_loop().call_later({turns}, time.sleep, 60)

asyncio.run(Unattended(Path("none"), settings_from("", {{}}), Hanging(), lambda _: None, ready).run())
"""


class Quick:
    """Never silent, never busy."""

    busy_for = silent_for = 0.0


async def test_a_writer_that_is_stuck_is_an_alarm_until_it_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stuck, "WRITER_SECONDS", 0.2)
    writer, alarms, release = Writer(tmp_path / "catalogue.sqlite", lambda _: None), Alarms(), threading.Event()
    watching = asyncio.create_task(stuck.watch(writer, Quick(), alarms, every=0.05))
    await writer.flush()
    await eventually(lambda: writer.busy_for == 0)
    work = writer.run(lambda _: release.wait(10))
    await eventually(lambda: [alarm.kind for alarm in alarms.open] == ["writer-stuck"])
    release.set()
    await asyncio.wrap_future(work)
    await eventually(lambda: not alarms.open)
    watching.cancel()
    await writer.close()


async def test_a_disk_in_trouble_is_the_writers_own_alarm_and_not_this_one(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "catalogue.sqlite", lambda _: None)
    writer._problem = "disk I/O error"
    writer._busy_since = time.monotonic() - 1000
    assert writer.busy_for == 0
    writer._problem = ""
    await writer.close()


async def test_a_pulse_that_stands_still_is_an_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk does not answer."""
    monkeypatch.setattr(stuck, "PULSE_SECONDS", 1.5)
    pulse, alarms, release = Pulse(tmp_path, lambda: True), Alarms(), threading.Event()
    beating = asyncio.create_task(pulse.run())
    await eventually((tmp_path / ".alive").exists)
    assert pulse.silent_for < 0.5
    with monkeypatch.context() as patched:
        patched.setattr(pulse, "beat", lambda: release.wait(20))
        watching = asyncio.create_task(stuck.watch(Quick(), pulse, alarms, every=0.05))
        await eventually(lambda: [alarm.kind for alarm in alarms.open] == ["pulse-stuck"])
    release.set()
    await eventually(lambda: not alarms.open)
    for task in (beating, watching):
        task.cancel()
    await asyncio.gather(beating, watching, return_exceptions=True)
    assert not (tmp_path / ".alive").exists()


async def test_a_loop_that_stands_still_gives_no_sign(tmp_path: Path) -> None:
    pulse = Pulse(tmp_path, lambda: True)
    beating = asyncio.create_task(pulse.run())
    await eventually((tmp_path / ".alive").exists)
    time.sleep(3.0)  # noqa: ASYNC251
    assert time.time() - (tmp_path / ".alive").stat().st_mtime > 1.5
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)


async def test_a_daemon_that_sees_nothing_gives_no_sign_and_no_alarm(tmp_path: Path) -> None:
    pulse = Pulse(tmp_path, lambda: False)
    beating = asyncio.create_task(pulse.run())
    await asyncio.sleep(0.1)
    assert pulse.silent_for == 0
    assert not (tmp_path / ".alive").exists()
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)


def fed(turns: float, listen: float) -> list[float]:
    """When systemd's watchdog was fed, in seconds, by a daemon whose loop stands still after so many."""
    with tempfile.TemporaryDirectory(prefix="cw-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"{folder}/notify")
        environ = {**os.environ, "NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "200000"}
        environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        process = subprocess.Popen([sys.executable, "-c", HANGS.format(turns=turns)], env=environ)
        try:
            heard.settimeout(20)
            while "READY=1" not in heard.recv(4096).decode():
                pass
            return list(_feeds(heard, time.monotonic(), listen))
        finally:
            process.kill()
            process.wait()


def _feeds(heard: socket.socket, begun: float, listen: float) -> list[float]:
    times = []
    while (left := begun + listen - time.monotonic()) > 0:
        heard.settimeout(left)
        try:
            if "WATCHDOG=1" in heard.recv(4096).decode():
                times.append(time.monotonic() - begun)
        except TimeoutError:
            break
    return times


def test_a_loop_that_stands_still_starves_the_watchdog() -> None:
    times = fed(turns=2.0, listen=5.0)
    assert len(times) >= 4, "while it turned"
    assert max(times) < 3.5, "once it stood still"
