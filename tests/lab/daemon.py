"""The product's daemon as a subprocess.

Takes the path of its configuration and a folder for its log; gives a running daemon: ready when it says so to its
NOTIFY_SOCKET, as it would to systemd.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

READY_TIMEOUT = 30.0
STOP_TIMEOUT = 15.0
AS_INSTALLED = Path(__file__).parent / "as_installed"  # in the place of what only the tests bring
IMPORT_ALL = """
from importlib import import_module
import callwarden.__main__, callwarden.cli.serve
from callwarden.service import THE_REST
for name in THE_REST:
    import_module(name)
"""


class DaemonError(Exception):
    """The daemon did not become ready, or did not stop."""


class Daemon:
    def __init__(self, settings: Path, folder: Path) -> None:
        self.settings, self.log = settings, folder / "daemon.log"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise DaemonError("the daemon is not running")
        return self._process.pid

    def start(self, timeout: float = READY_TIMEOUT) -> None:
        # A short path of its own: socket names end after 107 bytes.
        with tempfile.TemporaryDirectory(prefix="cw-") as short:
            address = f"{short}/notify"
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.bind(address)
                self._begin(address)
                self._wait_ready(notify, timeout)

    def _begin(self, notify_socket: str) -> None:
        command = [sys.executable, "-m", "callwarden", "run", "--config", str(self.settings)]
        environment = {**os.environ, "NOTIFY_SOCKET": notify_socket, "PYTHONPATH": _paths()}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=self._folder
            )

    def _wait_ready(self, notify: socket.socket, timeout: float) -> None:
        notify.settimeout(0.1)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.is_running:
            try:
                if b"READY=1" in notify.recv(4096):
                    return
            except TimeoutError:
                continue
        state = f"is not ready after {timeout} s" if self.is_running else f"ended with status {self._status()}"
        self.kill()
        raise DaemonError(f"the daemon {state}; its log ends:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> int:
        """SIGTERM, as systemd does; gives the exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise DaemonError(f"the daemon did not stop within {STOP_TIMEOUT} s") from error
        self._process = None
        return status

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: a daemon that hangs, with all its connections open."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def _status(self) -> int | None:
        return self._process.poll() if self._process else None


def compile_as_installed() -> None:
    """Leave the bytecode of all that the daemon imports, as `pip install` does: whoever runs this may have told Python
    to write none, or to look for it elsewhere, and the daemon then compiles for seconds."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", IMPORT_ALL]
    subprocess.run(command, env={**environment, "PYTHONPATH": _paths()}, check=True)


def _paths() -> str:
    """Where the daemon imports from: the same as we, but for what only the tests bring; it runs in another folder."""
    ours = [str(Path(path).absolute()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return os.pathsep.join([str(AS_INSTALLED), *ours])
