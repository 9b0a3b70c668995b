"""`callwarden release`: the recordings that concern a person, decided on one by one, built and handed over."""

import re
import time
from pathlib import Path
from typing import Any

import click

from callwarden.cli import fetching, frame, text, when
from callwarden.cli import release_text as shown
from callwarden.cli.frame import Exit
from callwarden.cli.searching import none_found
from callwarden.paper.moments import position

PATIENCE = 60.0  # seconds
POLL = 0.5  # seconds between two looks at a build
NARROWEST, PNG_COLUMNS = 40, 1160
RELEASE = click.argument("release", type=click.IntRange(1), metavar="RELEASE")
RECORDING = click.argument("recording", metavar="RECORDING")
SPAN = re.compile(r"(?:(\d{1,3}):)?(\d{1,5})(?::(\d{1,2}))?(\.\d{1,3})?")


def _moment(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return when.stretch(value, time.time())[parameter.name == "to"]
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def _seconds(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """`83`, `1:23`, `1:02:03`, each with a fraction."""
    parts = value.partition(".")[0].split(":")
    if not SPAN.fullmatch(value) or len(parts) > 3 or any(int(part) >= 60 for part in parts[1:]):
        raise click.BadParameter("give seconds, or minutes and seconds: 83, 1:23, 1:23.5", context, parameter)
    whole = 0
    for part in parts:
        whole = whole * 60 + int(part)
    return whole + float(f"0.{value.partition('.')[2] or 0}")


def person_options(command: Any) -> Any:
    """What a person is known by, and when."""
    decorators = (
        click.option("--number", "-n", "numbers", multiple=True, metavar="NUMBER", help="Theirs, in any spelling."),
        click.option("--name", "names", multiple=True, metavar="NAME", help="A name or an alias of theirs."),
        click.option("--extension", "-e", "extensions", multiple=True, metavar="EXT", help="A phone of ours."),
        click.option("--from", "from_", metavar="WHEN", callback=_moment, help="Calls not before: a date, a time."),
        click.option("--to", metavar="WHEN", callback=_moment, help="Calls not after; a date counts to its end."),
    )
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


@click.group()
def release() -> None:
    """Hand recordings to those whom they concern. For the data protection officer."""


@release.command()
@person_options
@frame.json_option
def find(as_json: bool, **person: Any) -> None:
    """List every recording that concerns a person: all their numbers, names and phones together."""
    found = _order("release-find", **_given(person))["recordings"]
    if as_json:
        text.print_json({"recordings": [shown.shape(each) for each in found]})
    elif found:
        shown.print_recordings(found)
    if not found:
        none_found("recordings")


@release.command("open")
@click.option("--request", type=click.IntRange(1), required=True, metavar="NUMBER", help="The approved request.")
@person_options
@frame.json_option
def open_(request: int, as_json: bool, **person: Any) -> None:
    """Collect the recordings that concern a person, or else those that the request covers, as a release."""
    opened = _order("release-open", request=request, **_given(person))
    if as_json:
        text.print_json(shown.whole(opened))
        return
    shown.print_recordings(opened["recordings"])
    number = opened["release"]
    click.echo(
        f"\nRelease {number} is open. Decide on each: callwarden release include {number} RECORDING, or exclude."
    )


@release.command("list")
@frame.json_option
def list_(as_json: bool) -> None:
    """List the releases, the newest first."""
    found = _order("release-list")["releases"]
    if as_json:
        text.print_json({"releases": [shown.whole(each) for each in found]})
        return
    if not found:
        none_found("release")
    made = text.table("Release", "Request", "State", "Opened", "By", "Handed to")
    for one in found:
        handed = "; ".join(text.shown(each["to"]) for each in one["handovers"]) or text.NOTHING
        cells = (one["state"], text.local(one["opened"])[:10], text.shown(one["opened_by"]), handed)
        text.row(made, str(one["release"]), str(one["request"]), *cells)
    text.console().print(made)


@release.command()
@RELEASE
@frame.json_option
def show(release: int, as_json: bool) -> None:
    """Show a release: its recordings, what was decided and muted, to whom it went."""
    found = _order("release-show", release=release)
    if as_json:
        text.print_json(shown.whole(found))
    else:
        shown.print_release(found)


@release.command()
@RELEASE
@click.argument("recording", metavar="[RECORDING]", required=False)
@click.option("--rest", is_flag=True, help="All that is not decided on yet.")
@click.option("--reason", default="", help="Why, for the record.")
@frame.json_option
def include(release: int, recording: str | None, rest: bool, reason: str, as_json: bool) -> None:
    """Include a recording, or the rest of them."""
    _decide(release, recording, rest, "include", reason, as_json)


@release.command()
@RELEASE
@click.argument("recording", metavar="[RECORDING]", required=False)
@click.option("--rest", is_flag=True, help="All that is not decided on yet.")
@click.option("--reason", prompt="Reason", help="Why: it is said to the reader. Third-party data, for example.")
@frame.json_option
def exclude(release: int, recording: str | None, rest: bool, reason: str, as_json: bool) -> None:
    """Leave a recording out, or the rest of them, with the reason."""
    _decide(release, recording, rest, "exclude", reason, as_json)


@release.command()
@RELEASE
@RECORDING
@click.argument("from_", metavar="FROM", callback=_seconds)
@click.argument("to", metavar="TO", callback=_seconds)
@click.option("--reason", prompt="Reason", help="Why: it is said to the reader. Another person's details, for example.")
@frame.json_option
def mute(release: int, recording: str, from_: float, to: float, reason: str, as_json: bool) -> None:
    """Silence a span of a recording in what is handed over: from 1:23 to 1:31. The vault's recording stays as it is."""
    found = _order("release-mute", release=release, recording=recording, reason=reason, **{"from": from_, "to": to})
    shown.print_muted(found, recording, as_json)


@release.command()
@RELEASE
@RECORDING
@click.argument("from_", metavar="FROM", callback=_seconds)
@click.argument("to", metavar="TO", callback=_seconds)
@frame.json_option
def unmute(release: int, recording: str, from_: float, to: float, as_json: bool) -> None:
    """Have a muted span heard again. FROM and TO are those of the span."""
    found = _order("release-unmute", release=release, recording=recording, **{"from": from_, "to": to})
    shown.print_muted(found, recording, as_json)


@release.command()
@RELEASE
@RECORDING
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="As a picture, too.")
@frame.json_option
def waveform(release: int, recording: str, png: Path | None, as_json: bool) -> None:
    """Show where a recording is loud and what of it is muted."""
    from callwarden.release import picture
    from callwarden.release.sound import Span

    columns = max(NARROWEST, text.console().width - 1)
    arguments = {"release": release, "recording": recording}
    found = _order("release-waveform", **arguments, columns=columns)
    muted = [Span(one["from"], one["to"]) for one in found["muted"]]
    if png is not None:
        fine = _order("release-waveform", **arguments, columns=PNG_COLUMNS)
        fetching.write_new(png, picture.png(fine["peaks"], fine["seconds"], muted))
    if as_json:
        text.print_json(found)
        return
    for line in picture.lines(found["peaks"], found["seconds"], muted):
        click.echo(line)
    for one in found["muted"]:
        span = f"{position(one['from'])} to {position(one['to'])}"
        click.echo(f"x  {span}: {text.shown(one['reason'], 200)}")


@release.command()
@RELEASE
@frame.json_option
def build(release: int, as_json: bool) -> None:
    """Build a release, or go on with a build that was stopped; shows how far it is.

    The daemon builds it; this only looks on, and may be stopped.
    """
    from rich.progress import Progress

    settings = frame.settings()
    frame.order(settings, "release-build", patience=PATIENCE, release=release)
    with Progress(console=text.console(), transient=True, disable=as_json) as bar:
        task = bar.add_task(f"Release {release}", total=None)
        while (step := _order("release-progress", release=release))["state"] == "building":
            bar.update(task, completed=step["done"], total=step["total"] or None)
            time.sleep(POLL)
    if as_json:
        text.print_json(step)
    if step["state"] != "built":
        frame.stop(f"Release {release} is {step['state']}: {step['problem'] or 'see its log'}", Exit.FAILED)
    if not as_json:
        click.echo(f"Release {release} is built. Fetch it: callwarden release fetch {release} --into FOLDER")


@release.command()
@RELEASE
@click.option("--into", type=click.Path(path_type=Path), metavar="FOLDER", help="A folder, new or of an earlier try.")
@click.option("--zip", "zip_", type=click.Path(path_type=Path), metavar="FILE", help="One new zip file instead.")
@frame.json_option
def fetch(release: int, into: Path | None, zip_: Path | None, as_json: bool) -> None:
    """Write a built release into a folder or a zip file of your own, each file checked by its SHA-256."""
    if (into is None) == (zip_ is None):
        raise click.UsageError("Give --into FOLDER or --zip FILE.")
    fetching.check_target(into, zip_)
    settings = frame.settings()
    listed = frame.order(settings, "release-files", patience=PATIENCE, release=release)
    files = [fetching.Listed(one["name"], one["sha256"], one["bytes"]) for one in listed["files"]]
    source = fetching.Source(settings, release)
    target = fetching.into_folder(into, files, source) if into is not None else None
    if zip_ is not None:
        target = fetching.into_zip(zip_, files, source)
    if as_json:
        text.print_json({**listed, "written": str(target)})
    else:
        click.echo(f"{len(files)} files, {text.size(sum(file.bytes for file in files))}, are in {target}.")
        click.echo(f"Once it is handed over: callwarden release handed {release} --to WHOM --how HOW")


@release.command()
@RELEASE
@click.option("--to", prompt="To whom", help="Whom it was given to.")
@click.option("--how", prompt="How", help="On a USB stick in person, by registered post, by a portal.")
@click.option("--note", default="", help="Anything else: what proved who they are.")
@frame.json_option
def handed(release: int, to: str, how: str, note: str, as_json: bool) -> None:
    """Put on record that a release was handed over: to whom, how, now."""
    found = _order("release-handed", release=release, to=to, how=how, note=note)
    if as_json:
        text.print_json(shown.whole(found))
    else:
        click.echo(f"On record: release {release} was handed to {text.shown(to, 200)}, {text.shown(how, 200)}.")


def _order(verb: str, **arguments: Any) -> dict[str, Any]:
    return frame.order(frame.settings(), verb, patience=PATIENCE, **arguments)


def _given(person: dict[str, Any]) -> dict[str, Any]:
    """The options as the daemon takes them."""
    from_ = person.pop("from_")
    times = {name: at for name, at in (("from", from_), ("to", person.pop("to"))) if at is not None}
    return {**{name: list(values) for name, values in person.items() if values}, **times}


def _decide(release: int, recording: str | None, rest: bool, decision: str, reason: str, as_json: bool) -> None:
    if (recording is None) != rest:
        raise click.UsageError("Give a recording, or --rest.")
    which = {} if recording is None else {"recording": recording}
    answer = _order("release-decide", release=release, decision=decision, reason=reason, **which)
    if as_json:
        text.print_json(answer)
    else:
        count = answer["decided"]
        click.echo(f"{count} recording{'' if count == 1 else 's'} {decision}d.")
