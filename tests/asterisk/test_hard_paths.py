"""The hard ways of a call: every second of every channel is explained, and the card's tone is in no file.

All of them are walked side by side, once on each Asterisk; then each is looked at by itself.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from hard_office import Mine, Way, hard_office
from hard_paths import PATHS, Check
from proof import Account, assert_accounted, settled

from lab.watcher import Watcher
from lab.world import CARD_TONE


@dataclass
class Walked:
    """What came of the ways, by their names."""

    account: Account
    ways: dict[str, tuple[Way, Future[Check]]]
    sounds: int
    card_heard: list[object]


@pytest.fixture(scope="module", params=["22", "16"], ids=["asterisk-22", "asterisk-16"])
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    folder = tmp_path_factory.mktemp(f"hard{request.param}")
    with hard_office(request.param, folder) as lab, Watcher(lab.spool, lab.vault) as watcher:
        since = time.time()
        with ThreadPoolExecutor(len(PATHS)) as pool:
            ways = {path.__name__: Way(lab, number) for number, path in enumerate(PATHS)}
            futures = {path.__name__: pool.submit(path, ways[path.__name__]) for path in PATHS}
        lab.end_all_calls()
        account = settled(lab, since, timeout=30)
        watcher.stop()
        heard: list[object] = list(watcher.bursts_of(CARD_TONE))
        both = {name: (ways[name], futures[name]) for name in ways}
        yield Walked(account, both, len(watcher.sounds), heard)


def test_every_answered_second_is_explained(walked: Walked) -> None:
    answered = [leg for leg in walked.account.legs if leg.channel.answered is not None]
    assert len(answered) > 2 * len(PATHS)
    for leg in answered:
        assert_accounted(leg)


def test_the_cards_tone_is_in_no_file(walked: Walked) -> None:
    assert walked.sounds > 2 * len(PATHS)
    assert walked.card_heard == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_way(walked: Walked, path: Callable[[Way], Check]) -> None:
    way, future = walked.ways[path.__name__]
    check = future.result()
    check(Mine(way, walked.account))
