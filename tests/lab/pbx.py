"""An Asterisk that already works, to which Callwarden was added the way a telephony admin would.

A trunk (whatever comes from 127.0.0.2), phones 201 to 206 at 127.0.0.3, softphones 207 to 209 that register, card
lines 700 to 702, features, parking, a queue. What Callwarden adds is two included files, a manager user, an ARI user
and its prompts.
"""

import math
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

from lab.instance import AsteriskInstance
from lab.roots import REPOSITORY

AMI_USER, AMI_SECRET = "callwarden", "lab-ami-secret"
ARI_USER, ARI_SECRET = "callwarden", "lab-ari-secret"
MUSIC_ON_HOLD = 350  # Hz: whoever is on hold hears this, and it counts as a party of its own
WITHOUT_CALLWARDEN = Path(__file__).parent / "templates" / "without-callwarden"

MANAGER_USER = f"""
[{AMI_USER}]
secret = {AMI_SECRET}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = call,system,user
write = call,system,reporting
"""


class Pbx(AsteriskInstance):
    """`dialplan` is the directory with callwarden.conf and features.conf: the product's, or one without it."""

    def __init__(
        self,
        world_sip: int,
        version: str = "22",
        dialplan: Path = REPOSITORY / "dialplan",
        sounds: Path = REPOSITORY / "sounds" / "built",
        dialplan_globals: Mapping[str, object] | None = None,
        more_dialplan: str = "",
    ) -> None:
        super().__init__(
            version, f"pbx{version}", "pbx",
            {
                "world_sip": world_sip, "ari_secret": ARI_SECRET, "manager_users": MANAGER_USER,
                "globals": _lines(dialplan_globals or {}), "more_dialplan": more_dialplan,
            },
        )  # fmt: skip
        self._dialplan, self._prompts = dialplan, sounds

    def prepare(self) -> None:
        super().prepare()
        self.use_dialplan(self._dialplan)
        write_music(self.home / "data" / "moh" / "hold.sln")
        if self._prompts.is_dir():
            shutil.copytree(self._prompts, self.sounds / "callwarden")

    def use_dialplan(self, directory: Path) -> None:
        """Put that directory's files in place; a running Asterisk needs `dialplan reload`."""
        shutil.copy(directory / "callwarden.conf", self.etc / "callwarden.conf")
        shutil.copy(directory / "features.conf", self.etc / "callwarden-features.conf")

    def set_globals(self, values: Mapping[str, object]) -> None:
        self.write_configuration(globals=_lines(values))


def _lines(values: Mapping[str, object]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in values.items())


def write_music(path: Path, seconds: int = 2) -> None:
    """Music on hold: a quiet tone, 8 kHz signed linear."""
    samples = (2000 * math.sin(2 * math.pi * MUSIC_ON_HOLD * n / 8000) for n in range(8000 * seconds))
    path.write_bytes(b"".join(struct.pack("<h", int(sample)) for sample in samples))
