"""One Asterisk process in a private root.

Takes a version and a name; gives an Asterisk with its own directory, its own ports and nothing shared but the
programs. Its directory is `/lab/<id>` for itself and `ROOT/lab/<id>` for everybody else: deliberately two views of one
spool, as with an Asterisk in a container.

An Asterisk dies with the process that started it; what a killed run leaves behind is removed at the next start.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lab import roots
from lab.ami import Ami, AmiError
from lab.homes import new_home
from lab.ports import PortBlock, reserve

TEMPLATES = Path(__file__).parent / "templates"
START_TIMEOUT = 20.0
STOP_TIMEOUT = 5.0


class AsteriskInstance:
    """`prepare()` writes the configuration, `start()` runs it, `stop()` ends it, `remove()` deletes everything."""

    def __init__(self, version: str, name: str, templates: str, settings: Mapping[str, object]) -> None:
        self.version, self.name, self._templates = version, name, templates
        self.root = roots.asterisk_root(version)
        self.ports: PortBlock = reserve()
        self._home = new_home(self.root, name)
        self._settings = settings
        self.options: tuple[str, ...] = ()  # of the command line
        self._process: subprocess.Popen[bytes] | None = None
        self._ami: Ami | None = None
        self.on_start: list[Callable[[Ami], None]] = []

    @property
    def home(self) -> Path:
        return self._home.outside

    @property
    def home_inside(self) -> str:
        return self._home.inside

    @property
    def etc(self) -> Path:
        return self.home / "etc"

    @property
    def spool_inside(self) -> str:
        """The spool as this Asterisk sees it."""
        return f"{self.home_inside}/spool"

    @property
    def spool(self) -> Path:
        """The same spool as everybody else sees it."""
        return self.home / "spool"

    @property
    def sounds(self) -> Path:
        return self.home / "data" / "sounds"

    @property
    def log(self) -> Path:
        return self.home / "log" / "messages.log"

    @property
    def ami(self) -> Ami:
        if self._ami is None:
            raise AmiError(f"{self.name} is not running")
        return self._ami

    @property
    def pid(self) -> int:
        if self._process is None:
            raise AmiError(f"{self.name} is not running")
        return self._process.pid

    def prepare(self) -> None:
        self._home.make()
        for part in ("etc", "var", "run", "log", "spool/monitor", "spool/tmp", "data/moh", "data/sounds"):
            (self.home / part).mkdir(parents=True)
        self._link_shared_data()
        self.write_configuration()

    def write_configuration(self, **changes: object) -> None:
        """Render every template again, with `changes` to the settings. A running Asterisk needs `reload` then."""
        self._settings = {**self._settings, **changes}
        values = {**self._own_settings(), **self._settings}
        for folder in ("common", self._templates):
            for template in sorted((TEMPLATES / folder).glob("*.conf")):
                (self.etc / template.name).write_text(render(template.read_text(), values))

    def begin(self) -> None:
        """Start the process without waiting, so that two can start at the same time."""
        with (self.home / "console.log").open("ab") as console:
            self._process = self._home.popen(
                "/usr/sbin/asterisk", "-f", *self.options, "-C", f"{self.home_inside}/etc/asterisk.conf", output=console
            )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        self._ami = self._connect(deadline)
        self._ami.wait_for(lambda event: event["Event"] == "FullyBooted", deadline - time.monotonic())
        for callback in self.on_start:
            callback(self._ami)

    def start(self) -> None:
        self.begin()
        self.wait_ready()

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        self.stop()
        self.ports.release()
        self._home.remove()

    def cli(self, command: str) -> str:
        return self.ami.command(command)

    def inside(self, path: Path) -> str:
        """A path of the host as this Asterisk sees it."""
        return "/" + str(path.relative_to(self.root))

    def outside(self, path: str) -> Path:
        """A path that this Asterisk names, as the host sees it."""
        return self.root / path.lstrip("/")

    def _own_settings(self) -> dict[str, object]:
        ports = self.ports
        return {
            "home": self.home_inside, "spool": self.spool_inside, "name": self.name,
            "lab_secret": self._home.identity,  # another's Asterisk must not be taken for this one
            "modules": roots.module_directory(self.root), "manager_users": "",
            "sip": ports.sip, "ami": ports.ami, "http": ports.http,
            "rtp_first": ports.rtp_first, "rtp_last": ports.rtp_last,
        }  # fmt: skip

    def _link_shared_data(self) -> None:
        """Documentation and core sounds are the root's; prompts and music of this instance are its own."""
        data = self.home / "data"
        for shared in ("documentation", "rest-api", "static-http", "sounds/en", "sounds/en_US"):
            if os.path.lexists(self.root / "usr/share/asterisk" / shared):
                (data / shared).symlink_to(f"/usr/share/asterisk/{shared}")

    def _connect(self, deadline: float) -> Ami:
        while True:
            try:
                return Ami(self.ports.ami, "lab", self._home.identity).connect()
            except (OSError, AmiError) as error:
                self._give_up_if_dead(deadline, error)
            time.sleep(0.03)

    def _give_up_if_dead(self, deadline: float, error: Exception) -> None:
        ended = self._process is None or self._process.poll() is not None
        if ended or time.monotonic() > deadline:
            state = "ended" if ended else f"is not ready after {START_TIMEOUT} s ({error})"
            raise AmiError(f"{self.name} {state}; its last words:\n{self._last_words()}")

    def _last_words(self) -> str:
        logs = (self.home / "console.log", self.log)
        return "\n".join(log.read_text(errors="replace")[-3000:] for log in logs if log.exists())

    def _end(self, how: signal.Signals) -> None:
        if self._ami is not None:
            self._ami.close()
            self._ami = None
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def render(template: str, values: Mapping[str, object]) -> str:
    """Replace each `@@name@@`; dialplan keeps its own `${...}`."""
    for name, value in values.items():
        template = template.replace(f"@@{name}@@", str(value))
    if "@@" in template:
        unknown = template.split("@@")[1]
        raise KeyError(f"the template asks for @@{unknown}@@, which nobody gives")
    return template
