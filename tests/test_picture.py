"""The demo's picture: everything on it can be read, and it shows who spoke when and nothing else."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lab.demo_account import Stretch
from lab.picture import COLUMN, FLAT, Drawing, Track, compose, draw, is_flat, speakers
from lab.tones import RATE, Samples

VOICES = {"the caller": 600, "reception": 700, "the caller reading a card out": 1550, "the card line": 1700}
CALL = [
    Stretch(0, 6.4, "announced", "heard to the end"),
    Stretch(6.4, 12.3, "recorded"),
    Stretch(12.3, 20.1, "suspended: card line", "by PJSIP/202"),
    Stretch(20.1, 26.9, "recorded"),
]
RENEWED = [*CALL[:3], Stretch(20.1, 24, "recorded"), Stretch(24, 24.08, "suspended: recorder renewed")]
GAPS = [Stretch(0, 1, "gap: a long cause without room"), Stretch(1, 2, "recorded"), Stretch(2, 9, "gap: disk full")]
KINDS = {"call": CALL, "renewed": RENEWED, "gaps": GAPS, "one": CALL[:1], "none": []}


def tone(frequency: float, seconds: float) -> Samples:
    wave: Samples = 0.2 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)
    return wave


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE))


def drawing(stretches: list[Stretch], sound: Samples | None = None) -> Drawing:
    end = stretches[-1].ended if stretches else 1.0
    kept = silence(end) if sound is None else sound
    line = np.concatenate((tone(600, end / 2), tone(1700, end / 2)))
    above, below = Track("In the vault", kept, 0.01), Track("On the line", line, 0.02)
    return Drawing("One call", "How it went.", above, below, stretches, VOICES)


def texts(figure: Figure) -> dict[str, Bbox]:
    """Everything written on the figure that shows, with where it is."""
    figure.canvas.draw()
    found = [*figure.texts, *(text for axes in figure.axes for text in shown(axes))]
    found += [text for legend in figure.legends for text in legend.get_texts()]
    return {f"{n} {text.get_text()}": text.get_window_extent() for n, text in enumerate(found) if text.get_text()}


def shown(axes: Axes) -> list[Text]:
    labels = [tick.label1 for tick in axes.xaxis.get_major_ticks() if tick.label1.get_visible()]
    return [*axes.texts, *labels, axes.xaxis.label]


@pytest.mark.parametrize("stretches", KINDS.values(), ids=KINDS.keys())
def test_no_two_words_overlap_and_none_leaves_the_picture(stretches: list[Stretch]) -> None:
    figure = compose(drawing(stretches))
    written = texts(figure)
    assert len(written) > 6
    for (one, here), (other, there) in combinations(written.items(), 2):
        assert not here.overlaps(there), f"{one} and {other}"
    for word, box in written.items():
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, word


def test_every_stretch_is_named_with_its_length() -> None:
    written = " ".join(texts(compose(drawing(CALL))))
    for words in ("announced  6.4 s", "recorded  5.9 s", "suspended: card line  7.8 s", "recorded  6.8 s"):
        assert words in written


def test_a_name_without_room_is_left_out() -> None:
    written = " ".join(texts(compose(drawing(RENEWED))))
    assert "recorder renewed" not in written


def test_flat_is_claimed_only_of_what_is_flat() -> None:
    leak = silence(27)
    leak[15 * RATE] = 1 / 32768
    assert any(FLAT in text for text in texts(compose(drawing(CALL))))
    assert not any(FLAT in text for text in texts(compose(drawing(CALL, leak))))


def test_a_recorder_that_ends_a_frame_late_does_not_make_the_card_time_loud() -> None:
    sound = np.concatenate((tone(600, 1.02), silence(1)))
    assert is_flat(Track("", sound, 0), Stretch(1, 2, "suspended: card line"))
    assert not is_flat(Track("", sound, 0.5), Stretch(1, 2, "suspended: card line"))


def test_a_recording_that_is_too_short_is_not_called_flat() -> None:
    assert not is_flat(Track("", silence(1), 0), Stretch(12, 20, "suspended: card line"))


def test_each_voice_is_told_by_its_tone() -> None:
    sound = np.concatenate([tone(600, 1), tone(700, 1), silence(1), tone(1700, 1), tone(1000, 1)])
    who = speakers(sound, round(len(sound) / RATE / COLUMN), VOICES)
    middles = [int(who[round(second / COLUMN)]) for second in (0.5, 1.5, 2.5, 3.5, 4.5)]
    assert middles == [0, 1, -1, 3, -1]


def test_the_vowel_of_a_prompt_is_nobodys_voice() -> None:
    sound = np.concatenate((silence(1), tone(600, 0.15), silence(1)))
    assert set(speakers(sound, 215, VOICES)) == {-1}


def test_a_png_of_a_readable_size_is_written(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    draw(drawing(CALL), picture)
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    assert (width, height) == (1680, 945)
