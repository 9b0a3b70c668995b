"""With sealing on, the vault never holds a recording's plaintext, whatever dies on the way: from the spool, from before
sealing was switched on, from one set of keys to the next, and to the purge."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import pytest
from sqlite_utils import Database

from callwarden.core.retention import Rule
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue, transaction
from callwarden.storage.finish import Finished, FinishFailed, FinishJob, finish
from callwarden.storage.keys import Keys
from callwarden.storage.parts import pieces
from callwarden.storage.purge import purge
from callwarden.storage.resealing import backlog, left, reseal
from callwarden.storage.sealing import SealError
from callwarden.storage.strays import sweep
from callwarden.storage.vault import Vault
from sealed_world import Holder, decrypted, keys_of, killed_at
from storage_world import AT, UNIQUE_ID, call, channel, recording, segment, tone, write_wav

T = TypeVar("T")
DAEMON, DPO, NEXT_DPO, STRANGER = Holder(), Holder(), Holder(), Holder()
KEYS, NEXT = keys_of(DAEMON, DPO), keys_of(DAEMON, NEXT_DPO)
PLAIN = "2026/05/28/1780000000.7.wav"
NOW = AT + 100 * 86400
WEEK = Rule("1 week", lambda ended: ended + 7 * 86400.0)
MOST_STEPS = 100


class World:
    """A call that has just ended; whoever calls :meth:`again` starts anew, as after a crash."""

    def __init__(self, root: Path) -> None:
        self.root, self.spool = root, root / "spool"
        self.vault = Vault(root / "vault")
        self.db = open_catalogue(root / "catalogue.sqlite")

    def begin(self) -> "World":
        save_all(self.db, [call(ended=AT + 2), channel(ended=AT + 2), recording()])
        write_wav(self.spool / "a-1.wav", tone(440, 2))
        return self

    def run(self, work: Callable[[Database], T]) -> T:
        return work(self.db)

    def finish(self, keys: Keys | None) -> Finished | FinishFailed:
        plan = pieces([segment("a-1.wav", AT, AT + 2)], [], self.spool, AT + 2)
        return finish(FinishJob(UNIQUE_ID, plan, keys=keys), self.vault, self.run)

    @contextmanager
    def source(self, path: str) -> Iterator[BinaryIO]:
        with self.vault.open(path) as file:
            yield file

    def reseal(self, keys: Keys) -> list[bool]:
        return [reseal(one, self.vault, self.run, keys, self.source) for one in self.run(lambda db: backlog(db, keys))]

    def row(self) -> tuple[str, str, str | None, str | None]:
        sql = "SELECT r.path, r.sha256, s.sha256, s.keys FROM recordings r LEFT JOIN seals s USING (unique_id)"
        found: tuple[str, str, str | None, str | None] = self.db.conn.execute(sql).fetchone()
        return found

    def files(self) -> list[str]:
        return sorted(
            str(path.relative_to(self.vault.root))
            for path in self.vault.root.rglob("*")
            if path.is_file() and path.name != ".vault-id"
        )

    def strays(self) -> list[str]:
        return [path for (path,) in self.db.conn.execute("SELECT path FROM strays")]

    def close(self) -> None:
        self.db.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world").begin()
    yield made
    made.close()


def sound_of(world: World) -> bytes:
    """What the recording is, by its samples as they were in the spool."""
    return tone(440, 2)


def is_whole(world: World, holder: Holder, keys: Keys) -> None:
    """One file, sealed, the one of the row; the DPO opens it without us and the hash of what comes out is the row's."""
    path, sha256, sealed_sha256, name = world.row()
    assert world.files() == [path]
    assert name == keys.name
    content = (world.vault.root / path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == sealed_sha256
    assert sound_of(world)[:400] not in content
    opened = decrypted(world.vault.root / path, holder, world.root)
    assert hashlib.sha256(opened).hexdigest() == sha256
    assert opened.endswith(sound_of(world))
    assert world.strays() == []


def test_a_recording_is_sealed_on_its_way_into_the_vault(world: World) -> None:
    result = world.finish(KEYS)
    assert isinstance(result, Finished)
    assert result.path.endswith(".wav.age")
    is_whole(world, DPO, KEYS)
    assert list(world.spool.iterdir()) == []
    assert world.finish(KEYS) == result


def dies_at_every_step(tmp_path: Path, prepare: Callable[[World], object], work: Callable[[World], object]) -> int:
    """Kill ``work`` before each of its changes of a file; start again, ask again; give how many there were."""
    for step in range(1, MOST_STEPS):
        root = tmp_path / str(step)
        world = World(root).begin()
        prepare(world)
        world.close()

        def live(root: Path = root) -> None:
            born = World(root)
            work(born)
            born.close()

        died = killed_at(step, live)
        world = World(root)
        world.vault.sweep()
        sweep(world.run, world.vault)
        plain_left = [name for name in world.files() if name.endswith(".wav") and name != world.row()[0]]
        assert plain_left == [], f"killed at step {step}, a plaintext is left that no recording has"
        assert len([name for name in world.files() if name == world.row()[0]]) == (world.row()[0] is not None)
        work(world)
        is_whole(world, NEXT_DPO, NEXT)
        assert list(world.spool.iterdir()) == []
        world.close()
        shutil.rmtree(root)
        if not died:
            return step - 1
    raise AssertionError("it never ended")


def test_killed_at_any_step_of_finishing_there_is_one_sealed_file_and_no_plaintext(tmp_path: Path) -> None:
    assert dies_at_every_step(tmp_path, lambda _: None, lambda world: world.finish(NEXT)) >= 8


def test_killed_at_any_step_of_sealing_what_was_not_sealed_nothing_is_lost_and_no_plaintext_left(
    tmp_path: Path,
) -> None:
    assert dies_at_every_step(tmp_path, lambda world: world.finish(None), lambda world: world.reseal(NEXT)) >= 5


def test_killed_at_any_step_of_a_rotation_nothing_is_lost_and_nothing_of_the_old_keys_left(tmp_path: Path) -> None:
    assert dies_at_every_step(tmp_path, lambda world: world.finish(KEYS), lambda world: world.reseal(NEXT)) >= 5


def test_sealing_switched_on_between_a_crash_and_the_next_start_leaves_no_plaintext(world: World) -> None:
    with world.vault.put(PLAIN) as out:
        out.write(b"joined, and then the daemon died")
    world.finish(KEYS)
    is_whole(world, DPO, KEYS)


def test_after_a_rotation_the_former_dpo_opens_nothing(world: World) -> None:
    world.finish(KEYS)
    assert world.run(lambda db: left(db, NEXT)) == 1
    assert world.reseal(NEXT) == [True]
    assert world.run(lambda db: left(db, NEXT)) == 0
    is_whole(world, NEXT_DPO, NEXT)
    with pytest.raises(Exception, match="non-zero exit status"):
        decrypted(world.vault.root / world.row()[0], DPO, world.root)


def test_a_recording_that_cannot_be_opened_stays_as_it_was(world: World) -> None:
    world.finish(keys_of(STRANGER))
    before = world.row()
    with pytest.raises(SealError, match="sealed to other keys"):
        world.reseal(NEXT)
    assert world.row() == before
    sweep(world.run, world.vault)
    assert world.files() == [before[0]]


def test_a_recording_that_is_not_what_it_was_is_not_sealed_over(world: World) -> None:
    world.finish(None)
    path = world.vault.root / PLAIN
    path.write_bytes(path.read_bytes()[:-2] + b"xx")
    with pytest.raises(SealError, match="SHA-256 is another"):
        world.reseal(KEYS)
    assert world.row()[0] == PLAIN
    sweep(world.run, world.vault)
    assert world.files() == [PLAIN]


def test_what_is_being_purged_is_not_sealed_again(world: World) -> None:
    world.finish(KEYS)
    (one,) = world.run(lambda db: backlog(db, NEXT))
    assert purge(world.run, world.vault, WEEK, NOW).purged == 1
    assert not reseal(one, world.vault, world.run, NEXT, world.source)
    assert world.files() == []


def test_a_purge_takes_the_sealed_file_and_whatever_re_sealing_left(world: World) -> None:
    world.finish(KEYS)
    with world.vault.put("2026/05/28/left.wav.age") as out:
        out.write(b"half of it")
    with transaction(world.db) as connection:
        connection.execute("INSERT INTO strays VALUES ('2026/05/28/left.wav.age', ?)", [UNIQUE_ID])
    report = purge(world.run, world.vault, WEEK, NOW)
    assert (report.purged, report.gone, report.stuck) == (1, 0, 0)
    assert (world.files(), world.strays()) == ([], [])
    assert world.db.conn.execute("SELECT count(*) FROM seals").fetchone() == (0,)
    assert world.db.conn.execute("SELECT count(*) FROM tombstones").fetchone() == (1,)
