"""What the daemon answers about releases. Times are UTC epoch seconds, lengths seconds."""

import re
from typing import Any

from callwarden.release.cases import Release
from callwarden.release.plan import Item
from callwarden.storage.reading import FoundRecording

NAME = re.compile(r"recording-\d{3,6}\.(?:wav|mp3)|cover\.(?:html|pdf)|manifest\.json|SHA256SUMS", re.ASCII)
"""Every name of a file that a release can have."""


def is_name(text: str) -> bool:
    """Whether a release can have a file of this name."""
    return NAME.fullmatch(text) is not None


def of_release(one: Release) -> dict[str, Any]:
    """The release, without its recordings."""
    return {
        "release": one.number,
        "request": one.request,
        "opened": one.opened,
        "opened_by": one.opened_by,
        "state": str(one.state),
        "built": one.built,
        "built_by": one.built_by,
        "expires": one.expires,
        "removed": one.removed,
        "manifest_sha256": one.manifest_sha256,
        "problem": one.problem,
        "looked_for": [{"kind": kind, "text": text} for kind, text in one.terms],
        "handovers": [
            {"handed": each.handed, "to": each.handed_to, "how": each.how, "by": each.handed_by,
             "manifest_sha256": each.manifest_sha256, "note": each.note}
            for each in one.handovers
        ],
    }  # fmt: skip


def of_item(item: Item) -> dict[str, Any]:
    """One recording of a release, with what was decided."""
    known = of_recording(item.found) if item.found is not None else {"recording": item.unique_id, "state": "unknown"}
    muted = [{"from": one.span.started, "to": one.span.ended, "reason": one.reason} for one in item.mutes]
    decided = {"decision": str(item.decision), "reason": item.reason, "muted": muted, "covered": item.covered}
    return {**known, **decided}


def of_recording(found: FoundRecording) -> dict[str, Any]:
    """What is known of a recording."""
    return {
        "recording": found.recording.unique_id,
        "call": found.call.linked_id,
        "state": str(found.recording.state),
        "started": found.call.started,
        "direction": str(found.call.direction),
        "caller": found.call.caller_number,
        "caller_name": found.call.caller_name,
        "called": found.call.called_number,
        "side": found.channel.endpoint,
        "seconds": found.file.seconds if found.file is not None else None,
    }
