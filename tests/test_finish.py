"""From closed segments to one recording in the vault: once, whole, whatever stops it on the way."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlite_utils import Database

from callwarden.core import actions as do
from callwarden.core.facts import RecordingState, SegmentState
from callwarden.storage import reading
from callwarden.storage.audio import measure
from callwarden.storage.catalogue import save, save_all
from callwarden.storage.database import open_catalogue, open_readonly
from callwarden.storage.finish import (
    Discarded,
    Finished,
    FinishFailed,
    FinishJob,
    discard,
    discard_all,
    finish,
    finish_all,
)
from callwarden.storage.parts import pieces
from callwarden.storage.riff import gsm
from callwarden.storage.vault import Vault
from storage_world import (
    AT,
    RATE,
    UNIQUE_ID,
    call,
    channel,
    loudness,
    recording,
    samples_of,
    segment,
    suspension,
    tone,
    write_wav,
)

T = TypeVar("T")
NAME = "2026/05/28/1780000000.7.wav"
OTHER_ID, OTHER_NAME = "1780000000.8", "2026/05/28/1780000000.8.wav"
SEGMENTS = [segment("a-1.wav", AT, AT + 2), segment("a-2.wav", AT + 5, AT + 7, 2)]
SUSPENSIONS = [suspension(AT + 2, AT + 5)]


class Killed(BaseException):
    """The daemon died here."""


class World:
    """A spool, a vault and a catalogue with one call that has just ended."""

    def __init__(self, root: Path) -> None:
        self.spool = root / "spool"
        self.vault = Vault(root / "vault")
        self.path = root / "catalogue.sqlite"
        self.db = open_catalogue(self.path)
        save_all(self.db, [call(), channel(), recording()])
        write_wav(self.spool / "a-1.wav", tone(440, 2))
        write_wav(self.spool / "a-2.wav", tone(440, 2))

    def job(self, *segments: Any, **options: Any) -> FinishJob:
        plan = pieces(segments or SEGMENTS, SUSPENSIONS, self.spool, AT + 7)
        return FinishJob(UNIQUE_ID, plan, **options)

    def run(self, work: Callable[[Database], T]) -> T:
        return work(self.db)

    def finish(self, *segments: Any, **options: Any) -> Finished | FinishFailed:
        return finish(self.job(*segments, **options), self.vault, self.run)

    def row(self) -> reading.FoundRecording:
        """As somebody else reads it, over a connection of their own."""
        db = open_readonly(self.path)
        found = reading.recording(db, UNIQUE_ID)
        db.close()
        assert found is not None
        return found

    def spooled(self) -> list[str]:
        return sorted(path.name for path in self.spool.iterdir())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.db.close()


def test_a_recording_is_joined_hashed_stored_and_gone_from_the_spool(world: World) -> None:
    result = world.finish(expires=AT + 1000)
    assert isinstance(result, Finished)
    content = (world.vault.root / NAME).read_bytes()
    assert (result.path, result.seconds, result.problems) == (NAME, 7.0, ())
    assert (result.bytes, result.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert world.spooled() == []


def test_the_row_says_what_was_stored(world: World) -> None:
    result = world.finish(expires=AT + 1000)
    row = world.row()
    assert isinstance(result, Finished) and row.file is not None
    assert row.recording.state is RecordingState.STORED
    assert (row.file.path, row.file.format, row.file.expires) == (NAME, "wav", AT + 1000)
    assert (row.file.sha256, row.file.bytes, row.file.seconds) == (result.sha256, result.bytes, 7.0)


def test_the_time_of_the_card_payment_is_silent_and_where_the_clock_says(world: World) -> None:
    world.finish()
    sound = samples_of(world.vault.root / NAME)
    assert loudness(sound, 440, 0, 2) > 7500
    assert max(map(abs, sound[16001:39999])) == 0
    assert loudness(sound, 440, 5, 7) > 7500


@pytest.mark.parametrize(("option", "seconds"), [("tone", 7.0), ("cut", 4.0)])
def test_the_time_of_the_card_payment_is_a_tone_or_is_cut_out(world: World, option: Any, seconds: float) -> None:
    result = world.finish(suspended_time=option)
    assert isinstance(result, Finished)
    assert result.seconds == seconds


def test_what_asterisk_wrote_as_wav_is_kept_as_wav49_where_that_is_wanted(world: World) -> None:
    result = world.finish(format="wav49")
    assert isinstance(result, Finished)
    assert (result.path, result.seconds) == ("2026/05/28/1780000000.7.WAV", 7.0)
    kept = world.vault.root / result.path
    assert measure(kept).encoding == gsm()
    sound = samples_of(kept)
    assert loudness(sound, 440, 0.1, 1.9) > 4000
    assert loudness(sound, 440, 2.1, 4.9) < 100
    assert loudness(sound, 440, 5.1, 6.9) > 4000
    assert world.spooled() == []


STOPS = [(call_number, when) for call_number in (1, 2) for when in ("before", "after")]


@pytest.mark.parametrize(("call_number", "when"), STOPS)
def test_a_crash_between_any_two_steps_loses_nothing_and_keeps_one_file(
    world: World, call_number: int, when: str
) -> None:
    calls = 0

    def dying(work: Callable[[Database], T]) -> T:
        nonlocal calls
        calls += 1
        if (calls, when) == (call_number, "before"):
            raise Killed
        result = work(world.db)
        if calls == call_number:
            raise Killed
        return result

    with pytest.raises(Killed):
        finish(world.job(), world.vault, dying)
    assert world.spooled() == ["a-1.wav", "a-2.wav"]

    result = world.finish()
    assert isinstance(result, Finished)
    assert result.seconds == 7.0
    assert world.spooled() == []
    files = list(world.vault.root.rglob("*.wav"))
    assert [str(path.relative_to(world.vault.root)) for path in files] == [NAME]
    assert world.finish() == result


def test_a_crash_in_the_middle_of_clearing_the_spool_is_cleared_up(world: World) -> None:
    first = world.finish()
    write_wav(world.spool / "a-2.wav", tone(440, 2))
    assert world.finish() == first
    assert world.spooled() == []


def test_a_missing_and_an_empty_segment_are_reported_and_the_rest_is_kept(world: World) -> None:
    write_wav(world.spool / "a-2.wav", b"")
    segments = [*SEGMENTS, segment("a-3.wav", AT + 7, AT + 9, 3)]
    result = world.finish(*segments)
    assert isinstance(result, Finished)
    assert result.problems == ("a-2.wav holds no audio", "a-3.wav is not in the spool")
    assert world.row().note == "\n".join(result.problems)
    assert world.spooled() == []


def test_a_file_that_asterisk_had_not_begun_when_it_crashed_holds_no_audio(world: World) -> None:
    (world.spool / "a-2.wav").write_bytes(b"")
    result = world.finish()
    assert isinstance(result, Finished)
    assert result.problems == ("a-2.wav holds no audio",)


def test_a_failed_recorder_without_a_file_is_no_problem(world: World) -> None:
    failed = segment("a-0.wav", AT - 1, AT - 1, 0, state=SegmentState.FAILED)
    result = world.finish(failed, *SEGMENTS)
    assert isinstance(result, Finished)
    assert result.problems == ()


def test_a_file_that_is_no_audio_is_left_where_it_is_and_reported(world: World) -> None:
    (world.spool / "a-2.wav").write_bytes(b"what is this?" * 100)
    result = world.finish()
    assert isinstance(result, Finished)
    assert result.problems == ("a-2.wav is left in the spool: it is not a WAV file",)
    assert world.spooled() == ["a-2.wav"]


def test_a_segment_with_less_audio_than_its_time_is_reported(world: World) -> None:
    write_wav(world.spool / "a-1.wav", tone(440, 0.5))
    result = world.finish()
    assert isinstance(result, Finished)
    assert (result.seconds, result.problems) == (7.0, ("a-1.wav holds 1.5 s less than its recorder ran",))


def test_a_segment_that_was_stopped_while_it_was_being_started_is_nothing_to_tell(world: World) -> None:
    write_wav(world.spool / "a-3.wav", b"")
    result = world.finish(*SEGMENTS, segment("a-3.wav", AT + 7, AT + 7.002, 3))
    assert isinstance(result, Finished)
    assert result.problems == ()


def test_a_recording_without_any_file_has_failed_for_good(world: World) -> None:
    for path in world.spool.iterdir():
        path.unlink()
    assert world.finish() == FinishFailed(UNIQUE_ID, "none of its files is in the spool", retry=False)
    assert world.row().recording.state is RecordingState.CLOSED


def test_a_call_in_which_nobody_made_a_sound_is_an_empty_recording(world: World) -> None:
    write_wav(world.spool / "a-1.wav", b"")
    result = world.finish(SEGMENTS[0])
    assert isinstance(result, Finished)
    assert (result.seconds, result.problems) == (0.0, ("a-1.wav holds no audio",))


def test_nothing_leaves_the_spool_for_a_row_that_does_not_exist(world: World) -> None:
    job = FinishJob("1780000000.99", world.job().plan)
    result = finish(job, world.vault, world.run)
    assert isinstance(result, FinishFailed) and result.retry
    assert world.spooled() == ["a-1.wav", "a-2.wav"]


def test_a_vault_that_cannot_be_written_costs_nothing(world: World) -> None:
    (world.vault.root / "2026").write_bytes(b"in the way")
    result = world.finish()
    assert isinstance(result, FinishFailed) and result.retry
    assert world.spooled() == ["a-1.wav", "a-2.wav"]
    assert list(world.vault.scratch.iterdir()) == []


def test_a_format_that_cannot_be_made_costs_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = world.finish(format="wav49")
    assert isinstance(result, FinishFailed) and result.retry
    assert "ffmpeg could not be run" in result.reason
    assert world.spooled() == ["a-1.wav", "a-2.wav"]
    assert list(world.vault.scratch.iterdir()) == []


def test_a_catalogue_that_cannot_be_written_costs_nothing(world: World) -> None:
    other = sqlite3.connect(world.path)
    other.execute("BEGIN IMMEDIATE")
    world.db.conn.execute("PRAGMA busy_timeout = 10")
    result = world.finish()
    other.close()
    assert isinstance(result, FinishFailed) and result.retry
    assert "locked" in result.reason
    assert world.spooled() == ["a-1.wav", "a-2.wav"]
    assert isinstance(world.finish(), Finished)


def test_a_link_planted_in_the_spool_takes_nothing_into_the_vault(world: World, tmp_path: Path) -> None:
    secret = write_wav(tmp_path / "secret.wav", tone(440, 1))
    (world.spool / "a-2.wav").unlink()
    (world.spool / "a-2.wav").symlink_to(secret)
    result = world.finish()
    assert isinstance(result, Finished)
    assert (result.seconds, result.problems) == (5.0, ("a-2.wav is left in the spool: it is a symbolic link",))
    assert secret.exists()
    assert world.spooled() == ["a-2.wav"]


def test_what_was_purged_does_not_come_back(world: World) -> None:
    save(world.db, recording(state=RecordingState.PURGED))
    result = world.finish()
    assert isinstance(result, FinishFailed) and not result.retry
    assert not world.vault.exists(NAME)
    assert world.spooled() == []


def test_later_news_of_a_stored_recording_does_not_forget_its_file(world: World) -> None:
    world.finish()
    save(world.db, recording(state=RecordingState.STORED, reason="news"))
    row = world.row()
    assert row.file is not None
    assert (row.recording.reason, row.file.path) == ("news", NAME)


def test_a_call_that_nobody_answered_leaves_no_recording(world: World) -> None:
    result = discard(world.job(), world.run, "nobody answered")
    assert result == Discarded(UNIQUE_ID)
    assert (world.row().recording.state, world.row().note) == (RecordingState.DISCARDED, "nobody answered")
    assert world.spooled() == []
    assert discard(world.job(), world.run, "nobody answered") == result


def test_a_stored_recording_is_not_discarded(world: World) -> None:
    world.finish()
    assert isinstance(discard(world.job(), world.run, "a mistake"), FinishFailed)
    assert world.vault.exists(NAME)


def test_what_was_written_while_a_phone_rang_is_not_in_its_recording(world: World) -> None:
    """As the keeper orders it: rung for 1.5 s, answered, silent from second 2 to 5 after the answer, and on."""
    write_wav(world.spool / "a-1.wav", bytes(3 * RATE) + tone(440, 2))
    rung = segment("a-1.wav", AT - 1.5, AT + 2)
    order = do.FinishRecording(UNIQUE_ID, UNIQUE_ID, AT, AT + 7, (rung, SEGMENTS[1]), tuple(SUSPENSIONS))
    plan = pieces(order.segments, order.suspensions, world.spool, order.ended, order.answered)
    result = finish(FinishJob(UNIQUE_ID, plan), world.vault, world.run)
    assert isinstance(result, Finished)
    sound = samples_of(world.vault.root / NAME)
    assert result.seconds == 7.0
    assert loudness(sound, 440, 0.0, 2.0) > 7000
    assert loudness(sound, 440, 2.05, 4.95) < 100
    assert loudness(sound, 440, 5.0, 7.0) > 7000


def second(world: World, *segments: Any) -> FinishJob:
    """The other channel of the call."""
    save_all(world.db, [channel(OTHER_ID), recording(OTHER_ID)])
    write_wav(world.spool / "b-1.wav", tone(700, 2))
    plan = pieces(segments or [segment("b-1.wav", AT, AT + 2, unique_id=OTHER_ID)], [], world.spool, AT + 7)
    return FinishJob(OTHER_ID, plan)


def test_channels_that_end_together_share_two_looks_at_the_catalogue(world: World) -> None:
    looks = 0

    def counting(work: Callable[[Database], T]) -> T:
        nonlocal looks
        looks += 1
        return work(world.db)

    results = finish_all([world.job(), second(world)], world.vault, counting)
    assert [type(one) for one in results] == [Finished, Finished]
    assert [one.unique_id for one in results] == [UNIQUE_ID, OTHER_ID]
    assert looks == 2
    assert world.spooled() == []
    assert loudness(samples_of(world.vault.root / NAME), 440, 0, 2) > 7000
    assert loudness(samples_of(world.vault.root / OTHER_NAME), 700, 0, 2) > 7000


def test_what_fails_of_one_recording_is_no_matter_of_those_beside_it(world: World) -> None:
    unknown = FinishJob("1780000000.99", second(world, segment("no-file.wav", AT, AT + 2)).plan)
    lost = second(world, segment("no-file.wav", AT, AT + 2))
    results = finish_all([unknown, lost, world.job()], world.vault, world.run)
    assert [type(one) for one in results] == [FinishFailed, FinishFailed, Finished]
    assert [getattr(one, "retry", None) for one in results] == [True, False, None]
    assert world.spooled() == ["b-1.wav"]


def test_unanswered_channels_are_let_go_together_each_for_its_reason(world: World) -> None:
    other = second(world)
    world.finish()
    results = discard_all([(world.job(), "nobody answered"), (other, "nothing was recorded")], world.run)
    assert isinstance(results[0], FinishFailed)
    assert results[1] == Discarded(OTHER_ID)
    assert world.row().recording.state is RecordingState.STORED
    assert world.spooled() == []
