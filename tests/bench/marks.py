"""How much of the sound at the answer is missing.

Every party begins with a mark: a tone of its own for exactly 200 ms, in the first packet it sends, then another for
as long as it talks. What the mark lacks in a recording was not recorded. Takes wav files.
"""

import numpy as np

from lab.tones import RATE, Sound, read

MARK_SECONDS = 0.2
PACKET = 0.02  # seconds of one packet, which is what can get lost
# Far from each other and from what follows: a window of 10 ms hears 200 Hz to both sides.
CALLER_MARK, DESK_MARK = 2600, 1900
WINDOW = 80
AUDIBLE = 0.01  # of full scale; Playtones sends 0.2


def marked(mark: int, tone: int) -> str:
    """For Playtones: the mark once, then the tone for ever. Bars, for a comma ends a value of Originate."""
    return f"!{mark}/{MARK_SECONDS * 1000:.0f}|{tone}"


def missing(sound: Sound, mark: int) -> float:
    """Seconds of the mark that are not there, wherever they were lost. A tone's area over its height is its length."""
    samples = read(sound)
    if len(samples) < WINDOW:
        return MARK_SECONDS
    times = np.arange(len(samples)) / RATE
    window = np.hanning(WINDOW)
    level = np.abs(np.convolve(samples * np.exp(-2j * np.pi * mark * times), window / window.sum()))
    loudest = float(np.quantile(level, max(0.0, 1 - PACKET * RATE / len(level))))
    if loudest < AUDIBLE:
        return MARK_SECONDS
    # The edges are as wide as the window; what else is heard further away is not the mark.
    there = np.convolve(level > loudest / 2, np.ones(WINDOW))[WINDOW // 2 :][: len(level)] > 0.5
    height = float(np.median(level[level > loudest / 2]))
    return MARK_SECONDS - float(level[there].sum()) / height / RATE


def packets(seconds: float) -> int:
    """Whole packets that were lost."""
    return max(0, round(seconds / PACKET))
