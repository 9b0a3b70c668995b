"""Killed at any moment of a move to the vault, or of a purge, the daemon finishes it on its return, exactly once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dying import NEW, OLD


def after_each_death(task: str, folder: Path) -> list[dict[str, Any]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "dying", task, str(folder)], env=environment, check=True, capture_output=True, text=True
    )
    results: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(results) > 10, "the moments at which it died"
    return results


def test_a_move_to_the_vault_is_finished_exactly_once_wherever_it_was_killed(tmp_path: Path) -> None:
    for moment, left in enumerate(after_each_death("finish", tmp_path)):
        expected = {"state": "stored", "seconds": [pytest.approx(7, abs=0.1)], "spool": [], "incoming": []}
        assert left == expected, f"killed at moment {moment}"


def test_a_purge_is_finished_exactly_once_wherever_it_was_killed(tmp_path: Path) -> None:
    for moment, left in enumerate(after_each_death("purge", tmp_path)):
        expected = {"state": ["purged", "stored"], "tombstones": [OLD], "vault": [NEW], "marks": 0}
        assert left == expected, f"killed at moment {moment}"
