"""The catalogue against call detail records and the disk: what does not fit is found once, and is over when it is."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from callwarden.alarms import Alarms
from callwarden.config import settings_from
from callwarden.control import ControlError, Peer
from callwarden.core.facts import Call, Channel, Direction, Gap, Recording, RecordingState, Role, Segment, SegmentState
from callwarden.core.reconcile import (
    Cdr,
    Kinds,
    Known,
    SeenMedia,
    StoredMedia,
    differences,
    disagreement,
    in_sentences,
    unrecorded,
)
from callwarden.core.spans import Kind, Span
from callwarden.reconciling import ALARM, FAILED, LAST, Reconciling
from callwarden.storage.database import open_catalogue, set_setting, transaction
from callwarden.storage.findings import Finding, listed, record
from callwarden.storage.forgetting import forget
from callwarden.storage.keeper import Keeper
from callwarden.storage.reconcile_disk import shown, subject_of
from cli_world import World as CliWorld
from storage_world import tone, write_wav
from test_cdr import line

AT = 1794457800.0  # 2026-11-12 04:30 UTC
STORED = RecordingState.STORED


def cdr(**changes: Any) -> Cdr:
    known: dict[str, Any] = {
        "where": "line 1", "unique_id": "1.0", "linked_id": "", "channel": "PJSIP/trunk-0", "to_channel": "PJSIP/202-1",
        "started": AT, "answered": AT + 5, "ended": AT + 65, "billed": 60.0,
    }  # fmt: skip
    return Cdr(**(known | changes))


def known(*states: RecordingState, spans: tuple[Span, ...] = ()) -> Known:
    return Known("1.0", states, [spans])


# -- decisions ------------------------------------------------------------------------------------------------------


def test_a_call_that_is_kept_or_was_deleted_on_time_is_no_finding() -> None:
    for state in (STORED, RecordingState.PURGED, RecordingState.PURGING, RecordingState.CLOSED):
        assert unrecorded(cdr(), known(state)) is None
    assert unrecorded(cdr(), known(RecordingState.DISCARDED, STORED)) is None


def test_a_call_that_the_catalogue_does_not_know() -> None:
    found = unrecorded(cdr(), None)
    assert found is not None
    assert found[0] is Kinds.CALL_UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"answered": None}, {"billed": 1.0}, {"channel": "Local/5@x-0;1", "to_channel": "Local/5@x-0;2"},
        {"channel": "Local/5@x-0;1", "to_channel": ""},
    ],
)  # fmt: skip
def test_what_needs_no_recording_is_no_finding(changes: dict[str, Any]) -> None:
    assert unrecorded(cdr(**changes), None) is None


def test_what_was_silent_by_a_rule_or_on_purpose_is_no_finding() -> None:
    exempt = Span(AT, AT + 60, Kind.EXEMPT, "exempt endpoint")
    paid = Span(AT, AT + 60, Kind.SUSPENDED, "card line")
    assert unrecorded(cdr(), known(spans=(exempt,))) is None
    assert unrecorded(cdr(), known(RecordingState.DISCARDED, spans=(paid, Span(AT, AT + 1, Kind.GAP, "x")))) is None


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (known(RecordingState.DISCARDED, spans=(Span(AT, AT + 60, Kind.GAP, "disk full"),)), "disk full"),
        (known(RecordingState.MISSING, spans=(Span(AT, AT + 60, Kind.RECORDED),)), "the recording is lost"),
        (known(), "nobody answered it"),
    ],
)
def test_a_call_without_a_recording_is_told_with_its_cause(what: Known, words: str) -> None:
    found = unrecorded(cdr(), what)
    assert found is not None
    assert found[0] is Kinds.CALL_WITHOUT_RECORDING
    assert words in found[1]


def test_names_on_the_disk_and_in_rows_are_told_apart() -> None:
    assert list(differences({"a", "b"}, {"b", "c"})) == [(Kinds.FILE_WITHOUT_ROW, "a"), (Kinds.ROW_WITHOUT_FILE, "c")]


def test_audio_that_is_not_as_it_was_stored() -> None:
    said = StoredMedia(160_044, 10.0, sealed=False)
    assert disagreement(said, SeenMedia(160_044, 10.0, 10.0)) == ""
    assert disagreement(said, SeenMedia(160_040, 10.0, 10.0)) == "it has 160040 bytes, the catalogue says 160044"
    assert disagreement(said, SeenMedia(160_044, 5.0, 5.0)) == "it holds 5.0 s, the catalogue says 10.0 s"
    assert disagreement(said, SeenMedia(160_044, 10.0, 0.0)) == "its header says 0.0 s, the catalogue says 10.0 s"
    assert disagreement(said, SeenMedia(160_044, 0, 0, "it is not a WAV file")).startswith("it cannot be read")
    assert disagreement(StoredMedia(99, 10.0, sealed=True), SeenMedia(99, 0, 0)) == ""


def test_an_alarm_counts_what_it_is_about() -> None:
    assert in_sentences({"call-unknown": 2, "file-without-row": 1}) == "2 calls unknown, 1 file without row"


def test_a_foreign_files_name_is_told_without_the_number_in_it() -> None:
    name = "external-202-07700900123-20261122-043000-1795321800.12.wav"
    assert "07700900123" not in shown(name)
    assert subject_of(name).startswith("file ")
    ours = "2026/11/22/pbx22-1795321800.12.wav"
    assert subject_of(ours) == shown(ours) == ours


# -- with real files ------------------------------------------------------------------------------------------------


class Ears(Alarms):
    """Remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def sound(self, kind: str, text: str, unique_id: str = "", **more: Any) -> None:
        self.heard.append((kind, text))


class Office:
    """A keeper, its vault and its spool, and Asterisk's Master.csv."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder, self.csv = folder, folder / "Master.csv"
        self.csv.touch()
        (folder / "spool").mkdir()
        self.settings = settings_from(
            f'[vault]\npath = "{folder}/vault"\n[catalogue]\npath = "{folder}/catalogue.sqlite"\n'
            f'[spool]\npath = "{folder}/spool"\n[reconcile]\ncdr = ["{self.csv}"]\ngrace = 0\n{more}',
            {},
        )
        self.alarms = Ears()
        self.keeper = Keeper(self.settings, lambda _: None, self.alarms)
        self.reconciling = Reconciling(self.keeper, self.alarms)

    async def call(self, number: int, state: RecordingState = STORED, record: bool = True) -> str:
        """A call of a minute, with its recording in the vault and its record in Master.csv."""
        at, unique_id = AT + number * 600, f"{AT + number * 600:.0f}.{number}"
        self.keeper.save(
            Call(linked_id=unique_id, direction=Direction.INBOUND, started=at, answered=at + 5, ended=at + 65)
        )
        self.keeper.save(
            Channel(
                unique_id=unique_id, linked_id=unique_id, name=f"PJSIP/trunk-{number:08x}", endpoint="PJSIP/trunk",
                role=Role.OUTSIDE, started=at, answered=at + 5, ended=at + 65,
            )
        )  # fmt: skip
        self.keeper.save(Recording(unique_id=unique_id, linked_id=unique_id, state=state, wanted=at))
        if state is STORED:
            await self.keeper.on_catalogue(lambda db: None)
            await self.store(unique_id)
        else:
            self.keeper.save(Gap(unique_id=unique_id, started=at + 5, ended=at + 65, cause="disk full"))
        if record:
            self.write(unique_id, number)
        return unique_id

    async def store(self, unique_id: str) -> None:
        path = f"2026/11/22/{unique_id}.wav"
        file = write_wav(self.keeper.vault.root / path, tone(440, 1))
        size = file.stat().st_size

        def save(db: Any) -> None:
            with transaction(db) as connection:
                connection.execute(
                    "UPDATE recordings SET path = ?, sha256 = 'x', bytes = ?, seconds = 1, format = 'wav' "
                    "WHERE unique_id = ?",
                    [path, size, unique_id],
                )

        await self.keeper.on_catalogue(save)

    def write(self, unique_id: str, number: int, **changes: str) -> None:
        def moment(at: float) -> str:
            return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))

        at = AT + number * 600
        times = {"c9": moment(at), "c10": moment(at + 5), "c11": moment(at + 65)}
        names = {"c5": f"PJSIP/trunk-{number:08x}"}
        with self.csv.open("a") as file:
            file.write(line(*([unique_id, ""] if unique_id else []), **(times | names | changes)))

    def file(self, unique_id: str) -> Path:
        return self.keeper.vault.root / f"2026/11/22/{unique_id}.wav"

    async def reconcile(self, from_: float = AT - 3600, to: float = AT + 86400) -> list[str]:
        """The kinds that are found."""
        answer = await self.reconciling.run(from_, to)
        return sorted(one["kind"] for one in answer["findings"])

    async def open(self) -> list[str]:
        return await self.keeper.on_catalogue(
            lambda db: sorted(one.finding.kind for one in listed(db, open_only=True))
        )


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    made = Office(tmp_path)
    await made.keeper.start()
    await made.keeper.on_catalogue(lambda db: set_setting(db, "vault", made.keeper.vault.identity))
    yield made
    await made.keeper.stop()


async def test_what_fits_is_not_found(office: Office) -> None:
    for number in range(5):
        await office.call(number)
    assert await office.reconcile() == []
    assert office.alarms.heard == []


async def test_each_kind_is_found_once_alarmed_once_and_resolved_when_it_is_gone(office: Office) -> None:
    good, lost, unwritten, changed = [await office.call(n, record=n != 2) for n in range(4)]
    office.write("1.99", 6)
    away = office.file(lost).read_bytes()
    office.file(lost).unlink()
    whole = office.file(changed).read_bytes()
    office.file(changed).write_bytes(whole[:-4000])
    stray = write_wav(office.file("1795321800.77"), tone(440, 1))
    spooled = write_wav(office.folder / "spool" / "1795321800.78-1795321800000.wav", tone(440, 1))
    found = [
        "call-unknown", "duration-disagrees", "file-without-row", "recording-without-call", "row-without-file",
        "spool-file-without-row",
    ]  # fmt: skip
    assert await office.reconcile() == found
    assert len(office.alarms.heard) == 1
    kind, text = office.alarms.heard[0]
    assert kind == ALARM
    assert "1 call unknown" in text
    assert await office.reconcile() == found
    assert len(office.alarms.heard) == 1, "not each night anew"
    assert await office.open() == found
    office.file(lost).write_bytes(away)
    office.file(changed).write_bytes(whole)
    stray.unlink()
    spooled.unlink()
    office.write(unwritten, 2)
    office.csv.write_text("".join(one for one in office.csv.read_text().splitlines(True) if '"1.99"' not in one))
    assert await office.reconcile() == []
    assert await office.open() == []
    assert office.file(good).exists()


async def test_a_call_without_a_recording_is_found_with_the_cause_of_its_gap(office: Office) -> None:
    await office.call(0)
    linked_id = await office.call(1, RecordingState.DISCARDED)
    answer = await office.reconciling.run(AT - 10, AT + 86400)
    (found,) = answer["findings"]
    assert (found["kind"], found["subject"], found["new"]) == ("call-without-recording", linked_id, True)
    assert "disk full" in found["text"]


async def test_a_record_without_a_unique_id_is_matched_by_its_channel_and_time(office: Office) -> None:
    await office.call(0, record=False)
    office.write("", 0)
    assert await office.reconcile() == []
    office.csv.write_text("")
    office.write("", 0, c5="PJSIP/other-00000000", c6="PJSIP/another-00000001")
    assert await office.reconcile() == ["call-unknown", "recording-without-call"]


async def test_a_forgotten_call_is_still_known_by_its_time(office: Office) -> None:
    linked_id = await office.call(0, record=False)
    office.write("", 0)

    def purge(db: Any) -> None:
        with transaction(db) as connection:
            connection.execute("UPDATE recordings SET state = 'purged', path = NULL")
        forget(db, [linked_id], time.time())

    await office.keeper.on_catalogue(purge)
    office.file(linked_id).unlink()
    assert await office.reconcile() == []


async def test_a_transfer_that_splits_its_records_and_local_channels_are_one_call(office: Office) -> None:
    linked_id = await office.call(0)
    office.write(linked_id, 0, c6="PJSIP/203-00000009")
    office.write("1795321801.50", 0, c5="Local/203@x-00000001;1", c6="Local/203@x-00000001;2")
    office.write("1795321801.51", 0, c5="Local/203@x-00000001;2", c6="PJSIP/trunk-00000000")
    assert await office.reconcile() == []


async def test_only_the_time_asked_for_is_compared_and_resolved(office: Office) -> None:
    office.write("1.1", 0)
    office.write("1.2", 100)
    assert await office.reconcile(AT - 10, AT + 600) == ["call-unknown"]
    assert await office.reconcile(AT + 600, AT + 86400) == ["call-unknown"]
    assert await office.open() == ["call-unknown", "call-unknown"]


async def test_a_call_that_was_just_over_is_not_judged_yet(tmp_path: Path) -> None:
    office = Office(tmp_path, "")
    office.settings = office.keeper.settings = office.settings.model_copy(
        update={"reconcile": office.settings.reconcile.model_copy(update={"grace": time.time() - AT - 30})}
    )
    await office.keeper.start()
    office.write("1.1", 0)
    assert await office.reconcile() == []
    await office.keeper.stop()


async def test_records_that_cannot_be_read_are_an_alarm_and_resolve_nothing(office: Office) -> None:
    office.write("1.1", 0)
    assert await office.reconcile() == ["call-unknown"]
    office.csv.unlink()
    answer = await office.reconciling.run(AT - 10, AT + 86400)
    assert answer["problems"] == [f"{office.csv} is not there: does Asterisk write call detail records into it?"]
    assert office.alarms.heard[-1][0] == FAILED
    assert await office.open() == ["call-unknown"]


async def test_a_vault_that_is_not_mounted_makes_no_findings(office: Office) -> None:
    await office.call(0)
    await office.keeper.on_catalogue(lambda db: set_setting(db, "vault", "another"))
    answer = await office.reconciling.run(AT - 10, AT + 86400)
    assert answer["findings"] == []
    assert "is not the vault" in answer["problems"][0]


async def test_what_lies_about_in_the_spool(office: Office) -> None:
    unique_id = await office.call(0)
    name = f"{unique_id}-1795321800000.wav"
    office.keeper.save(
        Segment(file=name, unique_id=unique_id, number=1, state=SegmentState.CLOSED, asked=AT, started=AT, stopped=AT)
    )
    write_wav(office.folder / "spool" / name, tone(440, 1))
    os.mkfifo(office.folder / "spool" / "pipe")
    (office.folder / "spool" / "a\x1b[31m\nlink").symlink_to("/etc/passwd")
    assert await office.reconcile() == ["spool-file-left", "spool-file-without-row", "spool-file-without-row"]


async def test_a_file_anywhere_in_the_vault_that_is_no_recording_is_found(office: Office) -> None:
    await office.call(0)
    (office.keeper.vault.root / "notes.txt").write_text("x")
    (office.keeper.vault.root / "2026/11/22/notes.txt").write_text("x")
    (office.keeper.vault.root / "1999/01/01").mkdir(parents=True)
    (office.keeper.vault.root / "1999/01/01/a.wav").write_text("x")
    assert await office.reconcile() == ["file-without-row"] * 3


async def test_it_runs_on_schedule_and_makes_up_for_a_night_that_was_missed(office: Office) -> None:
    await office.keeper.on_catalogue(lambda db: set_setting(db, LAST, repr(time.time() - 3 * 86400)))
    (office.keeper.vault.root / "notes.txt").write_text("x")
    await office.reconciling.start()
    for _ in range(100):
        if await office.open():
            break
        await asyncio.sleep(0.05)
    assert await office.open() == ["file-without-row"]
    await office.reconciling.stop()


async def test_what_is_acknowledged_is_not_told_again_and_is_audited(office: Office) -> None:
    office.write("1.1", 0)
    assert await office.reconcile() == ["call-unknown"]
    handlers, me = office.reconciling.handlers(), Peer(1, os.geteuid(), 1, "jane")
    (found,) = await office.keeper.on_catalogue(lambda db: list(listed(db)))
    assert await handlers["reconcile-acknowledge"](me, {"numbers": [found.number, 99]}) == {"acknowledged": 1}
    assert await handlers["reconcile-acknowledge"](me, {"numbers": [found.number]}) == {"acknowledged": 0}
    assert await office.open() == []
    answer = await office.reconciling.run(AT - 10, AT + 86400)
    assert [(one["new"], one["acknowledged"]) for one in answer["findings"]] == [(False, True)]
    (found,) = await office.keeper.on_catalogue(lambda db: list(listed(db)))
    assert (found.acknowledged_by, found.resolved, found.open) == ("jane", None, False)
    entries = await office.keeper.on_catalogue(lambda db: db.execute("SELECT who, act FROM audit").fetchall())
    assert entries == [("jane", "finding-acknowledged")]
    for bad in ([], "1", [True], None):
        with pytest.raises(ControlError):
            await handlers["reconcile-acknowledge"](me, {"numbers": bad})


async def test_only_root_names_another_file_of_records(office: Office) -> None:
    handler = office.reconciling.handlers()["reconcile"]
    other = Peer(1, 12345, 1, "somebody")
    me = Peer(1, os.geteuid(), 1, "callwarden")
    with pytest.raises(ControlError, match="Only root"):
        await handler(other, {"cdr": str(office.csv)})
    for bad in ({"cdr": "relative"}, {"cdr": 5}, {"from": "yesterday"}, {"to": True}):
        with pytest.raises(ControlError):
            await handler(me, bad)
    assert (await handler(me, {"cdr": str(office.csv), "from": AT}))["findings"] == []


# -- the command ------------------------------------------------------------------------------------------------------


ANSWER = {
    "findings": [
        {"kind": "call-unknown", "subject": "1.1", "call": "", "at": AT, "text": "a \x1b[31m" + "x" * 200, "new": True,
         "acknowledged": False}
    ],
    "resolved": 2, "problems": [], "notes": ["3 records could not be understood."],
    "compared": {"records": 10, "calls": 4, "files": 7},
}  # fmt: skip


def handler(asked: list[Mapping[str, object]]) -> Callable[..., Any]:
    async def answer(_peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
        asked.append(request)
        return ANSWER

    return answer


def test_the_command_asks_the_daemon_and_is_status_1_when_something_does_not_fit(tmp_path: Path) -> None:
    world, asked = CliWorld(tmp_path), list[Mapping[str, object]]()
    with world.daemon({"reconcile": handler(asked)}):
        result = world.run("reconcile", "--from", "2026-11-22", "--cdr", str(tmp_path / "x.csv"))
        found = json.loads(world.run("reconcile", "--json").stdout)
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert max(len(one) for one in result.stdout.splitlines()) <= 80
    told = "Compared 10 records, 4 calls and 7 files: 1 found; 2 earlier ones are resolved."
    assert told in result.stdout
    assert asked[0]["cdr"] == str(tmp_path / "x.csv")
    assert found["findings"][0]["at"] == "2026-11-12T04:30:00.000Z"


def test_the_list_is_read_without_the_daemon(tmp_path: Path) -> None:
    world = CliWorld(tmp_path)
    world.save(Call(linked_id="1.0", direction=Direction.INBOUND, started=AT))
    assert "Nothing was found" in world.run("reconcile", "--list").stdout
    db = open_catalogue(world.catalogue)
    with transaction(db) as connection:
        record(connection, Finding("reconcile", "call-unknown", "1.1", "one.", AT), AT)
        record(connection, Finding("card time", "card-audio-cut", "1.2", "two.", AT), AT, remedied=True)
    db.close()
    result = world.run("reconcile", "--list")
    assert result.exit_code == 1
    assert "call-unknown" in result.stdout
    assert "card-audio-cut" not in result.stdout
    everything = json.loads(world.run("reconcile", "--list", "--all", "--json").stdout)["findings"]
    assert {one["kind"] for one in everything} == {"call-unknown", "card-audio-cut"}
