"""`python -m bench`: measure, print a table, keep the result and render README.md."""

import argparse
import json
import signal
import sys
from pathlib import Path

from rich.console import Console

from bench import report, speed
from bench.office import open_office
from bench.plan import FULL, SMALL, Plan

LIMIT_SECONDS = 360
WIDTH = 150  # columns, also where the output is a file
RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parent / "README.md"


class TooLong(Exception):
    """The benchmark is bounded in time."""


def main() -> int:
    arguments = _arguments()
    console = Console(stderr=True)
    plan: Plan = SMALL if arguments.small else FULL
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LIMIT_SECONDS)
    try:
        with open_office() as office:
            result = speed.run(office, plan, lambda text: console.print(f"==> {text}", highlight=False))
    except (TooLong, PermissionError) as error:
        console.print(f"bench: {error}", highlight=False)
        return 1
    signal.alarm(0)
    report.show(Console(width=max(WIDTH, Console().width)), result)
    if not arguments.small:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{result['name']}.json").write_text(json.dumps(result, indent=2) + "\n")
        PAGE.write_text(report.page(result))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description="How fast Callwarden is, on a real Asterisk.")
    parser.add_argument("--small", action="store_true", help="a handful of calls, to try it out; keeps no result")
    return parser.parse_args()


def _too_long(*_: object) -> None:
    raise TooLong(f"the benchmark is not done after {LIMIT_SECONDS} s, and is ended")


if __name__ == "__main__":
    sys.exit(main())
