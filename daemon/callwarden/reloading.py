"""What a reload of the configuration changes at once, and what only a restart does. Pure.

Takes the settings in force and the new ones, gives the settings to go on with. Rule: what the daemon opened at its
start (connections, ports, folders, the catalogue and how its numbers are read) stays as it is until a restart;
everything else counts from the next decision on, for calls that are up too (AMI's credentials: the next login).
"""

from dataclasses import dataclass

from pydantic import BaseModel

from callwarden.config import Settings

NEEDS_RESTART = frozenset(
    {"ami.host", "ami.port", "ari", "agi", "spool", "vault", "catalogue", "control", "metrics", "calls.country"}
)
"""Sections, and single options of others."""


@dataclass(frozen=True, slots=True)
class Reload:
    """``settings`` to go on with; the options that changed (``announce.language``), by when they count."""

    settings: Settings
    applied: tuple[str, ...]
    restart: tuple[str, ...]


def reload(old: Settings, new: Settings) -> Reload:
    """The new settings, with what needs a restart as it was."""
    changed = [name for section in type(new).model_fields for name in _changed(section, old, new)]
    restart = tuple(name for name in changed if needs_restart(name))
    applied = tuple(name for name in changed if not needs_restart(name))
    return Reload(_with(new, old, restart), applied, restart)


def needs_restart(option: str) -> bool:
    """``option`` is written ``section.option``."""
    return option in NEEDS_RESTART or option.partition(".")[0] in NEEDS_RESTART


def _changed(section: str, old: Settings, new: Settings) -> list[str]:
    before, after = getattr(old, section), getattr(new, section)
    if not isinstance(after, BaseModel):
        return [section] if before != after else []
    return [f"{section}.{name}" for name in type(after).model_fields if getattr(before, name) != getattr(after, name)]


def _with(settings: Settings, other: Settings, options: tuple[str, ...]) -> Settings:
    """``settings`` with the values that ``options`` have in ``other``."""
    for option in options:
        section, _, name = option.partition(".")
        value = getattr(_section(other, section), name)
        changed = _section(settings, section).model_copy(update={name: value})
        settings = settings.model_copy(update={section: changed})
    return settings


def _section(settings: Settings, name: str) -> BaseModel:
    found: BaseModel = getattr(settings, name)
    return found
