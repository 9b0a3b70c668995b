"""The sections of the daemon's own health: room on the disks, and what watches it."""

from typing import Annotated

from pydantic import Field

from callwarden.config import kinds as kind
from callwarden.config.section import Section


class Disk(Section):
    """When to say that room for recordings gets short. Looked at every minute. Nothing that must be kept is ever
    deleted to make room."""

    alarm_days: Annotated[float, Field(ge=0, le=365)] = 14.0
    """An alarm when what is free will do for fewer days, at the rate at which the vault grew in the last week (what
    came in, less what was purged); it ends when there is a fifth more. 0: never by days."""
    least_free_mb: Annotated[int, Field(ge=0, le=10_000_000)] = 1000
    """An alarm when less is free, in megabytes, whatever the rate: of the vault's disk and of the spool's. An hour
    of one recorder is 57 MB."""


class Metrics(Section):
    """http://127.0.0.1:9473/metrics, for Prometheus."""

    listen: kind.Address = "127.0.0.1"
    """Loopback: there is no password."""
    port: Annotated[int, Field(ge=0, le=65535)] = 9473
    """0: nobody is answered."""
