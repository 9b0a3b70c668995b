"""Files in the spool that nobody waits for: each is taken in once, cleared away, or told of; none is lost."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlite_utils import Database

from callwarden.core.facts import Direction, Fact, Gap, RecordingState, SegmentState
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue, transaction
from callwarden.storage.leftovers import Leftovers, channel_of, take_in
from callwarden.storage.reading import ledger_rows, recording, story
from callwarden.storage.vault import Vault, name_of
from storage_world import AT, UNIQUE_ID, call, channel, segment, suspension, tone, write_wav
from storage_world import recording as recording_row

NOW = AT + 100
FILE = f"{UNIQUE_ID}-{int(AT + 10)}000.wav"
SECONDS = 5.0


@dataclass
class Spool:
    """A spool beside a catalogue and a vault."""

    db: Database
    path: Path
    vault: Vault

    def has(self, seconds: float = SECONDS, file: str = FILE) -> Path:
        path = write_wav(self.path / file, tone(440, seconds))
        os.utime(path, (AT + 10 + seconds, AT + 10 + seconds))
        return path

    def knows(self, *facts: Fact) -> None:
        save_all(self.db, facts)

    def is_stored(self, unique_id: str = UNIQUE_ID) -> None:
        name = name_of(unique_id, "wav")
        with self.vault.put(name) as out:
            out.write(b"sound")
        with transaction(self.db) as connection:
            connection.execute(
                "UPDATE recordings SET state = 'stored', path = ? WHERE unique_id = ?", [name, unique_id]
            )

    def look(self, sighted: bool = True) -> Leftovers:
        return take_in(self.db, self.path, self.vault, [one.name for one in self.path.iterdir()], NOW, sighted)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    db = open_catalogue(tmp_path / "catalogue.sqlite")
    (tmp_path / "spool").mkdir()
    yield Spool(db, tmp_path / "spool", Vault(tmp_path / "vault"))
    db.close()


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        (FILE, UNIQUE_ID),
        ("pbx-1780000000.7-dialplan1780000010.wav", "pbx-1780000000.7"),
        ("1780000000.7-1780000010000.WAV", ""),
        ("holiday.wav", ""),
        (".alive", ""),
        ("1780000000.7-1780000010000.wav.part", ""),
    ],
)
def test_a_file_s_name_tells_whose_it_is(name: str, whose: str) -> None:
    assert channel_of(name) == whose


def test_a_file_of_a_channel_that_nobody_catalogued_becomes_a_call(spool: Spool) -> None:
    spool.has()
    [found] = spool.look().found
    assert (found.call.direction, found.call.answered) == (Direction.UNKNOWN, AT + 10)
    assert [one.file for one in found.segments] == [FILE]
    assert found.recording is not None
    assert spool.look().found == [found], "asked again it changes nothing"


def test_before_asterisk_is_in_sight_nobody_is_made_up(spool: Spool) -> None:
    file = spool.has()
    assert spool.look(sighted=False) == Leftovers()
    assert story(spool.db, UNIQUE_ID) is None
    assert file.exists()


def test_a_file_whose_row_was_not_written_is_known_before_the_snapshot(spool: Spool) -> None:
    spool.has()
    spool.knows(call(), channel(), recording_row(state=RecordingState.STARTING))
    [found] = spool.look(sighted=False).found
    assert [(one.file, one.state, one.started) for one in found.segments] == [
        (FILE, SegmentState.RECORDING, AT + 10)
    ]
    assert found.sounded == AT + 10, "nobody saw the answer, but there is sound"


@pytest.mark.parametrize("state", ["stored", "discarded", "purging", "purged"])
def test_a_file_that_was_only_still_to_be_removed_goes(spool: Spool, state: str) -> None:
    file = spool.has()
    spool.knows(call(), channel(ended=AT + 20), recording_row(), segment(FILE, AT + 10, AT + 15))
    spool.is_stored()
    spool.db.conn.execute("UPDATE recordings SET state = ?", [state])
    assert spool.look(sighted=False).cleared == []
    assert spool.look().cleared == [FILE]
    assert not file.exists()


def test_sound_whose_recording_is_not_to_be_found_stays_and_is_told(spool: Spool) -> None:
    file = spool.has()
    spool.knows(call(), channel(ended=AT + 20), recording_row(), segment(FILE, AT + 10, AT + 15))
    spool.is_stored()
    spool.vault.remove(name_of(UNIQUE_ID, "wav"))
    assert spool.look().left == [FILE]
    assert file.exists()


@pytest.mark.parametrize("why", ["not in its recording", "its start had failed"])
def test_sound_that_a_stored_recording_does_not_have_is_another_recording_of_the_call(spool: Spool, why: str) -> None:
    file = spool.has()
    spool.knows(call(), channel(ended=AT + 20), recording_row(), suspension(AT + 2, AT + 6))
    if why == "its start had failed":
        spool.knows(segment(FILE, AT + 10, AT + 15, state=SegmentState.FAILED))
    spool.is_stored()
    [found] = spool.look().found
    assert (found.channel.answered, found.channel.ended, found.channel.number) == (AT + 10, AT + 15, channel().number)
    assert (found.channel.linked_id, [one.file for one in found.segments]) == (UNIQUE_ID, [FILE])
    assert [(one.confirmed, one.ended) for one in found.suspensions] == [(AT + 2, AT + 6)], "and silent when it was"
    assert spool.look().found == [found], "asked again it changes nothing"
    assert file.exists()
    known = recording(spool.db, UNIQUE_ID)
    assert known is not None
    assert known.recording.state is RecordingState.STORED


def test_a_file_that_became_another_recording_goes_once_that_is_stored(spool: Spool) -> None:
    file = spool.has()
    spool.knows(call(), channel(ended=AT + 20), recording_row())
    spool.is_stored()
    [found] = spool.look().found
    spool.is_stored(found.channel.unique_id)
    assert spool.look().cleared == [FILE]
    assert not file.exists()


@pytest.mark.parametrize(
    ("began", "ended", "goes"),
    [(AT + 10.5, AT + 15, True), (AT + 8, AT + 20, True), (AT + 11.5, AT + 15, False), (AT + 10, AT + 13, False)],
)
def test_a_recorder_that_ran_beside_the_daemons_own_leaves_nothing(
    spool: Spool, began: float, ended: float, goes: bool
) -> None:
    """The dialplan starts its own where the daemon comes into sight a moment too late. Found by a soak."""
    double = f"{UNIQUE_ID}-dialplan{int(AT + 10)}.wav"
    file = spool.has(file=double)
    spool.knows(call(), channel(ended=AT + 20), recording_row(), segment(FILE, began, ended))
    spool.is_stored()
    looked = spool.look()
    assert (looked.cleared == [double], looked.found == []) == (goes, goes)
    assert file.exists() is not goes


def test_a_late_file_without_sound_goes(spool: Spool) -> None:
    file = spool.has(0)
    spool.knows(call(), channel(ended=AT + 20), recording_row())
    spool.is_stored()
    assert spool.look().cleared == [FILE]
    assert not file.exists()


@pytest.mark.parametrize("state", [RecordingState.DISCARDED, RecordingState.MISSING])
def test_a_file_that_comes_after_its_recording_was_given_up_is_taken_in(spool: Spool, state: RecordingState) -> None:
    spool.has()
    gap = Gap(unique_id=UNIQUE_ID, started=AT + 8, ended=AT + 20, cause="no file")
    spool.knows(call(), channel(answered=AT + 8, ended=AT + 20), recording_row(state=state), gap)
    [found] = spool.look().found
    assert [one.file for one in found.segments] == [FILE]
    assert (found.channel.answered, found.channel.ended) == (AT + 8, AT + 20)
    known = recording(spool.db, UNIQUE_ID)
    assert known is not None
    assert known.recording.state is RecordingState.RECORDING
    rows = ledger_rows(spool.db, UNIQUE_ID)
    assert rows is not None
    assert [(one.started, one.ended) for one in rows.gaps] == [(AT + 8, AT + 10), (AT + 15, AT + 20)]


def test_a_channel_of_which_was_heard_when_it_was_over_was_when_its_file_says(spool: Spool) -> None:
    spool.has()
    late = AT + 60
    spool.knows(
        call(started=late, answered=late, ended=late), channel(started=late, answered=late, ended=late),
        recording_row(state=RecordingState.DISCARDED),
    )  # fmt: skip
    [found] = spool.look().found
    assert (found.channel.answered, found.channel.ended) == (AT + 10, AT + 15)
    assert (found.call.started, found.call.answered, found.call.ended) == (AT + 10, AT + 10, AT + 15)
