"""The laboratory's daemon runs on what the product installs."""

import os
import subprocess
import sys

from lab.daemon import AS_INSTALLED


def test_the_daemon_of_the_laboratory_finds_nothing_that_only_the_tests_install() -> None:
    code = "import sqlite_utils, sys; sys.exit('numpy.version' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(AS_INSTALLED)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == 0
