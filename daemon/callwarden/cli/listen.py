"""`callwarden listen`: hear one recording, with an approved request."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from callwarden.asking import ask_for_file
from callwarden.cli import frame, text
from callwarden.cli.frame import Exit
from callwarden.control import ControlError, Kind

PATIENCE = 120.0  # seconds: a long recording is checked to its end first
PLAYERS = (
    ("play", "-q", "-t", "wav", "-"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-i", "-"),
    ("mpv", "--no-video", "--really-quiet", "-"),
    ("aplay", "-q", "-"),
)
"""sox, ffmpeg, mpv, alsa: the first that is installed. Each reads standard input; nothing is written for it."""


@click.command()
@click.argument("recording")
@click.option("--request", "-r", "number", type=click.IntRange(1), required=True, help="The approved request.")
@click.option("--to", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write a copy here; not play it.")
@frame.json_option
def listen(recording: str, number: int, file: Path | None, as_json: bool) -> None:
    """Play a recording, or write a copy that you alone can read.

    It is on record who heard it, with which request, when. A copy is yours to delete, at the latest when the approval
    ends. Exit status 3 when you may not.
    """
    player = None if file else _player()
    if file is not None:
        _writable(file)
    with _opened(recording, number, "file" if file else "play") as (answer, audio):
        if file is not None:
            _write(audio, file)
            until = text.local(answer["until"])
            _say(answer, as_json, f"{file} is written, for you alone. Delete it by {until}.", file)
        else:
            assert player is not None
            _say(answer, as_json, f"Playing {text.length(answer['seconds'])} with {player[0]}.", None)
            if subprocess.run(player, stdin=audio, check=False).returncode:
                frame.stop(f"{player[0]} could not play it. Write a copy with --to FILE.", Exit.FAILED)


@contextmanager
def _opened(recording: str, number: int, use: str) -> Iterator[tuple[dict[str, Any], BinaryIO]]:
    path = frame.settings().control.socket
    try:
        answer, handles = ask_for_file(path, "listen", patience=PATIENCE, recording=recording, request=number, use=use)
    except ControlError as error:
        frame.stop(str(error), Exit.NOT_ALLOWED if error.kind is Kind.NOT_ALLOWED else Exit.FAILED)
    if len(handles) != 1:
        frame.stop("The daemon sent no audio. See `journalctl -u callwarden`.", Exit.FAILED)
    with os.fdopen(handles[0], "rb") as audio:
        yield answer, audio


def _writable(file: Path) -> None:
    """Before anything is asked for: what was heard is on record, and this would not be."""
    if os.path.lexists(file):
        frame.stop(f"{file} is there already; nothing is overwritten.", Exit.FAILED)
    folder = file.absolute().parent
    if not os.access(folder, os.W_OK | os.X_OK):
        frame.stop(f"{file} cannot be written: {folder} is no folder of yours.", Exit.FAILED)


def _write(audio: BinaryIO, file: Path) -> None:
    """A new file, never through a link, never over another."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(file, flags, 0o600), "wb") as out:
            shutil.copyfileobj(audio, out, 1 << 20)
    except FileExistsError:
        frame.stop(f"{file} is there already; nothing is overwritten.", Exit.FAILED)
    except OSError as error:
        frame.stop(f"{file} cannot be written: {error.strerror}.", Exit.FAILED)


def _player() -> tuple[str, ...]:
    found = next((player for player in PLAYERS if shutil.which(player[0])), None)
    if found is None:
        names = ", ".join(player[0] for player in PLAYERS)
        frame.stop(f"There is no player here ({names}). Write a copy with --to FILE.", Exit.ENVIRONMENT)
    return found


def _say(answer: dict[str, Any], as_json: bool, sentence: str, file: Path | None) -> None:
    if as_json:
        text.print_json({**answer, "file": None if file is None else str(file)})
    else:
        click.echo(sentence)
