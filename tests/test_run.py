"""./run on a machine where something is missing."""

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent


def without(folder: Path, *programs: str) -> str:
    """A PATH with all that this machine has but ``programs``."""
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).glob("*"):
            link = folder / program.name
            link.unlink(missing_ok=True)
            if program.name not in programs:
                link.symlink_to(program)
    return str(folder)


@pytest.mark.parametrize("missing", ["ffmpeg", "mmdebstrap"])
def test_one_missing_program_is_missed_though_the_others_are_there(missing: str, tmp_path: Path) -> None:
    path = without(tmp_path / "bin", missing, "apt-get")
    ran = subprocess.run(
        [TOP / "run", "setup"], env={"PATH": path, "CALLWARDEN_CACHE": str(tmp_path / "cache")},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.startswith("run: this is no Debian: please install")
    assert missing in ran.stderr
