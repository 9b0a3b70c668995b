"""`callwarden sounds`: the prompts, built into what Asterisk plays."""

from dataclasses import asdict
from pathlib import Path

import click

from callwarden.asking import ask
from callwarden.assets import asset
from callwarden.cli import frame, text
from callwarden.cli.frame import Exit
from callwarden.cli.given import config_path
from callwarden.config import ConfigError, load
from callwarden.control import ControlError
from callwarden.sounds import BUILT, FORMATS, USUAL_FORMATS, Built, SoundsError, examine
from callwarden.sounds import build as build_prompts


@click.group()
def sounds() -> None:
    """The announcements that callers hear."""


@sounds.command()
@click.argument("source", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the built files go (default: [announce] built, or SOURCE/built).",
)
@click.option(
    "--format", "formats", multiple=True, type=click.Choice(sorted(FORMATS)), help="Only this one; may be repeated."
)
@frame.json_option
def build(source: Path | None, into: Path | None, formats: tuple[str, ...], as_json: bool) -> None:
    """Build every prompt into the formats that Asterisk plays.

    SOURCE holds a folder for each language, with any audio file that ffmpeg reads for each prompt (en/inbound.wav) and
    its words beside it (en/inbound.txt); without it, the prompts that come with Callwarden are built. Nothing is
    written unless every prompt is fit to be heard.
    """
    source = source or _shipped()
    into = into or _configured() or source / BUILT
    try:
        doubts = [finding for finding in examine(source) if not finding.fatal]
        made = build_prompts(source, into, formats or USUAL_FORMATS)
    except SoundsError as error:
        frame.stop(str(error), Exit.FAILED)
    for finding in doubts:
        click.echo(f"warning: {text.shown(str(finding), 1000)}", err=True)
    if as_json:
        text.print_json({"sounds": [{**asdict(each), "path": str(each.path)} for each in made]})
    else:
        _print(made, into)
    _tell_daemon()


def _shipped() -> Path:
    try:
        return Path(asset("sounds"))
    except FileNotFoundError as error:
        frame.stop(str(error), Exit.ENVIRONMENT)


def _configured() -> Path | None:
    """Where the daemon looks for the hashes; building may go before the rest of the configuration is right."""
    try:
        built = load(config_path()).announce.built
    except ConfigError:
        return None
    return Path(built) if built else None


def _print(made: list[Built], into: Path) -> None:
    table = text.table("Prompt", "Seconds", "Formats", "SHA-256 of its .sln", right=("Seconds",), whole=("Prompt",))
    for each in (one for one in made if one.format == "slin"):
        formats = [one.format for one in made if (one.language, one.prompt) == (each.language, each.prompt)]
        text.row(
            table, f"{each.language}/{each.prompt}", f"{each.seconds:.1f}", " ".join(formats), f"{each.sha256[:16]}…"
        )
    text.console().print(table)
    click.echo(f"\nBuilt in {into}.")


def _tell_daemon() -> None:
    """It remembers the hashes; where it does not run, or there is no configuration yet, nobody has to be told."""
    try:
        ask(load(config_path()).control.socket, "sounds", patience=5.0)
    except (ConfigError, ControlError):
        return
