"""What it was measured on: machine and versions. No host names and no paths."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from lab.roots import REPOSITORY, asterisk_root


def machine() -> dict[str, str]:
    return {
        "processor": _first_value("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_first_value('/proc/meminfo', 'MemTotal').split()[0]) / 1024**2:.0f} GiB",
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"),
        "real-time priority": "as Debian's unit gives it" if may_run_ahead() else "not allowed here",
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def versions() -> dict[str, str]:
    command = ["chroot", str(asterisk_root("22")), "/usr/sbin/asterisk", "-V"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {
        "Asterisk": told.strip().removeprefix("Asterisk "),
        "Callwarden": f"{version('callwarden')} ({_commit()})",
        "Python": platform.python_version(),
    }


def may_run_ahead() -> bool:
    """Whether programs may have real-time priority here, as Asterisk has on Debian and the daemon's loop asks for."""
    ask = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))"
    return subprocess.run([sys.executable, "-c", ask], stderr=subprocess.DEVNULL, check=False).returncode == 0


def today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _first_value(path: str, key: str) -> str:
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _commit() -> str:
    """Of the programs that are measured, whatever lies beside them; empty outside a clone."""
    told = subprocess.run(
        ["git", "-c", f"safe.directory={REPOSITORY}", "-C", REPOSITORY, "describe", "--always", "--dirty"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "not a clone"
