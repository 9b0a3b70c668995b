"""The picture of the demo: what was kept of a call, and below it what was on the line meanwhile.

Takes two sounds, each with the second at which it begins, the named stretches of the call and the voices to colour;
writes a PNG. Colours are Okabe and Ito's, which colour-blind people can tell apart, and no sense is carried by them
alone: every stretch bears its name, the card time is hatched too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from lab import tones
from lab.demo_account import ANNOUNCED, Stretch
from lab.tones import RATE, Samples

SIZE, DPI = (12.0, 6.75), 140  # inches and dots an inch: 1680 x 945
COLUMN = 0.01  # seconds a line of the waveform stands for
MARGIN = 0.15  # seconds
LONGEST_BLIP = 0.3  # seconds: a tone found for less than this is a vowel of a prompt
HATCH = "#d6d6d6"
FLAT = "flat: no recorder runs here"
INK, FAINT, PROMPT = "#1f2933", "#6b7785", "#8a94a0"
PALETTE = ("#0072B2", "#E69F00", "#D55E00", "#A83E86")  # blue, orange, vermilion, a darker reddish purple
GROUND = {"announced": "#dcecf7", "recorded": "#dff1e9", "suspended": "#f1f1f1", "gap": "#fbdcd5", "exempt": "#f1f1f1"}
EDGE = {"announced": "#2f7fb5", "recorded": "#1c7f5e", "suspended": "#4a4a4a", "gap": "#b23a1e", "exempt": "#4a4a4a"}
STYLE: Any = {  # typed so narrowly in matplotlib 3.11 that no dict[str, ...] will do
    "font.family": "DejaVu Sans", "font.size": 10, "text.color": INK, "axes.edgecolor": "#c3cad1",
    "hatch.linewidth": 0.6, "axes.labelcolor": INK, "xtick.color": FAINT, "ytick.color": FAINT, "hatch.color": HATCH,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Track:
    """A sound with its title; it begins at the second ``began`` of the picture's time."""

    title: str
    sound: Samples
    began: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """``voices``: the tone of each name. ``above`` is what was kept, ``below`` what was on the line."""

    heading: str
    note: str
    above: Track
    below: Track
    stretches: Sequence[Stretch]
    voices: Mapping[str, int]


def draw(drawing: Drawing, path: Path) -> None:
    """Write the picture."""
    with rc_context(STYLE):
        figure = compose(drawing)
        figure.savefig(path, dpi=DPI, format="png", metadata={"Title": drawing.heading})


def compose(drawing: Drawing) -> Figure:
    """The figure, with nothing written yet."""
    figure = Figure(figsize=SIZE, facecolor="white")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (1.15, 1)})
    figure.subplots_adjust(left=0.035, right=0.975, top=0.785, bottom=0.15, hspace=0.36)
    figure.text(0.035, 0.945, drawing.heading, size=17, weight="bold")
    figure.text(0.035, 0.903, drawing.note, size=10.5, color=FAINT)
    end = max((stretch.ended for stretch in drawing.stretches), default=1.0)
    for axes, track in ((upper, drawing.above), (lower, drawing.below)):
        _frame(axes, end)
        _ground(axes, drawing.stretches)
        _waveform(axes, track, drawing.voices)
    _title(upper, drawing.above.title, 1.2)
    _title(lower, drawing.below.title, 1.05)
    _names(figure, upper, drawing.stretches)
    _say_flat(figure, upper, drawing)
    upper.tick_params(labelbottom=False)
    lower.set_xlabel("seconds since the call was answered")
    _legend(figure, drawing.voices)
    return figure


def _frame(axes: Axes, end: float) -> None:
    axes.set_xlim(0, end)
    axes.set_ylim(-1.04, 1.04)
    axes.set_yticks([])
    axes.set_xticks(np.arange(0, end + 0.01, 5 if end < 90 else 30))
    axes.set_xticks(np.arange(0, end + 0.01, 1 if end < 90 else 5), minor=True)
    axes.tick_params(which="both", length=3)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _title(axes: Axes, title: str, height: float) -> None:
    axes.text(0, height, title, transform=axes.transAxes, size=11, weight="bold", va="bottom")


def _ground(axes: Axes, stretches: Sequence[Stretch]) -> None:
    for stretch in stretches:
        kind = kind_of(stretch)
        hatch = "///" if kind == "suspended" else None
        axes.axvspan(
            stretch.started, stretch.ended, facecolor=GROUND[kind], hatch=hatch, edgecolor=HATCH, linewidth=0, zorder=0
        )
        axes.axvline(stretch.started, color="white", linewidth=1.5, zorder=1)


def kind_of(stretch: Stretch) -> str:
    """``suspended: card line`` is a ``suspended``."""
    return ANNOUNCED if stretch.name == ANNOUNCED else stretch.name.partition(":")[0]


def _names(figure: Figure, axes: Axes, stretches: Sequence[Stretch]) -> list[Text]:
    """The name of each stretch above it, with its length; what is too narrow for its name gets none."""
    made = []
    for stretch in stretches:
        kind = kind_of(stretch)
        axes.plot(
            [stretch.started, stretch.ended], [1.055, 1.055], color=EDGE[kind], linewidth=4, solid_capstyle="butt",
            transform=axes.get_xaxis_transform(), clip_on=False,
        )  # fmt: skip
        text = axes.text(
            (stretch.started + stretch.ended) / 2, 1.08, f"{stretch.name}  {stretch.seconds:.1f} s", weight="bold",
            size=10, color=EDGE[kind], ha="center", va="bottom", transform=axes.get_xaxis_transform(),
        )  # fmt: skip
        if _fits(figure, axes, text, stretch):
            made.append(text)
        else:
            text.remove()
    return made


def _say_flat(figure: Figure, axes: Axes, drawing: Drawing) -> None:
    """Nobody should take what is flat for something that was lost; where it is not flat, nothing is claimed."""
    for stretch in drawing.stretches:
        if kind_of(stretch) == "suspended" and is_flat(drawing.above, stretch):
            middle = (stretch.started + stretch.ended) / 2
            text = axes.text(middle, 0.1, FLAT, size=9.5, color=INK, ha="center", va="bottom", style="italic")
            text.set_bbox({"facecolor": GROUND["suspended"], "edgecolor": "none", "pad": 2})
            if not _fits(figure, axes, text, stretch):
                text.remove()


def is_flat(track: Track, stretch: Stretch) -> bool:
    """Whether the track holds nothing there but zeros; a recorder ends some frames beside its confirmation."""
    start, end = (round((at - track.began) * RATE) for at in (stretch.started + MARGIN, stretch.ended - MARGIN))
    part = track.sound[max(0, start) : max(0, end)]
    return len(part) > 0 and not np.any(part)


def _fits(figure: Figure, axes: Axes, text: Text, stretch: Stretch) -> bool:
    room = axes.transData.transform([(stretch.started, 0), (stretch.ended, 0)])
    return bool(text.get_window_extent().width <= room[1][0] - room[0][0])


def _waveform(axes: Axes, track: Track, voices: Mapping[str, int]) -> None:
    sound = track.sound
    size = int(COLUMN * RATE)
    columns = sound[: len(sound) // size * size].reshape(-1, size)
    loudest = max(float(np.max(np.abs(sound), initial=0.0)), 0.01)
    high, low = columns.max(axis=1) / loudest, columns.min(axis=1) / loudest
    at = track.began + (np.arange(len(columns)) + 0.5) * COLUMN
    who = speakers(sound, len(columns), voices)
    axes.axhline(0, color=INK, linewidth=0.7, zorder=2)
    for number, colour in enumerate((PROMPT, *PALETTE), start=-1):
        theirs = who == number
        axes.vlines(at[theirs], low[theirs], high[theirs], color=colour, linewidth=1.0, zorder=3)


def speakers(sound: Samples, columns: int, voices: Mapping[str, int]) -> "np.typing.NDArray[np.int64]":
    """For each column who speaks: the number of the voice, or -1 for anything else."""
    who = np.full(columns, -1)
    for number, frequency in enumerate(voices.values()):
        for start, end in tones.spans_with(sound, frequency):
            if end - start > LONGEST_BLIP:
                who[round(start / COLUMN) : round(end / COLUMN)] = number
    return who


def _legend(figure: Figure, voices: Mapping[str, int]) -> None:
    entries = [(f"{name} ({tone} Hz)", colour) for (name, tone), colour in zip(voices.items(), PALETTE, strict=False)]
    handles = [Line2D([], [], color=colour, linewidth=5) for _, colour in (*entries, ("", PROMPT))]
    figure.legend(
        handles, [*(name for name, _ in entries), "announcements, ringing"], loc="lower center", ncols=len(handles),
        frameon=False, bbox_to_anchor=(0.5, 0.005), handlelength=1.2, columnspacing=1.8,
    )  # fmt: skip
