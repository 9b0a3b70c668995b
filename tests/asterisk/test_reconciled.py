"""Asterisk writes its own records of every call: what they tell and the catalogue does not, or the disk, is found."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from proof import BRISK, settled, wait_until

from callwarden.asking import ask
from callwarden.cli import main
from callwarden.core.reconcile import Kinds
from lab.lab import Lab

COLUMNS = (
    "calldate, clid, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition, amaflags, "
    "accountcode, uniqueid, userfield, test"
)
# As the samples of Asterisk 22 and 16 have it, without their comments.
CDR = "[general]\nenable=yes\n[csv]\nusegmtime=yes\nloguniqueid=yes\nloguserfield=yes\naccountlogs=yes\n"
TALK = 2.6  # seconds: a record of less than 2 needs no recording


def values() -> str:
    names = [name.strip() for name in COLUMNS.replace("calldate", "start").split(",")]
    return ",".join(f"'${{CDR({name})}}'" for name in names)


def write_records(lab: Lab) -> tuple[Path, Path]:
    """Have Asterisk write its records as CSV and into a table; where."""
    pbx = lab.pbx
    log = pbx.log.parent
    section = "master" if pbx.version == "16" else f"{pbx.home_inside}/log/master.db"
    (pbx.etc / "cdr.conf").write_text(CDR)
    (pbx.etc / "cdr_sqlite3_custom.conf").write_text(
        f"[{section}]\ntable => cdr\ncolumns => {COLUMNS}\nvalues => {values()}\n"
    )
    (log / "cdr-csv").mkdir(exist_ok=True)
    pbx.cli("module reload cdr")
    # AMI refuses the command "module load", and only 22 has the first of them.
    for module in ("res_cdrel_custom.so", "cdr_csv.so", "cdr_sqlite3_custom.so"):
        pbx.ami.try_action("ModuleLoad", Module=module, LoadType="load")
    return log / "cdr-csv" / "Master.csv", log / "master.db"


@pytest.fixture(params=["22", "16"])
def recorded_lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    with Lab(request.param, settings={**BRISK, "reconcile.grace": 0}, folder=tmp_path / "lab") as lab:
        yield lab


def reconcile(lab: Lab, since: float, cdr: Path) -> dict[str, Any]:
    return ask(lab.folder / "control.sock", "reconcile", patience=30, **{"from": since - 1, "cdr": str(cdr)})


def told(lab: Lab, *command: str) -> dict[str, Any]:
    """What a command prints; it must end well."""
    arguments = ["--config", str(lab.settings_path), *command]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def kinds(answer: dict[str, Any]) -> list[str]:
    return sorted(one["kind"] for one in answer["findings"])


def all_sorts_of_calls(lab: Lab) -> None:
    """Answered, unanswered, to the card line, transferred blindly and attended."""
    caller = lab.world.ring_in("02079460001", tone=440).wait_answered()
    agent = lab.world.party_at("202")
    time.sleep(TALK)
    agent.press("#1")
    time.sleep(0.3)
    agent.press("203")
    lab.world.party_at("203")
    time.sleep(TALK)
    caller.hang_up()
    lab.wait_quiet()
    caller = lab.world.ring_in("02079460001", tone=440).wait_answered()
    agent = lab.world.party_at("202")
    time.sleep(TALK)
    agent.press("*2")
    time.sleep(0.3)
    agent.press("203")
    lab.world.party_at("203")
    time.sleep(TALK)
    agent.hang_up()
    time.sleep(TALK)
    caller.hang_up()
    lab.wait_quiet()
    paying = lab.world.ring_in("02079460070", tone=440).wait_answered()
    lab.world.party_at("700")
    time.sleep(TALK)
    paying.hang_up()
    lab.wait_quiet()
    lab.world.phone("202").never_answers()
    unheard = lab.world.ring_in("02079460001")
    time.sleep(1)
    unheard.hang_up()
    lab.wait_quiet()
    lab.world.reset()


def test_asterisks_own_records_agree_and_what_nobody_recorded_is_found(recorded_lab: Lab) -> None:
    lab, since = recorded_lab, time.time()
    csv, table = write_records(lab)
    all_sorts_of_calls(lab)
    account = settled(lab, since)
    assert told(lab, "coverage", "--json")["total"]["unexplained"] == 0
    story = told(lab, "why", account.caller.channel.unique_id, "--json")
    assert "There are" in story["in_short"]
    wait_until(lambda: csv.exists() and table.exists())
    time.sleep(1)
    for records in (csv, table):
        answer = reconcile(lab, since, records)
        assert kinds(answer) == [], f"{records.name}: {answer['findings']}"
        assert (answer["problems"], answer["notes"]) == ([], [])
        assert answer["compared"]["records"] >= 4
        assert answer["compared"]["calls"] >= 2

    lab.daemon.stop()
    unrecorded = lab.world.ring_in("02079460992", tone=440).wait_answered()
    lab.world.party_at("202")
    time.sleep(TALK)
    unrecorded.hang_up()
    lab.wait_quiet()
    lab.daemon.start()
    file = account.caller.file
    assert file is not None
    file.unlink()
    file.with_name("stray.wav").write_bytes(b"nobody knows")
    time.sleep(1)
    found = [Kinds.CALL_UNKNOWN, Kinds.FILE_WITHOUT_ROW, Kinds.ROW_WITHOUT_FILE]
    for records in (csv, table):
        assert kinds(reconcile(lab, since, records)) == found
    assert lab.daemon.log.read_text().count("ALARM reconcile:") == 1
