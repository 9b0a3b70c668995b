"""The cover page: for the person who is given the recordings, in words. As HTML, and as PDF for paper.

Both say the same; what they say is put together once, in :func:`contents`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from callwarden.core.facts import Direction
from callwarden.paper import page
from callwarden.paper.moments import day, length, moment, position
from callwarden.release.manifest import SUMS, About, Delivered
from callwarden.release.plan import LeftOut, Mute

# Debian's fonts-dejavu-core. Without it the PDF has the fonts of every reader, and these know Western letters only.
FONTS = Path("/usr/share/fonts/truetype/dejavu")
REGULAR, BOLD = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"
DIRECTIONS = {
    Direction.INBOUND: "incoming",
    Direction.OUTBOUND: "outgoing",
    Direction.INTERNAL: "internal",
    Direction.UNKNOWN: "unknown",
}
COLUMNS = ("No.", "Call began", "Direction", "Length", "Files", "Silenced")
WIDTHS = (10, 42, 22, 18, 44, 54)
LEFT_COLUMNS, LEFT_WIDTHS = ("Call began", "Why"), (52, 138)


@dataclass(frozen=True, slots=True)
class Contents:
    """What the page says."""

    title: str
    lead: str
    facts: dict[str, str]
    how: tuple[str, ...]
    recordings: list[tuple[str, ...]]
    left_out: list[tuple[str, ...]]
    closing: tuple[str, ...]


def contents(about: About, delivered: Sequence[Delivered], left_out: Sequence[LeftOut]) -> Contents:
    """Everything, as texts."""
    count = len(delivered)
    given = f"{count} recording{'' if count == 1 else 's'}"
    silenced = any(one.entry.item.mutes for one in delivered)
    return Contents(
        title="Recordings of telephone calls",
        lead=f"{about.organisation + ', ' if about.organisation else ''}{day(about.built)}",
        facts={
            "Release": str(about.release),
            "Answer to request": f"{about.request} ({about.kind}), received {day(about.received)}",
            "In this release": given,
            "Left out": str(len(left_out)) if left_out else "nothing",
            "Put together": f"{moment(about.built)} by {about.built_by}",
        },
        how=(
            "Each recording is here twice: as .mp3, which every computer and phone plays, and as .wav, the original.",
            *(
                ["Where another person's details are spoken, the recording is silent; the table says where and why."]
                if silenced
                else []
            ),
        ),
        recordings=[_recording(one) for one in delivered],
        left_out=[(moment(one.started) or "unknown", one.why) for one in left_out],
        closing=(
            *([about.note] if about.note else []),
            f"The file {SUMS} holds a fingerprint (SHA-256) of every file: `sha256sum -c {SUMS}` shows that none was "
            "changed.",
        ),
    )


def html(said: Contents) -> str:
    """The page as HTML: escaped, self-contained."""
    left = [page.heading("Left out"), page.table(LEFT_COLUMNS, said.left_out)] if said.left_out else []
    return page.page(
        said.title,
        said.lead,
        page.pairs(said.facts),
        *(page.paragraph(sentence) for sentence in said.how),
        page.heading("Recordings"),
        page.table(COLUMNS, said.recordings) if said.recordings else page.paragraph("None."),
        *left,
        *(page.paragraph(sentence, "note") for sentence in said.closing),
    )


def pdf(said: Contents, fonts: Path = FONTS) -> bytes:
    """The page as PDF, A4."""
    paper = _Paper(fonts)
    paper.add_page()
    paper.said(said.title, 18, bold=True)
    paper.said(said.lead, 11)
    paper.ln(3)
    for name, value in said.facts.items():
        paper.fact(name, value)
    paper.ln(3)
    for sentence in said.how:
        paper.said(sentence, 10)
    paper.said("Recordings", 13, bold=True, above=5)
    if said.recordings:
        paper.rows(COLUMNS, WIDTHS, said.recordings)
    else:
        paper.said("None.", 10)
    if said.left_out:
        paper.said("Left out", 13, bold=True, above=5)
        paper.rows(LEFT_COLUMNS, LEFT_WIDTHS, said.left_out)
    paper.ln(4)
    for sentence in said.closing:
        paper.said(sentence, 9)
    return bytes(paper.output())


class _Paper(FPDF):
    """A4 with a number on each page; a text is written as far as its letters are known."""

    def __init__(self, fonts: Path) -> None:
        super().__init__()
        self.set_title("Recordings of telephone calls")
        self.set_auto_page_break(True, 18)
        self.set_margins(10, 14)
        self._unicode = (fonts / REGULAR).is_file() and (fonts / BOLD).is_file()
        self._face = "dejavu" if self._unicode else "helvetica"
        if self._unicode:
            self.add_font("dejavu", "", fonts / REGULAR)
            self.add_font("dejavu", "B", fonts / BOLD)

    def footer(self) -> None:
        """The number of the page."""
        self.set_y(-12)
        self.set_font(self._face, "", 8)
        self.cell(0, 5, f"{self.page_no()}", align="R")

    def known(self, text: str) -> str:
        """``text`` with a question mark for each character that cannot be printed."""
        cleaned = "".join(character if character.isprintable() else " " for character in text)
        return cleaned if self._unicode else cleaned.encode("latin-1", "replace").decode("latin-1")

    def said(self, sentence: str, size: float, bold: bool = False, above: float = 0) -> None:
        """A paragraph."""
        self.ln(above)
        self.set_font(self._face, "B" if bold else "", size)
        self.multi_cell(0, size * 0.48, self.known(sentence), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def fact(self, name: str, value: str) -> None:
        """A name and its value."""
        self.set_font(self._face, "B", 10)
        self.cell(48, 6, self.known(name))
        self.set_font(self._face, "", 10)
        self.multi_cell(0, 6, self.known(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rows(self, columns: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]]) -> None:
        """A table whose head comes again on each page."""
        self.set_font(self._face, "", 9)
        head = FontFace(emphasis="BOLD", fill_color=(235, 235, 235))
        with self.table(
            col_widths=tuple(widths), text_align="LEFT", headings_style=head, line_height=5, width=sum(widths),
            borders_layout="HORIZONTAL_LINES", align="LEFT", padding=1,
        ) as table:  # fmt: skip
            table.row([self.known(name) for name in columns])
            for row in rows:
                table.row([self.known(cell) for cell in row])


def _recording(one: Delivered) -> tuple[str, ...]:
    call, mutes = one.entry.found.call, one.entry.item.mutes
    names = ", ".join(file.name for file in one.files)
    silenced = "; ".join(_muted(mute) for mute in mutes)
    began = moment(one.entry.found.recording.wanted if call.answered is None else call.answered)
    return (str(one.entry.number), began, DIRECTIONS[call.direction], length(one.seconds), names, silenced or "nothing")


def _muted(mute: Mute) -> str:
    return f"{position(mute.span.started)} to {position(mute.span.ended)}: {mute.reason}"
