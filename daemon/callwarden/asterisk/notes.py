"""What the dialplan did without the daemon: notes that it left in AstDB, as `dialplan/callwarden.conf` writes them.

Takes the AMI link; gives a `Note` for each channel, and removes it once it is catalogued. A key is
`/callwarden/<unique id>/<what>[-<when>]`. Whatever a caller chose is URI-encoded in them. What cannot be understood is
logged by its key and left alone.
"""

import logging
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from callwarden.asterisk.ami import ActionFailed, AmiLink
from callwarden.asterisk.monitors import outcome
from callwarden.core.facts import Note, Told

log = logging.getLogger(__name__)

FAMILY = "callwarden"
NEEDED = ("at", "call", "channel", "way")


async def read(link: AmiLink) -> list[Note]:
    """Every note there is, the eldest first. Raises ActionFailed when Asterisk cannot be asked."""
    try:
        rows = await link.listing({"Action": "DBGetTree", "Family": FAMILY})
    except ActionFailed as error:
        if "not found" in str(error).lower():  # an empty family is an error to 16 and 22
            return []
        raise
    return parse({row.get("key"): row.get("val") for row in rows})


async def forget(link: AmiLink, note: Note) -> None:
    """Remove a note. One that stays is read again, and changes nothing then."""
    sent = link.send({"Action": "DBDelTree", "Family": FAMILY, "Key": note.unique_id})
    try:
        await sent
    except ActionFailed:
        log.warning("a note of the dialplan could not be removed: %s", outcome(sent)[1])


def parse(rows: Mapping[str, str]) -> list[Note]:
    """Keys and values to notes."""
    of_channel: dict[str, dict[str, str]] = {}
    for key, value in rows.items():
        _, family, unique_id, what, *_ = [*key.split("/", 3), "", "", ""]
        if family == FAMILY and what:
            of_channel.setdefault(unique_id, {})[what] = value
    notes = [note for unique_id, found in of_channel.items() if (note := _note(unique_id, found)) is not None]
    return sorted(notes, key=lambda note: note.at)


def _note(unique_id: str, found: Mapping[str, str]) -> Note | None:
    try:
        at, call, channel, way = (found[name] for name in NEEDED)
        return Note(
            unique_id=unique_id,
            at=float(at),
            linked_id=call,
            channel=channel,
            way=way,
            number=unquote(found.get("number", "")),
            name=unquote(found.get("name", "")),
            dialled=unquote(found.get("dialled", "")),
            answered=_time(found.get("answered")),
            ended=_time(found.get("ended")),
            files=tuple(_timed(found, "file")),
            told=tuple(_told(found)),
            silent=tuple((since, _time(found.get(f"loud-{key}"))) for since, key in _timed(found, "silent", keys=True)),
        )
    except (KeyError, ValueError) as error:
        log.warning("a note of the dialplan about channel %s is left alone: it has no usable %s", unique_id, error)
        return None


def _timed(found: Mapping[str, str], what: str, keys: bool = False) -> Iterable[tuple[float, str]]:
    """The values (or the times as written) of `<what>-<when>`, in the order of time."""
    times = [name.partition("-")[2] for name in found if name.startswith(f"{what}-")]
    return sorted((float(time), time if keys else found[f"{what}-{time}"]) for time in times)


def _told(found: Mapping[str, str]) -> Iterable[Told]:
    for started, key in _timed(found, "told", keys=True):
        *_, language, prompt = ["", *found[f"told-{key}"].split("/")]
        yield Told(prompt=prompt, language=language, started=started, finished=_time(found.get(f"heard-{key}")))


def _time(text: str | None) -> float | None:
    return None if text is None else float(text)
