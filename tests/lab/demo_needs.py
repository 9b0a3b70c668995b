"""What the demo needs of a machine, looked at before anything is started.

Takes the picture's destination; gives a sentence for each thing that is missing, with what to do.
"""

import importlib.util
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from lab import roots
from lab.roots import REPOSITORY, RootMissing

PROGRAMS = {"setpriv": "util-linux", "chroot": "coreutils"}
MODULES = ("callwarden", "numpy", "matplotlib", "rich", "asyncinotify")
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
PROMPTS = ("inbound", "card-not-recorded", "recording-resumed")
SETUP = "run `./run demo`, which prepares it"


def missing(picture: Path) -> list[str]:
    """Empty when the demo can begin."""
    return [*_rights(), *_programs(), *_prepared(), *_network(), *_destination(picture)]


def _rights() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "Root is needed, because the private Asterisk is started with chroot: use `sudo ./run demo`."


def _programs() -> Iterator[str]:
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            yield f"The program {program} is missing: install Debian's package {package}."


def _prepared() -> Iterator[str]:
    for module in MODULES:
        if importlib.util.find_spec(module) is None:
            yield f"The Python package {module} is missing: {SETUP}."
    for prompt in PROMPTS:
        if not (REPOSITORY / "sounds" / "built" / "en" / f"{prompt}.sln").is_file():
            yield f"The prompt {prompt} is not built: {SETUP}."
    try:
        roots.asterisk_root("22")
    except RootMissing as error:
        yield str(error)


def _network() -> Iterator[str]:
    """The office, the provider and the phones have an address of loopback each."""
    for address in ADDRESSES:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 0))
            except OSError as error:
                yield f"The loopback address {address} cannot be used ({error.strerror}): is the interface lo up?"


def _destination(picture: Path) -> Iterator[str]:
    folder = picture.absolute().parent
    if not folder.is_dir():
        yield f"There is no folder {folder} for the picture: give another place with --picture."
    elif not os.access(folder, os.W_OK) or picture.is_dir():
        yield f"The picture cannot be written to {picture}: give another place with --picture."
