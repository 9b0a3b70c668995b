"""Where the configuration is: `--config FILE`, before the command or after it, which wins. Imports nothing slow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

DEFAULT_CONFIG = Path("/etc/callwarden/callwarden.toml")
CONFIG_VARIABLE = "CALLWARDEN_CONFIG"

F = TypeVar("F", bound=Callable[..., Any])


def _remember(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    """Given before the command or after it; after it wins."""
    if value is not None:
        context.meta["config"] = value


def config_option(command: F, variable: str | None = None) -> F:
    """`--config FILE`; ``variable`` of the environment gives it too."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False, readable=False),
        expose_value=False,
        callback=_remember,
        envvar=variable,
        help=f"The configuration (default: {DEFAULT_CONFIG}, or the environment variable {CONFIG_VARIABLE}).",
    )(command)


def config_path() -> Path:
    """The configuration's file, wherever it was given."""
    context = click.get_current_context()
    found: Path = context.meta.get("config") or DEFAULT_CONFIG
    return found
