"""Judges what our AMI user may do: enough for the daemon, and nothing that brings callers' digits. Pure."""

import re
from collections.abc import Iterable, Iterator

from callwarden.checks.finding import Finding, ok, plain, problem, warning
from callwarden.checks.pbx import NotSeen, Permitted, Section
from callwarden.config import Settings
from callwarden.setup_lines import READ_CLASSES

ABOUT = "AMI"

# An action of each write class the daemon cannot do without, and what it is for.
NEEDED = (
    ("system", "mixmonitor", "start recorders"),
    ("call", "stopmixmonitor", "stop recorders for the card line"),
    ("call", "redirect", "send callers to the card line"),
    ("reporting", "status", "see the calls that are up"),
)
NEEDLESS_READ = {
    "dtmf": ("DTMFEnd", "every digit that callers key in, card numbers too"),
    "dialplan": ("VarSet", "digits that the dialplan collects with Read()"),
}
NEEDLESS_WRITE = {"all": "everything", "command": "any console command", "originate": "calls and shell commands"}


def unreachable(settings: Settings, seen: NotSeen) -> Finding:
    """Asterisk did not let us in."""
    where = f"{settings.ami.host}:{settings.ami.port}"
    if seen.refused:
        advice = (
            f"Compare [ami] username and secret with [{settings.ami.username}] in manager.conf, and its permit lines"
        )
        return problem(ABOUT, seen.why, advice)
    advice = f"See that Asterisk runs and that manager.conf has enabled = yes and listens on {where}"
    return problem(ABOUT, f"Asterisk was not reached on {where}: {plain(seen.why)}", advice)


def permissions(seen: Permitted) -> list[Finding]:
    """Missing and needless classes."""
    found = [*_missing(seen), *_unread(seen), *_needless(seen)]
    if not any(finding.level == "problem" for finding in found):
        found.insert(0, ok(ABOUT, "logged in; the user may do all that is needed"))
    return found


def _missing(seen: Permitted) -> Iterator[Finding]:
    lacking: dict[str, list[str]] = {}
    for name, action, purpose in NEEDED:
        if action not in seen.actions:
            lacking.setdefault(name, []).append(purpose)
    for name, purposes in lacking.items():
        told = f"the user lacks the write class {name}, so the daemon cannot {' or '.join(purposes)}"
        yield problem(ABOUT, told, f"Add {name} to its write = line in manager.conf, then: manager reload")


def _unread(seen: Permitted) -> Iterator[Finding]:
    if not seen.booted:
        yield _missing_read("system", "that Asterisk is ready")
        return
    read = _classes(seen.manager, "read")
    for name in READ_CLASSES if read else ():
        if name not in read and "all" not in read:
            yield _missing_read(name, "what happens to calls" if name == "call" else f"events of class {name}")


def _missing_read(name: str, what: str) -> Finding:
    told = f"the user lacks the read class {name}, so the daemon does not hear {what}"
    return problem(ABOUT, told, f"Add {name} to its read = line in manager.conf, then: manager reload")


def _needless(seen: Permitted) -> Iterator[Finding]:
    if seen.manager is None:
        told = "the user may not read its own section of manager.conf, so its read classes could not be looked at"
        yield warning(ABOUT, told, "See that its read = line has neither dtmf nor dialplan")
        return
    read, write = _classes(seen.manager, "read"), _classes(seen.manager, "write")
    for name, (event, what) in NEEDLESS_READ.items():
        if {name, "all"} & read and passes(seen.manager, event):
            yield warning(ABOUT, f"the read class {name} brings {what}", f"Take {name} (or all) out of read =")
    for name in sorted(NEEDLESS_WRITE.keys() & write):
        told = f"the write class {name} allows {NEEDLESS_WRITE[name]}, which the daemon never asks for"
        yield warning(ABOUT, told, f"Take {name} out of write =")
    if not any(option in ("permit", "acl") for option, _ in seen.manager):
        yield warning(ABOUT, "the user may log in from any address", "Add deny and permit lines to manager.conf")


def passes(manager: Section, event: str) -> bool:
    """Whether the user's eventfilter lines let an event through, as Asterisk reads them."""
    lines = [value for option, value in manager if option.startswith("eventfilter")]
    allowed = [line for line in lines if not line.startswith("!")]
    refused = [line[1:] for line in lines if line.startswith("!")]
    text = f"Event: {event}\r\n"
    return (not allowed or _any_matches(allowed, text)) and not _any_matches(refused, text)


def _any_matches(filters: Iterable[str], text: str) -> bool:
    for line in filters:
        try:
            if re.search(line.replace("[[:cntrl:]]", r"[\x00-\x1f]"), text, re.DOTALL):
                return True
        except re.error:
            return True  # a POSIX expression that Python cannot read: taken for the worse
    return False


def _classes(section: Section | None, option: str) -> set[str]:
    lines = [value for name, value in section or () if name == option]
    return {name.strip().lower() for line in lines for name in line.split(",")}
