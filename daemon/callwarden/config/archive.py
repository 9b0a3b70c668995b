"""The options of the external store: where every recording is kept a second time, away from this machine."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from callwarden.config import kinds as kind
from callwarden.config.section import Section

SCHEMES = ("sftp", "s3")


def _store(text: str) -> str:
    if not text:
        return text
    try:
        parts = urlsplit(text)
        usable = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", text) or parts.query or parts.fragment or ".." in parts.path:
        raise kind.Unusable("this must be a store such as sftp://user@host/path or s3://bucket/prefix")
    if parts.password is not None:
        raise kind.Unusable("leave the password out of the URL; it has its own option, secret")
    if parts.scheme == "sftp" and (not parts.username or not parts.path.strip("/")):
        raise kind.Unusable("an SFTP store needs the user and the folder: sftp://user@host/path")
    return text.rstrip("/")


def _server(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/?#@]+/?", text):
        raise kind.Unusable("this must be the address of an S3-compatible server, such as https://s3.example.org")
    return text.rstrip("/")


StoreUrl = Annotated[str, AfterValidator(_store)]
Server = Annotated[str, AfterValidator(_server)]


class Archive(Section):
    """An external store, such as a server of the provider's, to which every recording is copied. It needs
    the packages of `pip install callwarden[archive]`, and, where the unit of systemd runs the daemon, the
    store's address in IPAddressAllow= (`systemctl edit callwarden`)."""

    url: StoreUrl = ""
    """sftp://user@host:port/path or s3://bucket/prefix. Empty: no external store. What is sealed is
    copied sealed; without [seal], the store can read every recording."""
    secret: kind.Secret = SecretStr("")
    """The password of the SFTP user, or the secret access key of S3. As [ami] secret: best kept in the
    systemd credential `archive-secret` (/etc/credstore/callwarden.archive-secret) or the environment
    variable CALLWARDEN_ARCHIVE_SECRET."""
    key: kind.OptionalPath = ""
    """SFTP: the file with the private key of SSH, in place of a password; 0600 and the daemon's own."""
    known_hosts: kind.OptionalPath = "/etc/callwarden/known_hosts"
    """SFTP: the host keys that are believed, one a line as `ssh-keyscan` prints them. A server with another
    key is refused: recordings would be given to whoever pretends to be the store."""
    access_key: str = ""
    """S3: the access key's id."""
    server: Server = ""
    """S3: the server, where it is not Amazon's."""
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]*$")] = ""
    """S3: the region, where the server asks for one."""
    keep_local: Annotated[int, Field(ge=0, le=3650)] = 0
    """Days that a recording stays in the vault once the store has it, checked; after that it is fetched
    from there when it is opened. 0: as long as it is kept at all."""
    connections: Annotated[int, Field(ge=1, le=8)] = 2
    """How many recordings are copied at the same time."""
    timeout: Annotated[int, Field(ge=2, le=600)] = 30
    """Seconds without an answer after which the store counts as away. It is tried again, ever more rarely;
    what waits is in the vault."""
