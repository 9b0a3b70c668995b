"""`./run demo`: one real call through a real Asterisk, recorded by Callwarden, and what came of it.

Exit status 0: the check of the audio agrees. 1: it does not, and which check failed is said. 2: the machine lacks
something, or the call could not be made.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from lab import demo_needs

PICTURE = Path("callwarden-demo.png")
OK, DISAGREES, CANNOT = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole demo; what it needs is looked at before anything of it is imported."""
    asked = _parser().parse_args(arguments)
    lacking = demo_needs.missing(asked.picture)
    for sentence in lacking:
        print(f"demo: {sentence}", file=sys.stderr)
    if lacking:
        return CANNOT
    # SIGINT too: a shell's background job inherits it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    from lab.demo_run import run

    try:
        return run(asked.picture, keep=asked.keep)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; everything it started has ended", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run demo", description="One real call through a real Asterisk.")
    parser.add_argument("--keep", action="store_true", help="leave it running, to ring in with a softphone")
    parser.add_argument(
        "--picture", type=Path, default=PICTURE, metavar="FILE", help=f"where the picture goes (default: ./{PICTURE})"
    )
    return parser


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    """As Ctrl-C: everything that was started is ended on the way out."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.stdout.flush()
    sys.exit(main())
