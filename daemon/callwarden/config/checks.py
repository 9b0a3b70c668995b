"""Checks that read more than one option.

Takes settings whose single options are sound, gives the problems between them.
Rules: each check names the options it reads, and is left out when one of them is broken: a default
standing in for a broken value must not be complained about.
"""

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from callwarden.config.kinds import SAFE_PATH
from callwarden.config.problems import Problem, closest
from callwarden.config.settings import Settings

Check = Callable[[Settings], Iterable[Problem]]


def cross_checks(settings: Settings, broken: frozenset[str] = frozenset()) -> list[Problem]:
    """All problems between options; `broken` holds the sections and options already complained about."""
    return [
        problem
        for options, check in CHECKS
        if not broken & {*options, *(option.split(".")[0] for option in options)}
        for problem in check(settings)
    ]


def _allow(settings: Settings) -> Iterator[Problem]:
    allow = [ipaddress.ip_network(each, strict=False) for each in settings.agi.allow]
    listens_beyond = not ipaddress.ip_address(settings.agi.listen).is_loopback
    if not allow:
        yield Problem("agi.allow", "[]", "nobody could connect; name the address Asterisk connects from")
    elif listens_beyond and all(network.is_loopback for network in allow):
        yield Problem(
            "agi.listen",
            f'"{settings.agi.listen}"',
            "listening beyond this machine needs the address of Asterisk in agi.allow",
        )


def _spool_alphabet(settings: Settings) -> Iterator[Problem]:
    path = settings.spool.path
    if not settings.spool.asterisk_path and not SAFE_PATH.fullmatch(str(path)):
        yield Problem(
            "spool.path",
            f'"{path}"',
            "Asterisk takes a path of letters, digits and . _ / - only; a comma would be an order to it",
        )


def _places(settings: Settings) -> Iterator[Problem]:
    spool = settings.spool.path
    for option, path, why in (
        ("vault.path", settings.vault.path, "Asterisk could read and change finished recordings"),
        ("catalogue.path", settings.catalogue.path, "Asterisk could change the catalogue"),
        ("control.socket", settings.control.socket, "Asterisk could speak to the daemon"),
        ("release.path", settings.release.path, "Asterisk could read what is handed to people"),
    ):
        if path == spool or spool in path.parents:
            yield Problem(option, f'"{path}"', f"this is inside the spool, where {why}")
    if settings.release.path in (settings.vault.path, *settings.vault.path.parents):
        why = "what is built here is removed in time; keep the vault elsewhere"
        yield Problem("release.path", f'"{settings.release.path}"', why)
    if settings.catalogue.path == settings.vault.path:
        yield Problem("catalogue.path", f'"{settings.vault.path}"', "this is the vault; the catalogue is a file")
    if settings.vault.path in spool.parents:
        yield Problem("spool.path", f'"{spool}"', "this is inside the vault, which Asterisk must not enter")


def _divert_to(settings: Settings) -> Iterator[Problem]:
    wanted, extensions = settings.card.divert_to, [line.extension for line in settings.card.line]
    if wanted and wanted not in extensions:
        suggestion = closest(wanted, extensions)
        yield Problem("card.divert_to", f'"{wanted}"', "no [[card.line]] has this extension", suggestion)


def _lines_differ(settings: Settings) -> Iterator[Problem]:
    lines = settings.card.line
    names, places = (
        Counter(line.name for line in lines),
        Counter((line.extension, line.context) for line in lines),
    )
    for index, line in enumerate(lines):
        if names[line.name] > 1:
            yield Problem(f"card.line[{index}].name", f'"{line.name}"', "two card lines have this name")
        if places[line.extension, line.context] > 1:
            yield Problem(f"card.line[{index}].extension", f'"{line.extension}"', "two card lines have this extension")
        if line.endpoint and line.number:
            yield Problem(
                f"card.line[{index}].number",
                f'"{line.number}"',
                "a card line is either a phone (endpoint) or an outside number; leave one of the two out",
            )


def _lines_are_no_trunks(settings: Settings) -> Iterator[Problem]:
    trunks = {_bare(trunk) for trunk in settings.calls.trunks}
    for index, line in enumerate(settings.card.line):
        if line.endpoint and _bare(line.endpoint) in trunks:
            yield Problem(
                f"card.line[{index}].endpoint",
                f'"{line.endpoint}"',
                "this is a trunk, and no call on it would be recorded; name the outside number instead",
            )


def _dids_differ(settings: Settings) -> Iterator[Problem]:
    numbers = Counter(_digits(did.number) for did in settings.announce.did)
    for index, did in enumerate(settings.announce.did):
        if numbers[_digits(did.number)] > 1:
            yield Problem(f"announce.did[{index}].number", f'"{did.number}"', "this number has two announcements")


def _rules_differ(settings: Settings) -> Iterator[Problem]:
    names = Counter(rule.name for rule in settings.retention.rule)
    for index, rule in enumerate(settings.retention.rule):
        if names[rule.name] > 1:
            yield Problem(f"retention.rule[{index}].name", f'"{rule.name}"', "two rules have this name")
        if not (rule.direction or rule.did or rule.extension or rule.request):
            yield Problem(
                f"retention.rule[{index}].keep",
                f'"{rule.keep}"',
                "this rule fits every call; say which (direction, did, extension, request), or change retention.keep",
            )


def _mail(settings: Settings) -> Iterator[Problem]:
    alarms = settings.alarms
    if not alarms.mail_to:
        return
    for option in ("mail_from", "smtp_host"):
        if not getattr(alarms, option):
            yield Problem(f"alarms.{option}", '""', "this is needed to send mail to those in alarms.mail_to")


def _hook(settings: Settings) -> Iterator[Problem]:
    hook = settings.alarms.hook
    if hook and not hook[0].startswith("/"):
        yield Problem("alarms.hook", f'"{hook[0]}"', "the command must be a full path, starting with /")


def _people_differ(settings: Settings) -> Iterator[Problem]:
    users, names = (Counter(getattr(person, option) for person in settings.person) for option in ("user", "name"))
    for index, person in enumerate(settings.person):
        if users[person.user] > 1:
            yield Problem(f"person[{index}].user", f'"{person.user}"', "two people have this user; nobody shares one")
        if names[person.name] > 1:
            yield Problem(f"person[{index}].name", f'"{person.name}"', "two people have this name")
        if not person.roles:
            yield Problem(f"person[{index}].roles", "[]", "a person without a role may do nothing; give one")


def _bare(endpoint: str) -> str:
    return endpoint.partition("/")[2] or endpoint


def _digits(number: str) -> str:
    return "".join(character for character in number if character in "+0123456789")


CHECKS: tuple[tuple[tuple[str, ...], Check], ...] = (
    (("agi.listen", "agi.allow"), _allow),
    (("spool.path", "spool.asterisk_path"), _spool_alphabet),
    (("spool.path", "vault.path", "catalogue.path", "control.socket", "release.path"), _places),
    (("card.divert_to", "card.line"), _divert_to),
    (("card.line",), _lines_differ),
    (("card.line", "calls.trunks"), _lines_are_no_trunks),
    (("announce.did",), _dids_differ),
    (("person",), _people_differ),
    (("retention.rule",), _rules_differ),
    (("alarms.mail_to", "alarms.mail_from", "alarms.smtp_host"), _mail),
    (("alarms.hook",), _hook),
)
