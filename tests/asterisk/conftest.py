"""A laboratory for each worker, shared by its tests: tests on a real Asterisk begin in milliseconds.

`lab` is one on Asterisk 22, or on the version that `@pytest.mark.asterisk_version("16")` names (parametrise with
`pytest.param(..., marks=...)` for both); before each test everybody has hung up and the daemon runs with the usual
settings. `quiet_lab` has no daemon and a PBX without Callwarden.
"""

from collections.abc import Callable, Iterator

import pytest

from lab.lab import Lab
from lab.pbx import DIALPLAN, WITHOUT_CALLWARDEN

LabFactory = Callable[[str, bool], Lab]
DEFAULT_VERSION = "22"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "asterisk_version(version): run on this Asterisk, 22 or 16")


@pytest.fixture(scope="session")
def laboratories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabFactory]:
    """Starts each kind of laboratory when it is first asked for, ends them all."""
    running: dict[tuple[str, bool], Lab] = {}

    def get(version: str, with_callwarden: bool) -> Lab:
        key = (version, with_callwarden)
        if key not in running:
            dialplan = DIALPLAN if with_callwarden else WITHOUT_CALLWARDEN
            folder = tmp_path_factory.mktemp(f"lab{version}")
            running[key] = Lab(version, with_callwarden, folder=folder, dialplan=dialplan).__enter__()
        return running[key]

    yield get
    for lab in running.values():
        lab.stop()


def _asked_version(request: pytest.FixtureRequest) -> str:
    marker = request.node.get_closest_marker("asterisk_version")
    return str(marker.args[0]) if marker else DEFAULT_VERSION


@pytest.fixture
def lab(request: pytest.FixtureRequest, laboratories: LabFactory) -> Lab:
    laboratory = laboratories(_asked_version(request), True)
    laboratory.reset()
    return laboratory


@pytest.fixture
def quiet_lab(request: pytest.FixtureRequest, laboratories: LabFactory) -> Lab:
    laboratory = laboratories(_asked_version(request), False)
    laboratory.reset()
    return laboratory
