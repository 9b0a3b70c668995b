"""How whoever is not the writer's thread does something on the catalogue's write connection."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlite_utils import Database

T = TypeVar("T")


class Run(Protocol):
    """Does something on the catalogue's write connection and waits for it: ``Writer.wait``."""

    def __call__(self, work: Callable[[Database], T], /) -> T: ...
