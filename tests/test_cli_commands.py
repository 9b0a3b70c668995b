"""Every command has its help, every reading command its `--json`; and the commands that stand alone."""

import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from callwarden import sounds
from callwarden.checks.who import user_of
from callwarden.cli import given, main
from callwarden.config import load
from cli_world import World

READING = {
    "check",
    "status",
    "alarms",
    "alarms acknowledge",
    "alarms test",
    "calls",
    "recordings search",
    "recordings show",
    "coverage",
    "reconcile",
    "reconcile acknowledge",
    "why",
    "purge",
    "archive retry",
    "archive status",
    "seal status",
    "seal rotate",
    "request open",
    "request list",
    "request show",
    "request approve",
    "request refuse",
    "request close",
    "listen",
    "audit show",
    "audit verify",
    "audit head",
    "suspend",
    "resume",
    "sounds build",
    "holds add",
    "holds list",
    "holds lift",
    "retention preview",
    "retention report",
    "retention confirm",
    "release find",
    "release open",
    "release list",
    "release show",
    "release include",
    "release exclude",
    "release mute",
    "release unmute",
    "release waveform",
    "release build",
    "release fetch",
    "release handed",
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def commands(group: click.Group = main, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{prefix}{name}", command


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    assert command.help
    assert command.help.splitlines()[0].endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.name}"
    result = CliRunner().invoke(main, [*name.split(), "--help"])
    assert result.exit_code == 0


def test_every_command_is_known_here() -> None:
    assert {name for name, _ in commands()} == READING | {"run", "init", "completion", "seal keygen"}


@pytest.mark.parametrize("name", sorted(READING))
def test_every_reading_command_has_json(name: str) -> None:
    command = dict(commands())[name]
    assert "--json" in [option for parameter in command.params for option in parameter.opts]


def test_the_configuration_is_given_before_the_command_or_after_it(world: World, tmp_path: Path) -> None:
    other = str(tmp_path / "other.toml")
    for arguments in (
        ["--config", other, "calls"],
        ["calls", "--config", other],
        ["--config", "x", "calls", "--config", other],
    ):
        result = CliRunner().invoke(main, arguments, env={"CALLWARDEN_CONFIG": str(world.config)})
        assert result.exit_code == 2
        assert f"{other}: there is no such file" in result.stderr
    assert Path("/etc/callwarden/callwarden.toml") == given.DEFAULT_CONFIG


def test_a_bad_configuration_is_told_with_all_its_problems(world: World) -> None:
    world.configure('[card]\nsetle = 1\n[purge]\nschedule = "at night"\n')
    for command in (["run"], ["calls"], ["status"], ["purge"]):
        result = world.run(*command)
        assert result.exit_code == 2
        assert 'card.setle: there is no such option. Did you mean "settle"?' in result.stderr
        assert "purge.schedule" in result.stderr


def test_init_writes_a_configuration_that_loads_and_prints_what_to_add(tmp_path: Path) -> None:
    path = tmp_path / "callwarden.toml"
    result = CliRunner().invoke(main, ["init", "--config", str(path)])
    assert result.exit_code == 0
    settings = load(path, {}, need_secrets=True)
    assert stat.S_IMODE(path.stat().st_mode) & 0o137 == 0
    for secret in (settings.ami.secret, settings.ari.password):
        assert len(secret.get_secret_value()) >= 32
        assert secret.get_secret_value() in result.stdout
    for file in ("manager.conf", "ari.conf", "features.conf", "extensions.conf"):
        assert f"; {file} (FreePBX:" in result.stdout
    assert tomllib.loads(path.read_text())["ami"]["secret"] != settings.ari.password.get_secret_value()


def test_what_init_writes_the_daemons_group_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callwarden.cli.init.named", lambda _: user_of(65534))
    path = tmp_path / "callwarden.toml"
    CliRunner().invoke(main, ["init", "--config", str(path)])
    assert path.stat().st_gid == (user_of(65534).gid if os.geteuid() == 0 else tmp_path.stat().st_gid)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_init_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "callwarden.toml"
    CliRunner().invoke(main, ["init", "--config", str(path)])
    before = path.read_bytes()
    again = CliRunner().invoke(main, ["init", "--config", str(path)])
    assert path.read_bytes() == before
    assert again.exit_code == 0
    assert "stays as it is" in again.stderr
    assert load(path, {}).ami.secret.get_secret_value() in again.stdout


def test_init_without_a_folder_says_how_to_make_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", "--config", str(tmp_path / "missing" / "c.toml")])
    assert result.exit_code == 2
    assert "install -d -m 750" in result.stderr


@pytest.mark.parametrize(
    ("shell", "mark"), [("bash", "complete -o nosort"), ("zsh", "#compdef"), ("fish", "complete --")]
)
def test_completion_is_printed_for_each_shell(shell: str, mark: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert mark in result.output


def test_sounds_are_built_and_their_hashes_told(world: World, tmp_path: Path) -> None:
    source = Path(__file__).parent.parent / "sounds"
    result = world.run("sounds", "build", str(source), "--into", str(tmp_path / "built"), "--format", "slin")
    assert result.exit_code == 0
    sha256 = sounds.prompt_hash(tmp_path / "built", "en", "inbound")
    assert sha256[:16] in result.stdout
    assert "en/inbound" in result.stdout


def test_sounds_that_are_not_there_are_told(world: World, tmp_path: Path) -> None:
    result = world.run("sounds", "build", str(tmp_path / "nowhere"))
    assert result.exit_code == 1
    assert "no such folder" in result.stderr


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "callwarden", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("callwarden, version ")
