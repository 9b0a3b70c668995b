"""A loop that stands still ends the process; one that turns does not."""

import subprocess
import sys

import pytest

from callwarden.guard import EXIT_STATUS

PROGRAM = """
import asyncio, time
from callwarden.guard import guarded
async def main():
    with guarded(still=1.0):
        {body}
asyncio.run(main())
print("went on")
"""


def run(body: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)], capture_output=True, text=True, timeout=30, check=False
    )


def test_a_loop_that_stands_still_ends_the_process_and_says_where_it_stood() -> None:
    ended = run("time.sleep(20)")
    assert ended.returncode == EXIT_STATUS
    assert "the event loop stands still" in ended.stderr
    assert "line 6 in main" in ended.stderr


@pytest.mark.parametrize("body", ["await asyncio.sleep(2.5)", "time.sleep(0.9); await asyncio.sleep(1)"])
def test_a_loop_that_turns_goes_on(body: str) -> None:
    ended = run(body)
    assert (ended.returncode, ended.stdout.strip()) == (0, "went on")
