"""The unit and its helpers, judged by systemd's own tools: none of them needs a running systemd."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from callwarden.config import Settings
from callwarden.config.credentials import SEAL_IDENTITY, SECRETS

CONFIG = Path(__file__).parent.parent / "config"
UNIT = CONFIG / "callwarden.service"
EXPOSURE_LIMIT = 20
"""Tenths of systemd's 0 (safe) to 10 (exposed): below 2 is what a service that uses the network can reach."""


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False)


def _directives(section: str) -> list[tuple[str, str]]:
    body = UNIT.read_text().partition(f"[{section}]\n")[2].partition("\n[")[0]
    return [
        (name, value) for name, _, value in (line.partition("=") for line in body.splitlines() if line[:1].isalpha())
    ]


@pytest.fixture
def runnable(tmp_path: Path) -> Path:
    """The unit with a program that exists wherever the tests run."""
    program = shutil.which("true")
    assert program
    unit = tmp_path / "callwarden.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={program}", UNIT.read_text()))
    return unit


def test_systemd_finds_nothing_wrong_with_the_unit(runnable: Path) -> None:
    judged = _run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", runnable)
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, "", "")


def test_systemd_would_find_a_mistake_in_the_unit(runnable: Path) -> None:
    runnable.write_text(runnable.read_text().replace("WatchdogSec=30", "WatchdogSecs=30"))
    assert "WatchdogSecs" in _run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", runnable).stderr


def test_systemd_calls_the_unit_hardened(runnable: Path) -> None:
    judged = _run(
        "systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_LIMIT}", runnable
    )
    assert judged.returncode == 0, judged.stdout


def test_the_unit_tells_systemd_when_it_is_ready_and_alive() -> None:
    service = dict(_directives("Service"))
    assert service["Type"] == "notify"
    assert service["NotifyAccess"] == "main"
    assert service["WatchdogSec"] == "30"
    assert service["ExecStart"] == "/usr/local/bin/callwarden run --config /etc/callwarden/callwarden.toml"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert service["RestartPreventExitStatus"] == "2"


def test_the_unit_provides_every_directory_of_the_default_settings() -> None:
    settings, service = Settings(), dict(_directives("Service"))
    state, runtime = Path("/var/lib") / service["StateDirectory"], Path("/run") / service["RuntimeDirectory"]
    assert state in settings.vault.path.parents
    assert state in settings.catalogue.path.parents
    assert runtime in settings.control.socket.parents
    assert service["ReadWritePaths"] == f"-{settings.spool.path}"
    assert str(settings.spool.path) in (CONFIG / "callwarden.tmpfiles").read_text()


def test_the_unit_hands_over_every_secret_by_the_name_it_is_looked_for() -> None:
    loaded = {value for name, value in _directives("Service") if name == "LoadCredential"}
    names = {SEAL_IDENTITY, *(credential for _, credential in SECRETS.values())}
    assert loaded == {f"{name}:callwarden.{name}" for name in names}


def test_every_paragraph_of_the_unit_says_why() -> None:
    for paragraph in UNIT.read_text().split("\n\n"):
        assert "#" in paragraph or "[Install]" in paragraph or len(paragraph.splitlines()) < 3, paragraph


def test_the_unit_lets_the_daemon_give_the_control_socket_to_its_group() -> None:
    """chown is one of @privileged; measured under a live systemd 262."""
    filters = [value for name, value in _directives("Service") if name == "SystemCallFilter"]
    assert filters.index("~@privileged @resources") < filters.index("@chown")


def test_the_unit_names_users_and_groups_that_are_made() -> None:
    service = dict(_directives("Service"))
    assert service["User"] == service["Group"] == "callwarden"
    users = (CONFIG / "callwarden.sysusers").read_text()
    assert "u callwarden -" in users
    assert f"m callwarden {service['SupplementaryGroups']}\n" in users  # for `check`, which asks before the unit runs


def test_systemd_understands_the_user(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    judged = _run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", CONFIG / "callwarden.sysusers")
    assert judged.returncode == 0, judged.stderr
    assert "callwarden" in judged.stdout + judged.stderr


def test_the_directories_are_closed_to_everybody_else() -> None:
    lines = [line.split() for line in (CONFIG / "callwarden.tmpfiles").read_text().splitlines() if line[:1] in "da"]
    assert lines == [
        ["d", "/etc/callwarden", "2750", "root", "callwarden", "-", "-"],
        ["d", "/var/lib/callwarden", "0700", "callwarden", "callwarden", "-", "-"],
        ["d", "/var/spool/asterisk/callwarden", "2770", "asterisk", "asterisk", "-", "-"],
        [
            "a+", "/var/spool/asterisk/callwarden", "-", "-", "-", "-",
            "user:callwarden:rwx,default:user:callwarden:rwx",
        ],
    ]  # fmt: skip
