"""`check` and `run` beside a real Asterisk: all in order, a wrong secret, a missing class, another recorder."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from proof import BOTH_VERSIONS

from lab.lab import Lab
from lab.pbx import MANAGER_USER


def callwarden(lab: Lab, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "callwarden", "--config", str(lab.settings_path), *arguments],
        env={**os.environ, **environ}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def findings(lab: Lab, **environ: str) -> list[dict[str, Any]]:
    done = callwarden(lab, "check", "--json", **environ)
    assert done.stderr == ""
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


def wrong(lab: Lab, about: str, **environ: str) -> list[str]:
    return [each["text"] for each in findings(lab, **environ) if each["about"] == about and each["level"] != "ok"]


@contextmanager
def manager_user(lab: Lab, text: str) -> Iterator[None]:
    """Another section for our user, in force while the block runs."""
    try:
        lab.pbx.write_configuration(manager_users=text)
        lab.pbx.cli("manager reload")
        yield
    finally:
        lab.pbx.write_configuration(manager_users=MANAGER_USER)
        lab.pbx.cli("manager reload")


@BOTH_VERSIONS
def test_check_finds_a_pbx_in_order_while_calls_are_up(lab: Lab, version: str) -> None:
    caller = lab.world.ring_in("02079460001")
    caller.wait_answered()
    lab.vault.chmod(0o700)
    found = findings(lab)
    texts = [each["text"] for each in found]
    for about in ("AMI", "ARI", "AGI", "features", "daemon", "vault", "catalogue", "dialplan"):
        levels = {each["level"] for each in found if each["about"] == about}
        assert levels == {"ok"}, [each for each in found if each["about"] == about]
    assert "Callwarden's contexts are there" in texts
    assert "the card line payments is behind its gate" in texts
    expected = "gets no security fixes any more" if lab.pbx.version == "16" else "nothing is known against it"
    assert any(expected in text for text in texts)
    caller.hang_up()


def test_a_wrong_secret_is_one_sentence_and_status_2_of_check_and_run(lab: Lab) -> None:
    lab.daemon.stop()
    done = callwarden(lab, "run", CALLWARDEN_AMI_SECRET="wrong")
    assert done.returncode == 2
    assert "AMI: Asterisk refused user 'callwarden': Authentication failed. Compare [ami] username" in done.stderr
    assert "Traceback" not in done.stderr
    assert callwarden(lab, "check", CALLWARDEN_AMI_SECRET="wrong").returncode == 2


def test_a_wrong_ari_password_is_one_sentence_and_status_2_of_check_and_run(lab: Lab) -> None:
    lab.daemon.stop()
    done = callwarden(lab, "run", CALLWARDEN_ARI_PASSWORD="wrong")
    assert done.returncode == 2
    assert "ARI: Asterisk refused the user callwarden: wrong name or password" in done.stderr
    assert wrong(lab, "ARI", CALLWARDEN_ARI_PASSWORD="wrong")


@BOTH_VERSIONS
def test_a_missing_class_is_one_sentence_and_status_2_of_check_and_run(lab: Lab, version: str) -> None:
    lab.daemon.stop()
    with manager_user(lab, MANAGER_USER.replace("write = call,reporting,system", "write = call,reporting")):
        assert any("lacks the write class system" in text for text in wrong(lab, "AMI"))
        done = callwarden(lab, "run")
    assert done.returncode == 2
    assert "lacks the write class system, so the daemon cannot start recorders" in done.stderr


@BOTH_VERSIONS
def test_a_read_class_that_brings_digits_is_warned_of(lab: Lab, version: str) -> None:
    unfiltered = MANAGER_USER.replace("eventfilter =", ";")
    unfiltered = unfiltered.replace("read = call,system", "read = call,system,dtmf,dialplan")
    with manager_user(lab, unfiltered):
        told = wrong(lab, "AMI")
    assert any("every digit that callers key in" in text for text in told)
    assert any("digits that the dialplan collects" in text for text in told)


def test_a_recorder_of_somebody_elses_is_seen(lab: Lab) -> None:
    caller = lab.world.ring_in("02079460001")
    caller.wait_answered()
    channel = next(name for name in lab.pbx.ami.channels() if name.startswith("PJSIP/trunk-"))
    lab.pbx.ami.action("MixMonitor", Channel=channel, File=f"{lab.pbx.spool_inside}/monitor/elsewhere.wav")
    assert any("a recorder that is not Callwarden's" in text for text in wrong(lab, "other recorders"))
    caller.hang_up()
