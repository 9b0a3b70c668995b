"""`callwarden status`: how the daemon is, at a glance; what is wrong comes first."""

import time
from collections import Counter
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from callwarden.asking import ask
from callwarden.cli import frame, text
from callwarden.cli.frame import Exit
from callwarden.control import ControlError, Kind


@click.command()
@frame.json_option
def status(as_json: bool) -> None:
    """Tell how the daemon is and which calls are up, what is wrong first.

    Exit status 1 when something needs a person: a problem that is there now, or an alarm that nobody has
    acknowledged. So a script or a cron job can ask.

    Numbers are masked: use `callwarden calls` to see them.
    """
    settings = frame.settings()
    try:
        answer = {"running": True, **ask(settings.control.socket, "status")}
    except ControlError as error:
        if error.kind is Kind.NOT_ALLOWED:
            frame.stop(str(error), Exit.NOT_ALLOWED)
        answer = {"running": error.kind is not Kind.NOT_RUNNING, "problems": [str(error)]}
    if as_json:
        text.print_json(answer)
    else:
        _print(answer)
    if answer["problems"] or answer.get("alarms"):
        raise click.exceptions.Exit(int(Exit.FAILED))


def _print(answer: dict[str, Any]) -> None:
    console = text.console()
    for sentence in answer["problems"]:
        console.print(Text(f"PROBLEM  {text.shown(sentence, 1000)}", style="bold red"))
    _print_alarms(console, answer.get("alarms", []))
    if "version" not in answer:
        return
    if not answer["problems"] and not answer.get("alarms"):
        console.print(Text("All is well.", style="green"))
    console.print(text.pairs(_summary(answer)))
    _print_calls(console, answer["calls"])


def _print_alarms(console: Console, alarms: list[dict[str, Any]]) -> None:
    """One line a kind: the newest, and how often. What a flood is about stands in `callwarden alarms`."""
    newest: dict[str, dict[str, Any]] = {}
    times: Counter[str] = Counter()
    for alarm in sorted(alarms, key=lambda one: one["last"]):
        newest[alarm["kind"]] = alarm
        times[alarm["kind"]] += alarm["count"]
    for kind, alarm in sorted(newest.items(), key=lambda pair: -pair[1]["last"]):
        often = f", {times[kind]} times" if times[kind] > 1 else ""
        said = f"{kind} ({text.moment(alarm['last'])}{often}): {text.shown(alarm['text'], 1000)}"
        console.print(Text(f"ALARM    {said}", style="bold yellow"))
    if alarms:
        console.print("         See `callwarden alarms`, then `callwarden alarms acknowledge`.")


def _summary(answer: dict[str, Any]) -> dict[str, str]:
    asterisk, ari, agi, disk = (answer[name] for name in ("asterisk", "ari", "agi", "disk"))
    days = "" if disk["days_left"] is None else f", about {disk['days_left']:.0f} days' worth"
    return {
        "daemon": f"version {answer['version']}, process {answer['pid']}, since {text.local(answer['since'])}",
        "Asterisk": _link(asterisk, asterisk["version"]),
        "ARI": _link(ari, ""),
        "AGI": f"{agi['listen']}:{agi['port']}",
        "recorders": ", ".join(f"{count} {state}" for state, count in answer["recorders"].items()) or "none",
        "catalogue": _writer(answer["catalogue"]),
        "spool": f"{answer['spool_files']} files wait to be stored" if answer["spool_files"] else "empty",
        "disk": f"{text.size(disk['free'])} of {text.size(disk['total'])} free{days}",
        "purge": _purge(answer),
    }


def _purge(answer: dict[str, Any]) -> str:
    last = answer.get("last_purge")
    done = f", last done {text.local(last)}" if last is not None else ""
    return f"next {text.local(answer['next_purge'])}{done}"


def _writer(writer: dict[str, Any]) -> str:
    if writer["problem"] or writer["lost"]:
        return f"{writer['problem']} ({writer['waiting']} facts wait, {writer['lost']} are lost)"
    return "written"


def _link(link: dict[str, Any], version: str) -> str:
    if link["state"] == "ready":
        return text.shown(f"connected {version}".rstrip())
    return text.shown(f"{link['state']}: {link['why']}" if link["why"] else link["state"], 200)


def _print_calls(console: Console, calls: list[dict[str, Any]]) -> None:
    if not calls:
        console.print("\nNo call is up.")
        return
    console.print()
    made = text.table("Call", "Direction", "From", "To", "Up", "Recording", right=("Up",), whole=("Direction", "Up"))
    for call in calls:
        up = text.length(time.time() - call["since"])
        parties = (text.shown(call["caller"]), text.shown(call["called"]))
        text.row(made, text.identity(call["linked_id"]), call["direction"], *parties, up, _recording(call["channels"]))
    console.print(made)


def _recording(channels: list[dict[str, Any]]) -> str:
    states = [f"{text.shown(channel['endpoint'])} {channel['state']}" for channel in channels]
    return "\n".join(states) or text.NOTHING
