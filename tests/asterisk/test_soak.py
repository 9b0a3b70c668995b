"""`./run soak --short`, as the user runs it: nothing lost, nothing leaked, nothing unexplained."""

import re
import subprocess
import sys

SEED = "486224"  # the same calls and faults for everybody; `./run soak` draws new ones
LIMIT = 240  # seconds: three minutes, and what a machine that runs other tests beside it takes longer


def test_a_short_soak_loses_nothing_leaks_nothing_and_explains_every_second() -> None:
    command = [sys.executable, "-W", "error", "-m", "soak", "--short", "--seed", SEED]
    soak = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL, check=False)
    assert soak.returncode == 0, soak.stderr + soak.stdout
    told = soak.stdout
    for nothing in ("recordings lost", "card tones found", "seconds unexplained", "other findings"):
        assert re.search(rf"│ {nothing} +│ 0( s)? ", told), told
    assert int(figure(told, "calls made")) == 60
    assert int(figure(told, "faults injected")) == 14
    assert int(figure(told, "recordings stored")) > 40
    assert int(figure(told, "files searched")) > 100


def figure(told: str, name: str) -> str:
    found = re.search(rf"│ {name} +│ (\d+)", told)
    assert found, told
    return found[1]
