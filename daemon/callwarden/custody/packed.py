"""Dataclasses over the control socket and back, whole: what the catalogue's readers give, for people who may not read
its file.

Takes a dataclass, gives what JSON can hold; takes that and the type, gives the dataclass. Text of any kind comes back
the same, lone surrogates too.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def pack(value: Any) -> Any:
    """For JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return [pack(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple | list):
        return [pack(each) for each in value]
    if isinstance(value, dict):
        return {name: pack(each) for name, each in value.items()}
    return value.value if isinstance(value, Enum) else value


def written(values: Iterable[Any]) -> bytes:
    """A list of them as JSON, one by one: for a thread, and :class:`callwarden.control.Listed`."""
    return b"[%b]" % b", ".join(json.dumps(pack(each)).encode() for each in values)


def unpack(kind: type[T], value: Any) -> T:
    """What :func:`pack` was given. Raises ValueError, TypeError for anything else."""
    read: T = _read(kind, value)
    return read


def _read(hint: Any, value: Any) -> Any:
    if isinstance(hint, UnionType):
        inner = next(option for option in get_args(hint) if option is not NoneType)
        return None if value is None else _read(inner, value)
    if get_origin(hint) is tuple:
        return tuple(_read(get_args(hint)[0], each) for each in value)
    if get_origin(hint) is dict:
        return {name: _read(get_args(hint)[1], each) for name, each in value.items()}
    if get_origin(hint) is Counter:
        return Counter(value)
    if is_dataclass(hint) and isinstance(hint, type):
        return hint(**{name: _read(one, each) for (name, one), each in zip(_hints(hint), value, strict=True)})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value


@lru_cache(maxsize=64)
def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind))
