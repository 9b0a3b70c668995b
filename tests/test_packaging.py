"""What `pip install .` and `pipx install .` bring: the command, and every file that an admin copies."""

import subprocess
import sys
import zipfile

import pytest

from callwarden.assets import SOURCE_TREE

SHARE = "callwarden-{version}.data/data/share/callwarden"
# What is in these folders beside what is built there belongs to an installation.
BROUGHT = ["dialplan/*.conf", "config/callwarden.*", "config/asterisk/*.conf", "sounds/en/*.flac", "sounds/en/*.txt"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from what git tracks, as from a clone."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tracked = subprocess.run(
        ["git", "-C", SOURCE_TREE, "ls-files", "-z"], capture_output=True, check=True, text=True
    ).stdout
    for name in tracked.split("\0"):
        if name and (SOURCE_TREE / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((SOURCE_TREE / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, tree],
        check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("callwarden-*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_has_every_module_and_every_file_that_is_copied(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    version = next(name for name in names if name.endswith(".dist-info/METADATA")).split("-")[1].split(".dist")[0]
    share = SHARE.format(version=version)
    package = SOURCE_TREE / "daemon"
    modules = {str(path.relative_to(package)) for path in package.glob("callwarden/**/*.py")}
    copied = {f"{share}/{path.relative_to(SOURCE_TREE)}" for one in BROUGHT for path in SOURCE_TREE.glob(one)}
    assert copied
    assert modules | copied | {"callwarden/py.typed"} <= names


def test_the_wheel_gives_the_command(wheel: zipfile.ZipFile) -> None:
    (entry,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "callwarden = callwarden.__main__:main" in wheel.read(entry).decode()


def test_the_wheel_brings_nothing_of_the_tests(wheel: zipfile.ZipFile) -> None:
    assert [name for name in wheel.namelist() if name.startswith(("tests", "lab", "bench"))] == []
