"""`callwarden check` says whether anybody would be told of an alarm."""

import socket
from pathlib import Path

import pytest

from callwarden.checks import who
from callwarden.checks.finding import Level
from callwarden.checks.telling import telling
from callwarden.config import Settings, settings_from


@pytest.fixture(autouse=True)
def no_other_callwarden(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine may have one of its own, with its user and its catalogue."""
    monkeypatch.setattr(who, "DAEMON", "nobody-of-this-name")


def settings(alarms: str) -> Settings:
    return settings_from(f'[catalogue]\npath = "/nowhere/catalogue.sqlite"\n[alarms]\n{alarms}', {})


def mail(port: int) -> str:
    return f'mail_to = ["a@example.org"]\nmail_from = "b@example.org"\nsmtp_host = "127.0.0.1"\nsmtp_port = {port}\n'


def test_nobody_to_tell_is_a_warning_with_what_to_do() -> None:
    (found,) = telling(Settings())
    assert found.level is Level.WARNING
    assert "alarms test" in found.advice


def test_a_hook_must_be_there_and_be_ours_to_run(tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    (missing,) = telling(settings(f'hook = ["{hook}"]\n'))
    assert (missing.level, missing.text) == (Level.PROBLEM, f"the hook {hook} is not there")
    hook.write_text("#!/bin/sh\n")
    (closed,) = telling(settings(f'hook = ["{hook}"]\n'))
    assert (closed.level, closed.advice) == (Level.PROBLEM, f"chmod 755 {hook}")
    hook.chmod(0o755)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    assert [found.level for found in telling(settings(f'hook = ["{hook}"]\n'))] == [Level.OK]


def test_a_mail_server_must_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert [found.level for found in telling(settings(mail(port)))] == [Level.OK]
    (silent,) = telling(settings(mail(port)))
    assert silent.level is Level.PROBLEM
    assert "connection refused" in silent.text
