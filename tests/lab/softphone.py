"""Real SIP clients, from the clients' root: linphonec, a softphone, and SIPp, which follows a scenario.

Both register as one of the extensions 207 to 209 and send a tone of their own.
"""

import contextlib
import re
import subprocess
import time
import wave
from pathlib import Path
from typing import Self

import numpy as np

from lab import roots
from lab.homes import Home, new_home
from lab.instance import TEMPLATES, render
from lab.pbx import Pbx
from lab.ports import PortBlock, reserve

STEP_TIMEOUT = 10.0


class SoftphoneError(Exception):
    """The client did not do what it was told."""


class _Client:
    """What both have in common: a directory in the clients' root, ports, and a file with a tone."""

    def __init__(self, pbx: Pbx, extension: str, tone: int) -> None:
        self.extension, self.tone = extension, tone
        self._pbx_sip = pbx.ports.sip
        self.ports: PortBlock = reserve()
        self.home: Home = new_home(roots.root("clients"), extension)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.home.outside / "client.log"

    def __enter__(self) -> Self:
        self.home.make()
        write_tone(self.home.outside / "tone.wav", self.tone)
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def start(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self.ports.release()
        self.home.remove()

    def _write(self, template: str, **values: object) -> str:
        """Render a template into the directory; gives its path as the client sees it."""
        text = render((TEMPLATES / template).read_text(), {"extension": self.extension, **values})
        name = Path(template).name
        (self.home.outside / name).write_text(text)
        return f"{self.home.inside}/{name}"


class Softphone(_Client):
    """linphonec. Answers by itself; calls have the numbers 1, 2, ... in the order in which they came."""

    def start(self) -> None:
        ports = self.ports
        configuration = self._write(
            "softphone/linphonerc", sip=ports.sip, pbx_sip=self._pbx_sip,
            rtp_first=ports.rtp_first, rtp_last=ports.rtp_first + 100,
        )  # fmt: skip
        for part in (".local/share/linphone", ".config/linphone"):
            (self.home.outside / part).mkdir(parents=True)
        with self.log.open("ab") as log:
            self._process = self.home.popen("linphonec", "-c", configuration, output=log, stdin=subprocess.PIPE)
        self._wait_registered()
        for command in ("soundcard use files", f"play {self.home.inside}/tone.wav", "autoanswer enable"):
            self.say(command)

    def _wait_registered(self) -> None:
        # linphonec does not say so by itself.
        deadline = time.monotonic() + STEP_TIMEOUT
        while "registered, identity=" not in self.said():
            if time.monotonic() > deadline:
                raise SoftphoneError(f"{self.extension} could not register; it said:\n{self.said()[-3000:]}")
            self.say("status register")
            time.sleep(0.1)

    def say(self, command: str) -> None:
        if self._process is None or self._process.stdin is None:
            raise SoftphoneError("the softphone is not running")
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()

    def wait_for(self, pattern: str, timeout: float = STEP_TIMEOUT) -> None:
        """Until that was said on its console."""
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.said()):
            if time.monotonic() > deadline:
                raise SoftphoneError(
                    f"{self.extension}: no '{pattern}' within {timeout} s; it said:\n{self.said()[-3000:]}"
                )
            time.sleep(0.02)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def call(self, number: str) -> None:
        self.say(f"call sip:{number}@127.0.0.1:{self._pbx_sip}")

    def hold(self, call: int) -> None:
        self.say(f"pause {call}")
        self.wait_for(rf"Call {call} .* is now paused")

    def resume(self, call: int) -> None:
        self.say(f"resume {call}")

    def transfer(self, call: int, to_call: int) -> None:
        """Attended: REFER with Replaces."""
        self.say(f"transfer {call} --to-call {to_call}")

    def refer(self, call: int, number: str) -> None:
        """Blind: REFER."""
        self.say(f"transfer {call} sip:{number}@127.0.0.1:{self._pbx_sip}")

    def hang_up(self, call: int) -> None:
        self.say(f"terminate {call}")

    def close(self) -> None:
        with contextlib.suppress(OSError, SoftphoneError):
            self.say("quit")
            if self._process is not None:
                self._process.wait(1)
        super().close()


class ReferringPhone(_Client):
    """SIPp: registers, answers one call, talks for `talk` seconds, then REFERs the caller to `to`."""

    def __init__(self, pbx: Pbx, extension: str, to: str, talk: float = 1.5, tone: int = 620) -> None:
        super().__init__(pbx, extension, tone)
        self._to, self._talk = to, talk

    def start(self) -> None:
        to_ulaw(self.home.outside / "tone.wav")
        registering = self._sipp(self._write("sipp/register.xml"))
        if registering.wait(STEP_TIMEOUT):
            raise SoftphoneError(f"SIPp could not register:\n{self.log.read_text(errors='replace')[-3000:]}")
        scenario = self._write(
            "sipp/answer-and-refer.xml", to=self._to, talk=int(self._talk * 1000), tone=f"{self.home.inside}/tone.ul"
        )
        self._process = self._sipp(scenario)

    def wait_done(self, timeout: float = STEP_TIMEOUT) -> None:
        """Until the scenario was played to its end."""
        if self._process is None:
            raise SoftphoneError("the scenario was not started")
        try:
            failed = self._process.wait(timeout) != 0
        except subprocess.TimeoutExpired:
            failed = True
        if failed:
            raise SoftphoneError(f"the scenario failed:\n{self.messages()[-5000:]}")

    def messages(self) -> str:
        """Every SIP message sent and received."""
        return (self.home.outside / "messages.log").read_text(errors="replace")

    def _sipp(self, scenario: str) -> "subprocess.Popen[bytes]":
        ports = self.ports
        with self.log.open("ab") as log:
            return self.home.popen(
                "sipp", "-sf", scenario, "-m", "1", "-nostdin", "-timeout", "60", "-timeout_error",
                "-trace_msg", "-message_file", f"{self.home.inside}/messages.log",
                "-i", "127.0.0.1", "-p", str(ports.sip), "-mi", "127.0.0.1", "-mp", str(ports.rtp_first),
                f"127.0.0.1:{self._pbx_sip}", output=log,
            )  # fmt: skip


def write_tone(path: Path, frequency: int, seconds: int = 30) -> None:
    """A wav file with a tone as loud as the other parties'."""
    samples = 0.22 * np.sin(2 * np.pi * frequency * np.arange(8000 * seconds) / 8000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def to_ulaw(path: Path) -> None:
    """Beside it, the same as raw mu-law with the ending .ul, which SIPp can send."""
    command = ("ffmpeg", "-v", "error", "-y", "-i", str(path), "-f", "mulaw", str(path.with_suffix(".ul")))
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
