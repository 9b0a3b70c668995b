"""Prompts that are tones: who heard which one, and how much of it, can be read off what they heard.

Takes a folder; gives in it one folder a language, as `callwarden sounds build` would.
"""

import math
import struct
from pathlib import Path

PROMPT_SECONDS = 1.0
INBOUND, INBOUND_GB, OUTBOUND, NOT_RECORDED, RESUMED, UNAVAILABLE, JOINED = range(2100, 2800, 100)
LANGUAGES = {
    "en": {
        "inbound": INBOUND, "outbound": OUTBOUND, "card-not-recorded": NOT_RECORDED, "recording-resumed": RESUMED,
        "card-line-unavailable": UNAVAILABLE, "joined": JOINED,
    },
    "en_GB": {"inbound": INBOUND_GB},
}  # fmt: skip


def build(folder: Path) -> Path:
    """The same folder, with the prompts in it."""
    for language, prompts in LANGUAGES.items():
        for prompt, frequency in prompts.items():
            write_tone(folder / language / f"{prompt}.sln", frequency)
    return folder


def write_tone(path: Path, frequency: int, seconds: float = PROMPT_SECONDS) -> None:
    """8 kHz signed linear: Asterisk reads it without its duration, and it never passes the decoder of a codec."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = (7000 * math.sin(2 * math.pi * frequency * n / 8000) for n in range(int(8000 * seconds)))
    path.write_bytes(b"".join(struct.pack("<h", int(sample)) for sample in samples))
