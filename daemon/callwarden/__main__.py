"""The command `callwarden`, which `python -m callwarden` is too.

The daemon is put ahead of the machine's other programs as its very first act, before anything is imported that takes
time: beside a busy Asterisk even 50 ms of CPU are a second's wait.
"""

import sys
from collections.abc import Iterable

from callwarden.priority import hurry


def main() -> None:
    """Do what the command line says."""
    if is_the_daemon(sys.argv[1:]):
        hurry()
    from callwarden.cli import main as command

    command(prog_name="callwarden")


def is_the_daemon(arguments: Iterable[str]) -> bool:
    """Whether the command is `run`: the first word that is neither an option nor the file of `--config`."""
    words = iter(arguments)
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return word == "run"
    return False


if __name__ == "__main__":
    main()
