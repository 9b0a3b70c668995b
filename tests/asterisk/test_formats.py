"""The settings that change how a recording sounds: its format, the beep, and what stands for the card payment."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from proof import Account, settled, wait_until

from callwarden.core.silence import CARD_LINE
from callwarden.core.spans import Kind
from callwarden.storage.audio import measure
from lab import tones
from lab.lab import Lab, Settings
from lab.watcher import Watcher
from lab.world import CARD_TONE

CALLER, AGENT = 440, 700
TALK = 1.5
AT_CARD_LINE = 2.0
BEEP = 700  # Hz: `beep` of Asterisk's core sounds
ON_16 = pytest.mark.asterisk_version("16")


@pytest.fixture
def watcher(brisk_lab: Lab) -> Iterator[Watcher]:
    with Watcher(brisk_lab.spool, brisk_lab.vault) as watcher:
        yield watcher


def pay_by_card(lab: Lab, settings: Settings) -> Account:
    """One call: reception, the card line, reception again."""
    lab.configure(settings)
    since = time.time()
    caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = lab.world.party_at("202")
    time.sleep(TALK)
    agent.press("*7")
    card = lab.world.party_at("700")
    time.sleep(AT_CARD_LINE)
    card.hang_up()
    lab.world.party_at("202")
    wait_until(lambda: caller.hears(AGENT, 0.3))
    time.sleep(TALK)
    caller.hang_up()
    return settled(lab, since)


def caller_file(account: Account) -> Path:
    assert account.caller.file is not None
    return account.caller.file


def longest_pause(file: Path) -> tuple[float, float]:
    """Where the caller was not heard for the longest time between two times."""
    spans = tones.spans_with(file, CALLER)
    pauses = [(before[1], after[0]) for before, after in pairwise(spans)]
    return max(pauses, key=lambda pause: pause[1] - pause[0], default=(0.0, 0.0))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("wav", 1),
        ("wav49", tones.WAVE_FORMAT_GSM),
        pytest.param("wav49", tones.WAVE_FORMAT_GSM, marks=ON_16, id="wav49-on-16"),
    ],
)
def test_a_format_goes_the_whole_way(brisk_lab: Lab, watcher: Watcher, name: str, code: int) -> None:
    """Asterisk writes wav in either: of wav49 it keeps twenty seconds to itself."""
    account = pay_by_card(brisk_lab, {"recording.format": name})
    file = caller_file(account)
    assert measure(file).encoding.name == name
    assert code == int.from_bytes(file.read_bytes()[20:22], "little")
    assert {Path(kept.name).suffix for kept in watcher.sounds if kept.name.parent == brisk_lab.spool} == {".wav"}
    assert account.caller.outline == ["recorded", CARD_LINE, "recorded"]
    start, end = longest_pause(file)
    assert end - start == pytest.approx(account.caller.seconds(Kind.SUSPENDED, CARD_LINE), abs=0.6)
    assert tones.seconds_with(file, CALLER) > 2 * TALK
    assert account.caller.found is not None
    assert account.caller.found.file is not None
    assert account.caller.found.file.format == name
    assert account.caller.found.file.seconds == pytest.approx(tones.duration(file), abs=0.05)
    watcher.stop()
    assert watcher.bursts_of(CARD_TONE) == []
    assert list(brisk_lab.spool.glob("[!.]*")) == []


@pytest.mark.parametrize("fill", ["tone", "cut"])
def test_what_stands_for_the_time_of_the_card_payment(brisk_lab: Lab, fill: str) -> None:
    account = pay_by_card(brisk_lab, {"recording.suspended_time": fill})
    file = caller_file(account)
    silent = account.caller.seconds(Kind.SUSPENDED, CARD_LINE)
    start, end = longest_pause(file)
    assert silent > AT_CARD_LINE
    if fill == "cut":
        assert end - start < silent - AT_CARD_LINE + 0.5
        return
    assert end - start == pytest.approx(silent, abs=0.6)
    middle = tones.read(file)[int((start + 0.3) * 8000) : int((end - 0.3) * 8000)]
    loudest = float(abs(middle).max())
    assert (loudest > 0.01) == (fill == "tone"), f"the loudest in the middle is {loudest}"
    assert tones.bursts_of(middle, CARD_TONE) == []


def test_a_beep_reminds_everybody_where_that_is_wanted(brisk_lab: Lab) -> None:
    brisk_lab.configure({"recording.beep_every": 5})
    brisk_lab.world.phone("202").answers(tone=1120)
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    agent = brisk_lab.world.party_at("202")
    time.sleep(6)
    caller.hang_up()
    account = settled(brisk_lab, since)
    assert beeps(caller.heard)
    assert beeps(agent.heard)
    assert account.caller.outline == ["recorded"]
    assert {leg.channel.endpoint for leg in account.legs} == {"PJSIP/trunk", "PJSIP/202"}


def beeps(file: Path) -> list[tones.Span]:
    return tones.spans_with(file, BEEP, -40)


def test_a_stored_recording_has_its_hash_and_its_expiry(brisk_lab: Lab) -> None:
    since = time.time()
    caller = brisk_lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    time.sleep(0.5)
    caller.hang_up()
    account = settled(brisk_lab, since)
    with closing(sqlite3.connect(f"file:{brisk_lab.catalogue_path}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT sha256, bytes, expires FROM recordings WHERE wanted >= ?", [since]).fetchall()
    files = [leg.file for leg in account.legs if leg.file is not None]
    assert len(files) == 2
    assert {(sha256(file), file.stat().st_size) for file in files} == {row[:2] for row in rows}
    half_a_year = 182 * 86400
    assert all(row[2] == pytest.approx(time.time() + half_a_year, abs=4 * 86400) for row in rows)


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
