"""Where the private roots are: a whole small Debian each, with an Asterisk or with telephone clients in it.

`./run setup` makes them (tests/lab/make-root); here they are only found. CALLWARDEN_CACHE moves the cache, which is
`.cache/` of the repository otherwise.
"""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
STAMP = ".callwarden-root"


class RootMissing(Exception):
    """A private root was not made yet."""


def cache_directory() -> Path:
    chosen = os.environ.get("CALLWARDEN_CACHE")
    return Path(chosen) if chosen else REPOSITORY / ".cache"


def root(name: str) -> Path:
    """The root called `asterisk-22`, `asterisk-16` or `clients`."""
    path = cache_directory() / "roots" / name
    if not (path / STAMP).is_file():
        raise RootMissing(f"There is no private root at {path}. Run `./run setup` first.")
    return path


def asterisk_root(version: str) -> Path:
    return root(f"asterisk-{version}")


def module_directory(root_path: Path) -> str:
    """`astmoddir`, as seen from inside the root. Debian moved it between bullseye and forky."""
    for pattern in ("usr/lib/*-linux-gnu*/asterisk/modules", "usr/lib/asterisk/modules"):
        for found in root_path.glob(pattern):
            return f"/{found.relative_to(root_path)}"
    raise RootMissing(f"There is no Asterisk in {root_path}. Remove it and run `./run setup` again.")
