"""A laboratory for each worker, shared by its tests: tests on a real Asterisk begin in milliseconds.

`lab` is one on Asterisk 22, or on the version that `@pytest.mark.asterisk_version("16")` names (parametrise with
`pytest.param(..., marks=...)` for both); before each test everybody has hung up and the daemon runs with the usual
settings. `brisk_lab` announces nothing, so that calls connect at once. `telling_lab` announces everything, with prompts
of a second that are tones (`lab.prompts`). `quiet_lab` has no daemon and a PBX without Callwarden.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from proof import BRISK

from lab import prompts
from lab.lab import Lab
from lab.pbx import WITHOUT_CALLWARDEN

LabFactory = Callable[[str, str], Lab]
DEFAULT_VERSION = "22"
KEPT_RUNNING = 3  # for each worker: two Asterisks each, 80 MB; to start one takes a second


@pytest.fixture(scope="session")
def laboratories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabFactory]:
    """Starts a kind of laboratory when it is asked for; the ones used last stay, those before end."""
    running: dict[tuple[str, str], Lab] = {}

    def get(version: str, kind: str) -> Lab:
        key = (version, kind)
        laboratory = running.pop(key, None)
        if laboratory is None:
            if len(running) >= KEPT_RUNNING:
                running.pop(next(iter(running))).stop()
            laboratory = _lab(version, kind, tmp_path_factory.mktemp(f"lab{version}")).__enter__()
        running[key] = laboratory
        laboratory.reset()
        return laboratory

    yield get
    for lab in running.values():
        lab.stop()


def _lab(version: str, kind: str, folder: Path) -> Lab:
    if kind == "quiet":
        return Lab(version, daemon=False, folder=folder, dialplan=WITHOUT_CALLWARDEN)
    ring = {"CALLWARDEN_CARD_RING": 3}
    if kind == "telling":
        sounds = prompts.build(folder / "prompts")
        settings = {"announce.built": str(sounds)}
        return Lab(version, settings=settings, folder=folder, dialplan_globals=ring, sounds=sounds)
    return Lab(version, settings=BRISK if kind == "brisk" else {}, folder=folder, dialplan_globals=ring)


def _asked_version(request: pytest.FixtureRequest) -> str:
    marker = request.node.get_closest_marker("asterisk_version")
    return str(marker.args[0]) if marker else DEFAULT_VERSION


@pytest.fixture
def lab(request: pytest.FixtureRequest, laboratories: LabFactory) -> Lab:
    return laboratories(_asked_version(request), "usual")


@pytest.fixture
def brisk_lab(request: pytest.FixtureRequest, laboratories: LabFactory) -> Lab:
    return laboratories(_asked_version(request), "brisk")


@pytest.fixture
def telling_lab(request: pytest.FixtureRequest, laboratories: LabFactory) -> Lab:
    return laboratories(_asked_version(request), "telling")


@pytest.fixture
def quiet_lab(request: pytest.FixtureRequest, laboratories: LabFactory) -> Lab:
    return laboratories(_asked_version(request), "quiet")
