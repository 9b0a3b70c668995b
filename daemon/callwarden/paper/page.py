"""One HTML page that needs nothing but itself: no script, no image or style from elsewhere, good on paper.

Takes plain texts, which are escaped here and nowhere else; gives the page as a string.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

STYLE = """
body { font: 15px/1.45 "DejaVu Sans", Verdana, Arial, sans-serif; color: #1b1b1b; margin: 2.5em auto; max-width: 62em;
  padding: 0 1.5em; }
h1 { font-size: 1.6em; margin: 0 0 .2em; } h2 { font-size: 1.15em; margin: 2em 0 .5em; }
p.lead { color: #444; margin-top: 0; } p.note { color: #444; font-size: .9em; }
table { border-collapse: collapse; width: 100%; font-size: .9em; margin: .4em 0 1em; }
th, td { text-align: left; vertical-align: top; padding: .35em .8em .35em 0; border-bottom: 1px solid #d5d5d5;
  overflow-wrap: break-word; }
td.w { overflow-wrap: anywhere; } th { white-space: nowrap;
  border-bottom: 2px solid #555; } .n { text-align: right; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25em 1.5em; margin: .6em 0; }
dt { color: #444; } dd { margin: 0; overflow-wrap: anywhere; }
.good { color: #14602a; font-weight: bold; } .bad { color: #9c1c1c; font-weight: bold; }
code { font-size: .85em; overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm 15mm; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 10.5pt; } h2 { break-after: avoid; }
  tr { break-inside: avoid; } thead { display: table-header-group; } }
"""
LONG_WORD = 24  # characters
# Even a page that somebody makes from this one by hand may load nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(title: str, lead: str, *parts: str) -> str:
    """The whole page; ``parts`` are what the other functions give."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{text(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{text(title)}</h1>\n"
        f'<p class="lead">{text(lead)}</p>\n' + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def heading(title: str) -> str:
    """Of a part of the page."""
    return f"<h2>{text(title)}</h2>"


def paragraph(sentence: str, kind: str = "") -> str:
    """``kind``: empty, ``note``, ``good`` or ``bad``."""
    return f'<p class="{kind}">{text(sentence)}</p>' if kind else f"<p>{text(sentence)}</p>"


def pairs(values: Mapping[str, str]) -> str:
    """Names and values."""
    rows = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>\n" for name, value in values.items())
    return f"<dl>\n{rows}</dl>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()) -> str:
    """``numbers`` are the columns that are aligned to the right."""
    kinds = [' class="n"' if name in numbers else "" for name in columns]
    head = "".join(f"<th{kind}>{text(name)}</th>" for name, kind in zip(columns, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(_cell(cell, kind) for cell, kind in zip(row, kinds, strict=True)) + "</tr>\n" for row in rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"


def text(value: str) -> str:
    """``value`` as text of the page: escaped, and without what no page can hold."""
    cleaned = "".join(character if _harmless(character) else "\ufffd" for character in value)
    return escape(cleaned)


def _cell(cell: str, kind: str) -> str:
    """Only a long word, such as a hash, may be broken anywhere."""
    long = any(len(word) > LONG_WORD for word in cell.split())
    attribute = ' class="w"' if long and not kind else kind
    return f"<td{attribute}>{text(cell)}</td>"


def _harmless(character: str) -> bool:
    """Not a control, a surrogate, or one of the characters that turn the direction of what follows."""
    code = ord(character)
    turning = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    unprintable = code < 0x20 or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF
    return character in "\n\t" or not (unprintable or turning)
