"""What is wrong now and needs a person, in sentences with what to do: what `callwarden status` begins with.

One that lasts is an alarm too (``lasting``); what stands here is not said a second time as an alarm.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from callwarden.asterisk.ami import LinkState
from callwarden.asterisk.ari import AriState

if TYPE_CHECKING:
    from callwarden.back_office import BackOffice


def problems(office: "BackOffice") -> dict[str, str]:
    """The sentences by their kinds, the gravest first."""
    found = {kind: told(office) for kind, told in PROBLEMS.items()}
    return {kind: sentence for kind, sentence in found.items() if sentence}


def _link(office: "BackOffice") -> str:
    if office.service.link.state is LinkState.READY:
        return ""
    return (
        f"Asterisk's manager interface is not there ({office.service.link_why}): calls are announced and recorded by "
        "the dialplan alone. Run `callwarden check`."
    )


def _pulse(office: "BackOffice") -> str:
    trouble = office.service.pulse.trouble
    if not trouble:
        return ""
    return (
        f"The sign of life in the spool cannot be given ({trouble}): the dialplan may take the daemon "
        "for hanging. Run `callwarden check`."
    )


def _catalogue(office: "BackOffice") -> str:
    state = office.service.keeper.writer.state
    return f"The catalogue is not written: {state.problem}" if state.problem else ""


def _lost(office: "BackOffice") -> str:
    lost = office.service.keeper.writer.state.lost
    return f"{lost} facts of calls could not be kept and are lost: see `journalctl -u callwarden`." if lost else ""


def _purge(office: "BackOffice") -> str:
    since = office.housekeeping.overdue_since(time.time())
    if since is None:
        return ""
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(since))
    return f"The purge that was due on {day} has not been done: see `journalctl -u callwarden`, run `callwarden purge`."


def _ari(office: "BackOffice") -> str:
    if office.ari.state is not AriState.REFUSED:
        return ""
    return f"ARI refused us ({office.ari_why}): nobody is told by whisper. Run `callwarden check`."


PROBLEMS: dict[str, Callable[["BackOffice"], str]] = {
    "asterisk-away": _link,
    "pulse": _pulse,
    "catalogue": _catalogue,
    "facts-lost": _lost,
    "purge-overdue": _purge,
    "ari-refused": _ari,
}
KINDS = frozenset(PROBLEMS)
"""The kinds of the alarms that these become when they last."""
