"""Subject access on a running daemon: found by person, decided, muted, built, fetched, handed over, removed in time."""

import json
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from callwarden.control import ControlError, Peer
from callwarden.release.build import sha256_of
from running import ANN, BOB, Running, daemon
from storage_world import loudness, samples_of, tone

DAY = 86400.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Running]:
    more = f'[release]\npath = "{tmp_path}/releases"\norganisation = "Loughton Surgery"\n'
    with daemon(tmp_path, more) as running:
        yield running


def days_ago(days: float) -> float:
    return time.time() - days * DAY


def ask(world: Running, number: str = ANN, state: str = "approved", lasts: float = DAY) -> None:
    """A subject access request, already decided on."""
    world.write(
        lambda db: db.execute(
            "INSERT INTO requests (kind, reason, number, received, opened, opened_by, state, lasts) "
            "VALUES ('subject-access', 'asked in writing', ?, 1, 1, 'x', ?, ?)",
            [number, state, time.time() + lasts],
        )
    )


def opened(world: Running) -> None:
    """Release 1: three recordings of Ann's."""
    for number, days in enumerate((90, 60, 10)):
        world.recorded(f"1.{number}", days_ago(days), tone(400 + 100 * number, 3))
    world.recorded("1.7", days_ago(5), number=BOB, name="Bob Brown")
    ask(world)
    result = world.run("release", "open", "--request", "1", "--number", "+44 (0)20 7946 0123", "--name", "Ann Smith")
    assert result.exit_code == 0, result.output


def built(world: Running) -> None:
    opened(world)
    assert world.run("release", "include", "1", "--rest").stdout == "3 recordings included.\n"
    result = world.run("release", "build", "1")
    assert result.exit_code == 0, result.output


def test_from_a_persons_name_to_the_folder_that_is_handed_to_them(world: Running, tmp_path: Path) -> None:
    opened(world)
    vault = sorted((path, path.read_bytes()) for path in (tmp_path / "vault").rglob("*.wav"))
    world.run("release", "exclude", "1", "1.0", "--reason", "a third person's data")
    muted = world.run("release", "mute", "1", "1.1", "0:01", "0:02.5", "--reason", "another patient's address")
    assert muted.stdout == "1.1: undecided; muted 0:01-0:02.5.\n"
    too_early = world.run("release", "build", "1")
    assert too_early.exit_code == 1
    assert "2 of its recordings are not decided on yet (1.1, 1.2)" in too_early.stderr
    world.run("release", "include", "1", "--rest")
    assert world.run("release", "build", "1").exit_code == 0

    out = tmp_path / "out"
    assert world.run("release", "fetch", "1", "--into", str(out)).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=out, check=True, capture_output=True)
    told = json.loads((out / "manifest.json").read_text())
    assert [one["recording"] for one in told["recordings"]] == ["1.1", "1.2"]
    assert [one["recording"] for one in told["left_out"]] == ["1.0"]
    for kind in ("wav", "mp3"):
        heard = samples_of(out / f"recording-001.{kind}")
        assert loudness(heard, 500, 1.1, 2.4) < 60
        assert loudness(heard, 500, 0.1, 0.9) > 5000
    assert sorted((path, path.read_bytes()) for path in (tmp_path / "vault").rglob("*.wav")) == vault
    assert not any("7946" in path.name or "Ann" in path.name for path in out.iterdir())
    assert (out / "cover.pdf").read_bytes().startswith(b"%PDF-")

    world.run("release", "handed", "1", "--to", "Ann Smith", "--how", "USB stick, in person")
    shown = json.loads(world.run("release", "show", "1", "--json").stdout)
    (handover,) = shown["handovers"]
    assert (handover["to"], handover["how"], handover["by"]) == ("Ann Smith", "USB stick, in person", "Viv Ward (root)")
    assert handover["manifest_sha256"] == shown["manifest_sha256"] == sha256_of(out / "manifest.json")
    acts = [act for act, about in world.acts() if about == "release 1"]
    for act in ("opened", "exclude", "mute", "include", "build", "built", "fetched", "handed"):
        assert f"release-{act}" in acts
    assert "Smith" not in "".join(row[0] for row in world.rows("SELECT detail FROM audit"))


def test_every_spelling_and_alias_finds_the_person_and_nobody_else(world: Running) -> None:
    opened(world)
    for known in (["--number", "0044 20 7946 0123"], ["--name", "smith"], ["--number", ANN, "--name", "Nobody"]):
        found = json.loads(world.run("release", "find", *known, "--json").stdout)["recordings"]
        assert [each["recording"] for each in found] == ["1.0", "1.1", "1.2"]
    both = json.loads(world.run("release", "find", "--number", ANN, "--name", "Bob Brown", "--json").stdout)
    assert len(both["recordings"]) == 4
    dated = world.run("release", "find", "--name", "smith", "--from", "70 days ago", "--to", "30 days ago", "--json")
    assert [each["recording"] for each in json.loads(dated.stdout)["recordings"]] == ["1.1"]
    assert world.run("release", "find", "--name", "Zoe").exit_code == 1
    for columns in (80, 120):
        shown = world.run("release", "show", "1", columns=columns).stdout
        assert max(map(len, shown.splitlines())) <= columns


def test_no_release_without_an_approved_request(world: Running) -> None:
    world.recorded("1.1", days_ago(9))
    for state, lasts in (("open", DAY), ("refused", DAY), ("approved", -DAY)):
        ask(world, state=state, lasts=lasts)
    for request, sentence in ((1, "is open, not approved"), (2, "is refused"), (3, "has expired"), (4, "no request 4")):
        result = world.run("release", "open", "--request", str(request), "--name", "Ann Smith")
        assert result.exit_code == (1 if request == 4 else 3)
        assert sentence in result.stderr
    assert world.rows("SELECT * FROM releases") == []
    assert world.acts().count(("refused", "request-3")) == 1


def test_what_was_built_is_given_out_only_while_its_request_is_approved(world: Running, tmp_path: Path) -> None:
    built(world)
    world.write(lambda db: db.execute("UPDATE requests SET lasts = 5"))
    result = world.run("release", "fetch", "1", "--into", str(tmp_path / "out"))
    assert result.exit_code == 3
    assert "has expired. Open a new one" in result.stderr
    assert not (tmp_path / "out").exists()
    assert ("refused", "release 1") in world.acts()
    world.write(lambda db: db.execute("UPDATE requests SET state = 'closed'"))
    assert world.run("release", "fetch", "1", "--into", str(tmp_path / "out")).exit_code == 3


def test_a_file_that_was_changed_is_reported_by_a_waveform_and_by_a_build(world: Running) -> None:
    opened(world)
    for file in sorted((world.folder / "vault").rglob("*.wav"))[:2]:
        file.write_bytes(b"RIFF and no more")
    assert "This was reported" in world.run("release", "waveform", "1", "1.0").stderr
    assert world.rows("SELECT unique_id FROM damaged") == [("1.0",)]
    world.run("release", "include", "1", "--rest")
    assert world.run("release", "build", "1").exit_code == 0
    assert world.rows("SELECT unique_id FROM damaged ORDER BY 1") == [("1.0",), ("1.1",)]
    assert {("damaged", "1.0"), ("damaged", "1.1")} <= set(world.acts())


def test_what_the_request_does_not_cover_is_not_included(world: Running) -> None:
    world.recorded("1.1", days_ago(9))
    world.recorded("1.2", days_ago(8), number=BOB)
    ask(world)
    world.run("release", "open", "--request", "1", "--name", "Ann Smith")
    for which in (["1.2"], ["--rest"]):
        result = world.run("release", "include", "1", *which)
        assert result.exit_code == 3
        assert "Request 1 does not cover recording 1.2" in result.stderr
    assert world.run("release", "include", "1", "1.1").exit_code == 0


def test_without_a_name_the_release_holds_what_the_request_covers(world: Running) -> None:
    world.recorded("1.1", days_ago(9))
    world.recorded("1.2", days_ago(8), number=BOB)
    ask(world, BOB)
    answer = json.loads(world.run("release", "open", "--request", "1", "--json").stdout)
    assert [each["recording"] for each in answer["recordings"]] == ["1.2"]


@pytest.mark.parametrize("roles", [(), ("director",), ("monitor",), ("admin",)])
def test_only_the_dpo_releases(world: Running, roles: tuple[str, ...], tmp_path: Path) -> None:
    built(world)
    world.as_(*roles)
    commands = (
        ["find", "--name", "smith"], ["open", "--request", "1"], ["list"], ["show", "1"], ["include", "1", "--rest"],
        ["exclude", "1", "1.0", "--reason", "x"], ["mute", "1", "1.0", "0", "1", "--reason", "x"],
        ["unmute", "1", "1.0", "0", "1"], ["waveform", "1", "1.0"], ["build", "1"],
        ["fetch", "1", "--into", str(tmp_path / "x")], ["handed", "1", "--to", "x", "--how", "y"],
    )  # fmt: skip
    for command in commands:
        assert world.run("release", *command).exit_code == 3, command
    assert not (tmp_path / "x").exists()


def test_a_missing_recording_is_listed_and_not_fatal(world: Running, tmp_path: Path) -> None:
    opened(world)
    next((tmp_path / "vault").rglob("1.1.wav")).unlink()
    changed = next((tmp_path / "vault").rglob("1.2.wav"))
    changed.write_bytes(changed.read_bytes()[:-2] + b"xx")
    world.run("release", "include", "1", "--rest")
    assert world.run("release", "build", "1").exit_code == 0
    world.run("release", "fetch", "1", "--into", str(tmp_path / "out"))
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [one["recording"] for one in told["left_out"]] == ["1.1", "1.2"]
    assert "its file is missing from the vault" in told["left_out"][0]["why"]
    assert "another SHA-256 than what was stored" in told["left_out"][1]["why"]


def test_a_build_is_gone_on_with_after_a_restart(world: Running) -> None:
    opened(world)
    world.run("release", "include", "1", "--rest")
    world.write(lambda db: db.execute("UPDATE releases SET state = 'building', built_by = 'Viv'"))
    world.stop()
    world.start()
    deadline = time.monotonic() + 20
    while world.rows("SELECT state, built_by FROM releases") != [("built", "Viv")]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_release_whose_time_is_over_is_removed_and_can_be_built_again(world: Running, tmp_path: Path) -> None:
    built(world)
    place = tmp_path / "releases" / "release-1"
    assert place.is_dir()
    world.write(lambda db: db.execute("UPDATE releases SET expires = 1"))
    assert world.service is not None
    world.call(world.service.office.building.sweep())
    assert not place.exists()
    assert world.acts()[-1] == ("release-removed", "release 1")
    fetched = world.run("release", "fetch", "1", "--into", str(tmp_path / "out"))
    assert fetched.exit_code == 1
    assert "Release 1 is removed: build it first" in fetched.stderr
    assert world.run("release", "build", "1").exit_code == 0
    assert place.is_dir()


def test_a_release_goes_with_its_recording_when_that_is_purged(world: Running, tmp_path: Path) -> None:
    world.recorded("1.1", days_ago(300))
    ask(world)
    world.run("release", "open", "--request", "1")
    world.run("release", "include", "1", "1.1")
    assert world.run("release", "build", "1").exit_code == 0
    world.as_("admin")
    world.run("purge", "--yes")
    assert list((tmp_path / "releases").iterdir()) == []
    assert list((tmp_path / "vault").rglob("*.wav")) == []
    assert ("release-removed", "release 1") in world.acts()


def test_a_hold_on_the_request_keeps_its_release(world: Running, tmp_path: Path) -> None:
    world.recorded("1.1", days_ago(300))
    ask(world)
    world.run("holds", "add", "--request", "1", "--reason", "being answered")
    world.run("release", "open", "--request", "1")
    world.run("release", "include", "1", "1.1")
    world.run("release", "build", "1")
    world.as_("admin")
    world.run("purge", "--yes")
    assert (tmp_path / "releases" / "release-1").is_dir()


def test_a_changed_decision_makes_a_built_release_open_again(world: Running, tmp_path: Path) -> None:
    built(world)
    world.run("release", "exclude", "1", "1.0", "--reason", "after all")
    assert world.run("release", "fetch", "1", "--into", str(tmp_path / "out")).exit_code == 1
    assert world.run("release", "handed", "1", "--to", "Ann", "--how", "post").exit_code == 1
    assert world.run("release", "build", "1").exit_code == 0
    world.run("release", "fetch", "1", "--into", str(tmp_path / "out"))
    assert len(list((tmp_path / "out").glob("*.wav"))) == 2


def test_a_release_that_was_tampered_with_is_not_given(world: Running, tmp_path: Path) -> None:
    built(world)
    place = tmp_path / "releases" / "release-1"
    (place / "recording-001.wav").write_bytes(b"other")
    result = world.run("release", "fetch", "1", "--into", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "came other than it was built" in result.stderr
    assert not (tmp_path / "out" / "recording-001.wav").exists()
    (place / "manifest.json").write_text("{}")
    result = world.run("release", "fetch", "1", "--into", str(tmp_path / "out"))
    assert "was changed since it was built" in result.stderr


def test_a_fetch_goes_on_where_it_stopped_and_writes_over_nothing(world: Running, tmp_path: Path) -> None:
    built(world)
    out = tmp_path / "out"
    world.run("release", "fetch", "1", "--into", str(out))
    (out / "recording-002.mp3").unlink()
    (out / "recording-003.mp3.part").write_bytes(b"half")
    before = (out / "recording-001.wav").stat().st_mtime_ns
    assert world.run("release", "fetch", "1", "--into", str(out)).exit_code == 0
    assert (out / "recording-002.mp3").exists()
    assert (out / "recording-001.wav").stat().st_mtime_ns == before
    (out / "cover.pdf").write_bytes(b"mine")
    refused = world.run("release", "fetch", "1", "--into", str(out))
    assert refused.exit_code == 1
    assert "is there already, and is not the release's" in refused.stderr.replace("\n", " ")
    assert (out / "cover.pdf").read_bytes() == b"mine"


def test_links_in_the_place_of_a_target_are_refused(world: Running, tmp_path: Path) -> None:
    built(world)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert world.run("release", "fetch", "1", "--into", str(tmp_path / "link")).exit_code == 1
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cover.html").symlink_to(tmp_path / "elsewhere" / "x")
    assert world.run("release", "fetch", "1", "--into", str(tmp_path / "out")).exit_code == 1
    (tmp_path / "link.zip").symlink_to(tmp_path / "elsewhere" / "x")
    assert world.run("release", "fetch", "1", "--zip", str(tmp_path / "link.zip")).exit_code == 1
    assert world.run("release", "fetch", "1", "--zip", str(tmp_path / "no" / "x.zip")).exit_code == 1
    assert [act for act, _ in world.acts()].count("release-fetched") == 1  # that into a folder with a link in it
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("name", ["../catalogue.sqlite", "/etc/passwd", "recording-001.wav/../x", "journal.json", ""])
def test_no_name_leads_out_of_a_release(world: Running, name: str) -> None:
    built(world)
    assert world.service is not None
    handler = world.service.office.desk.handlers()["release-read"]
    with pytest.raises(ControlError):
        world.call(handler(Peer(1, 0, 0, "root"), {"release": 1, "name": name, "offset": 0}))


def test_a_zip_is_one_private_file_with_all_of_it(world: Running, tmp_path: Path) -> None:
    built(world)
    target = tmp_path / "ann.zip"
    assert world.run("release", "fetch", "1", "--zip", str(target)).exit_code == 0
    assert target.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(target) as made:
        assert made.testzip() is None
        assert len(made.namelist()) == 10
    again = world.run("release", "fetch", "1", "--zip", str(target))
    assert again.exit_code == 1
    assert "nothing is written over" in again.stderr


def test_the_waveform_is_shown_with_what_is_muted(world: Running, tmp_path: Path) -> None:
    opened(world)
    world.run("release", "mute", "1", "1.1", "1", "2", "--reason", "an address")
    png = tmp_path / "wave.png"
    shown = world.run("release", "waveform", "1", "1.1", "--png", str(png))
    assert shown.exit_code == 0
    assert "x" * 20 in shown.stdout
    assert shown.stdout.rstrip().endswith("x  0:01 to 0:02: an address")
    assert png.read_bytes().startswith(b"\x89PNG")
    world.run("release", "unmute", "1", "1.1", "1", "2")
    assert "xx" not in world.run("release", "waveform", "1", "1.1").stdout


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["show", "9"], "There is no release 9"),
        (["include", "1", "9.9"], "Release 1 has no recording 9.9"),
        (["mute", "1", "9.9", "1", "2", "--reason", "x"], "has no recording 9.9"),
        (["mute", "1", "1.1", "2", "1", "--reason", "x"], "A span ends after it begins"),
        (["mute", "1", "1.1", "5", "6", "--reason", "x"], "the span is beyond its end"),
        (["unmute", "1", "1.1", "1", "2"], "There is no such muted span"),
        (["waveform", "1", "9.9"], "has no recording 9.9 with audio"),
        (["handed", "1", "--to", "x", "--how", "y"], "what is handed over is a built one"),
        (["exclude", "1", "1.1", "--reason", " "], "Give a reason"),
    ],
)
def test_what_cannot_be_done_is_said(world: Running, command: list[str], sentence: str) -> None:
    opened(world)
    result = world.run("release", *command)
    assert result.exit_code == 1
    assert sentence in result.stderr
