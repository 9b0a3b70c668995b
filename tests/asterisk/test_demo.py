"""`./run demo`, as a newcomer runs it; and its check of the audio, which must find what it claims is nowhere."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lab.demo_account import settled
from lab.demo_call import CARD_PARTY, CARD_READ, perform
from lab.demo_checks import examine, gather
from lab.lab import Lab
from lab.watcher import Watcher

EVENTS = ["rings in", "reception answers", "2 recorders proven stopped in", "the card line rings", "both hang up"]
LEDGER = ["announced", "recorded", "suspended: card line", "recorded"]


def test_the_demo_tells_the_call_draws_it_and_ends_well(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    command = [sys.executable, "-W", "error", "-m", "lab.demo", "--picture", str(picture)]
    demo = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stderr == ""
    assert in_order(EVENTS, demo.stdout)
    assert in_order(LEDGER, demo.stdout.partition("What every second")[2])
    assert "SHA-256" in demo.stdout and "kept until" in demo.stdout
    assert "FAILED" not in demo.stdout
    assert all(len(line) <= 80 for line in demo.stdout.splitlines())
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_demo_fails_when_something_does_record_the_card(tmp_path: Path) -> None:
    """A stranger's recorder on the caller's channel while the card is read out and Callwarden, which would stop it at
    once, is frozen."""
    with Lab(folder=tmp_path) as lab, Watcher(lab.spool, lab.vault) as watcher:
        rogue = threading.Thread(target=record_at_card_line, args=(lab,))
        rogue.start()
        performance = perform(lab, lambda _words, _at: None)
        rogue.join()
        account = settled(lab)
        watcher.stop()
        checks = examine(gather(performance, account, watcher))
    failed = [check for check in checks if not check.holds]
    assert [check.detail.partition(";")[0] for check in failed] == ["found in rogue.wav"] * 2
    for check, voice in zip(failed, (CARD_READ, CARD_PARTY), strict=True):
        assert voice.name in check.claim


def record_at_card_line(lab: Lab) -> None:
    lab.world.party_at("700", wait=60)
    [caller] = [channel for channel in lab.pbx.ami.channels() if "trunk" in channel]
    lab.daemon.freeze()
    lab.pbx.ami.action("MixMonitor", Channel=caller, File=f"{lab.pbx.recordings_inside}/rogue.wav")
    time.sleep(3)
    lab.daemon.thaw()


def test_a_machine_that_lacks_something_is_told_what_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLWARDEN_CACHE", str(tmp_path))
    command = [sys.executable, "-m", "lab.demo", "--picture", str(tmp_path / "nowhere" / "picture.png")]
    demo = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    assert demo.returncode == 2
    assert "no private root" in demo.stderr
    assert "--picture" in demo.stderr
    assert "Traceback" not in demo.stderr


def in_order(wanted: list[str], text: str) -> bool:
    at = 0
    for words in wanted:
        at = text.find(words, at) + len(words)
        if at < len(words):
            return False
    return True
