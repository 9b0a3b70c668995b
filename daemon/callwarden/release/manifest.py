"""What is in a build, for machines and for whoever checks it later: ``manifest.json`` and ``SHA256SUMS``.

Takes the plan and what became of its files; gives texts. Names of recordings are Asterisk's ids, so an entry can be
found in the catalogue; no number and no name of a caller is in here.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from callwarden.release.plan import Entry, LeftOut

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
COVER_HTML, COVER_PDF = "cover.html", "cover.pdf"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a build."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """A recording that is in: its files, the audio's length, and the SHA-256 of the original in the vault."""

    entry: Entry
    files: tuple[File, ...]
    seconds: float
    original_sha256: str


@dataclass(frozen=True, slots=True)
class About:
    """What a build is: numbers of release and request, what kind of request, when and by whom it was built."""

    release: int
    request: int
    kind: str
    received: float
    built: float
    built_by: str
    organisation: str
    note: str


def manifest(about: About, delivered: Sequence[Delivered], left_out: Sequence[LeftOut], papers: Iterable[File]) -> str:
    """``manifest.json``."""
    written: dict[str, Any] = {
        "release": about.release,
        "request": {"number": about.request, "kind": about.kind, "received": _iso(about.received)},
        "organisation": about.organisation,
        "built": _iso(about.built),
        "built_by": about.built_by,
        "recordings": [_recording(each) for each in delivered],
        "left_out": [_left_out(one) for one in left_out],
        "papers": [asdict(file) for file in papers],
    }
    return json.dumps(written, indent=2) + "\n"


def sums(files: Iterable[File]) -> str:
    """``SHA256SUMS``: for `sha256sum -c`."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in files)


def _left_out(one: LeftOut) -> dict[str, Any]:
    return {"recording": one.unique_id, "call_started": _iso(one.started), "why": one.why}


def _recording(one: Delivered) -> dict[str, Any]:
    call = one.entry.found.call
    return {
        "number": one.entry.number,
        "recording": one.entry.item.unique_id,
        "call_started": _iso(call.started),
        "call_ended": _iso(call.ended),
        "direction": str(call.direction),
        "seconds": round(one.seconds, 3),
        "original_sha256": one.original_sha256,
        "muted": [
            {"from": mute.span.started, "to": mute.span.ended, "reason": mute.reason} for mute in one.entry.item.mutes
        ],
        "files": [asdict(file) for file in one.files],
    }


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
