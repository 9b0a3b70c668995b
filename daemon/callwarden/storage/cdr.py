"""Asterisk's call detail records, read as they were written: the CSV of cdr_csv, the table of cdr_sqlite3_custom.

Takes a path, gives records one after the other, in little memory however long the file is. Text in them comes from
callers: a line that cannot be understood costs itself and is counted, nothing else. Asterisk appends to the CSV while
it is read, so a last line without its end is left for the next time.
"""

import csv
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO

from callwarden.core.reconcile import Cdr
from callwarden.storage.audio import open_regular
from callwarden.storage.riff import AudioError

SQLITE = b"SQLite format 3\0"
LONGEST_LINE = 256 * 1024  # bytes; what is longer was written by no Asterisk
EPOCH = re.compile(r"\d{9,10}(\.\d+)?", re.ASCII)
WRITTEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
# cdr_csv.c, Asterisk 16 to 22: 16 columns, then uniqueid, userfield, and three more where cdr.conf asks for them.
PLAIN, MORE = 16, 3
BUSY_SECONDS = 5.0


class CdrError(Exception):
    """A file that cannot be read as call detail records; the text says why and what to do."""


@dataclass(slots=True)
class Cdrs:
    """Iterate to read; afterwards ``bad`` lines were not understood, and ``bad_at`` names the first of them."""

    path: Path
    csv_times: str = "utc"
    table: str = "cdr"
    read: int = 0
    bad: int = 0
    bad_at: str = ""
    _zone: tzinfo | None = field(init=False, default=None)

    def __iter__(self) -> Iterator[Cdr]:
        try:
            yield from self._records()
        except FileNotFoundError:
            raise CdrError(f"{self.path} is not there: does Asterisk write call detail records into it?") from None
        except AudioError as error:  # open_regular's word for a link, a device or a pipe
            raise CdrError(f"{self.path} cannot be read: {error}.") from None
        except OSError as error:
            raise CdrError(f"{self.path} cannot be read: {error.strerror}. May Callwarden's user read it?") from None
        except sqlite3.Error as error:
            raise CdrError(f"{self.path} cannot be read as a table of cdr_sqlite3_custom: {error}.") from None

    def _records(self) -> Iterator[Cdr]:
        with open_regular(self.path) as file:
            if file.read(len(SQLITE)) == SQLITE:
                yield from self._of_table()
                return
            file.seek(0)
            self._zone = UTC if self.csv_times == "utc" else None
            yield from self._of_csv(file)

    def _of_csv(self, file: IO[bytes]) -> Iterator[Cdr]:
        for number, line in enumerate(_lines(file), 1):
            record = self._of_line(line, f"line {number}")
            if record is not None:
                yield record

    def _of_line(self, line: bytes, where: str) -> Cdr | None:
        if not line.strip():
            return None
        try:
            (row,) = csv.reader([line.decode("utf-8", "surrogateescape").rstrip("\r\n")], strict=True)
            return self._counted(_of_row(row, where, self._zone))
        except (ValueError, csv.Error, OverflowError, OSError):
            self._is_bad(where)
            return None

    def _of_table(self) -> Iterator[Cdr]:
        self._zone = None  # the sample's ${CDR(start)} is local time
        # Never made, never waited for longer than a moment: Asterisk is its writer.
        where = f"{self.path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(where, uri=True, timeout=BUSY_SECONDS)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            cursor = connection.execute(f'SELECT * FROM "{self.table}"')
            names = [column[0].lower() for column in cursor.description]
            for number, row in enumerate(cursor, 1):
                try:
                    record = _of_named(dict(zip(names, row, strict=True)), f"row {number}")
                except (ValueError, KeyError, TypeError, OverflowError, OSError):
                    self._is_bad(f"row {number}")
                    continue
                yield self._counted(record)

    def _counted(self, record: Cdr) -> Cdr:
        self.read += 1
        return record

    def _is_bad(self, where: str) -> None:
        self.bad += 1
        self.bad_at = self.bad_at or where


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines; of one that is too long, nothing but its place."""
    while line := file.readline(LONGEST_LINE):
        if line.endswith(b"\n"):
            yield line
        elif len(line) == LONGEST_LINE:
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield b"too long\n"


def _of_row(row: Sequence[str], where: str, zone: tzinfo | None) -> Cdr:
    unique_id, linked_id = _ids(row)
    start, answer, end = (_time(row[n], zone) if row[n] else None for n in (9, 10, 11))
    if start is None or end is None:
        raise ValueError("a call detail record without a beginning or an end")
    return Cdr(
        where=where, unique_id=unique_id, linked_id=linked_id, channel=row[5], to_channel=row[6], started=start,
        answered=answer if row[14] == "ANSWERED" else None, ended=end, billed=float(row[13]),
    )  # fmt: skip


def _ids(row: Sequence[str]) -> tuple[str, str]:
    """The unique id and the linked id, where they were asked for (cdr.conf: loguniqueid, newcdrcolumns)."""
    optional = len(row) - PLAIN
    if optional not in (0, 1, 2, MORE, MORE + 1, MORE + 2):
        raise ValueError("not the columns of cdr_csv")
    linked_id = row[-2] if optional >= MORE else ""
    own = optional - MORE if optional >= MORE else optional
    unique_id = row[PLAIN] if own == 2 or (own == 1 and _is_unique_id(row[PLAIN])) else ""
    return unique_id, linked_id


def _is_unique_id(text: str) -> bool:
    head, dot, tail = text.rpartition(".")
    return bool(dot) and tail.isdecimal() and head[-9:].isdecimal()


def _of_named(row: "dict[str, object]", where: str) -> Cdr:
    """As the sample of cdr_sqlite3_custom names its columns; ``start`` for ``calldate`` is understood too."""
    started = _time(str(row["calldate"] if "calldate" in row else row["start"]), None)
    duration, billed = float(str(row["duration"])), float(str(row["billsec"]))
    ended = started + duration
    return Cdr(
        where=where, unique_id=_text(row.get("uniqueid")), linked_id=_text(row.get("linkedid")),
        channel=_text(row.get("channel")), to_channel=_text(row.get("dstchannel")), started=started,
        answered=ended - billed if row.get("disposition") == "ANSWERED" else None, ended=ended, billed=billed,
    )  # fmt: skip


def _text(value: object) -> str:
    return "" if value is None else os.fsdecode(value) if isinstance(value, bytes) else str(value)


def _time(text: str, zone: tzinfo | None) -> float:
    """``2026-11-22 04:30:00``, in ``zone`` or local time; high resolution adds a fraction. Asterisk 22 may be told to
    write seconds since 1970 instead: ``start(int64)``, ``start(float)``."""
    if EPOCH.fullmatch(text):
        return float(text)
    whole, _, fraction = text.partition(".")
    if not WRITTEN.fullmatch(whole):
        raise ValueError("not a time as Asterisk writes it")
    moment = datetime.fromisoformat(whole)  # 30 times as fast as strptime, and a file has a million lines
    return moment.replace(tzinfo=zone).timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
