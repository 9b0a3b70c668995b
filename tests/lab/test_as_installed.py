"""The laboratory's daemon runs on what the product installs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.daemon import AS_INSTALLED, compile_as_installed


def test_the_daemon_of_the_laboratory_finds_nothing_that_only_the_tests_install() -> None:
    code = "import sqlite_utils, sys; sys.exit('numpy.version' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(AS_INSTALLED)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == 0


def test_a_start_that_is_measured_finds_the_bytecode_of_all_that_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    compile_as_installed()
    compiled = {path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc")}
    assert {"service", "back_office", "ways", "finishing", "connector"} <= compiled
