"""`callwarden init`: a commented configuration with secrets of its own, and the lines to add to Asterisk's files."""

import os
import secrets
from pathlib import Path

import click

from callwarden.checks.who import DAEMON, named
from callwarden.cli import frame
from callwarden.cli.frame import Exit
from callwarden.cli.given import config_path
from callwarden.config import Settings, sample
from callwarden.setup_lines import setup_lines

MODE = 0o640  # it holds secrets: root writes, Callwarden's group reads
SECRET_BYTES = 24


@click.command()
def init() -> None:
    """Write a commented configuration, and print what to add to Asterisk.

    A configuration that is there already is never changed: then its own lines are printed. The new one has secrets
    of its own; it goes to where --config points.
    """
    path = config_path()
    if path.exists():
        click.echo(f"# {path} is there already and stays as it is.", err=True)
        settings = frame.settings()
    else:
        settings = _fresh()
        _write(path, sample(settings))
        click.echo(f"# Written: {path}. Look through it; every option stands there with its reason.", err=True)
    click.echo("# Add these lines to Asterisk's own files, then: core reload\n", err=True)
    click.echo("\n".join(str(addition) for addition in setup_lines(settings)))
    click.echo("# Then: callwarden sounds build, callwarden check", err=True)


def _fresh() -> Settings:
    """The defaults, with new secrets."""
    made = {
        "ami": {"secret": secrets.token_urlsafe(SECRET_BYTES)},
        "ari": {"password": secrets.token_urlsafe(SECRET_BYTES)},
    }
    return Settings.model_validate(made)


def _write(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    except FileExistsError:
        frame.stop(f"{path} has just been made by somebody else; it stays as it is.", Exit.FAILED)
    except FileNotFoundError:
        frame.stop(f"There is no folder {path.parent}. Make it: install -d -m 750 {path.parent}", Exit.ENVIRONMENT)
    except PermissionError:
        frame.stop(f"You may not write {path}. Be root, or give --config another place.", Exit.NOT_ALLOWED)
    except OSError as error:
        frame.stop(f"{path} cannot be written: {error.strerror}.", Exit.ENVIRONMENT)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        _give_to_the_daemon(handle)
        file.write(text)


def _give_to_the_daemon(handle: int) -> None:
    """Its group reads the file, where there is one yet and we may give it away."""
    daemon = named(DAEMON)
    if daemon is not None and os.geteuid() == 0:
        os.fchown(handle, -1, daemon.gid)
