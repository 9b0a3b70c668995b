"""`callwarden alarms`: what somebody must look at, who has seen it, and whether anybody would be told."""

from typing import Any

import click

from callwarden.cli import frame, text
from callwarden.cli.frame import Exit
from callwarden.custody.packed import unpack
from callwarden.storage.alarm_rows import FoundAlarm, find_alarms

PATIENCE = 120.0  # seconds: a hook may take its whole time, and a mail server too


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Those too that are over or acknowledged.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@frame.json_option
@click.pass_context
def alarms(context: click.Context, everything: bool, limit: int, as_json: bool) -> None:
    """List the alarms that somebody still has to look at, the newest first. Exit status 1 when there are any.

    An alarm about something that happened stays until it is acknowledged; one about how things are (a full disk) also
    ends by itself. Both are kept for 400 days.
    """
    if context.invoked_subcommand is not None:
        return
    found = _found(everything, limit)
    if as_json:
        text.print_json({"alarms": [_shape(one) for one in found]})
    else:
        _print(found)
    if any(one.alarm.open for one in found):
        raise click.exceptions.Exit(int(Exit.FAILED))


@alarms.command()
@click.argument("numbers", nargs=-1, type=int, metavar="[NUMBER]...")
@click.option("--all", "everything", is_flag=True, help="All that are open.")
@frame.json_option
def acknowledge(numbers: tuple[int, ...], everything: bool, as_json: bool) -> None:
    """Say that you have seen alarms, by their numbers: they are not sent again.

    Who did is kept with them.
    """
    if bool(numbers) == everything:
        raise click.UsageError("Give the numbers of alarms, or --all.")
    ids = None if everything else list(numbers)
    answer = frame.order(frame.settings(), "alarms-acknowledge", ids=ids)
    count = answer["acknowledged"]
    if as_json:
        text.print_json(answer)
    else:
        click.echo(f"{count} alarm{'' if count == 1 else 's'} acknowledged.")
    if not count and numbers:
        raise click.exceptions.Exit(int(Exit.FAILED))


@alarms.command()
@frame.json_option
def test(as_json: bool) -> None:
    """Send a test alarm by every way that is configured, and tell what came of it.

    Without a daemon, or where a way fails, the exit status is 1.
    """
    answer = frame.order(frame.settings(), "alarms-test", patience=PATIENCE)
    ways: dict[str, str] = answer["ways"]
    if as_json:
        text.print_json(answer)
    else:
        click.echo("log: written.")
        for way, trouble in ways.items():
            click.echo(f"{way}: {text.shown(trouble, 1000) if trouble else 'sent'}.")
        if not ways:
            click.echo("No other way is configured: see mail_to and hook in the section [alarms].")
    if any(ways.values()):
        raise click.exceptions.Exit(int(Exit.FAILED))


def _found(everything: bool, limit: int) -> list[FoundAlarm]:
    settings = frame.settings()
    if not frame.reads_itself(settings):
        answer = frame.order(settings, "alarms-list", all=everything, limit=limit)
        return [unpack(FoundAlarm, each) for each in answer["alarms"]]
    with frame.catalogue(settings) as db:
        return find_alarms(db, only_open=not everything, limit=limit)


def _print(found: list[FoundAlarm]) -> None:
    if not found:
        click.echo("No alarm.")
        return
    made = text.table("No.", "Last", "Times", "Alarm", right=("No.", "Times"), whole=("No.", "Times", "Last"))
    for one in found:
        alarm = one.alarm
        told = f"{alarm.kind}: {text.shown(alarm.text, 1000)}{_about(one)}{_seen(one)}"
        text.row(made, str(one.id), text.moment(alarm.last), str(alarm.count), told)
    text.console().print(made)


def _about(one: FoundAlarm) -> str:
    if not one.alarm.about:
        return ""
    call = f", call {text.identity(one.linked_id)}" if one.linked_id else ""
    return f" (channel {text.identity(one.alarm.about)}{call})"


def _seen(one: FoundAlarm) -> str:
    alarm = one.alarm
    told = [f"over since {text.local(alarm.ended)}"] if alarm.ended is not None else []
    if alarm.acknowledged is not None:
        told.append(f"acknowledged by {text.shown(alarm.acknowledged_by)}")
    return f"\n{', '.join(told)}" if told else ""


def _shape(one: FoundAlarm) -> dict[str, Any]:
    alarm = one.alarm
    return {
        "number": one.id,
        "kind": alarm.kind,
        "text": alarm.text,
        "channel": alarm.about or None,
        "call": one.linked_id or None,
        "first": text.iso(alarm.first),
        "last": text.iso(alarm.last),
        "count": alarm.count,
        "lasting": alarm.lasting,
        "sent": text.iso(alarm.sent),
        "ended": text.iso(alarm.ended),
        "acknowledged": text.iso(alarm.acknowledged),
        "acknowledged_by": alarm.acknowledged_by or None,
    }
