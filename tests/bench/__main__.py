"""`python -m bench [part ...]`: measure, print tables, keep the results and render README.md."""

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import costs, report
from bench.machine import machine, today, versions
from bench.parts import PARTS, Part

LIMIT_SECONDS = 2700  # for each part; the load takes half of it, and more where levels are tried twice
WIDTH = 150  # columns, also where the output is a file
RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parent / "README.md"


class TooLong(Exception):
    """A part is bounded in time."""


def main() -> int:
    arguments = _arguments()
    console = Console(stderr=True)
    signal.signal(signal.SIGALRM, _too_long)
    for part in PARTS:
        if part.name in (arguments.parts or [one.name for one in PARTS]):
            try:
                result = _measured(part, arguments.small, console)
            except (TooLong, PermissionError) as error:
                console.print(f"bench: {part.name}: {error}", highlight=False)
                return 1
            report.show(Console(width=max(WIDTH, Console().width)), part, result)
            if not arguments.small:
                _keep(part, result)
    return 0


def _measured(part: Part, small: bool, console: Console) -> dict[str, Any]:
    date, on, began, watch = today(), machine(), time.monotonic(), costs.Watch({})
    signal.alarm(LIMIT_SECONDS)
    found = part.run(small, lambda text: console.print(f"==> {part.name}: {text}", highlight=False))
    signal.alarm(0)
    return {
        "name": part.name, "date": date, "took": round(time.monotonic() - began, 1), "machine": on,
        "versions": versions(), "surroundings": found.get("surroundings") or watch.surroundings(), "found": found,
    }  # fmt: skip


def _keep(part: Part, result: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{part.name}.json").write_text(json.dumps(result, indent=2) + "\n")
    part.draw(result["found"], RESULTS)
    results = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}
    pictures = {one.name: sorted(RESULTS.glob(f"{one.name}-*.png")) for one in PARTS}
    PAGE.write_text(report.page(results, pictures))


def _arguments() -> argparse.Namespace:
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="./run bench", description="What Callwarden costs, and how quick it is.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one or more of {', '.join(names)}; all without")
    parser.add_argument("--small", action="store_true", help="a handful of calls, to try it out; keeps no result")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(names)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return arguments


def _too_long(*_: object) -> None:
    raise TooLong(f"it is not done after {LIMIT_SECONDS} s, and is ended")


if __name__ == "__main__":
    sys.exit(main())
