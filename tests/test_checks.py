"""What `callwarden check` finds, against real files, real sockets and what Asterisk really answers."""

import asyncio
import json
import os
import socket
import sqlite3
import tempfile
from base64 import b64decode
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from callwarden.asterisk.ami import Headers
from callwarden.checks import archive, daemon, dialplan, manager, places, prompts, recorders, versions, who
from callwarden.checks.ari_login import wrong_password
from callwarden.checks.encoding import encoding
from callwarden.checks.examine import readable
from callwarden.checks.finding import Finding, Level
from callwarden.checks.pbx import Line, Monitored, NotSeen, Seen, sections
from callwarden.checks.records import records
from callwarden.checks.starting import before_start, unusable
from callwarden.checks.who import User, daemon_user, may, user_of
from callwarden.config import Settings, load
from callwarden.control import Peer
from callwarden.setup_lines import setup_lines
from callwarden.storage import audio
from callwarden.storage.keys import new_identity
from cli_world import World
from peers import FakeAmi, FakeAri
from sealed_world import Holder
from sftp_server import SftpServer

US = user_of(os.geteuid())
NOBODY = user_of(65534)
REFUSED = False if os.geteuid() == 0 else None  # only root can ask the kernel as another user


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def settings(world: World, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(who, "DAEMON", "nobody-of-this-name")  # the machine may have a Callwarden of its own
    return load(world.config)


def with_card_line(settings: Settings) -> Settings:
    line = {"name": "payments", "extension": "700", "endpoint": "PJSIP/700"}
    return Settings.model_validate({**settings.model_dump(), "card": {"line": [line]}})


def bad(findings: object) -> list[str]:
    assert not isinstance(findings, Finding)
    return [f"{each.level}: {each.text}" for each in findings if each.level is not Level.OK]  # type: ignore[attr-defined]


# --- the configuration ----------------------------------------------------------------------------------------------


def test_a_configuration_that_the_daemon_may_not_read_is_a_problem() -> None:
    with tempfile.TemporaryDirectory() as folder:  # not below pytest's own, into which nobody else gets
        path = Path(folder) / "callwarden.toml"
        path.touch(0o640)
        Path(folder).chmod(0o755)
        told = [f"problem: {NOBODY.name} may not read {path}, so the daemon would not start"]
        assert bad(readable(path, NOBODY)) == ([] if REFUSED is None else told)
        assert bad(readable(path, US)) == []
        path.chmod(0o644)
        assert bad(readable(path, NOBODY)) == []


# --- call detail records --------------------------------------------------------------------------------------------


def test_records_that_cannot_be_read_are_told_of_before_the_night(settings: Settings, tmp_path: Path) -> None:
    there, gone = tmp_path / "Master.csv", tmp_path / "gone.csv"
    there.touch()
    named = {**settings.model_dump(), "reconcile": {"cdr": [str(there), str(gone)]}}
    found = list(records(Settings.model_validate(named)))
    assert [str(one.level) for one in found] == ["ok", "warning"]
    assert "gone.csv is not there" in found[1].text
    assert list(records(settings)) == []


# --- the format -----------------------------------------------------------------------------------------------------


def test_a_format_that_ffmpeg_has_to_make_is_tried(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    gsm = settings.model_copy(update={"recording": settings.recording.model_copy(update={"format": "wav49"})})
    assert list(encoding(settings)) == []
    assert bad(encoding(gsm)) == []
    audio._second_of.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert list(encoding(settings)) == []
    [said] = bad(encoding(gsm))
    assert "cannot be made wav49, and would stay in the spool: ffmpeg could not be run" in said


# --- the external store ---------------------------------------------------------------------------------------------


def test_an_external_store_that_answers_is_well_and_one_that_does_not_is_a_problem(
    settings: Settings, tmp_path: Path
) -> None:
    server = SftpServer(tmp_path)
    options = {"url": server.url, "key": str(server.key), "known_hosts": str(server.known_hosts), "timeout": 3}
    there = Settings.model_validate({**settings.model_dump(), "archive": options})
    assert bad(archive.archive(settings)) == []
    assert [finding.level for finding in archive.archive(there)] == [Level.OK]
    server.close()
    (told,) = bad(archive.archive(there))
    assert told.startswith("problem: The external store could not be reached")


# --- sealed storage -------------------------------------------------------------------------------------------------


def sealing(settings: Settings, **options: object) -> Settings:
    return Settings.model_validate({**settings.model_dump(), "seal": {"enabled": True, **options}})


def test_a_key_that_others_can_read_or_that_is_not_there_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "identity"
    (told,) = bad(places.seal(sealing(settings, identity=str(path))))
    assert told.startswith("problem: There is no key")
    new_identity(path)
    path.chmod(0o644)
    (told,) = bad(places.seal(sealing(settings, identity=str(path))))
    assert told.startswith("problem: Others can read the key")


def test_recordings_that_only_this_machine_can_open_are_a_warning(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "identity"
    new_identity(path)
    (told,) = bad(places.seal(sealing(settings, identity=str(path))))
    assert told.startswith("warning: nobody but the daemon can open")
    assert bad(places.seal(sealing(settings, identity=str(path), recipients=[Holder().recipient]))) == []
    assert bad(places.seal(settings)) == []


# --- versions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("22.10.1+dfsg+~cs6.17.60671434-1", []),
        ("20.20.1", []),
        ("22.4.1", [versions.MIXED, versions.CRASH, versions.SECURITY]),
        ("22.5.0", [versions.CRASH, versions.SECURITY]),
        ("22.8.0", [versions.SECURITY]),
        ("20.14.0", [versions.MIXED, versions.CRASH, versions.SECURITY]),
        ("20.15.0", [versions.CRASH, versions.SECURITY]),
        ("20.4.0", [versions.CRASH, versions.DEADLOCK, versions.SECURITY]),
        ("20.2.1", [versions.CRASH, versions.FIRST_ONLY, versions.SECURITY]),
        ("18.19.0", [versions.DEADLOCK, versions.ENDED]),
        ("16.28.0~dfsg-0+deb11u10", [versions.FIRST_ONLY, versions.ENDED]),
        ("Asterisk 20.20.1", []),
        ("GIT-master-1a2b3c4", ["says nothing of its faults"]),
        ("certified-20.7-cert3", ["says nothing of its faults"]),
        ("13.38.3", ["a branch that Callwarden was not tried on"]),
        ("23.0.0", ["a branch that Callwarden was not tried on"]),
        ("", ["says nothing of its faults"]),
    ],
)
def test_a_version_is_judged_by_what_is_known_of_it(text: str, said: list[str]) -> None:
    found = bad(versions.judge(text, "each-channel"))
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence


def test_recordings_that_this_version_breaks_are_a_problem() -> None:
    found = versions.judge("22.4.1", "each-channel")
    assert [each.level for each in found if each.text.startswith(versions.MIXED)] == [Level.PROBLEM]


def test_one_recorder_a_call_is_warned_of_where_it_loses_the_new_party() -> None:
    assert versions.TRANSFER in bad(versions.judge("22.10.1", "one-per-call"))[0]
    assert bad(versions.judge("16.28.0", "one-per-call")) == bad(versions.judge("16.28.0", "each-channel"))


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_machine_that_is_in_order_has_no_problem(settings: Settings) -> None:
    found = list(places.places(settings))
    assert not [each for each in found if each.level is Level.PROBLEM]
    assert {each.about for each in found} == {"spool", "vault", "catalogue", "disk"}


def test_a_spool_that_is_not_there_is_a_problem(settings: Settings) -> None:
    settings.spool.path.rmdir()
    assert bad(places.spool(settings, US, None)) == [
        f"problem: {settings.spool.path} is not there, so nothing can be recorded"
    ]


def test_a_spool_that_is_a_file_is_a_problem(settings: Settings) -> None:
    settings.spool.path.rmdir()
    settings.spool.path.touch()
    assert "is no directory" in bad(places.spool(settings, US, None))[0]


def test_rights_are_asked_of_the_kernel_as_that_user() -> None:
    with tempfile.TemporaryDirectory() as folder:  # not below pytest's own, into which nobody else gets
        path = Path(folder)
        path.chmod(0o777)
        assert may(NOBODY, path, "rwx") is True
        path.chmod(0o2770)
        assert may(NOBODY, path, "wx") is REFUSED
        assert may(US, path, "rwx") is True


def test_a_spool_that_asterisk_may_not_write_is_a_problem(settings: Settings) -> None:
    settings.spool.path.chmod(0o700)
    told = {
        False: f"problem: Asterisk's user {NOBODY.name} may not write to {settings.spool.path}",
        None: f"warning: it cannot be told from here whether Asterisk's user {NOBODY.name} may write to",
    }
    assert bad(places.spool(settings, US, NOBODY))[0].startswith(told[REFUSED])


def test_without_an_asterisk_here_it_is_said_that_it_cannot_be_told(settings: Settings) -> None:
    settings.spool.path.chmod(0o770)
    assert "Asterisk does not run on this machine" in bad(places.spool(settings, US, None))[0]


def test_a_spool_that_everybody_can_list_is_a_warning(settings: Settings) -> None:
    settings.spool.path.chmod(0o775)
    assert any("every user of this machine can list" in each for each in bad(places.spool(settings, US, US)))


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_vault_that_others_get_into_is_a_problem(settings: Settings, mode: int) -> None:
    settings.vault.path.chmod(mode)
    found = list(places.vault_privacy(settings.vault.path, US))
    assert [(each.level, each.advice) for each in found] == [(Level.PROBLEM, f"chmod 700 {settings.vault.path}")]
    settings.vault.path.chmod(0o700)


def test_a_vault_of_somebody_else_is_a_problem(settings: Settings) -> None:
    found = bad(places.vault_privacy(settings.vault.path, User("callwarden", 99999, 99999, ())))
    assert "does not belong to callwarden" in found[0]


def test_a_vault_that_is_not_there_is_made_by_the_daemon(settings: Settings) -> None:
    settings.vault.path.rmdir()
    assert bad(places.vault_access(settings.vault.path, US)) == []


def test_a_catalogue_is_opened_and_its_schema_compared(world: World, settings: Settings) -> None:
    world.save()
    assert bad(places.catalogue(world.catalogue)) == []
    with closing(sqlite3.connect(world.catalogue)) as db, db:
        row = ("callwarden", "9999_later", "2025-11-22")
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)", row)
    assert "of a newer Callwarden" in bad(places.catalogue(world.catalogue))[0]


def test_a_catalogue_that_others_can_read_is_a_warning(world: World) -> None:
    world.save()
    world.catalogue.chmod(0o644)
    assert "others can read" in bad(places.catalogue(world.catalogue))[0]


# --- the daemon and its ports -----------------------------------------------------------------------------------------


def test_a_port_that_another_program_has_is_a_problem(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = settings.model_copy(update={"agi": settings.agi.model_copy(update={"port": taken.getsockname()[1]})})
        assert "another program listens there" in daemon.agi_port(busy, running=False).text
        assert daemon.agi_port(busy, running=True).level is Level.OK
    assert daemon.agi_port(busy, running=False).level is Level.OK
    assert daemon.agi_port(busy, running=True).level is Level.PROBLEM


def test_an_address_that_is_not_ours_cannot_be_listened_on(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"agi": settings.agi.model_copy(update={"listen": "192.0.2.1"})})
    assert "cannot assign requested address" in daemon.agi_port(elsewhere, running=False).text


def test_a_daemon_that_runs_is_asked_how_it_is(world: World, settings: Settings) -> None:
    async def status(_: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
        return {"version": "0.1.0", "problems": ["The disk is full in 2 days."]}

    assert next(iter(daemon.daemon(settings))).text == "it does not run"
    with world.daemon({"status": status}):
        told = [each.text for each in daemon.daemon(settings)]
    assert told[:2] == ["it runs (version 0.1.0)", "The disk is full in 2 days"]


@pytest.mark.parametrize(
    ("agi", "spool", "said"),
    [
        ("127.0.0.1:14573", "SPOOL", []),
        ("", "SPOOL", ["the dialplan asks 127.0.0.1:4573, but [agi] port is 14573"]),
        ("127.0.0.1:14573", "", ["the dialplan records into /var/spool/asterisk/callwarden"]),
        ("127.0.0.1:14573", "SPOOL/", []),
    ],
)
def test_the_dialplan_has_the_daemons_address_and_spool(
    settings: Settings, agi: str, spool: str, said: list[str]
) -> None:
    there = {"CALLWARDEN_AGI": agi, "CALLWARDEN_SPOOL": spool.replace("SPOOL", str(settings.spool.path))}
    found = bad(daemon.dialplan_agrees(seen(settings=there), settings))
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence


# --- Asterisk: permissions ------------------------------------------------------------------------------------------

ACTIONS = frozenset({"mixmonitor", "stopmixmonitor", "redirect", "status", "coresettings"})


def seen(**changes: object) -> Seen:
    well: dict[str, object] = {
        "version": "22.10.1", "booted": True, "actions": ACTIONS,
        "manager": (("read", "call,system,user"), ("write", "call,reporting,system"), ("permit", "127.0.0.1")),
        "features": {}, "dialplan": (), "settings": None, "monitored": (), "modules": {},
    }  # fmt: skip
    return Seen(**{**well, **changes})  # type: ignore[arg-type]


def test_a_user_with_the_least_rights_is_well() -> None:
    assert bad(manager.permissions(seen())) == []


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"mixmonitor"}, "lacks the write class system, so the daemon cannot start recorders"),
        (
            {"stopmixmonitor", "redirect"},
            "lacks the write class call, so the daemon cannot stop recorders for the card line",
        ),
        ({"status"}, "lacks the write class reporting"),
    ],
)
def test_a_missing_write_class_is_a_problem(lacking: set[str], said: str) -> None:
    found = bad(manager.permissions(seen(actions=ACTIONS - lacking)))
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ("call", ["lacks the read class system"]),
        ("system", ["does not hear what happens to calls"]),
        ("call,system,dtmf", ["every digit that callers key in"]),
        ("call,system,dialplan", ["digits that the dialplan collects"]),
        ("all", ["every digit that callers key in", "digits that the dialplan collects"]),
    ],
)
def test_read_classes_are_enough_and_not_too_many(read: str, said: list[str]) -> None:
    section = (("read", read), ("write", "call,reporting,system"), ("permit", "127.0.0.1"))
    found = bad(manager.permissions(seen(manager=section)))
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence


def test_digits_that_a_filter_keeps_back_are_no_matter() -> None:
    own = dict(line.split(" = ", 1) for line in setup_lines(Settings())[0].lines if " = " in line and line[0] != ";")
    assert not manager.passes((("eventfilter", own["eventfilter"]),), "VarSet")
    assert manager.passes((("eventfilter", own["eventfilter"]),), "Newchannel")
    assert not manager.passes((("eventfilter", "!Event: VarSet"),), "VarSet")
    assert manager.passes((("eventfilter", "!Event: VarSet"),), "DTMFEnd")
    assert manager.passes((), "VarSet")


def test_never_booted_means_that_read_system_is_missing() -> None:
    assert "lacks the read class system" in bad(manager.permissions(seen(booted=False)))[0]


def test_a_user_that_may_not_look_at_itself_is_told_what_could_not_be_looked_at() -> None:
    assert "could not be looked at" in bad(manager.permissions(seen(manager=None)))[0]


def test_needless_power_and_an_open_door_are_warned_of() -> None:
    section = (("read", "call,system,user"), ("write", "all"))
    assert len(bad(manager.permissions(seen(manager=section)))) == 2


def test_an_asterisk_that_is_not_there_and_one_that_refuses_are_told_apart(settings: Settings) -> None:
    refused = manager.unreachable(settings, NotSeen(True, "Asterisk refused user 'callwarden': Authentication failed"))
    silent = manager.unreachable(settings, NotSeen(False, "[Errno 111] Connect call failed ('127.0.0.1', 1)"))
    assert "Compare [ami] username and secret" in refused.advice
    assert "was not reached on 127.0.0.1:1: connection refused" in silent.text


async def test_a_start_asks_only_for_what_makes_it_pointless(settings: Settings) -> None:
    """Eighteen questions, each behind the other, are too many while calls wait for the daemon."""
    async with FakeAmi(secret="x") as ami:
        ami.answers["ListCommands"] = lambda fields: [
            {"Response": "Success", "ActionID": fields["ActionID"], **dict.fromkeys(("MixMonitor", "Redirect"), "")}
        ]
        there = {"host": "127.0.0.1", "port": ami.port, "secret": SecretStr("x")}
        found = await before_start(settings.model_copy(update={"ami": settings.ami.model_copy(update=there)}))
        asked = {fields["Action"] for fields in ami.received[0]} - {"Ping"}
    assert asked == {"Login", "CoreSettings", "ListCommands", "GetConfig"}
    assert [one.text.partition(",")[0] for one in found] == [
        "the user lacks the write class call", "the user lacks the write class reporting",
    ]  # fmt: skip


def test_a_start_is_about_whoever_starts_whatever_user_the_unit_would_have(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(who, "DAEMON", NOBODY.name)
    assert os.geteuid() != 0 or daemon_user(settings) == NOBODY
    assert unusable(settings) == []


async def test_a_start_is_refused_for_a_wrong_ari_password_and_for_nothing_else_of_ari(settings: Settings) -> None:
    def at(url: str, password: str) -> Settings:
        to = settings.ari.model_copy(update={"url": url, "username": "cw", "password": SecretStr(password)})
        return settings.model_copy(update={"ari": to})

    async def answer_rubbish(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff" * 200_000)
        writer.close()

    async with FakeAri() as ari:
        assert await wrong_password(at(ari.url, "right")) == []
        ari.refused["asterisk/info"] = (401, "Authentication required")
        (found,) = await wrong_password(at(ari.url, "wrong"))
        assert [b64decode(one.removeprefix("Basic ")) for one in ari.authorizations] == [b"cw:right", b"cw:wrong"]
        ari.refused["asterisk/info"] = (503, "starting")
        assert await wrong_password(at(ari.url, "right")) == []
        gone = ari.url
    assert (found.about, found.text) == ("ARI", "Asterisk refused the user cw: wrong name or password")
    assert await wrong_password(at(gone, "right")) == []
    async with await asyncio.start_server(answer_rubbish, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await wrong_password(at(f"http://127.0.0.1:{port}", "right")) == []
        assert await wrong_password(at(f"https://127.0.0.1:{port}", "right")) == []


def test_a_configuration_of_asterisk_is_read_from_its_numbered_lines() -> None:
    answer = Headers(
        {
            "response": "Success", "category-000000": "general", "line-000000-000000": "enabled=yes",
            "category-000001": "callwarden", "line-000001-000000": "read=call,system",
            "line-000001-000001": "permit=a=b",
            "category-000002": "applicationmap", "line-000002-000000": 'callwarden-card=*7,self/both,Gosub,"x,s,1"',
        }.items()
    )  # fmt: skip
    found = sections(answer)
    assert found["callwarden"] == (("read", "call,system"), ("permit", "a=b"))
    assert found["applicationmap"] == (("callwarden-card", '*7,self/both,Gosub,"x,s,1"'),)


# --- Asterisk: dialplan, features, other recorders -------------------------------------------------------------------

OURS = tuple(Line(context, "s", "Return", "") for context in dialplan.CONTEXTS)
HOOKS = (
    Line("from-trunk", "_X.", "Gosub", "callwarden-inbound,s,1"),
    Line("from-trunk", "_X.", "Dial", "PJSIP/202,30,b(callwarden-agent^s^1)"),
    Line("from-internal", "_0X.", "Dial", "PJSIP/0123@trunk,60,U(callwarden-announce-outbound)"),
)
GATE = Line("from-internal", "700", "Gosub", "callwarden-card-line,s,1(PJSIP/700)")


def test_a_dialplan_that_is_complete_is_well(settings: Settings) -> None:
    assert bad(dialplan.dialplan((*OURS, *HOOKS, GATE), with_card_line(settings))) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((*HOOKS, GATE), ["problem: Callwarden's contexts are not there"]),
        ((*OURS[1:], *HOOKS, GATE), ["problem: not there: callwarden-settings"]),
        ((*OURS, *HOOKS[1:], GATE), ["problem: nothing calls callwarden-inbound"]),
        ((*OURS, HOOKS[0], HOOKS[2], GATE), ["warning: nothing dials with b(callwarden-agent^s^1)"]),
        ((*OURS, *HOOKS[:2], GATE), ["warning: nothing dials with U(callwarden-announce-outbound)"]),
        ((*OURS, *HOOKS), ["warning: the card line payments was not found"]),
        (
            (*OURS, *HOOKS, Line("from-internal", "700", "Dial", "PJSIP/700,30")),
            ["problem: the card line payments rings without its gate", "problem: the card line payments also rings"],
        ),
        (
            (*OURS, *HOOKS, GATE, Line("ring-all", "s", "Dial", "PJSIP/202&PJSIP/700,30")),
            ["problem: the card line payments also rings without its gate, in ring-all (s)"],
        ),
        ((*OURS, *HOOKS, GATE, Line("x", "s", "Dial", "PJSIP/7001,30")), []),
        (None, ["warning: the user may not look at the dialplan"]),
    ],
)
def test_what_the_dialplan_lacks_is_told(settings: Settings, lines: tuple[Line, ...] | None, said: list[str]) -> None:
    found = bad(dialplan.dialplan(lines, with_card_line(settings)))
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert sentence.startswith(part)


def test_feature_codes_are_looked_for(settings: Settings) -> None:
    there = {"applicationmap": (("callwarden-card", '*7,self/both,Gosub,"callwarden-divert,s,1"'),)}
    assert bad(dialplan.features(there, settings)) == []
    assert bad(dialplan.features({}, settings)) == ["problem: there is no code callwarden-card"]
    assert "could not be checked" in bad(dialplan.features(None, settings))[0]
    in_place = settings.model_copy(update={"card": settings.card.model_copy(update={"in_place": True})})
    assert bad(dialplan.features(there, in_place)) == ["problem: there is no code callwarden-suspend"]


def test_whoever_else_records_is_named(settings: Settings) -> None:
    assert bad(recorders.other_recorders(seen(), settings)) == []
    ours, theirs = (
        Monitored("PJSIP/trunk-00000000", f"{settings.spool.path}/1763806530.0-1.wav"),
        Monitored("PJSIP/202-00000001", "/var/spool/asterisk/monitor/x.wav"),
    )
    found = recorders.other_recorders(
        seen(
            monitored=(ours, theirs),
            dialplan=(Line("sub-record-check", "recordcheck", "MixMonitor", "x.wav"), *OURS),
            features={"featuremap": (("automixmon", "*3"), ("blindxfer", "#1"))},
        ),
        settings,
    )
    assert [sentence.partition(",")[0] for sentence in bad(found)] == [
        "warning: 1 of the channels that are up were given a recorder that is not Callwarden's",
        "warning: the dialplan can record by itself",
        "warning: one-touch recording is on (automixmon = *3): whoever presses it stops Callwarden's recorder",
    ]


def test_a_module_that_is_not_loaded_is_a_problem(settings: Settings) -> None:
    there = {"app_mixmonitor.so": False, "func_periodic_hook.so": False}
    assert len(bad(recorders.modules(seen(modules=there), settings))) == 1


# --- prompts --------------------------------------------------------------------------------------------------------


def test_prompts_are_found_as_asterisk_lists_them(settings: Settings) -> None:
    listed = [
        {"id": f"en/{name}", "formats": [{"language": "callwarden", "format": "slin"}]}
        for name in ("inbound", "joined", "outbound")
    ]
    below_en = [{"id": f"callwarden/en/{name}", "formats": []} for name in ("inbound", "joined", "outbound")]
    assert prompts.heard(listed, settings).level is Level.OK
    assert prompts.heard(below_en, settings).level is Level.OK
    assert "callwarden/en/outbound" in prompts.heard(listed[:2], settings).text


def test_prompts_that_are_not_built_are_a_problem(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(
        update={"announce": settings.announce.model_copy(update={"built": str(tmp_path / "nowhere")})}
    )
    assert "en/inbound, en/joined, en/outbound" in bad(prompts.built(elsewhere))[0]


# --- the command ------------------------------------------------------------------------------------------------------


def test_check_tells_everything_and_ends_with_2(world: World) -> None:
    result = world.run("check")
    assert result.exit_code == 2
    assert max(map(len, result.stdout.splitlines())) <= 80
    said = " ".join(result.stdout.split())
    assert "problem AMI: Asterisk was not reached on 127.0.0.1:1: connection refused." in said
    assert "problem ARI: http://127.0.0.1:1 was not reached: connection refused." in said
    assert "ok daemon: it does not run." in said
    assert "ami-secret-of-tests" not in said


def test_check_has_json_with_what_to_do(world: World) -> None:
    found = json.loads(world.run("check", "--json", "--quiet").stdout)
    assert set(found) == {"findings", "warnings", "problems"}
    assert {tuple(each) for each in found["findings"]} == {("level", "about", "text", "advice")}
    assert found["problems"] == len([each for each in found["findings"] if each["level"] == "problem"]) > 0
    assert all(each["advice"] for each in found["findings"] if each["level"] == "problem")


def test_check_of_a_bad_configuration_tells_each_of_its_problems(world: World) -> None:
    world.configure("[card]\nsetle = 1\ngate_timeout = 99\n")
    result = world.run("check", "--json")
    assert result.exit_code == 2
    assert [each["about"] for each in json.loads(result.stdout)["findings"]] == ["configuration"] * 2


def test_a_secret_that_all_can_read_is_warned_of(world: World) -> None:
    world.config.chmod(0o644)
    assert "every user of this machine can read this secret" in " ".join(world.run("check").stdout.split())
