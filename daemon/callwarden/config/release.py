"""Releases of recordings to those whom they concern: where they are built, and for how long they lie there."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from callwarden.config import kinds as kind
from callwarden.config.section import Section
from callwarden.core.period import Period


class Release(Section):
    """What is handed over: subject access, law enforcement, a regulator."""

    path: kind.AnyPath = Path("/var/lib/callwarden/releases")
    """Where releases are built and lie until they are fetched; Callwarden's own, with room for them."""
    keep: kind.KeptFor = Period(14, "day")
    """How long a built release lies there. It can be built again."""
    organisation: Annotated[str, Field(max_length=200)] = ""
    """Your name, on the cover page."""
    note: Annotated[str, Field(max_length=2000)] = ""
    """What else the cover page tells the reader: whom to ask, their rights, where to complain."""
