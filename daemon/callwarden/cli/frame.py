"""What every command shares: the configuration, the catalogue, the daemon, and how a command ends.

Exit status: 0 done; 1 nothing found, or it failed; 2 the configuration or the machine is not as it must be, or the
command was typed wrongly; 3 not allowed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from click.shell_completion import CompletionItem
from sqlite_utils import Database

from callwarden.asking import ask
from callwarden.cli.given import DEFAULT_CONFIG, config_path
from callwarden.config import ConfigError, Settings, load
from callwarden.config.settings import Control
from callwarden.control import ControlError, Kind
from callwarden.storage.database import CatalogueError, open_readonly

SOCKET_VARIABLE = "CALLWARDEN_SOCKET"
DEFAULT_SOCKET = Control().socket

F = TypeVar("F", bound=Callable[..., Any])


class Exit(IntEnum):
    """How a command ends."""

    OK = 0
    FAILED = 1
    ENVIRONMENT = 2
    NOT_ALLOWED = 3


def stop(sentence: str, status: Exit) -> NoReturn:
    """End the command with a sentence on standard error."""
    click.echo(f"callwarden: {sentence}", err=True)
    raise click.exceptions.Exit(int(status))


def json_option(command: F) -> F:
    """`--json`, of every command that reads."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)


def settings(*, need_secrets: bool = False) -> Settings:
    """The configuration, or the end of the command with all its problems.

    Whoever may not read its file needs nothing of it but the control socket: its default, or what the environment
    variable CALLWARDEN_SOCKET says.
    """
    path = config_path()
    if not need_secrets and _closed(path):
        return Settings(control=Control(socket=Path(os.environ.get(SOCKET_VARIABLE, DEFAULT_SOCKET))))
    try:
        return load(config_path(), need_secrets=need_secrets)
    except ConfigError as error:
        stop(str(error), Exit.ENVIRONMENT)


def _closed(path: Path) -> bool:
    """Whether there is a file that we may not read."""
    try:
        with path.open("rb"):
            return False
    except PermissionError:
        return True
    except OSError:
        return False


def reads_itself(configured: Settings) -> bool:
    """Whether the catalogue's file is open to whoever runs this: root and Callwarden's user. All others are shown by
    the daemon what their role may see."""
    return os.access(configured.catalogue.path, os.R_OK, effective_ids=True) or os.geteuid() == 0


def _announce(configured: Settings) -> None:
    """The daemon enters it into the audit chain. Root could look without: this is no lock, it is the record."""
    try:
        ask(configured.control.socket, "browsing", command=click.get_current_context().command_path)
    except ControlError as error:
        if error.kind is not Kind.NOT_RUNNING:
            click.echo(f"callwarden: this look is not in the audit chain: {error}", err=True)


@contextmanager
def catalogue(configured: Settings) -> Iterator[Database]:
    """The catalogue, to read; that it is read is entered, where the daemon runs."""
    path = configured.catalogue.path
    _announce(configured)
    try:
        db = open_readonly(path)
    except PermissionError:
        stop(f"You may not read the catalogue {path}: be root, or Callwarden's user.", Exit.NOT_ALLOWED)
    except CatalogueError as error:
        stop(str(error), _status_of(path))
    try:
        yield db
    finally:
        db.close()


def _status_of(path: Path) -> Exit:
    try:
        with path.open("rb"):
            return Exit.ENVIRONMENT
    except PermissionError:
        return Exit.NOT_ALLOWED
    except OSError:
        return Exit.ENVIRONMENT


def order(configured: Settings, verb: str, *, patience: float = 15.0, **arguments: object) -> dict[str, Any]:
    """Ask the daemon, or end the command with its sentence."""
    try:
        return ask(configured.control.socket, verb, patience=patience, **arguments)
    except ControlError as error:
        stop(str(error), Exit.NOT_ALLOWED if error.kind is Kind.NOT_ALLOWED else Exit.FAILED)


def live_calls(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the linked id of a call that is up."""
    try:
        path = context.meta.get("config") or DEFAULT_CONFIG
        calls = ask(load(path).control.socket, "status", patience=1.0)["calls"]
    except (ConfigError, ControlError, KeyError):
        return []
    return [
        CompletionItem(call["linked_id"], help=f"{call['direction']} {call['caller']} to {call['called']}")
        for call in calls
        if call["linked_id"].startswith(incomplete)
    ]
