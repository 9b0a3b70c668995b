"""What is wrong now and needs a person, in sentences with what to do: what `callwarden status` begins with.

One that lasts is an alarm too (``lasting``); what stands here is not said a second time as an alarm.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from callwarden.asterisk.ami import LinkState
from callwarden.asterisk.ari import AriState

if TYPE_CHECKING:
    from callwarden.service import Service


def problems(service: "Service") -> dict[str, str]:
    """The sentences by their kinds, the gravest first."""
    found = {kind: told(service) for kind, told in PROBLEMS.items()}
    return {kind: sentence for kind, sentence in found.items() if sentence}


def _link(service: "Service") -> str:
    if service.link.state is LinkState.READY:
        return ""
    return (
        f"Asterisk's manager interface is not there ({service.link_why}): calls are announced and recorded by "
        "the dialplan alone. Run `callwarden check`."
    )


def _pulse(service: "Service") -> str:
    if not service.pulse.trouble:
        return ""
    return (
        f"The sign of life in the spool cannot be given ({service.pulse.trouble}): the dialplan may take the daemon "
        "for hanging. Run `callwarden check`."
    )


def _catalogue(service: "Service") -> str:
    state = service.keeper.writer.state
    return f"The catalogue is not written: {state.problem}" if state.problem else ""


def _lost(service: "Service") -> str:
    lost = service.keeper.writer.state.lost
    return f"{lost} facts of calls could not be kept and are lost: see `journalctl -u callwarden`." if lost else ""


def _purge(service: "Service") -> str:
    since = service.housekeeping.overdue_since(time.time())
    if since is None:
        return ""
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(since))
    return f"The purge that was due on {day} has not been done: see `journalctl -u callwarden`, run `callwarden purge`."


def _ari(service: "Service") -> str:
    if service.ari.state is not AriState.REFUSED:
        return ""
    return f"ARI refused us ({service.ari_why}): nobody is told by whisper. Run `callwarden check`."


PROBLEMS: dict[str, Callable[["Service"], str]] = {
    "asterisk-away": _link,
    "pulse": _pulse,
    "catalogue": _catalogue,
    "facts-lost": _lost,
    "purge-overdue": _purge,
    "ari-refused": _ari,
}
KINDS = frozenset(PROBLEMS)
"""The kinds of the alarms that these become when they last."""
