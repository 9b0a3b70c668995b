"""Facts as rows and back: one table a fact type, one column a field, nothing renamed, nothing lost.

Text comes from callers. NUL, newlines and 10 kB are TEXT to SQLite as they are; a lone surrogate (a byte that
was not UTF-8 when it arrived) cannot be TEXT, so such a text is kept as a BLOB and comes back the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from operator import attrgetter
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from callwarden.core.facts import (
    Announcement,
    Call,
    Channel,
    Fact,
    Gap,
    Recording,
    Segment,
    Suspension,
)

F = TypeVar("F", Call, Channel, Recording, Segment, Suspension, Announcement, Gap)
Value = str | bytes | float | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Where facts of one type are kept; ``extra`` columns are worked out from the fact when it is saved, from its
    ``steady`` columns: its key, what is indexed or searched by, what others refer to. From one state of a thing to the
    next these are usually the same. None where that is not worth knowing."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    extra: tuple[str, ...] = ()
    steady: tuple[str, ...] = ()

    @property
    def upsert(self) -> str:
        """Insert or change in place; REPLACE would delete the row first, and with it its other columns."""
        written = self.columns + self.extra
        changes = ", ".join(f'"{c}" = excluded."{c}"' for c in written if c not in self.key)
        marks = ", ".join("?" for _ in written)
        return (
            f"INSERT INTO {self.name} ({quoted(written)}) VALUES ({marks}) "
            f"ON CONFLICT ({quoted(self.key)}) DO UPDATE SET {changes}"
        )

    @property
    def changing(self) -> tuple[str, ...]:
        """The columns that are not steady."""
        return tuple(column for column in self.columns if column not in self.steady)

    @property
    def update(self) -> str:
        """Change the row whose steady columns are the same, and nothing where there is none. SQLite takes a row out of
        every index on a column that is set, and puts it back, changed or not; here such are not set."""
        changes, same = (sep.join(f'"{c}" = ?' for c in columns) for sep, columns in
                         ((", ", self.changing), (" AND ", self.steady)))  # fmt: skip
        return f"UPDATE {self.name} SET {changes} WHERE {same}"

    def select(self, where: str) -> str:
        """All facts that ``where`` (SQL of ours with parameters) chooses."""
        return f"SELECT {quoted(self.columns)} FROM {self.name} WHERE {where}"


def quoted(columns: Sequence[str], table: str = "") -> str:
    """Column names for SQL; ``by`` is a word of SQL's own."""
    prefix = f"{table}." if table else ""
    return ", ".join(f'{prefix}"{column}"' for column in columns)


def _columns(kind: type[Fact]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


TABLES: dict[type[Fact], Table] = {
    Call: Table(
        "calls", ("linked_id",), _columns(Call), ("caller_e164", "called_e164"),
        steady=("linked_id", "started", "caller_number", "caller_name", "called_number"),
    ),
    Channel: Table(
        "channels", ("unique_id",), _columns(Channel), ("e164",),
        steady=("unique_id", "linked_id", "role", "number", "endpoint", "party_name"),
    ),
    Recording: Table("recordings", ("unique_id",), _columns(Recording), steady=("unique_id", "linked_id")),
    Segment: Table("segments", ("file",), _columns(Segment), steady=("file", "unique_id", "number")),
    Suspension: Table("suspensions", ("unique_id", "number"), _columns(Suspension)),
    Announcement: Table("announcements", ("unique_id", "number"), _columns(Announcement)),
    Gap: Table("gaps", ("unique_id", "started"), _columns(Gap)),
}  # fmt: skip


def key(fact: Fact) -> tuple[object, ...]:
    """What makes two facts two states of the same thing."""
    return type(fact), KEYS[type(fact)](fact)


def values(fact: Fact) -> list[Value]:
    """The row of ``fact``, in the order of its table's columns."""
    read, written = WRITERS[type(fact)]
    row = list(read(fact))
    for place, write in written:
        row[place] = write(row[place])
    return row


def fact_of(kind: type[F], row: Sequence[Any]) -> F:
    """The fact that :func:`values` made ``row`` of."""
    return kind(**{name: read(value) for (name, read), value in zip(READERS[kind], row, strict=True)})


def text_to_sql(text: str) -> str | bytes:
    """As TEXT where UTF-8 can say it, as a BLOB where it cannot."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def text_from_sql(value: Any) -> str:
    """The text that :func:`text_to_sql` was given."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else str(value)


def _writer(kind: type[Fact]) -> tuple[Callable[[Fact], Sequence[Any]], tuple[tuple[int, Callable[[Any], Value]], ...]]:
    """What reads a fact's fields, and which of them SQLite takes only as something else."""
    hints, names = get_type_hints(kind), _columns(kind)
    changed = ((place, _to_sql(hints[name])) for place, name in enumerate(names))
    return attrgetter(*names), tuple((place, write) for place, write in changed if write is not None)


def _to_sql(hint: Any) -> Callable[[Any], Value] | None:
    """What makes a value of this type one that SQLite keeps without changing it; None for those that it takes."""
    if hint is str:
        return text_to_sql
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {member: str(member) for member in hint}.__getitem__
    return int if hint is bool else None


def _readers(kind: type[Fact]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, _reader(hints[field.name])) for field in fields(kind))


def _reader(hint: Any) -> Callable[[Any], Any]:
    if isinstance(hint, UnionType):
        inner = _reader(next(option for option in get_args(hint) if option is not type(None)))
        return lambda value: None if value is None else inner(value)
    if hint is str:
        return text_from_sql
    if isinstance(hint, type) and issubclass(hint, Enum | bool | int | float):
        return hint
    raise TypeError(f"A fact's field of type {hint} has no column type yet: say in rows.py how it is kept.")


KEYS = {kind: attrgetter(*table.key) for kind, table in TABLES.items()}
READERS = {kind: _readers(kind) for kind in TABLES}
WRITERS = {kind: _writer(kind) for kind in TABLES}
