"""The options of sealed storage: whether recordings are encrypted at rest, and who can open them."""

from typing import Annotated

from pydantic import AfterValidator
from pyrage import RecipientError, x25519

from callwarden.config import kinds as kind
from callwarden.config.section import LISTED, Section


def _recipient(text: str) -> str:
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise kind.Unusable("this is a secret key; write the recipient that belongs to it, which begins with age1")
    try:
        x25519.Recipient.from_str(text)
    except RecipientError:
        raise kind.Unusable("this must be a recipient of age (X25519), as `age-keygen` prints it: age1...") from None
    return text


Recipient = Annotated[str, AfterValidator(_recipient)]


class Seal(Section):
    """Encryption of the recordings at rest, in the age format (https://age-encryption.org)."""

    enabled: bool = False
    """Seals every recording to the daemon's own key and to the recipients below. Recordings that are in
    the vault already are sealed in the background. Off again, what is sealed stays sealed."""
    identity: kind.OptionalPath = ""
    """The file with the daemon's secret key, 0600 and its own; `callwarden seal keygen` makes one. Keys
    of former times may stand below the first: they open, the first one seals. Empty: the systemd
    credential `seal-identity` (/etc/credstore/callwarden.seal-identity)."""
    recipients: Annotated[tuple[Recipient, ...], LISTED] = ()
    """Who else can open every recording, with the `age` program and without Callwarden: the data
    protection officer's recipient, "age1...". The secret key of it does not belong on this machine."""
