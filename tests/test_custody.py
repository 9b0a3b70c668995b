"""Custody from end to end: a running daemon of its own user, and people of other users who ask it."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from callwarden.back_office import BackOffice
from callwarden.config import load
from callwarden.control import user_name
from callwarden.custody.door import OPERATIONS, VERBS
from callwarden.custody.head import parse
from callwarden.custody.overseeing import PAGE
from callwarden.service import Service
from callwarden.storage.findings import Finding, record
from cli_world import World
from custody_world import ADA, DAEMON, DPO, JAS, OTHER, RECORDING, STRANGER, VIV, Office


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    made = Office()
    try:
        made.furnish()
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def approved(office: Office) -> int:
    """Viviane's request for one call, approved by the director."""
    number = office.opened(VIV, "--kind", "complaint", "--number", "+44 7700 900123", "--to", "2025-11-22")
    assert office.run(JAS, "request", "approve", str(number)).returncode == 0
    return number


def test_a_recording_is_heard_with_an_approved_request_and_it_is_on_record(office: Office, approved: int) -> None:
    done = office.run(VIV, "listen", RECORDING, "--request", str(approved), "--to", "copy.wav")
    assert done.returncode == 0, done.stderr
    copy = office.desks[VIV] / "copy.wav"
    assert (copy.stat().st_uid, copy.stat().st_mode & 0o777) == (VIV, 0o600)
    assert copy.read_bytes() == (office.home / "vault" / office.path(RECORDING)).read_bytes()
    assert "Delete it by" in done.stdout
    entry = office.audit("--act", "listen", "--about", RECORDING)[-1]
    assert entry["who"] == f"Viviane Ward (uid {VIV})"
    assert entry["detail"]["request"] == approved
    assert entry["detail"]["reason"] == "complaint of 20 November"
    assert entry["detail"]["until"] > entry["at"]
    assert list((office.home / "vault" / ".incoming").iterdir()) == []


def test_a_player_is_given_the_audio_and_no_file_is_left(office: Office, approved: int) -> None:
    done = office.run(VIV, "listen", RECORDING, "--request", str(approved))
    assert done.returncode == 0, done.stderr
    assert "Playing 0:01 with play." in done.stdout
    heard = (office.desks[VIV] / "played.wav").read_bytes()
    assert heard == (office.home / "vault" / office.path(RECORDING)).read_bytes()
    assert office.audit("--act", "listen")[-1]["detail"]["use"] == "play"
    assert list((office.home / "vault" / ".incoming").iterdir()) == []


def test_a_copy_never_goes_through_a_link_or_over_a_file(office: Office, approved: int) -> None:
    (office.desks[VIV] / "link.wav").symlink_to("target.wav")
    (office.desks[VIV] / "there.wav").write_text("mine")
    before = len(office.audit("--limit", "10000"))
    for name in ("link.wav", "there.wav"):
        done = office.run(VIV, "listen", RECORDING, "--request", str(approved), "--to", name)
        assert done.returncode == 1
        assert "nothing is overwritten" in done.stderr
    assert "no folder of yours" in office.run(VIV, "listen", RECORDING, "-r", str(approved), "--to", "no/x").stderr
    assert not (office.desks[VIV] / "target.wav").exists()
    assert "listen" not in [entry["act"] for entry in office.audit("--limit", "10000")[before:]]


def refused(office: Office, uid: int, *arguments: str) -> str:
    """Not allowed: a sentence, exit status 3, and an entry in the audit chain."""
    done = office.run(uid, *arguments)
    assert done.returncode == 3, (done.returncode, done.stdout, done.stderr)
    entry = office.audit("--act", "refused", "--who", user_name(uid))[-1]
    assert entry["detail"]["why"].split(":")[0] in done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_the_request_does_not_cover_is_refused(office: Office, approved: int) -> None:
    said = refused(office, VIV, "listen", OTHER, "--request", str(approved), "--to", "x")
    assert f"Request {approved} does not cover recording {OTHER}" in said


def test_a_request_that_is_not_approved_lets_nobody_hear(office: Office) -> None:
    number = str(office.opened(VIV, "--kind", "training", "--extension", "202"))
    assert "is open, not approved" in refused(office, VIV, "listen", RECORDING, "--request", number, "--to", "x")
    assert "it is for: director, dpo" in refused(office, VIV, "request", "approve", number)
    assert office.run(JAS, "request", "refuse", number, "--reason", "too wide").returncode == 0
    assert "is refused, not approved" in refused(office, VIV, "listen", RECORDING, "--request", number, "--to", "y")


def test_nobody_approves_their_own(office: Office) -> None:
    number = str(office.opened(JAS, "--kind", "training", "--extension", "202"))
    assert "nobody approves their own" in refused(office, JAS, "request", "approve", number)


def test_an_approval_ends(office: Office) -> None:
    number = str(office.opened(VIV, "--kind", "dispute", "--call", RECORDING))
    assert office.run(DPO, "request", "approve", number).returncode == 0
    office.stop()
    with closing(sqlite3.connect(office.world.catalogue)) as connection, connection:
        connection.execute("UPDATE requests SET lasts = 1 WHERE id = ?", [number])
    office.start()
    assert "has expired" in refused(office, VIV, "listen", RECORDING, "--request", number, "--to", "x")


def test_an_unknown_person_may_do_nothing(office: Office, approved: int) -> None:
    for arguments in (("status",), ("calls",), ("request", "list"), ("audit", "show"), ("suspend", "1.2")):
        assert "is no person that Callwarden knows" in refused(office, STRANGER, *arguments).replace("\n", " ")
    said = refused(office, STRANGER, "listen", RECORDING, "--request", str(approved), "--to", "x")
    assert "[[person]]" in said
    refused(office, STRANGER, "holds", "lift", "3", "--yes", "--reason", "x")
    entries = office.audit("--act", "refused", "--who", user_name(STRANGER))
    verbs = {"status", "calls", "request-list", "audit-show", "suspend", "listen", "holds-lift"}
    assert {entry["detail"]["verb"] for entry in entries} >= verbs
    assert {entry["about"] for entry in entries} >= {RECORDING, "1.2", "hold 3"}


def test_root_and_the_admin_run_the_machine_and_hear_nothing(office: Office, approved: int) -> None:
    for uid in (0, ADA):
        assert office.run(uid, "purge", "--dry-run").returncode in (0, 1)
        done = office.run(uid, "listen", RECORDING, "--request", str(approved), "--to", "/tmp/never")
        assert done.returncode == 3
    assert not Path("/tmp/never").exists()


def test_a_subject_access_request_is_the_dpos_and_is_told_at_once(office: Office) -> None:
    what = ("-k", "subject-access", "-r", "letter", "-n", "07700900123", "--received", "today")
    done = office.run(VIV, "request", "open", *what)
    assert done.returncode == 0
    assert "days left" in done.stdout
    number = done.stdout.split()[1]
    assert "ALARM subject-access: Data protection officer" in office.log.read_text()
    assert "decided by the dpo" in refused(office, JAS, "request", "approve", number)
    one = office.json(DPO, "request", "show", number)
    assert 27 <= one["request"]["days_left"] <= 31
    covered = {each["recording"] for each in one["recordings"]}
    assert covered >= {RECORDING, OTHER}
    assert office.run(DPO, "request", "approve", number).returncode == 0


def test_what_a_request_lacks_is_asked_for_until_it_can_be_read(office: Office) -> None:
    lines = (
        "gossip", "subject-access", "", "letter of 20 November", "whenever", "2025-11-22", "202", "", "Jane", "",
        "last year", "2025-11-20",
    )  # fmt: skip
    done = office.at_terminal(VIV, "".join(f"{line}\n" for line in lines), "request", "open")
    assert done.returncode == 0, done.stderr
    for said in ("'gossip' is not one of", '"whenever" is no time', '"last year" is no time'):
        assert said in done.stdout + done.stderr
    assert "LATE" in done.stdout
    one = office.json(DPO, "request", "show", done.stdout.partition("Request ")[2].split()[0])["request"]
    assert (one["kind"], one["reason"], one["extension"]) == ("subject-access", "letter of 20 November", "202")
    assert (one["parties"], one["number"], one["to"] - one["from"], one["deadline"]) == (
        "Jane", "", 86400, "2025-12-20",
    )  # fmt: skip


def test_a_request_that_names_no_recording_is_asked_again_which(office: Office) -> None:
    done = office.at_terminal(VIV, "\n\n\n\n202\n\n\n\n", "request", "open", "-k", "training", "-r", "feedback")
    assert "Say at least one of these" in done.stderr
    assert done.returncode == 0, done.stderr


def test_a_disciplinary_request_needs_agreement_and_consultation(office: Office) -> None:
    number = str(office.opened(JAS, "--kind", "disciplinary", "--extension", "202"))
    assert "needs the DPO's agreement in writing" in refused(office, DPO, "request", "approve", number)
    done = office.run(DPO, "request", "approve", number, "-d", "agreed on 3 May", "--consulted", "HR")
    assert done.returncode == 0
    (entry,) = office.audit("--act", "request-approve", "--about", f"request-{number}")
    assert (entry["detail"]["decision"], entry["detail"]["consulted"]) == ("agreed on 3 May", "HR")


def test_browsing_shows_what_the_role_may_see_and_is_on_record(office: Office) -> None:
    assert "07700900123" in office.run(DPO, "calls", "07700 900123").stdout
    seen = office.run(VIV, "recordings", "search", "--extension", "202").stdout
    assert "***123" in seen
    assert "Jane" not in seen
    assert "900123" not in office.run(VIV, "recordings", "show", RECORDING).stdout
    assert "Jane Caller" in office.run(JAS, "recordings", "show", RECORDING).stdout
    assert "needs a request" in refused(office, VIV, "calls", "07700900123")
    browsed = [entry["detail"] for entry in office.audit("--act", "browse", "--who", str(DPO))]
    assert {"command": "calls", "found": 2, "number": "***123"} in browsed
    assert any(entry["about"] == RECORDING for entry in office.audit("--act", "browse", "--who", str(VIV)))


def test_who_proves_the_policy_reads_coverage_alarms_and_findings_without_the_file(office: Office) -> None:
    with closing(sqlite3.connect(office.world.catalogue)) as connection, connection:
        for number in range(PAGE + 1):
            record(connection, Finding("reconcile", "call-unknown", f"9.{number}", "nobody knows it", 5.0), 6.0)
    counted = ("coverage", "--to", "2025-12-01", "--json")
    root = office.run(0, *counted).stdout
    for uid in (DPO, JAS, ADA):
        assert office.run(uid, *counted).stdout == root
        shown = office.run(uid, "alarms", "--all", "--json")
        assert "alarms" in json.loads(shown.stdout), shown.stderr
        found = json.loads(office.run(uid, "reconcile", "--list", "--json").stdout)["findings"]
        assert len({one["number"] for one in found}) == len(found) == PAGE + 1
        looks = [entry["detail"]["command"] for entry in office.audit("--act", "browse", "--who", str(uid))]
        assert {"coverage", "alarms", "reconcile --list"} <= set(looks)
    assert "Compared" in office.run(DPO, "reconcile").stdout
    assert office.audit("--act", "reconcile", "--who", str(DPO))
    for arguments in (("coverage",), ("alarms",), ("reconcile", "--list"), ("reconcile",)):
        assert "(oversee)" in refused(office, VIV, *arguments)
        refused(office, STRANGER, *arguments)
    refused(office, STRANGER, "why", RECORDING)


def test_why_is_told_to_everybody_who_may_browse_without_a_number(office: Office) -> None:
    root = office.run(0, "why", RECORDING, "--json").stdout
    for uid in (VIV, DPO, ADA):
        done = office.run(uid, "why", RECORDING, "--json")
        assert done.stdout == root
        assert office.audit("--act", "browse", "--about", RECORDING, "--who", str(uid))[-1]["detail"] == {
            "command": "why", "found": 1,
        }  # fmt: skip
    for told in ("900123", "Jane"):
        assert told not in root
    assert "was told" in office.run(VIV, "why", RECORDING).stdout
    nothing = office.run(VIV, "why", "1.2")
    assert (nothing.returncode, nothing.stderr) == (1, "No call or recording with this id found.\n")


def test_root_reads_the_file_itself_and_that_is_entered(office: Office) -> None:
    assert office.run(0, "calls").returncode == 0
    assert office.audit("--act", "browse", "--who", "root")[-1]["detail"] == {"command": "callwarden calls"}


def test_a_file_that_was_changed_is_refused_alarmed_and_entered(office: Office) -> None:
    number = str(office.opened(VIV, "--kind", "complaint", "--call", OTHER))
    assert office.run(JAS, "request", "approve", number).returncode == 0
    file = office.home / "vault" / office.path(OTHER)
    whole = file.read_bytes()
    os.truncate(file, 1000)
    done = office.run(VIV, "listen", OTHER, "--request", number, "--to", "x")
    assert done.returncode == 1
    assert "its file has 1000 bytes" in done.stderr
    assert not (office.desks[VIV] / "x").exists()
    assert "ALARM recording-damaged" in office.log.read_text()
    (entry,) = office.audit("--act", "damaged", "--about", OTHER)
    assert entry["who"].startswith("Viviane Ward")
    assert "1000 bytes" in office.run(DPO, "recordings", "show", OTHER).stdout
    file.write_bytes(whole)
    assert office.run(VIV, "listen", OTHER, "--request", number, "--to", "whole.wav").returncode == 0


def test_bad_input_is_a_clear_sentence(office: Office) -> None:
    for arguments, sentence in (
        (("listen", RECORDING, "--request", "999", "--to", "x"), "There is no request 999"),
        (("listen", "../../catalogue", "--request", "1", "--to", "x"), "There is no recording"),
        (("request", "open", "-k", "training", "-e", "202"), "valid reason"),
        (("request", "open", "-k", "training", "-r", "why"), "which recordings"),
        (("request", "open", "-r", "why", "-e", "202"), "is one of"),
    ):
        done = office.run(VIV, *arguments)
        assert done.returncode == 1
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_starts_configurations_and_orders_are_entered(office: Office) -> None:
    start = office.audit("--act", "start")[0]
    assert start["who"] == "daemon"
    assert start["detail"]["people"][str(DPO)] == ["Dee Poe", "dpo"]
    assert office.run(ADA, "suspend", "1.2").returncode == 1
    (entry,) = office.audit("--act", "suspend")
    assert (entry["who"], entry["about"], entry["detail"]["done"]) == (f"Ada Min (uid {ADA})", "1.2", False)
    silent = office.audit("--act", "suspension")
    assert [(one["who"], one["about"]) for one in silent] == [("PJSIP/202", RECORDING), ("PJSIP/202", OTHER)]
    assert silent[0]["detail"]["why"] == "card line"


def test_the_vault_and_the_catalogue_are_the_daemons_alone(office: Office) -> None:
    for path in (office.home / "vault", *(office.home / "vault").rglob("*")):
        found = path.stat()
        assert found.st_uid == DAEMON
        assert found.st_mode & 0o077 == 0
    assert (office.home / "audit-head").stat().st_mode & 0o777 == 0o600


def test_a_forged_row_is_named_by_verify_and_the_kept_head_tells_of_a_cut(office: Office) -> None:
    head = office.run(DPO, "audit", "head").stdout.strip()
    assert office.run(DPO, "audit", "verify", "--head", head).returncode == 0
    with closing(sqlite3.connect(office.world.catalogue)) as connection, connection:
        connection.execute("DROP TRIGGER audit_is_not_changed")
        connection.execute("DROP TRIGGER audit_is_not_deleted")
        connection.execute("UPDATE audit SET who = 'nobody' WHERE number = 3")
    done = office.run(DPO, "audit", "verify")
    assert done.returncode == 1
    assert "FAULT  entry 3 was changed" in done.stdout
    office.stop()
    last = parse(head).number
    with closing(sqlite3.connect(office.world.catalogue)) as connection, connection:
        connection.execute("DELETE FROM audit WHERE number > ?", [last - 2])
    office.start()
    assert "ALARM audit-chain: the audit chain does not hold entry" in office.log.read_text()
    assert office.audit("--act", "audit-head-lost")
    done = office.run(DPO, "audit", "verify", "--head", head)
    assert f"entry {last} is not the one that was kept" in done.stdout


async def test_every_verb_of_the_socket_has_its_act(tmp_path: Path) -> None:
    service = Service(load(World(tmp_path).config))
    assert set(BackOffice(service).desk.handlers()) == set(VERBS)
    assert set(VERBS) >= OPERATIONS
