"""The secrets, from wherever they are kept.

Takes the environment, gives the secrets it holds: the environment variable first, being nearest to the
command that was typed; then the systemd credential; the configuration file only when neither is there.
Outside the service, systemd passes no credentials, so its own store is looked at: `callwarden check`, run
by root, sees what the daemon will see.
"""

from collections.abc import Mapping
from pathlib import Path

STORE = Path("/etc/credstore")
SEAL_IDENTITY = "seal-identity"
"""The systemd credential with the daemon's key of sealed storage; it is a file, so no variable holds it."""

SECRETS = {
    ("ami", "secret"): ("CALLWARDEN_AMI_SECRET", "ami-secret"),
    ("ari", "password"): ("CALLWARDEN_ARI_PASSWORD", "ari-password"),
    ("alarms", "smtp_password"): ("CALLWARDEN_SMTP_PASSWORD", "smtp-password"),
    ("archive", "secret"): ("CALLWARDEN_ARCHIVE_SECRET", "archive-secret"),
}
"""Option: its environment variable and the name of its systemd credential."""

OPTIONAL = frozenset({("alarms", "smtp_password"), ("archive", "secret")})
"""Not everybody needs these: whether they are there is no question of logging in to Asterisk."""


def secrets_from(environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The secrets found outside the configuration file, by option."""
    found = {option: _find(environ, variable, name) for option, (variable, name) in SECRETS.items()}
    return {option: secret for option, secret in found.items() if secret}


def _find(environ: Mapping[str, str], variable: str, name: str) -> str:
    return environ.get(variable, "") or _read(credential(environ, name))


def credential(environ: Mapping[str, str], name: str) -> Path:
    """Where the systemd credential ``name`` is, or would be."""
    given = environ.get("CREDENTIALS_DIRECTORY", "")
    return Path(given, name) if given else STORE / f"callwarden.{name}"


def _read(path: Path) -> str:
    """The secret, without the line end that an editor leaves; nothing if it cannot be read."""
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        return ""
