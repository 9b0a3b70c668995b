"""What is allowed and yet worth a second look: warnings, for `callwarden check` and the log at start.

Takes the settings and the file they came from, gives Problems that stop nothing.
"""

import ipaddress
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from callwarden.config.credentials import SECRETS
from callwarden.config.problems import Problem
from callwarden.config.settings import Settings

READABLE_BY_ALL = 0o004


def doubts(settings: Settings, path: Path | str | None = None) -> list[Problem]:
    """Every warning about `settings`, and about the file at `path` that they were loaded from."""
    found = [*_unencrypted(settings), *_unannounced(settings), *_unnamed(settings), *_mail(settings)]
    found += [*_root_is_a_person(settings), *_archived(settings)]
    return found if path is None else [*_open_to_all(Path(path)), *found]


def _open_to_all(path: Path) -> Iterator[Problem]:
    if not path.stat().st_mode & READABLE_BY_ALL:
        return
    tables = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    for section, option in SECRETS:
        if tables.get(section, {}).get(option):
            yield Problem(
                f"{section}.{option}",
                "",
                f"every user of this machine can read this secret; chmod 640 {path} and give it to"
                " Callwarden's group, or keep the secret in a systemd credential",
            )


def _unencrypted(settings: Settings) -> Iterator[Problem]:
    url = urlsplit(settings.ari.url)
    if not _stays_here(settings.ami.host):
        yield Problem("ami.host", f'"{settings.ami.host}"', "the AMI secret crosses the network unencrypted")
    if url.scheme == "http" and not _stays_here(url.hostname or ""):
        yield Problem("ari.url", f'"{settings.ari.url}"', "the ARI password crosses the network unencrypted")


def _mail(settings: Settings) -> Iterator[Problem]:
    alarms = settings.alarms
    if alarms.mail_to and alarms.smtp_security == "none" and not _stays_here(alarms.smtp_host):
        yield Problem("alarms.smtp_security", '"none"', "alarms cross the network unencrypted, a password too")


def _archived(settings: Settings) -> Iterator[Problem]:
    archive = settings.archive
    if archive.url and not settings.seal.enabled:
        yield Problem(
            "archive.url", f'"{archive.url}"', "whoever runs the external store can hear every recording; see [seal]"
        )
    server = urlsplit(archive.server)
    if server.scheme == "http" and not _stays_here(server.hostname or ""):
        yield Problem("archive.server", f'"{archive.server}"', "recordings cross the network unencrypted")


def _unannounced(settings: Settings) -> Iterator[Problem]:
    for option, what in (("inbound", "callers are"), ("outbound", "the people we ring are")):
        if getattr(settings.announce, option) == "off":
            yield Problem(f"announce.{option}", '"off"', f"{what} not told that the call is recorded")


def _unnamed(settings: Settings) -> Iterator[Problem]:
    if not settings.calls.trunks:
        yield Problem(
            "calls.trunks",
            "[]",
            "until a call has come in through callwarden-inbound, all calls of a trunk are taken for those of one"
            " phone and fall silent together when one of them pays by card; name the trunks",
        )


def _root_is_a_person(settings: Settings) -> Iterator[Problem]:
    for index, person in enumerate(settings.person):
        if person.user in ("root", "0"):
            told = "whoever is root is one and the same in every record; give each person a user of their own"
            yield Problem(f"person[{index}].user", f'"{person.user}"', told)


def _stays_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
