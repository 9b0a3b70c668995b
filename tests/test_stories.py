"""Every story in ``stories/`` goes as it is written."""

from pathlib import Path

import pytest

from playbook import perform, read

STORIES = sorted((Path(__file__).parent / "stories").glob("*.story"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    for beat, orders in perform(read(path)):
        assert orders == beat.orders, f"{path.name}, line {beat.number}: {beat.text}"
