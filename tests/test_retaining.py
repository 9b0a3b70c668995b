"""`callwarden retention` on a running daemon: shown before it counts, confirmed, and proven to an auditor."""

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callwarden.control import ControlError, Peer
from callwarden.storage.database import transaction
from running import BOB, Running, daemon

DAY = 86400.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Running]:
    with daemon(tmp_path) as running:
        yield running


def ended(days_ago: float) -> float:
    return time.time() - days_ago * DAY


def purge(world: Running) -> str:
    roles = world.roles
    world.as_("admin")
    output = world.run("purge", "--yes").stdout
    world.as_(*roles)
    return output


SHORTER = (
    '[retention]\nkeep = "1 month"\n[[retention.rule]]\nname = "hotline"\nkeep = "1 year"\ndid = "0207 946 0002"\n'
)


def test_a_shorter_rule_is_shown_before_it_counts_and_deletes_nothing_on_the_same_day(world: Running) -> None:
    files = [world.recorded(f"1.{days}", ended(days)) for days in (10, 60)]
    world.more = SHORTER
    world.settle()
    shown = world.run("retention", "preview", columns=100)
    assert shown.exit_code == 0
    assert "In force now: general 6 months (every call)." in shown.stdout
    assert "1 recording more would be due." in shown.stdout
    assert "Not loaded yet" in shown.stdout
    world.as_("dpo")
    answer = json.loads(world.run("retention", "preview", "--json").stdout)
    assert (answer["pending"], answer["loaded"]) == (True, True)
    assert [(rule["name"], rule["kept"], rule["due_after"]) for rule in answer["rules"]] == [
        ("hotline", 0, 0),
        ("general", 2, 1),
    ]
    assert purge(world).startswith("0 recordings deleted")
    assert [file.exists() for file in files] == [True, True]

    refused = world.run("retention", "confirm", input="n\n")
    assert refused.exit_code == 1
    confirmed = world.run("retention", "confirm", "--yes")
    assert confirmed.exit_code == 0
    assert "general: 1 month, every other call" in confirmed.stdout
    (kept,) = world.rows("SELECT expires FROM recordings WHERE unique_id = '1.10'")[0]
    assert kept < time.time() + 31 * DAY
    assert purge(world).startswith("1 recording deleted")
    assert [file.exists() for file in files] == [True, False]
    acts = [act for act, _ in world.acts()]
    assert "retention-changed" in acts
    assert "retention-confirmed" in acts
    assert world.run("retention", "confirm", "--yes").exit_code == 1


def test_a_pending_change_counts_after_its_day_even_over_a_restart(world: Running) -> None:
    file = world.recorded("1.60", ended(60))
    world.as_("dpo", more=SHORTER)
    world.stop()
    world.start()
    assert purge(world).startswith("0 recordings deleted")

    def a_day_passes(db: object) -> None:
        with transaction(db) as connection:  # type: ignore[arg-type]
            (written,) = connection.execute("SELECT value FROM settings WHERE name = 'retention pending'").fetchone()
            seen, rules = json.loads(written)
            value = json.dumps([seen - 2 * DAY, rules])
            connection.execute("UPDATE settings SET value = ? WHERE name = 'retention pending'", [value])

    world.write(a_day_passes)
    assert purge(world).startswith("1 recording deleted")
    assert not file.exists()


def test_a_rule_for_complaints_keeps_what_an_approved_complaint_covers(world: Running) -> None:
    rule = '[[retention.rule]]\nname = "complaints"\nkeep = "3 years"\nrequest = "complaint"\n'
    world.as_("dpo", more=rule)
    kept = world.recorded("1.1", ended(300), number=BOB)
    gone = world.recorded("1.2", ended(300))
    for state in ("approved", "refused"):
        number = BOB if state == "approved" else "020 7946 0123"
        world.write(
            lambda db, state=state, number=number: db.execute(  # type: ignore[misc]
                "INSERT INTO requests (kind, reason, number, received, opened, opened_by, state) "
                "VALUES ('complaint', 'rude', ?, 1, 1, 'x', ?)",
                [number, state],
            )
        )
    purge(world)
    assert (kept.exists(), gone.exists()) == (True, False)
    (expires,) = world.rows("SELECT expires FROM recordings WHERE unique_id = '1.1'")[0]
    assert expires > time.time() + 700 * DAY


def test_the_report_proves_the_state(world: Running, tmp_path: Path) -> None:
    held, old = world.recorded("1.1", ended(400)), world.recorded("1.2", ended(300), number=BOB, name="<b>Bob</b>")
    world.recorded("1.3", ended(20), number=BOB)
    world.run("holds", "add", "--call", "1.1", "--reason", "<script>alert('claim')</script> of Ann")
    late = world.run("retention", "report")
    assert late.exit_code == 1
    assert "PROBLEM  Due for more than two days: 1." in late.stdout
    purge(world)
    assert (held.exists(), old.exists()) == (True, False)
    html, table = tmp_path / "report.html", tmp_path / "report.csv"
    result = world.run("retention", "report", "--html", str(html), "--csv", str(table))
    assert result.exit_code == 0, result.output
    assert re.search(r"Recordings kept\s+2\b", result.stdout)
    assert re.search(r"Due, but on hold\s+1 \(holds in force: 1\)", result.stdout)
    assert max(map(len, result.stdout.splitlines())) <= 80 + len(str(tmp_path))

    page = html.read_text()
    assert "&lt;script&gt;alert(&#x27;claim&#x27;)&lt;/script&gt; of Ann" in page
    for foreign in ("<script", "http://", "https://", "src=", "Bob", "900123"):
        assert foreign not in page
    assert "Every purged recording has its tombstone." in page

    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [(row["recording"], row["state"], row["holds"]) for row in rows] == [
        ("1.1", "on hold", "1"),
        ("1.3", "kept", ""),
        ("1.2", "purged", ""),
    ]
    assert rows[2]["why"].startswith("6 months after the end of the call")
    assert len(rows[2]["sha256"]) == 64
    answer = json.loads(world.run("retention", "report", "--json").stdout)
    assert (answer["kept"], answer["due"], answer["held_and_due"], answer["purged"]) == (2, 0, 1, 1)
    assert all(verdict["good"] for verdict in answer["verdicts"])


def test_what_is_due_only_since_the_rules_changed_or_a_hold_was_lifted_is_not_late(world: Running) -> None:
    world.recorded("1.1", ended(60))
    world.more = SHORTER
    world.as_("dpo")
    assert world.run("retention", "confirm", "--yes").exit_code == 0
    changed = world.run("retention", "report")
    assert (changed.exit_code, "Due, and going with the next purge: 1." in changed.stdout) == (0, True)
    purge(world)
    world.recorded("1.2", ended(400), number=BOB)
    world.run("holds", "add", "--call", "1.2", "--reason", "claim")
    world.write(lambda db: db.execute("DROP TRIGGER audit_is_not_changed"))
    world.write(lambda db: db.execute("UPDATE audit SET at = at - ? WHERE act LIKE 'retention-%'", [3 * DAY]))
    world.run("holds", "lift", "1", "--yes", "--reason", "settled")
    assert world.run("retention", "report").exit_code == 0
    world.write(lambda db: db.execute("UPDATE holds SET lifted = lifted - ?, placed = placed - ?", [3 * DAY] * 2))
    late = world.run("retention", "report")
    assert (late.exit_code, "PROBLEM  Due for more than two days: 1." in late.stdout) == (1, True)


def test_a_report_finds_a_purge_without_proof(world: Running) -> None:
    world.recorded("1.2", ended(300))
    purge(world)
    world.write(lambda db: db.execute("DELETE FROM tombstones"))
    result = world.run("retention", "report")
    assert result.exit_code == 1
    assert "PROBLEM  Said to be purged, without a tombstone: 1." in result.stdout


def test_a_report_that_cannot_be_written_says_so(world: Running, tmp_path: Path) -> None:
    (tmp_path / "link.part").symlink_to("/etc/passwd")
    result = world.run("retention", "report", "--html", str(tmp_path / "missing" / "report.html"))
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory" in result.stderr


@pytest.mark.parametrize("verb", ["retention-preview", "retention-report", "retention-lines", "retention-confirm"])
def test_a_stranger_has_no_business_with_retention(world: Running, verb: str) -> None:
    assert world.service is not None
    handler = world.service.office.door.guarded(world.service.office.desk.handlers())[verb]
    with pytest.raises(ControlError, match="is no person that Callwarden knows"):
        world.call(handler(Peer(1, 54321, 54321, "stranger"), {}))
    assert world.acts()[-1] == ("refused", "")
