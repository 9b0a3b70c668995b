"""`callwarden seal`: the daemon's key, who can open the recordings, and sealing them all anew."""

import os
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from callwarden.checks.who import daemon_user
from callwarden.cli import frame, text
from callwarden.cli.frame import Exit
from callwarden.cli.given import config_path
from callwarden.config.credentials import STORE
from callwarden.storage.keys import new_identity


@click.group()
def seal() -> None:
    """Sealed storage: recordings encrypted at rest, in the format of `age`."""


@seal.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def keygen(file: Path) -> None:
    """Make a key in FILE (0600), and print the recipient that belongs to it.

    For the daemon: its own key, named in [seal] identity. For the data protection officer: on a machine of theirs, by
    this or by `age-keygen`; only what is printed here goes into [seal] recipients.
    """
    try:
        recipient = new_identity(file)
        _give_to_daemon(file)
    except FileExistsError:
        frame.stop(f"{file} is there already. A key that is overwritten is lost with all that it opens.", Exit.FAILED)
    except OSError as error:
        frame.stop(f"The key could not be written to {file}: {error.strerror}.", Exit.FAILED)
    click.echo(recipient)
    click.echo(f"The secret key is in {file}: keep a copy of it in a safe, away from this machine.", err=True)


def _give_to_daemon(file: Path) -> None:
    """Root makes it for the daemon's user; from the credential store systemd hands it over."""
    if os.geteuid() != 0 or STORE in file.absolute().parents or not config_path().exists():
        return
    owner = daemon_user(frame.settings())
    os.chown(file, owner.uid, -1)


@seal.command()
@frame.json_option
def status(as_json: bool) -> None:
    """Tell who can open the recordings, and how many are still to be sealed."""
    _show(frame.order(frame.settings(), "seal-status"), as_json)


@seal.command()
@frame.json_option
def rotate(as_json: bool) -> None:
    """Seal every recording anew, to the recipients that the configuration names now.

    Reads the configuration and the key again, and goes on in the background; `callwarden seal status` tells how far.
    When it is through, former recipients open nothing that is in the vault. A new key of the daemon's own goes above
    the former one in the file of [seal] identity, which stays until then.
    """
    settings = frame.settings()
    for sentence in frame.order(settings, "reload").get("problems", []):
        frame.stop(text.shown(sentence, 1000), Exit.ENVIRONMENT)
    _show(frame.order(settings, "seal-rotate"), as_json)


def _show(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        text.print_json(answer)
    else:
        console = text.console()
        for sentence in answer["problems"]:
            console.print(Text(f"PROBLEM  {text.shown(sentence, 1000)}", style="bold red"))
        console.print(text.pairs(_lines(answer)))
    if answer["problems"]:
        raise click.exceptions.Exit(int(Exit.FAILED))


def _lines(answer: dict[str, Any]) -> dict[str, str]:
    left, stored = answer["left"], answer["stored"]
    progress = "all are sealed with these keys"
    if left:
        progress = f"{left} of {stored} are still to be sealed with these keys"
        progress += f"; {answer['done']} done so far" if answer["running"] else ""
    return {
        "sealing": "on" if answer["enabled"] else "off: new recordings are stored as they are",
        "recipients": "\n".join(answer["recipients"]),
        "recordings": f"{stored} stored, {answer['sealed']} of them sealed",
        "progress": progress if answer["enabled"] else "",
    }
