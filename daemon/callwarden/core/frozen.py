"""Dataclasses that nobody changes, as quick to make as others.

Python's own frozen ones set each field by way of ``object.__setattr__``: twice the time (measured, 3.11 to 3.13), for
what is made a hundred times a call. Here the type checker alone keeps them from being changed, which it does for all
of Callwarden's code; otherwise they are the same, with equality and a hash by their fields.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type[Any]], type[Any]]:
        """As ``dataclasses.dataclass``, of which these three are used."""
        assert frozen, "what is to be changed is a plain dataclass"
        return dataclasses.dataclass(slots=slots, kw_only=kw_only, unsafe_hash=True)
