"""Asterisk tells nobody that it cannot write: a recording that should grow and does not is found, and begun again."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from proof import BOTH_VERSIONS, settled, wait_until

from callwarden.core.recorder import NOT_GROWING
from callwarden.core.spans import Kind
from lab import tones
from lab.lab import Lab
from lab.middleman import Middleman

CALLER = 440
TALK = 1.2
ROOM = 120_000  # bytes: some three seconds of a call's two channels


@contextmanager
def small_disk(directory: Path, size: int) -> Iterator[None]:
    """This directory on a disk of its own, for as long as it takes."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "none", str(directory)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def alarms(lab: Lab, mark: int) -> list[str]:
    return [line for line in lab.daemon.log.read_text()[mark:].splitlines() if "recording-stuck" in line]


@BOTH_VERSIONS
def test_a_disk_that_fills_in_the_middle_of_a_call(brisk_lab: Lab, version: str) -> None:
    """An alarm within ten seconds; recorded again as soon as there is room; what is missing is a gap with its cause.

    A call beside it, in which nobody sends a packet, has nothing to write: nothing is wrong with that."""
    lab = brisk_lab
    lab.daemon.stop()
    with small_disk(lab.spool, 1_000_000):
        lab.daemon.start()
        since, mark = time.time(), len(lab.daemon.log.read_text())
        silent = lab.world.call("203", "204").wait_answered()
        for party in (silent, lab.world.party_at("204")):
            party.sends_nothing()
        caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
        time.sleep(TALK)
        filler = lab.spool / "filler"
        filler.write_bytes(bytes(1_000_000 - ROOM - sum(one.stat().st_size for one in lab.spool.iterdir())))
        full = time.time()
        wait_until(lambda: len(alarms(lab, mark)) >= 2, 16)
        assert time.time() - full < ROOM / 32_000 + 10
        time.sleep(2)  # recorders are begun on the full disk: without a header, given up once they grow
        filler.unlink()
        time.sleep(3 + 2 * TALK)
        assert len(alarms(lab, mark)) == 2, "one alarm for each of the two channels, none for the silent call"
        caller.hang_up()
        silent.hang_up()
        account = settled(lab, since)
        lab.daemon.stop()
    leg = next(leg for leg in account.legs if leg.channel.linked_id == account.stories[1].call.call.linked_id)
    assert leg.outline == ["recorded", NOT_GROWING, "recorded"]
    assert leg.file is not None
    *_, (begun, ended) = tones.spans_with(leg.file, CALLER)
    assert ended - begun > TALK, "recorded again"
    last = leg.spans[-1]
    assert last.started - leg.began == pytest.approx(begun, abs=0.4)
    assert leg.seconds(Kind.RECORDED) == pytest.approx(tones.seconds_with(leg.file, CALLER), abs=2.5)
    assert not list(lab.spool.glob("[!.]*"))


@BOTH_VERSIONS
def test_a_recorder_that_writes_nothing_though_the_disk_has_room(brisk_lab: Lab, version: str) -> None:
    """A MixMonitor that was told to write only while its channel is bridged: who talks to an echo is not.
    An alarm within ten seconds, and a recorder that writes. It is written as wav and kept as wav49."""
    lab = brisk_lab
    with Middleman(lab.pbx.ports.ami) as middle:
        lab.configure({"ami.port": middle.port, "recording.format": "wav49"})
        since, mark = time.time(), len(lab.daemon.log.read_text())
        middle.misquotes = b"Options: i(", b"Options: bi("
        caller = lab.world.call("203", "600", tone=CALLER).wait_answered()
        begun = time.time()
        wait_until(lambda: bool(alarms(lab, mark)), 12)
        assert middle.misquotes is None
        assert time.time() - begun < 10
        time.sleep(2 * TALK)
        caller.hang_up()
        leg = settled(lab, since).of("PJSIP/203")
        assert len(alarms(lab, mark)) == 1
    assert leg.outline == [NOT_GROWING, "recorded"]
    assert leg.file is not None
    *_, (first, last) = tones.spans_with(leg.file, CALLER)
    assert last - first > TALK, "recorded again"
    assert leg.seconds(Kind.RECORDED) == pytest.approx(tones.seconds_with(leg.file, CALLER), abs=0.5)
    assert not list(lab.spool.glob("[!.]*"))
