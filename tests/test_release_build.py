"""A build is whole or not there, goes on where it stopped, and says what it lacks."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from callwarden.release import build as building
from callwarden.release.build import Step, Stopped, build, folder, remove, unfinished
from callwarden.release.cover import contents, html, pdf
from callwarden.release.plan import CannotBuild, Decision, Item, plan
from release_world import ABOUT, Copying, found, item, muted
from storage_world import AT, loudness, samples_of, tone, write_wav


class Workshop:
    """A place for releases and some recordings."""

    def __init__(self, root: Path) -> None:
        self.root, self.releases = root, root / "releases"
        self.copying = Copying()
        self.steps: list[Step] = []
        self.files = [write_wav(root / f"{number}.wav", tone(400 + 100 * number, 2)) for number in range(3)]

    def items(self, **changes: Any) -> list[Item]:
        return [item(found(f"1.{n}", file, at=AT + n), **changes) for n, file in enumerate(self.files)]

    def build(self, items: list[Item], stop_after: int = 99) -> building.Built:
        stopped = iter([False] * stop_after + [True] * 99)
        return build(self.releases, plan(items), ABOUT, self.copying, self.steps.append, lambda: next(stopped))

    @property
    def built(self) -> Path:
        return folder(self.releases, ABOUT.release)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_a_build_holds_what_was_decided_and_its_sums_are_right(shop: Workshop) -> None:
    one, two, three = shop.items()
    left = item(three.found, Decision.EXCLUDE, "a third person's data")  # type: ignore[arg-type]
    made = shop.build([one, item(two.found, mutes=(muted(0.5, 1.5),)), left])  # type: ignore[arg-type]
    names = {path.name for path in shop.built.iterdir()}
    audio = {f"recording-00{n}.{kind}" for n in (1, 2) for kind in ("wav", "mp3")}
    assert names == audio | {"cover.html", "cover.pdf", "manifest.json", "SHA256SUMS"}
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=shop.built, check=True, capture_output=True)
    manifest = (shop.built / "manifest.json").read_bytes()
    assert made.manifest_sha256 == hashlib.sha256(manifest).hexdigest()
    told = json.loads(manifest)
    assert [(one["number"], one["recording"], len(one["muted"])) for one in told["recordings"]] == [
        (1, "1.0", 0),
        (2, "1.1", 1),
    ]
    assert told["left_out"] == [{"recording": "1.2", "call_started": "2026-05-28T20:26:42Z", "why": left.reason}]
    assert shop.built.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in shop.built.iterdir()} == {0o600}
    assert (shop.built / "recording-001.wav").read_bytes() == shop.files[0].read_bytes()
    for kind in ("wav", "mp3"):
        heard = samples_of(shop.built / f"recording-002.{kind}")
        assert loudness(heard, 500, 0.6, 1.4) < 60
        assert loudness(heard, 500, 0.05, 0.4) > 5000
    assert (shop.steps[0], shop.steps[-1]) == (Step(0, 2), Step(2, 2))


def test_the_recording_itself_is_never_changed(shop: Workshop) -> None:
    before = [file.read_bytes() for file in shop.files]
    shop.build(shop.items(mutes=(muted(0, 2),)))
    assert [file.read_bytes() for file in shop.files] == before


def test_a_build_that_was_stopped_goes_on_and_does_nothing_twice(shop: Workshop) -> None:
    with pytest.raises(Stopped):
        shop.build(shop.items(), stop_after=2)
    assert not shop.built.exists()
    assert shop.copying.copied == ["0.wav", "1.wav"]
    shop.build(shop.items())
    assert shop.copying.copied == ["0.wav", "1.wav", "2.wav"]
    assert len(list(shop.built.glob("recording-*"))) == 6
    assert not unfinished(shop.releases, ABOUT.release).exists()


def test_what_changed_since_is_made_anew(shop: Workshop) -> None:
    with pytest.raises(Stopped):
        shop.build(shop.items(), stop_after=2)
    work = unfinished(shop.releases, ABOUT.release)
    (work / "recording-002.mp3").write_bytes(b"half")
    items = shop.items()
    changed = [item(items[0].found, mutes=(muted(0, 1),)), *items[1:]]  # type: ignore[arg-type]
    shop.build(changed)
    assert shop.copying.copied == ["0.wav", "1.wav", "0.wav", "1.wav", "2.wav"]
    assert loudness(samples_of(shop.built / "recording-001.wav"), 400, 0.1, 0.9) < 30


def test_a_missing_file_is_said_and_stops_nothing(shop: Workshop) -> None:
    shop.files[1].unlink()
    gone = item(found("1.9", None, at=AT + 9))
    made = shop.build([*shop.items(), gone])
    assert [(one.unique_id, one.why) for one in made.left_out] == [
        ("1.9", "it has no recording: purged"),
        ("1.1", "its audio cannot be given: its file is missing from the vault"),
    ]
    page = (shop.built / "cover.html").read_text()
    assert "its file is missing from the vault" in page
    assert sorted(path.name for path in shop.built.glob("*.wav")) == ["recording-001.wav", "recording-003.wav"]


def test_a_file_that_is_no_audio_is_left_out(shop: Workshop) -> None:
    shop.files[0].write_bytes(b"RIFFnothing")
    made = shop.build(shop.items())
    assert [one.unique_id for one in made.left_out] == ["1.0"]


def test_a_build_replaces_the_one_before(shop: Workshop) -> None:
    shop.build(shop.items())
    shop.build(shop.items()[:1])
    assert len(list(shop.built.glob("*.mp3"))) == 1
    assert remove(shop.releases, ABOUT.release)
    assert not remove(shop.releases, ABOUT.release)
    assert list(shop.releases.iterdir()) == []


def test_a_disk_without_room_is_told_before_anything_is_written(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(shop.root)
    monkeypatch.setattr(building, "RESERVE_BYTES", usage.free)
    with pytest.raises(CannotBuild, match="Make room, then build again"):
        shop.build(shop.items())
    assert shop.copying.copied == []


@pytest.mark.parametrize("name", ["releases", "releases/.building-7", "releases/release-7"])
def test_a_link_in_the_way_is_refused(shop: Workshop, name: str) -> None:
    elsewhere = shop.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")
    path = shop.root / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(elsewhere)
    with pytest.raises(CannotBuild, match="is not a directory of Callwarden's own"):
        shop.build(shop.items())
    assert [path.name for path in elsewhere.iterdir()] == ["kept"]
    remove(shop.releases, ABOUT.release)
    assert [path.name for path in elsewhere.iterdir()] == ["kept"]


def test_a_link_in_the_place_of_a_file_is_not_followed(shop: Workshop) -> None:
    work = unfinished(shop.releases, ABOUT.release)
    work.mkdir(parents=True)
    victim = shop.root / "victim"
    victim.write_text("untouched")
    for name in ("recording-001.wav.part", "recording-001.mp3.part", "recording-001.mp3", "manifest.json.part"):
        (work / name).symlink_to(victim)
    shop.build(shop.items())
    assert victim.read_text() == "untouched"
    assert not any(path.is_symlink() for path in shop.built.iterdir())


def test_what_nobody_decided_on_is_not_built() -> None:
    undecided = [item(found(f"1.{n}", Path("x")), Decision.NONE) for n in range(5)]
    with pytest.raises(CannotBuild, match=r"5 of its recordings are not decided on yet \(1.0, 1.1, 1.2 and others\)"):
        plan(undecided)


def test_what_the_request_does_not_cover_is_left_out() -> None:
    beyond = plan([item(found("1.1", Path("x")), covered=False)])
    assert [one.why for one in beyond.left_out] == ["the request does not cover it"]


HOSTILE = "<script>alert(1)</script> \u202e \x00 Łódź 電話"


def test_the_cover_page_shows_what_was_written_and_runs_nothing(shop: Workshop) -> None:
    items = shop.items(mutes=(muted(0.5, 1.25, HOSTILE),))
    left = item(found("1.9", None), Decision.EXCLUDE, HOSTILE)
    made = shop.build([*items, left])
    said = contents(ABOUT, made.delivered, made.left_out)
    page = html(said)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page
    assert "0:00.5 to 0:01.25" in page
    assert "020 7946" not in page
    for fonts in (Path("/usr/share/fonts/truetype/dejavu"), Path("/nowhere")):
        assert pdf(said, fonts).startswith(b"%PDF-")
