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

from callwarden.config import settings_from
from callwarden.setup_lines import setup_lines
from lab.instance import AsteriskInstance
from lab.roots import REPOSITORY

AMI_USER, AMI_SECRET = "callwarden", "lab-ami-secret"
ARI_USER, ARI_SECRET = "callwarden", "lab-ari-secret"
MUSIC_ON_HOLD = 350  # Hz: whoever is on hold hears this, and it counts as a party of its own
DIALPLAN = REPOSITORY / "dialplan"
PROMPTS = REPOSITORY / "sounds" / "built"
WITHOUT_CALLWARDEN = Path(__file__).parent / "templates" / "without-callwarden"

# As `callwarden init` prints it: the rights, the filter of the events and all.
_SETTINGS = settings_from(f'[ami]\nusername = "{AMI_USER}"\nsecret = "{AMI_SECRET}"\n', {})
MANAGER_USER = "\n".join(str(one) for one in setup_lines(_SETTINGS) if one.file == "manager.conf")


class Pbx(AsteriskInstance):
    """`dialplan` is the directory with callwarden.conf and features.conf: the product's, or one without it."""

    def __init__(
        self,
        world_sip: int,
        version: str = "22",
        dialplan: Path = DIALPLAN,
        sounds: Path = PROMPTS,
        dialplan_globals: Mapping[str, object] | None = None,
        more_dialplan: str = "",
    ) -> None:
        super().__init__(
            version, f"pbx{version}", "pbx",
            {
                "world_sip": world_sip, "ari_secret": ARI_SECRET, "manager_users": MANAGER_USER,
                "globals": "", "more_dialplan": more_dialplan,
            },
        )  # fmt: skip
        self._dialplan, self._prompts = dialplan, sounds
        own = {"CALLWARDEN_AGI": f"127.0.0.1:{self.agi_port}", "CALLWARDEN_SPOOL": self.recordings_inside}
        self._globals = {**own, **(dialplan_globals or {})}

    @property
    def agi_port(self) -> int:
        """Where the dialplan expects the daemon's FastAGI."""
        return self.ports.spare

    @property
    def recordings(self) -> Path:
        """Callwarden's spool, as everybody but this Asterisk sees it."""
        return self.spool / "callwarden"

    @property
    def recordings_inside(self) -> str:
        return f"{self.spool_inside}/callwarden"

    def prepare(self) -> None:
        super().prepare()
        self.recordings.mkdir()
        self.set_globals({})
        self.use_dialplan(self._dialplan)
        write_music(self.home / "data" / "moh" / "hold.sln")
        if self._prompts.is_dir():
            shutil.copytree(self._prompts, self.sounds / "callwarden")

    def use_dialplan(self, directory: Path) -> None:
        """Put that directory's files in place; a running Asterisk needs `dialplan reload`."""
        shutil.copy(directory / "callwarden.conf", self.etc / "callwarden.conf")
        shutil.copy(directory / "features.conf", self.etc / "callwarden-features.conf")

    def set_globals(self, changes: Mapping[str, object]) -> None:
        """Write [globals] anew; a running Asterisk needs `dialplan reload`."""
        self._globals.update(changes)
        self.write_configuration(globals=_lines(self._globals))


def _lines(values: Mapping[str, object]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in values.items())


def write_music(path: Path, seconds: int = 2) -> None:
    """Music on hold: a quiet tone, 8 kHz signed linear."""
    samples = (2000 * math.sin(2 * math.pi * MUSIC_ON_HOLD * n / 8000) for n in range(8000 * seconds))
    path.write_bytes(b"".join(struct.pack("<h", int(sample)) for sample in samples))
