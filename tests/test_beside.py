"""A recorder of the dialplan beside the daemon's own: its sound is in the recording, once, and nothing stays behind."""

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from callwarden.alarms import Alarms
from callwarden.core import events as ev
from callwarden.core.actions import FinishRecording
from callwarden.core.facts import Fact, Gap, Segment, Suspension
from callwarden.storage.database import open_readonly
from callwarden.storage.findings import about
from callwarden.storage.keeper import Keeper
from callwarden.storage.reading import LedgerRows, ledger_rows, recording, story
from storage_world import AT, UNIQUE_ID, call, channel, loudness, samples_of, segment, suspension, tone, write_wav
from storage_world import recording as recording_row
from test_housekeeping import settings_in

MINE, ITS = 880, 440  # Hz, of the daemon's file and of the dialplan's


@dataclass
class Done:
    """What came of it: the rows, the sound, how the spool and the findings look."""

    rows: LedgerRows
    call_answered: float | None
    call_ended: float | None
    sound: list[int]
    spool: list[str]
    found: list[str]

    def heard(self, hertz: float, start: float, end: float) -> bool:
        return loudness(self.sound, hertz, start, end) > 4000


class Office:
    """A spool with files, and a channel that ended 20 s after it began."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = settings_in(folder, "30 2 * * *")
        self.segments: list[Segment] = []
        self.suspensions: list[Suspension] = []
        self.answered: float | None = AT + 3.5
        self.gaps: list[Gap] = []

    def wrote(self, file: str, hertz: float, start: float, end: float) -> str:
        path = write_wav(self.settings.spool.path / file, tone(hertz, end - start))
        os.utime(path, (AT + end, AT + end))
        return file

    def dialplan(self, start: float, end: float) -> str:
        return self.wrote(f"{UNIQUE_ID}-dialplan{int(AT + start)}.wav", ITS, start, end)

    def daemon(self, start: float, end: float) -> None:
        self.wrote(file := f"{UNIQUE_ID}-{int(AT + start)}000.wav", MINE, start, end)
        self.segments.append(segment(file, AT + start, AT + end, len(self.segments) + 1))

    def finish(self) -> Done:
        return asyncio.run(self._finish())

    async def _finish(self) -> Done:
        told: asyncio.Queue[ev.Event] = asyncio.Queue()
        keeper = Keeper(self.settings, told.put_nowait, Alarms())
        await keeper.start()
        seen = AT if self.answered is None else self.answered
        row = channel(started=seen, answered=self.answered, ended=AT + 20)
        keeper.save(call(started=seen, answered=self.answered, ended=AT + 20))
        keeper.save(row)
        keeper.save(recording_row())
        facts: list[Fact] = [*self.segments, *self.suspensions, *self.gaps]
        for one in facts:
            keeper.save(one)
        segments, suspensions = tuple(self.segments), tuple(self.suspensions)
        keeper.finish(FinishRecording(UNIQUE_ID, UNIQUE_ID, self.answered, AT + 20, segments, suspensions))
        assert isinstance(await told.get(), ev.RecordingStored)
        await keeper.stop()
        return self._done()

    def _done(self) -> Done:
        db = open_readonly(self.settings.catalogue.path)
        rows, stored, known = ledger_rows(db, UNIQUE_ID), recording(db, UNIQUE_ID), story(db, UNIQUE_ID)
        assert rows is not None
        assert known is not None
        assert stored is not None
        assert stored.file is not None
        sound = list(samples_of(self.settings.vault.path / stored.file.path))
        spool = [one.name for one in self.settings.spool.path.glob("*.wav")]
        found = [one.finding.kind for one in about(db, "card time", UNIQUE_ID)]
        db.close()
        row = known.call.call
        return Done(rows, row.answered, row.ended, sound, spool, found)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def spans(segments: Iterable[Segment]) -> list[tuple[float, float]]:
    return [(one.started - AT, one.stopped - AT) for one in segments if one.started and one.stopped]


def test_what_the_dialplan_recorded_before_the_daemon_could_begins_the_recording(office: Office) -> None:
    """AMI stalled while the call began. Found by a soak."""
    office.dialplan(0.5, 20)
    office.daemon(4, 20)
    office.gaps = [Gap(unique_id=UNIQUE_ID, started=AT + 3.5, ended=AT + 4, cause="the recorder was being started")]
    done = office.finish()
    assert len(done.sound) == pytest.approx(19.5 * 8000, abs=400)
    assert done.heard(ITS, 0.1, 3.4)
    assert done.heard(MINE, 3.6, 19.4)
    assert not done.heard(ITS, 3.6, 19.4)
    assert spans(done.rows.segments) == [(4, 20), (0.5, 20)]
    assert (done.rows.channel.answered, done.call_answered) == (AT + 0.5, AT + 0.5)
    assert (done.rows.channel.started, done.rows.gaps, done.spool) == (AT + 0.5, (), [])


def test_it_is_the_same_where_its_note_came_in_while_the_call_went_on(office: Office) -> None:
    """The daemon was started again during the call. Found by a soak."""
    file = office.dialplan(0, 20)
    office.daemon(4, 20)
    office.segments.append(segment(file, AT, AT + 20, 2))
    done = office.finish()
    assert (done.heard(ITS, 0.1, 3.9), done.heard(MINE, 4.1, 19.9)) == (True, True)
    assert (done.rows.channel.answered, done.call_answered, done.spool) == (AT, AT, [])
    assert len(done.sound) == pytest.approx(20 * 8000, abs=400)


def test_a_call_of_which_the_answer_was_never_seen_is_kept(office: Office) -> None:
    office.answered = None
    office.dialplan(2, 20)
    done = office.finish()
    assert done.heard(ITS, 0.1, 17.9)
    assert done.rows.channel.answered == AT + 2


@pytest.mark.parametrize("answered", [None, AT + 20])
def test_a_call_of_which_was_heard_when_it_was_over_was_when_its_file_says(
    office: Office, answered: float | None
) -> None:
    """AMI stalled from before its beginning until after its end. Found by a soak."""
    office.answered = answered
    office.dialplan(2, 9)
    done = office.finish()
    assert (done.rows.channel.answered, done.rows.channel.ended) == (AT + 2, AT + 9)
    assert (done.call_answered, done.call_ended) == (AT + 2, AT + 9)
    assert done.heard(ITS, 0.1, 6.9)


def test_what_both_recorded_is_heard_once(office: Office) -> None:
    office.dialplan(4.4, 20)
    office.daemon(4, 20)
    done = office.finish()
    assert done.heard(MINE, 0.1, 15.9)
    assert len(done.sound) == pytest.approx(16 * 8000, abs=400)
    assert (done.rows.channel.answered, done.spool) == (AT + 3.5, [])


def test_where_the_daemons_own_recorders_left_off_the_dialplans_is_heard(office: Office) -> None:
    office.dialplan(2, 20)
    office.daemon(4, 8)
    office.daemon(12, 16)
    done = office.finish()
    assert [done.heard(ITS, a + 0.1, b - 0.1) for a, b in ((0, 2), (2, 6), (6, 10), (10, 14), (14, 18))] == [
        True, False, True, False, True,
    ]  # fmt: skip
    assert done.heard(MINE, 2.1, 5.9)
    assert done.heard(MINE, 10.1, 13.9)
    assert len(done.sound) == pytest.approx(18 * 8000, abs=400)


@pytest.mark.parametrize("ended", [None, AT + 17])
def test_a_payment_of_whose_end_nobody_told_ended_where_the_dialplan_records_again(
    office: Office, ended: float | None
) -> None:
    """AMI was away when the payment ended. Found by a soak."""
    office.daemon(4, 8)
    office.suspensions = [suspension(AT + 8, ended)]
    office.dialplan(13.5, 20)  # its name knows no smaller unit than the second
    done = office.finish()
    assert done.found == []
    assert [one.ended for one in done.rows.suspensions] == [AT + 13.5], "nothing is unexplained"
    assert (done.heard(MINE, 0.1, 3.9), done.heard(ITS, 9.6, 15.9)) == (True, True)
    assert loudness(done.sound, ITS, 4.1, 9.4) < 100
    assert done.spool == []


def test_what_the_dialplan_recorded_into_a_payment_is_in_no_recording(office: Office) -> None:
    office.dialplan(4, 16)
    office.daemon(4, 8)
    office.suspensions = [suspension(AT + 8, AT + 12)]
    office.daemon(12, 20)
    done = office.finish()
    assert done.found == ["card-audio-cut"]
    assert loudness(done.sound, ITS, 0.1, 15.9) < 100
    assert (done.heard(MINE, 0.1, 3.9), done.heard(MINE, 8.1, 15.9), done.spool) == (True, True, [])


def test_asked_again_it_is_the_same(office: Office) -> None:
    file = office.dialplan(0.5, 20)
    office.daemon(4, 20)
    first = office.finish()
    office.segments = [replace(one, number=one.number) for one in first.rows.segments]
    office.dialplan(0.5, 20)
    again = office.finish()
    assert [one.file for one in again.rows.segments].count(file) == 1
    assert len(again.sound) == len(first.sound)


def test_a_silence_that_went_on_behind_its_end_is_explained(office: Office) -> None:
    """The payment ended while AMI was away; the dialplan's recorder was stopped when it came back. Found by a soak."""
    office.daemon(4, 8)
    office.suspensions = [suspension(AT + 8, AT + 14)]
    office.dialplan(13, 13.5)
    office.daemon(15, 20)
    office.gaps = [Gap(unique_id=UNIQUE_ID, started=AT + 14, ended=AT + 15, cause="the recorder was being started")]
    done = office.finish()
    assert [(one.started - AT, one.ended - AT) for one in done.rows.gaps] == [(13.5, 14), (14, 15)]
