"""ffmpeg, behind the calls: it reads the descriptor of an open file, so no path can mislead it, and writes to another.

Takes files and ffmpeg's own options; knows nothing of recordings.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from callwarden.storage.riff import AudioError

# It runs some hundred times faster than real time; one that takes this long hangs.
SECONDS = 900
COMMAND = ("nice", "-n", "10", "ffmpeg", "-nostdin", "-v", "error")


def convert(file: IO[bytes], source: Sequence[str], target: Sequence[str], to: IO[bytes]) -> None:
    """Read the whole of ``file`` as ``source`` says, write to ``to`` as ``target`` says. Raises AudioError."""
    command, read = _command(source, target), _from_the_start(file)
    try:
        done = subprocess.run(command, stdin=read, stdout=to, stderr=subprocess.PIPE, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AudioError(f"ffmpeg could not be run ({type(error).__name__}); is it installed?") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-200:]
        raise AudioError(f"ffmpeg could not convert it: {said}")


@contextmanager
def reading(file: IO[bytes], source: Sequence[str], target: Sequence[str]) -> Iterator[IO[bytes]]:
    """The whole of ``file`` as ffmpeg gives it, piece by piece. Raises AudioError at the end if it failed."""
    command, read = _command(source, target), _from_the_start(file)
    with subprocess.Popen(command, stdin=read, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        yield process.stdout
    if process.returncode:
        raise AudioError("ffmpeg could not decode it")


def _command(source: Sequence[str], target: Sequence[str]) -> list[str]:
    return [*COMMAND, *source, "-i", "pipe:0", *target, "pipe:1"]


def _from_the_start(file: IO[bytes]) -> IO[bytes]:
    """A seek within Python's buffer (128 KiB from 3.14 on) leaves the descriptor, which is what a child reads, where
    it was."""
    file.seek(0)
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    return file
