"""How `callwarden release` shows what the daemon answers: in a terminal, and for scripts."""

from typing import Any

import click

from callwarden.cli import text
from callwarden.cli.searching import party
from callwarden.paper.moments import position


def print_release(found: dict[str, Any]) -> None:
    """A release with its recordings."""
    values = {
        "Release": str(found["release"]),
        "For request": str(found["request"]),
        "State": text.shown(f"{found['state']}{': ' + found['problem'] if found['problem'] else ''}", 500),
        "Looked for": text.shown("; ".join(_term(one) for one in found["looked_for"]), 500),
        "Opened": f"{text.local(found['opened'])} by {text.shown(found['opened_by'])}",
        "Built": "" if found["built"] is None else f"{text.local(found['built'])} by {text.shown(found['built_by'])}",
        "Is removed": "" if found["state"] != "built" else text.local(found["expires"]),
        "Manifest SHA-256": found["manifest_sha256"],
    }
    for one in found["handovers"]:
        note = f" ({text.shown(one['note'], 200)})" if one["note"] else ""
        told = f"{text.local(one['handed'])} to {text.shown(one['to'], 200)}, {text.shown(one['how'], 200)}{note}"
        values[f"Handed over {len(values)}" if "Handed over" in values else "Handed over"] = told
    text.console().print(text.pairs(values))
    click.echo()
    print_recordings(found["recordings"])


def _term(one: dict[str, Any]) -> str:
    shown = text.local(float(one["text"])) if one["kind"] in ("from", "to") else one["text"]
    return f"{one['kind']} {shown}"


def print_recordings(found: list[dict[str, Any]]) -> None:
    """Recordings, with what was decided where that is known."""
    decided = any("decision" in each for each in found)
    columns = ["Call began", "From", "To", "Length", "Recording", *(["Decision"] if decided else [])]
    made = text.table(*columns, right=("Length",))
    for each in found:
        began = text.local(each.get("started"))[:16]
        parties = (party(each.get("caller", ""), each.get("caller_name", "")), party(each.get("called", ""), ""))
        length = text.length(each.get("seconds")) if each.get("seconds") is not None else text.shown(each["state"])
        cells = [began, *parties, length, text.identity(each["recording"])]
        text.row(made, *cells, *([_decision(each)] if decided else []))
    text.console().print(made)


def _decision(each: dict[str, Any]) -> str:
    parts = [each["decision"] or "undecided"]
    if each["reason"]:
        parts.append(text.shown(each["reason"], 200))
    parts += [f"muted {position(one['from'])}-{position(one['to'])}" for one in each["muted"]]
    if not each["covered"]:
        parts.append("not covered by the request")
    return "; ".join(parts)


def print_muted(found: dict[str, Any], recording: str, as_json: bool) -> None:
    """What is decided of one recording after a change of its muted spans."""
    if as_json:
        text.print_json(whole(found))
        return
    one = next(each for each in found["recordings"] if each["recording"] == recording)
    click.echo(f"{text.identity(recording)}: {_decision(one)}.")


def whole(found: dict[str, Any]) -> dict[str, Any]:
    """A release, for scripts: times as ISO 8601."""
    times = {name: text.iso(found[name]) for name in ("opened", "built", "expires", "removed")}
    handovers = [{**one, "handed": text.iso(one["handed"])} for one in found["handovers"]]
    recordings = {"recordings": [shape(each) for each in found["recordings"]]} if "recordings" in found else {}
    return {**found, **times, "handovers": handovers, **recordings}


def shape(each: dict[str, Any]) -> dict[str, Any]:
    """A recording, for scripts."""
    return {**each, "started": text.iso(each.get("started"))}
