"""`python -m soak`: soak, print the figures, and keep the logs where something was found."""

import argparse
import json
import random
import resource
import shutil
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from lab.roots import RootMissing, cache_directory
from soak import report
from soak.held import HeldCall
from soak.leaks import LeakWatch
from soak.office import Office, open_office
from soak.plan import Plan
from soak.soaking import Record, Soak

RESULTS = Path(__file__).parents[1] / "bench" / "results"
OPEN_FILES = 16384  # every file that ever appeared is kept open until it was searched
WIDTH = 110  # columns, also where the output is a file
SHORT = {"calls": 60, "faults": 14, "minutes": 3.0, "side_by_side": 8, "longest_talk": 6.0}
FULL = {"calls": 1000, "faults": 200, "minutes": 30.0, "side_by_side": 20, "longest_talk": 15.0}


def main() -> int:
    console = Console(stderr=True, width=WIDTH)
    plan, keep = _plan()
    console.print(f"==> soak on Asterisk {plan.version}: --seed {plan.seed} does the same again", highlight=False)
    folder = cache_directory() / "soak" / f"{time.strftime('%Y%m%d-%H%M%S')}-{plan.seed}"
    _allow_open_files()
    try:
        record = _soak(plan, folder, console)
    except (RootMissing, PermissionError) as error:
        console.print(f"soak: {error}", highlight=False)
        return 2
    report.show(Console(width=WIDTH), record)
    if len(record.played) >= FULL["calls"] and len(record.faults) >= FULL["faults"]:
        name = "soak" if plan.version == "22" else f"soak-{plan.version}"
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(report.figures(record), indent=2) + "\n")
    if record.findings or keep:
        print(f"Kept: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if record.findings else 0


def _soak(plan: Plan, folder: Path, console: Console) -> Record:
    folder.mkdir(parents=True)
    with open_office(folder, plan.version) as office:
        soak = Soak(office, plan, lambda text: console.print(f"==> {text}", highlight=False, markup=False))
        interrupted = threading.Event()

        def interrupt(*_: object) -> None:
            interrupted.set()
            soak.stop.set()

        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, interrupt)
        held = HeldCall(plan, folder / "held", interrupted) if HeldCall.fits(plan) else None
        if held is not None:
            held.start()
        with LeakWatch(folder / "leaks", office.lab.spool, office.lab.vault) as watch:
            record = soak.run(watch)
        if held is not None:
            console.print("==> waiting for the call that is on hold for ten minutes", highlight=False)
            record.findings += held.finish()
            record.on_hold = held.seconds
        _keep(office, record, folder)
        return record


def _keep(office: Office, record: Record, folder: Path) -> None:
    shutil.copy(office.lab.pbx.log, folder / "asterisk.log")
    story = {
        "plan": asdict(record.plan),
        "calls": [asdict(one) for one in record.played],
        "faults": [asdict(one) for one in record.faults],
        "channels": [asdict(one) for one in office.evidence.channels.values()],
        "findings": [asdict(one) for one in record.findings],
    }
    (folder / "story.json").write_text(json.dumps(story, indent=1) + "\n")


def _plan() -> tuple[Plan, bool]:
    parser = argparse.ArgumentParser(
        prog="./run soak", description="Calls of every kind and faults mixed at random, and a look at what came of it."
    )
    parser.add_argument("--short", action="store_true", help="3 minutes, as part of the tests; keeps no result")
    parser.add_argument("--calls", type=int, metavar="N", help="how many calls (1000)")
    parser.add_argument("--faults", type=int, metavar="N", help="how many faults (200)")
    parser.add_argument("--minutes", type=float, metavar="N", help="how long it takes altogether (30)")
    parser.add_argument("--side-by-side", type=int, metavar="N", help="at most so many calls at the same time (20)")
    parser.add_argument("--seed", type=int, metavar="N", help="the same dice again; the machine's own timing is not")
    parser.add_argument("--version", choices=("22", "16"), default="22", help="which Asterisk (22)")
    parser.add_argument("--keep", action="store_true", help="keep catalogue, vault and logs even if nothing was found")
    given = vars(parser.parse_args())
    short, keep, version, seed = (given.pop(name) for name in ("short", "keep", "version", "seed"))
    amounts = {**(SHORT if short else FULL), **{name: value for name, value in given.items() if value is not None}}
    seed = seed if seed is not None else random.SystemRandom().randrange(1_000_000)
    return Plan(seed=seed, version=version, short=short, **amounts), keep


def _allow_open_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard) if hard > 0 else OPEN_FILES, hard))


if __name__ == "__main__":
    sys.exit(main())
