"""The demo from the first Asterisk to the last check.

Takes where the picture goes; gives the exit status. What it starts it ends, however it is left.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from lab import demo_checks, demo_keep
from lab.ami import AmiError
from lab.daemon import DaemonError
from lab.demo_account import Account, DemoError, settled
from lab.demo_call import AT_CARD_LINE, CALLER_NAME, TALKING, perform
from lab.demo_checks import Check, Evidence
from lab.demo_report import Report, near, today
from lab.lab import Lab
from lab.ports import NoFreePorts
from lab.watcher import Watcher
from lab.world import WorldError

OK, DISAGREES, CANNOT = 0, 1, 2
FAILURES = (AmiError, DaemonError, DemoError, NoFreePorts, WorldError, OSError)
LAST_WORDS = 20  # lines
INTRODUCTION = (
    "A doctors' surgery has an Asterisk, and Callwarden beside it. A second Asterisk plays the world: the telephone "
    "provider, the people, the card line. Everything is real but the voices: each party sends a tone of its own, so "
    "that who is in a recording, and who is not, can be measured."
)


def run(destination: Path, keep: bool) -> int:
    """The whole demo."""
    report = Report()
    report.heading("Callwarden: one call with a card payment")
    report.tell(INTRODUCTION)
    lab = Lab(**demo_keep.pbx_options())
    try:
        return _with_lab(lab, report, destination, keep)
    except FAILURES as error:
        report.heading("The demo could not be finished")
        report.say(str(error))
        return CANNOT


def _with_lab(lab: Lab, report: Report, destination: Path, keep: bool) -> int:
    report.heading("Setting up")
    with report.waiting("starting two Asterisks and Callwarden"):
        lab.__enter__()
    try:
        report.tell(f"Two Asterisks ({_version(lab)}) and Callwarden are up, on loopback alone.")
        status = _call(lab, report, destination)
        if keep:
            demo_keep.keep(lab, report)
    except FAILURES:
        report.heading("The last that Callwarden's log says")
        report.say("\n".join(lab.daemon.log.read_text().splitlines()[-LAST_WORDS:]))
        raise
    else:
        return status
    finally:
        lab.stop()


def _version(lab: Lab) -> str:
    """``22.10.1``, without Debian's additions."""
    return lab.pbx.cli("core show version").split()[1].partition("+")[0]


def _call(lab: Lab, report: Report, destination: Path) -> int:
    with Watcher(lab.spool, lab.vault) as watcher:
        report.heading("The call")
        with report.waiting("the call is under way"):
            performance = perform(lab, report.event)
        with report.waiting("the recordings go to the vault"):
            account = settled(lab)
        _tell_stored(report, account, performance.began)
        watcher.stop()
        report.entry(account)
        report.ledger(account.stretches)
        with report.waiting("listening to every file"):
            evidence = demo_checks.gather(performance, account, watcher)
            checks = demo_checks.examine(evidence)
        report.checks(checks)
    with report.waiting("drawing the picture"):
        _draw(evidence, destination)
    return _conclude(report, checks, destination)


def _tell_stored(report: Report, account: Account, began: float) -> None:
    files = [one.file for one in account.story.recordings if one.file is not None]
    if files:
        at = max(file.stored for file in files) - began
        report.event(f"{len(files)} recordings are joined, hashed and in the vault", at)


def _draw(evidence: Evidence, destination: Path) -> None:
    # It takes a second to import: not while somebody waits for the first line.
    from lab import picture

    account, performance = evidence.account, evidence.performance
    drawing = picture.Drawing(
        heading="One call with a card payment, as Callwarden kept it",
        note=f"{CALLER_NAME} rings the surgery, {today()}. Every party sends a tone of its own instead of a voice.",
        above=picture.Track(
            "In the vault: the recording of the caller's channel", evidence.recording,
            account.recorded_from - account.answered,
        ),
        below=picture.Track(
            "On the line: all that was said at the same time, kept by the demo's world to compare", evidence.line,
            performance.began - account.answered,
        ),
        stretches=account.stretches,
        voices={voice.name: voice.tone for voice in (*TALKING, *AT_CARD_LINE)},
    )  # fmt: skip
    picture.draw(drawing, destination)
    _give_back(destination)


def _give_back(path: Path) -> None:
    """Under sudo, what was made for the user is the user's."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if user.isdecimal() and group.isdecimal():
        os.chown(path, int(user), int(group))


def _conclude(report: Report, checks: Sequence[Check], destination: Path) -> int:
    failed = [check for check in checks if not check.holds]
    report.heading("Result")
    report.tell(f"The waveform, with these seconds named: {near(destination)}")
    if failed:
        claims = "; ".join(check.claim for check in failed)
        report.tell(f"{len(failed)} of {len(checks)} checks FAILED: {claims}.", "bold red")
        return DISAGREES
    agreed = f"All {len(checks)} checks agree: announced, recorded, silent for the card, recorded again."
    report.tell(agreed, "bold green")
    return OK
