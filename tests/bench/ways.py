"""The ways to record that are compared: what people write into their dialplan, and Callwarden."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

RECORD = "MixMonitor(${CALLWARDEN_SPOOL}/${UNIQUEID}.wav)"
NOTHING = "NoOp()"
# What an admin without Callwarden writes, behind the same six names that the office's dialplan calls.
BY_HAND = """
[callwarden-inbound]
exten => s,1,@@caller@@
 same => n,Return()
[callwarden-outbound]
exten => s,1,@@caller@@
 same => n,Return()
[callwarden-internal]
exten => s,1,@@caller@@
 same => n,Return()
[callwarden-agent]
exten => s,1,@@phone@@
 same => n,Return()
[callwarden-announce-outbound]
exten => s,1,Return()
[callwarden-card-line]
exten => s,1,Set(BACK=${BLINDTRANSFER:0:-9})
 same => n,StopMixMonitor()
 same => n,Dial(${ARG1},60,tg)
 same => n,@@caller@@
 same => n,Dial(${BACK},60,tTg)
 same => n,Hangup()
"""


@dataclass(frozen=True, slots=True)
class Way:
    """`caller` and `phone` are dialplan applications; None: Callwarden, with these settings and globals. `files`: how
    many each call leaves."""

    key: str
    name: str
    files: int
    caller: str | None = None
    phone: str = NOTHING
    settings: Mapping[str, object] = field(default_factory=dict)
    dialplan_globals: Mapping[str, object] = field(default_factory=dict)

    @property
    def by_callwarden(self) -> bool:
        return self.caller is None

    def write_dialplan(self, folder: Path) -> Path:
        """The directory with callwarden.conf and features.conf for the PBX."""
        folder.mkdir(exist_ok=True)
        text = BY_HAND.replace("@@caller@@", self.caller or NOTHING).replace("@@phone@@", self.phone)
        (folder / "callwarden.conf").write_text(text)
        (folder / "features.conf").write_text("; none\n")
        return folder


WAYS = (
    Way("a", "no recording", 0, caller=NOTHING),
    Way("b", "MixMonitor() in the dialplan, on one channel", 1, caller=RECORD),
    Way("c", "MixMonitor() in the dialplan, on each channel", 2, caller=RECORD, phone=RECORD),
    Way(
        "d", "Callwarden, one-per-call", 1, settings={"recording.scope": "one-per-call"},
        dialplan_globals={"CALLWARDEN_SCOPE": "one-per-call"},
    ),
    Way("e", "Callwarden, each-channel", 2),
)
