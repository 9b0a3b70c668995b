"""A program that is killed (kill -9) before each thing that it does on a disk or in the catalogue, one after the other.

``python -m dying finish|purge FOLDER`` prints, for every such moment in turn, what is left once it was done again: the
processes that die are real ones, forked from this one, so that their catalogue, files and locks are as a crash leaves
them.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from callwarden.core.facts import RecordingState
from callwarden.core.retention import Rule
from callwarden.storage import leftovers
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue
from callwarden.storage.finish import FinishJob, finish
from callwarden.storage.parts import pieces
from callwarden.storage.purge import purge
from callwarden.storage.strays import sweep
from callwarden.storage.vault import Vault
from storage_world import AT, UNIQUE_ID, call, channel, recording, seconds_of, segment, suspension, tone, write_wav

T = TypeVar("T")
ON_DISK = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}
DAY = 86400.0
NOW = AT + 10 * DAY
WEEK = Rule("1 week", lambda ended: ended + 7 * DAY)
FILES = (f"{UNIQUE_ID}-{int(AT)}000.wav", f"{UNIQUE_ID}-{int(AT) + 5}000.wav")


class Place:
    """A spool, a vault, a catalogue."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spool = root / "spool"
        self.spool.mkdir(parents=True, exist_ok=True)
        self.tick: Callable[[], None] = lambda: None

    def __enter__(self) -> "Place":
        self.vault = Vault(self.root / "vault")
        self.db = open_catalogue(self.root / "catalogue.sqlite")
        return self

    def __exit__(self, *failure: object) -> None:
        self.db.close()

    def run(self, work: Callable[[Database], T]) -> T:
        self.tick()
        result = work(self.db)
        self.tick()
        return result

    def ended_call(self, unique_id: str, at: float = AT) -> None:
        save_all(
            self.db,
            [
                call(unique_id, started=at, answered=at, ended=at + 7),
                channel(unique_id, unique_id, started=at, answered=at, ended=at + 7),
                recording(unique_id, unique_id, state=RecordingState.CLOSED),
            ],
        )

    def finish(self, unique_id: str = UNIQUE_ID) -> None:
        segments = [
            segment(FILES[0], AT, AT + 2, unique_id=unique_id),
            segment(FILES[1], AT + 5, AT + 7, 2, unique_id=unique_id),
        ]
        plan = pieces(segments, [suspension(AT + 2, AT + 5)], self.spool, AT + 7)
        finish(FinishJob(unique_id, plan, expires=AT + 7 * DAY), self.vault, self.run)

    def records(self) -> None:
        for file in FILES:
            write_wav(self.spool / file, tone(440, 2))

    def state(self, unique_id: str = UNIQUE_ID) -> str:
        (state,) = self.db.conn.execute("SELECT state FROM recordings WHERE unique_id = ?", [unique_id]).fetchone()
        return str(state)

    def sounds(self) -> list[Path]:
        return sorted(path for path in self.vault.root.rglob("*") if path.suffix in (".wav", ".age"))


def finishing(place: Place) -> None:
    place.ended_call(UNIQUE_ID)
    save_all(place.db, [segment(FILES[0], AT, AT + 2), segment(FILES[1], AT + 5, AT + 7, 2)])
    place.records()


def finished_again(place: Place) -> dict[str, Any]:
    """What the daemon does on its return."""
    place.vault.sweep()
    sweep(place.run, place.vault)
    if place.state() != "stored":
        place.finish()
    names = [path.name for path in place.spool.iterdir()]
    leftovers.take_in(place.db, place.spool, place.vault, names, NOW, sighted=True)
    return {
        "state": place.state(),
        "seconds": [seconds_of(path) for path in place.sounds()],
        "spool": [path.name for path in place.spool.iterdir()],
        "incoming": [path.name for path in place.vault.scratch.iterdir()],
    }


OLD, NEW = UNIQUE_ID, f"{int(NOW)}.1"


def purging(place: Place) -> None:
    place.ended_call(OLD)
    place.records()
    place.finish(OLD)
    place.ended_call(NEW, NOW - DAY)
    place.records()
    place.finish(NEW)


def purged_again(place: Place) -> dict[str, Any]:
    purge(place.run, place.vault, WEEK, NOW)
    tombstones = place.db.conn.execute("SELECT unique_id FROM tombstones").fetchall()
    return {
        "state": [place.state(OLD), place.state(NEW)],
        "tombstones": [unique_id for (unique_id,) in tombstones],
        "vault": [path.stem for path in place.sounds()],
        "marks": place.db.conn.execute("SELECT count(*) FROM purge_marks").fetchone()[0],
    }


TASKS: dict[str, tuple[Callable[[Place], None], Callable[[Place], object], Callable[[Place], dict[str, Any]]]] = {
    "finish": (finishing, Place.finish, finished_again),
    "purge": (purging, lambda place: purge(place.run, place.vault, WEEK, NOW), purged_again),
}


def die_at(number: int, place: Place) -> None:
    """The process is killed when it is about to do its ``number``-th thing."""
    left = [number]

    def tick(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    place.tick = tick
    sys.addaudithook(lambda event, _: tick() if event in ON_DISK else None)


def killed_at(number: int, root: Path, work: Callable[[Place], object]) -> bool:
    child = os.fork()
    if child == 0:
        with Place(root) as place:
            die_at(number, place)
            work(place)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def main(task: str, folder: Path) -> None:
    prepare, work, recover = TASKS[task]
    results = []
    for number in range(1000):
        root = folder / str(number)
        with Place(root) as place:
            prepare(place)
        killed = killed_at(number, root, work)
        with Place(root) as place:
            results.append(recover(place))
        if not killed:
            break
    print(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
