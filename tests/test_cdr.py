"""Call detail records as Asterisk writes them, and as nobody should: each bad line costs itself and nothing else."""

import csv
import io
import os
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from callwarden.core.reconcile import Cdr
from callwarden.storage.cdr import LONGEST_LINE, CdrError, Cdrs

PLAIN = [
    "", "07700900123", "202", "from-trunk", '"Jane" <07700900123>', "PJSIP/trunk-00000000", "PJSIP/202-00000001",
    "Dial", "PJSIP/202,20", "2026-11-22 04:30:00", "2026-11-22 04:30:05", "2026-11-22 04:31:05", "65", "60",
    "ANSWERED", "DOCUMENTATION",
]  # fmt: skip
UNIQUE = "pbx22-1795321800.12"
STARTED = 1795321800.0


def line(*more: str, **changes: str) -> str:
    """As cdr_csv.c writes it: text in quotes, numbers bare."""
    row = [*PLAIN, *more]
    for place, value in changes.items():
        row[int(place.removeprefix("c"))] = value
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(row)
    return out.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Master.csv"


@pytest.fixture
def london() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/London"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def read(path: Path, text: str | bytes, csv_times: str = "utc") -> tuple[list[Cdr], Cdrs]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    cdrs = Cdrs(path, csv_times)
    return list(cdrs), cdrs


def test_the_default_columns_are_read(path: Path) -> None:
    (cdr,), _ = read(path, line())
    assert cdr == Cdr(
        where="line 1", unique_id="", linked_id="", channel="PJSIP/trunk-00000000", to_channel="PJSIP/202-00000001",
        started=STARTED, answered=STARTED + 5, ended=STARTED + 65, billed=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "ids"),
    [
        ((UNIQUE,), (UNIQUE, "")),
        (("a user field",), ("", "")),
        ((UNIQUE, "a user field"), (UNIQUE, "")),
        (("peer", "1.2", "7"), ("", "1.2")),
        ((UNIQUE, "peer", "1.2", "7"), (UNIQUE, "1.2")),
        ((UNIQUE, "a user field", "peer", "1.2", "7"), (UNIQUE, "1.2")),
    ],
)
def test_what_cdr_conf_may_add_is_understood(path: Path, more: tuple[str, ...], ids: tuple[str, str]) -> None:
    (cdr,), _ = read(path, line(*more))
    assert (cdr.unique_id, cdr.linked_id) == ids


def test_times_are_utc_or_local_as_configured(path: Path, london: None) -> None:
    summer = {"c9": "2026-07-01 12:00:00", "c10": "2026-07-01 12:00:05", "c11": "2026-07-01 12:01:00"}
    (utc,), _ = read(path, line(**summer))
    (local,), _ = read(path, line(**summer), csv_times="local")
    assert utc.started - local.started == 3600


def test_what_nobody_answered_and_what_is_plumbing_need_no_recording(path: Path) -> None:
    cdrs, _ = read(
        path,
        line(c14="NO ANSWER", c10="") + line(c13="1") + line(c5="Local/1@x-0;1", c6="Local/2@x-0;2") + line(),
    )
    assert [cdr.counts for cdr in cdrs] == [False, False, False, True]


HOSTILE = [
    ('"; rm -rf /, "" ,', "commas and quotes"),
    ("\x00\x00", "NUL"),
    ("x" * 10_000, "a name of 10 kB"),
    ("\udcff\udc80 📞", "bytes that are no UTF-8"),
    ("\x1b[31m\u202e", "what does something to a terminal"),
]


@pytest.mark.parametrize("name", [text for text, _ in HOSTILE], ids=[what for _, what in HOSTILE])
def test_hostile_names_are_read_and_cost_nothing(path: Path, name: str) -> None:
    cdrs, source = read(path, line(UNIQUE, "", c4=name) + line())
    assert [cdr.unique_id for cdr in cdrs] == [UNIQUE, ""]
    assert source.bad == 0


def test_half_a_line_at_the_end_is_left_for_the_next_time(path: Path) -> None:
    cdrs, source = read(path, line() + line()[:70])
    assert (len(cdrs), source.bad) == (1, 0)


@pytest.mark.parametrize(
    "bad",
    [
        line()[:70] + "\n", "nonsense\n", '"a","b"\n', line(c9="yesterday"), line(c9=""), line(c13="many"),
        line("1", "2", "3", "4", "5", "6"), line(c9="99999-01-01 00:00:00"), '"' * 50 + "\n", "\x00\n",
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_understood_costs_itself_and_is_counted(path: Path, bad: str) -> None:
    cdrs, source = read(path, line() + bad + line())
    assert len(cdrs) == 2
    assert (source.bad, source.bad_at) == (1, "line 2")


def test_a_line_without_an_end_for_megabytes_is_one_bad_line(path: Path) -> None:
    cdrs, source = read(path, line() + "x" * (3 * LONGEST_LINE) + "\n" + line())
    assert (len(cdrs), source.bad) == (2, 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=some.binary(max_size=400), before=some.booleans())
def test_no_bytes_whatever_make_it_fail(path: Path, data: bytes, before: bool) -> None:
    good = line().encode()
    assume(before or not data.startswith(b"SQLite format 3"))  # a database, and a broken one, is told of as such
    cdrs, _ = read(path, (good + data) if before else (data + b"\n" + good))
    assert cdrs


def test_a_huge_file_is_read_in_little_memory(path: Path) -> None:
    text = line(UNIQUE, "")
    with path.open("w") as file:
        for _ in range(100):
            file.write(text * 1500)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in Cdrs(path)) == 150_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "kilobytes; the file has 40 MB"


def test_what_is_no_plain_file_is_not_opened(path: Path) -> None:
    makers: list[Callable[[], None]] = [
        lambda: os.mkfifo(path), lambda: path.symlink_to("/etc/hostname"), lambda: path.mkdir(),
    ]  # fmt: skip
    for make in makers:
        make()
        with pytest.raises(CdrError, match="cannot be read"):
            list(Cdrs(path))
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    with pytest.raises(CdrError, match="is not there"):
        list(Cdrs(path))


COLUMNS = (
    "calldate, clid, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition, amaflags, "
    "accountcode, uniqueid, userfield, test"
)


def table(path: Path, *rows: tuple[object, ...], columns: str = COLUMNS, name: str = "cdr") -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"CREATE TABLE {name} (AcctId INTEGER PRIMARY KEY, {columns})")
        marks = ",".join("?" * len(columns.split(",")))
        db.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)
        db.commit()
    return path


def row(clid: object = "Jane", **changes: object) -> tuple[object, ...]:
    values: dict[str, object] = {
        "calldate": "2026-11-22 04:30:00", "clid": clid, "dcontext": "from-trunk", "channel": "PJSIP/trunk-00000000",
        "dstchannel": "PJSIP/202-00000001", "lastapp": "Dial", "lastdata": "x", "duration": "65", "billsec": "60",
        "disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "accountcode": "", "uniqueid": UNIQUE, "userfield": "",
        "test": "",
    }  # fmt: skip
    return tuple((values | changes).values())


def test_the_table_of_cdr_sqlite3_custom_is_read_by_the_names_of_its_sample(path: Path, london: None) -> None:
    (cdr,) = Cdrs(table(path, row()))
    assert cdr == Cdr(
        where="row 1", unique_id=UNIQUE, linked_id="", channel="PJSIP/trunk-00000000", to_channel="PJSIP/202-00000001",
        started=STARTED, answered=STARTED + 5, ended=STARTED + 65, billed=60,
    )  # fmt: skip


def test_seconds_with_a_fraction_are_read(path: Path, london: None) -> None:
    (cdr,) = Cdrs(table(path, row(duration="65.250000", billsec="60.125")))
    assert (cdr.ended - cdr.started, cdr.billed) == (65.25, 60.125)


def test_seconds_since_1970_are_read(path: Path) -> None:
    assert [cdr.started for cdr in Cdrs(table(path, row(calldate=1795321800), row(calldate="1795321800.5")))] == [
        STARTED, STARTED + 0.5,
    ]  # fmt: skip


def test_hostile_rows_cost_themselves(path: Path) -> None:
    hostile = [row(clid=text.encode("utf-8", "surrogateescape")) for text, _ in HOSTILE]
    cdrs = Cdrs(table(path, *hostile, row(calldate="soon"), row(duration=None), row(billsec=b"\xff"), row()))
    assert len(list(cdrs)) == len(HOSTILE) + 1
    assert (cdrs.bad, cdrs.bad_at) == (3, f"row {len(HOSTILE) + 1}")


def test_a_database_that_is_none_of_ours_is_said_so(path: Path) -> None:
    with pytest.raises(CdrError, match="no such table"):
        list(Cdrs(table(path, row()), table="calls"))
    path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(CdrError, match="cdr_sqlite3_custom"):
        list(Cdrs(path))
