"""A catalogue as years of calls leave it: made quickly, by SQL, with the product's schema.

Takes a number of recordings; gives calls of two recordings each, spread over the time until now, with numbers of many
spellings, findable by the product's own search, and an audit chain of as many entries as there are recordings. Kept in
the cache between runs, and copied for each use.
"""

import hashlib
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from callwarden.config import Settings
from callwarden.core.numbers import e164, search_key
from callwarden.custody import audit
from callwarden.storage import ruling
from callwarden.storage.database import open_catalogue, set_setting
from callwarden.storage.expiry import DATED_BY
from callwarden.storage.migrations import migrations
from lab.roots import cache_directory

REGION = "GB"
KEPT = Settings().retention.keep
DAY = 86400.0
PEOPLE = 20_000  # different outside numbers
EXTENSIONS = 100
BATCH = 20_000
# In one place, so that a purge finds as many as it is asked to.
FORMAT, SIZE, SECONDS = "wav", 1_920_044, 120.0


def catalogue(path: Path, recordings: int, days: float = 180.0) -> Path:
    """A catalogue of so many recordings at `path`, from the cache where it was made before today's schema changed."""
    made = _cached(recordings, days)
    shutil.copyfile(made, path)
    path.chmod(0o600)
    return path


def _cached(recordings: int, days: float) -> Path:
    schema = hashlib.sha256(repr([m.name for m in migrations._migrations]).encode()).hexdigest()[:10]
    day = time.strftime("%Y%m%d")
    folder = cache_directory() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"catalogue-{recordings}-{days:g}-{schema}-{day}.sqlite"
    if not made.exists():
        for old in folder.glob(f"catalogue-{recordings}-{days:g}-*"):
            old.unlink()
        draft = made.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        _make(draft, recordings, days)
        draft.rename(made)
    return made


def numbers() -> list[str]:
    """The outside numbers, as callers send them: some national, some international."""
    dice = random.Random(7)
    digits = [f"7700{dice.randrange(900000, 999999)}{n % 10}" for n in range(PEOPLE)]
    return [f"+44{d}" if n % 3 == 0 else f"0{d}" for n, d in enumerate(digits)]


def _make(path: Path, recordings: int, days: float) -> None:
    open_catalogue(path, REGION).close()
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -400000", "foreign_keys = OFF"):
        db.execute(f"PRAGMA {pragma}")
    people, ids = numbers(), {}
    db.execute("BEGIN")
    extensions = [str(3000 + n) for n in range(EXTENSIONS)]
    for kind, text in [*(("number", one) for one in people), *(("extension", one) for one in extensions)]:
        key = search_key(text, REGION) if kind == "number" else text
        row = (kind, key, e164(text, REGION))
        db.execute('INSERT OR IGNORE INTO numbers (kind, "key", e164) VALUES (?, ?, ?)', row)
        ids[text] = db.execute('SELECT id FROM numbers WHERE kind = ? AND "key" = ?', (kind, key)).fetchone()[0]
    for first in range(0, recordings // 2, BATCH):
        _insert(db, list(_calls(people, first, min(BATCH, recordings // 2 - first), recordings // 2, days)), ids)
    chain = Database(db, execute_plugins=False)
    for n in range(recordings):
        audit.append(chain, n, "Jane Doe", "listened", f"1780000000.{n}", {"request": "R1", "reason": "a complaint"})
    db.execute("COMMIT")
    # As last night's purge left it.
    set_setting(chain, DATED_BY, ruling.read(chain, Settings().retention, time.time()).name)
    db.execute("PRAGMA optimize")
    db.execute("PRAGMA journal_mode = WAL")
    db.close()


Row = tuple[int, str, float, str, str, str]


def _calls(people: list[str], first: int, count: int, of: int, days: float) -> Iterator[Row]:
    """id, linked id, start, number, extension, name."""
    now = time.time() - DAY
    for n in range(first, first + count):
        started = now - days * DAY * (1 - n / of)
        number = people[(n * 7919) % PEOPLE]
        yield n + 1, f"{started:.0f}.{2 * n}", started, number, str(3000 + n % EXTENSIONS), f"Caller {n % PEOPLE}"


def _insert(db: sqlite3.Connection, calls: list[Row], ids: dict[str, int]) -> None:
    e164s = {number: e164(number, REGION) for _, _, _, number, _, _ in calls}
    db.executemany(
        "INSERT INTO calls (id, linked_id, direction, started, answered, ended, caller_number, caller_name,"
        " called_number, trunk, language, caller_e164)"
        " VALUES (?, ?, 'inbound', ?, ?, ?, ?, ?, '02079460001', 'PJSIP/trunk', 'en', ?)",
        [(i, linked, s, s + 4, s + 124, n, name, e164s[n]) for i, linked, s, n, _, name in calls],
    )
    channels = [
        row for _, linked, s, number, extension, name in calls for row in (
            (linked, linked, "PJSIP/trunk-00000001", "PJSIP/trunk", "outside", s, number, name, s + 4, s + 124),
            (_second(linked), linked, f"PJSIP/{extension}-00000002", f"PJSIP/{extension}", "phone", s, extension, "",
             s + 4, s + 124),
        )
    ]  # fmt: skip
    db.executemany(
        "INSERT INTO channels (unique_id, linked_id, name, endpoint, role, started, number, party_name, answered,"
        " ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", channels,
    )  # fmt: skip
    db.executemany(
        "INSERT INTO recordings (unique_id, linked_id, state, wanted, path, format, sha256, bytes, seconds, stored,"
        f" expires) VALUES (?, ?, 'stored', ?, ?, '{FORMAT}', ?, {SIZE}, {SECONDS}, ?, ?)",
        [
            (u, linked, s, file_of(u), "0" * 64, s + 126, KEPT.seconds_after(s + 124))
            for u, linked, _, _, _, s, *_ in channels
        ],
    )
    db.executemany(
        "INSERT INTO segments (file, unique_id, number, state, asked, started, stopped, closed, size, started_by,"
        f" monitor_id) VALUES (?, ?, 1, 'closed', ?, ?, ?, ?, {SIZE}, 'daemon', '')",
        [(f"{u}-1.wav", u, s, s + 0.01, s + 124, s + 124.1) for u, _, _, _, _, s, *_ in channels],
    )
    db.executemany(
        "INSERT INTO parties (linked_id, number, started) VALUES (?, ?, ?)",
        [(linked, ids[text], s) for _, linked, s, number, extension, _ in calls for text in (number, extension)],
    )
    db.executemany(
        "INSERT INTO calls_text (rowid, words) VALUES (?, ?)",
        [(i, f"{number}\n02079460001\n{extension}\n{name}") for i, _, _, number, extension, name in calls],
    )


def _second(linked_id: str) -> str:
    seconds, _, counter = linked_id.partition(".")
    return f"{seconds}.{int(counter) + 1}"


def file_of(unique_id: str) -> str:
    """Where the vault has it."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime(int(unique_id.partition('.')[0])))}/{unique_id}.wav"
