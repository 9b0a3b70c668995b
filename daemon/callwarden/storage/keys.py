"""Whose keys open the recordings: the daemon's identities (secret), and the recipients that files are sealed to.

Takes the [seal] section, reads the identity file or the systemd credential; gives :class:`Keys`, or raises
:class:`KeysError` with what to do. No secret is ever in an error or in a log line.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyrage import IdentityError, x25519

from callwarden.config import Settings
from callwarden.config.credentials import SEAL_IDENTITY, credential

OTHERS = 0o077


class KeysError(Exception):
    """The daemon's key cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    """``identities`` open; ``recipients`` are sealed to; ``name`` tells one set of recipients from another."""

    identities: tuple[x25519.Identity, ...] = field(repr=False)
    recipients: tuple[str, ...]
    enabled: bool = True

    @property
    def name(self) -> str:
        """Sixteen hexadecimal digits."""
        return hashlib.sha256("\n".join(self.recipients).encode()).hexdigest()[:16]

    @property
    def targets(self) -> list[x25519.Recipient]:
        """The recipients, as the library takes them."""
        return [x25519.Recipient.from_str(text) for text in self.recipients]


def load_keys(settings: Settings, environ: Mapping[str, str] = os.environ) -> Keys | None:
    """The keys of these settings; None when sealing is off and there is no identity. Raises :class:`KeysError`.

    With sealing off they are read all the same: what was sealed before can still be opened.
    """
    seal = settings.seal
    path = Path(seal.identity) if seal.identity else credential(environ, SEAL_IDENTITY)
    # os.access, for /etc/credstore is closed to everybody but root: that is no error where nothing is sealed.
    if not seal.enabled and not seal.identity and not os.access(path, os.R_OK):
        return None
    identities = _read(path, private=bool(seal.identity))
    own = str(identities[0].to_public())
    return Keys(identities, tuple(sorted({own, *seal.recipients})), seal.enabled)


def new_identity(path: Path) -> str:
    """Write a new identity to ``path``, which must not exist (0600); gives its recipient. Raises OSError."""
    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# public key: {recipient}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    return recipient


def _read(path: Path, private: bool) -> tuple[x25519.Identity, ...]:
    try:
        with path.open(encoding="ascii") as file:
            found = os.fstat(file.fileno())
            if private and stat.S_IMODE(found.st_mode) & OTHERS:
                raise KeysError(f"Others can read the key {path}: anybody could open the recordings. chmod 600 {path}")
            lines = [line.strip() for line in file]
    except FileNotFoundError:
        raise KeysError(f"There is no key at {path}. `callwarden seal keygen {path}` makes one.") from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not a text"
        raise KeysError(f"The key {path} cannot be read: {why}. It must belong to the daemon's user.") from None
    try:
        identities = tuple(x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#"))
    except IdentityError:
        raise KeysError(f"{path} holds something that is no key of age (AGE-SECRET-KEY-1...).") from None
    if not identities:
        raise KeysError(f"{path} holds no key. `callwarden seal keygen` makes one.")
    return identities
