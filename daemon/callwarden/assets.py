"""Where the files that come with Callwarden are: the prompts, the dialplan, the sample configuration.

In a source tree they stand beside ``daemon/``; an installation has them in ``share/callwarden`` of its prefix.
"""

import sys
from pathlib import Path

SOURCE_TREE = Path(__file__).parents[2]
INSTALLED = Path(sys.prefix) / "share" / "callwarden"


def asset(name: str) -> Path:
    """The folder ``name`` (``sounds``, ``dialplan``, ``config``). Raises FileNotFoundError with what to do."""
    for home in (SOURCE_TREE, INSTALLED):
        if (home / name).is_dir() and (home is INSTALLED or (home / "setup.cfg").is_file()):
            return home / name
    raise FileNotFoundError(f"the folder {name} that comes with Callwarden is not there: install Callwarden again")


def prompts(configured: str) -> Path:
    """Where the built prompts are, a folder for each language; ``configured`` is empty for those that come along."""
    return Path(configured) if configured else asset("sounds") / "built"
