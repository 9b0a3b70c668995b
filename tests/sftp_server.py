"""A real SFTP server: Debian's OpenSSH in the private root of the clients, on a free port of loopback."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from lab.homes import Home, new_home
from lab.roots import root
from ports import free_port

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host-key
AuthorizedKeysFile {home}/authorized
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""


class SftpServer:
    """``known_hosts`` and ``key`` are what a client needs; ``files`` is where the store's files lie."""

    def __init__(self, folder: Path) -> None:
        self.home: Home = new_home(root("clients"), "sftp")
        self.home.make()
        self.port = free_port()
        self.key, self.known_hosts = folder / "client-key", folder / "known-hosts"
        self._make_keys()
        (self.home.outside / "sshd_config").write_text(CONFIG.format(port=self.port, home=self.home.inside))
        (self.home.root / "run/sshd").mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"sftp://root@127.0.0.1:{self.port}{self.home.inside}/store"

    @property
    def files(self) -> Path:
        return self.home.outside / "store"

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.files)) for path in self.files.rglob("*") if path.is_file())

    def content(self, name: str) -> bytes | None:
        """What is there under this name by now."""
        path = self.files / name
        return path.read_bytes() if path.is_file() else None

    def start(self) -> None:
        self.files.mkdir(exist_ok=True)
        with (self.home.outside / "log").open("ab") as log:
            self._process = self.home.popen(
                "/usr/sbin/sshd", "-D", "-e", "-f", f"{self.home.inside}/sshd_config", output=log
            )
        deadline = time.monotonic() + 20
        while not answers(self.port):
            assert time.monotonic() < deadline, (self.home.outside / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """With all its connections: each is a process of its own, in the session of the first."""
        if self._process is None:
            return
        for pid in (self._process.pid, *_children(self._process.pid)):
            with suppress(ProcessLookupError):  # a connection's process that ended by itself meanwhile
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """It accepts, and answers nothing any more."""
        assert self._process is not None
        for pid in (self._process.pid, *_children(self._process.pid)):
            os.kill(pid, signal.SIGSTOP)

    def other_host_key(self) -> None:
        """Somebody else pretends to be the server."""
        self.stop()
        (self.home.outside / "host-key").unlink()
        _keygen(self.home.outside / "host-key", self.home)
        self.start()

    def close(self) -> None:
        self.stop()
        self.home.remove()

    def _make_keys(self) -> None:
        _keygen(self.home.outside / "host-key", self.home)
        _keygen(self.home.outside / "client", self.home)
        shutil.copy(self.home.outside / "client", self.key)
        (self.home.outside / "client.pub").rename(self.home.outside / "authorized")
        public = (self.home.outside / "host-key.pub").read_text().split()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public[0]} {public[1]}\n")


def _keygen(path: Path, home: Home) -> None:
    inside = f"{home.inside}/{path.name}"
    command = ["chroot", str(home.root), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", inside]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _children(pid: int) -> list[int]:
    """Its connections, and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_children(child)]
    return found


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
