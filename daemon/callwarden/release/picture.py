"""A recording's waveform, with what is muted: as lines of a terminal, and as PNG.

Takes how loud each part is (``sound.peaks``), the length and the muted spans; what is muted is shown by a mark and not
by colour alone.
"""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from callwarden.paper.moments import length
from callwarden.release.sound import Span

BARS = " ▁▂▃▄▅▆▇█"
ROWS = 4  # of the terminal's picture, above its time line
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds between two marks of the time line
WIDTH, HEIGHT, MARGIN, LINE = 1200, 260, 20, 30  # pixels
INK, PALE, MUTED, PAPER = (30, 70, 110), (150, 160, 170), (200, 40, 40), (255, 255, 255)


def lines(peaks: Sequence[float], seconds: float, muted: Sequence[Span] = ()) -> list[str]:
    """For a terminal of ``len(peaks)`` columns: the waveform, ``x`` under what is muted, and the time."""
    columns = len(peaks)
    found = [_row(peaks, row) for row in range(ROWS - 1, -1, -1)]
    if muted:
        marks = (_covered(index, columns, seconds, muted) for index in range(columns))
        found.append("".join("x" if mark else " " for mark in marks).rstrip())
    return [*found, _time_line(columns, seconds)]


def png(peaks: Sequence[float], seconds: float, muted: Sequence[Span] = ()) -> bytes:
    """The waveform over a time line, muted spans hatched; for ``WIDTH - 2 * MARGIN`` peaks or fewer."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    wide, bottom = WIDTH - 2 * MARGIN, HEIGHT - LINE
    middle = bottom // 2
    for span in muted:
        _hatch(draw, _x(span.started, seconds, wide), _x(span.ended, seconds, wide), bottom)
    for index, peak in enumerate(peaks):
        x, tall = MARGIN + index * wide // len(peaks), round(peak * (middle - 6))
        color = MUTED if _covered(index, len(peaks), seconds, muted) else INK
        draw.rectangle((x, middle - tall, MARGIN + (index + 1) * wide // len(peaks) - 1, middle + tall), fill=color)
    draw.line((MARGIN, bottom, WIDTH - MARGIN, bottom), fill=PALE)
    for mark in _marks(seconds, wide // 90):
        x = _x(mark, seconds, wide)
        draw.line((x, bottom, x, bottom + 5), fill=PALE)
        draw.text((x, bottom + 8), length(mark), fill=INK, anchor="ma", font_size=14)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _row(peaks: Sequence[float], row: int) -> str:
    """One line of the picture, 0 the lowest: full where the peak is above it, a part of a block where it ends."""
    full = len(BARS) - 1
    heights = (max(1 if peak > 0 else 0, round(min(1.0, peak) * ROWS * full)) - row * full for peak in peaks)
    return "".join(BARS[max(0, min(full, height))] for height in heights).rstrip()


def _time_line(columns: int, seconds: float) -> str:
    line = [" "] * columns
    beyond = 0
    for mark in _marks(seconds, max(1, columns // 10)):
        text = f"|{length(mark)}"
        at = min(columns - 1, int(mark * columns / seconds)) if seconds else 0
        if at >= beyond and at + len(text) <= columns:
            line[at : at + len(text)] = text
            beyond = at + len(text) + 1
    return "".join(line).rstrip()


def _marks(seconds: float, most: int) -> list[int]:
    """Round moments, at most so many."""
    longest = STEPS[-1] * max(1, round(seconds / STEPS[-1] / most))
    step = next((step for step in STEPS if seconds / step <= most), longest)
    return [number * step for number in range(int(seconds // step) + 1)]


def _covered(index: int, columns: int, seconds: float, muted: Sequence[Span]) -> bool:
    start, end = index * seconds / columns, (index + 1) * seconds / columns
    return any(span.started < end and span.ended > start for span in muted)


def _x(at: float, seconds: float, wide: int) -> int:
    return MARGIN + (round(min(at, seconds) * wide / seconds) if seconds else 0)


def _hatch(draw: ImageDraw.ImageDraw, left: int, right: int, bottom: int) -> None:
    draw.rectangle((left, 0, right, bottom), fill=(255, 235, 235), outline=MUTED)
    for x in range(left - bottom, right, 12):
        start, end = max(x, left), min(x + bottom, right)
        draw.line((start, bottom - (start - x), end, bottom - (end - x)), fill=(235, 170, 170))
    if right - left > 50:
        draw.text((left + 4, 4), "muted", fill=MUTED, font_size=14)
