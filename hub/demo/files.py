"""The files of the sample members' sites: pictures (SVG), reports (PDF) and tables (CSV). Pure."""

from __future__ import annotations

import csv
import hashlib
import io
import textwrap
from collections.abc import Callable, Sequence
from itertools import pairwise

from hub import markup

# ---------------------------------------------------------------- pictures

_WIDTH, _HEIGHT = 960, 540
_GROUND = "#f4f1ea"


def svg_picture(motif: str, *, colour: str, seed: str) -> bytes:
    """A picture in one colour; `seed` makes it another than the next of the same motif.

    Motifs are pulse, hills, rings, bars, waves and dots.
    """
    shapes = _MOTIFS[motif](_numbers(seed), colour)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
        f' viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{_GROUND}"/>{shapes}</svg>\n'
    ).encode()


def _numbers(seed: str) -> Sequence[float]:
    """Sixty-four numbers from 0 to 1, always the same for a seed."""
    return [byte / 255 for byte in hashlib.blake2b(seed.encode(), digest_size=64).digest()]


def _pulse(numbers: Sequence[float], colour: str) -> str:
    points, x = ["0,300"], 0.0
    for number in numbers[:7]:
        x += 60 + 40 * number
        points += [f"{x:.0f},300", f"{x + 18:.0f},{300 - 60 - 160 * number:.0f}"]
        points += [f"{x + 40:.0f},{340 + 90 * number:.0f}", f"{x + 58:.0f},300"]
        x += 58
    line = " ".join([*points, f"{_WIDTH},300"])
    return (
        f'<circle cx="{200 + 560 * numbers[8]:.0f}" cy="270" r="210" fill="{colour}" fill-opacity=".14"/>'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="9" stroke-linejoin="round"/>'
    )


def _hills(numbers: Sequence[float], colour: str) -> str:
    sun = f'<circle cx="{120 + 720 * numbers[0]:.0f}" cy="150" r="70" fill="#e3a13c" fill-opacity=".85"/>'
    ridges = []
    for ridge in range(4):
        tops = numbers[1 + 5 * ridge : 6 + 5 * ridge]
        level = 310 + 65 * ridge
        heights = [level - 110 * top for top in tops]
        curve = " ".join(
            f"C {x + 120} {before:.0f} {x + 120} {after:.0f} {x + 240} {after:.0f}"
            for x, (before, after) in zip(range(0, _WIDTH, 240), pairwise(heights), strict=True)
        )
        ridges.append(
            f'<path d="M 0 {heights[0]:.0f} {curve} V {_HEIGHT} H 0 Z"'
            f' fill="{colour}" fill-opacity="{0.25 + 0.2 * ridge:.2f}"/>'
        )
    return sun + "".join(ridges)


def _rings(numbers: Sequence[float], colour: str) -> str:
    rings = []
    for index in range(7):
        across, down, size = numbers[3 * index : 3 * index + 3]
        radius = 50 + 110 * size
        x, y = (
            radius + 20 + (side - 2 * radius - 40) * at for side, at in ((_WIDTH, across), (_HEIGHT, down))
        )
        rings.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}" fill="{colour}" fill-opacity=".12"'
            f' stroke="{colour}" stroke-width="5" stroke-opacity=".7"/>'
        )
    return "".join(rings)


def _bars(numbers: Sequence[float], colour: str) -> str:
    bars = []
    for index, number in enumerate(numbers[:9]):
        height = 90 + 22 * index + 110 * number
        bars.append(
            f'<rect x="{102 + 86 * index}" y="{450 - height:.0f}" width="58" height="{height:.0f}" rx="6"'
            f' fill="{colour}" fill-opacity="{0.35 + 0.07 * index:.2f}"/>'
        )
    return "".join(bars) + f'<path d="M 80 456 H 880" stroke="{colour}" stroke-width="6"/>'


def _waves(numbers: Sequence[float], colour: str) -> str:
    waves = []
    for index, number in enumerate(numbers[:6]):
        level, swell = 120 + 65 * index, 20 + 45 * number
        waves.append(
            f'<path d="M -20 {level} q 60 {-swell:.0f} 120 0 {"t 120 0 " * 8}" fill="none" stroke="{colour}"'
            f' stroke-width="{16 - 2 * index}" stroke-opacity="{0.25 + 0.12 * index:.2f}"/>'
        )
    return "".join(waves)


def _dots(numbers: Sequence[float], colour: str) -> str:
    return "".join(
        f'<circle cx="{95 + 110 * (index % 8)}" cy="{75 + 78 * (index // 8)}"'
        f' r="{8 + 24 * numbers[index]:.0f}"'
        f' fill="{colour}" fill-opacity="{0.25 + 0.6 * numbers[-index - 1]:.2f}"/>'
        for index in range(48)
    )


_MOTIFS: dict[str, Callable[[Sequence[float], str], str]] = {
    "pulse": _pulse,
    "hills": _hills,
    "rings": _rings,
    "bars": _bars,
    "waves": _waves,
    "dots": _dots,
}

# ---------------------------------------------------------------- documents


def csv_file(rows: Sequence[Sequence[str | int | float]]) -> bytes:
    """A table, its headings in the first row (RFC 4180)."""
    table = io.StringIO()
    csv.writer(table).writerows(rows)
    return table.getvalue().encode()


_LINES_ON_PAGE = 44
_LETTERS_ON_LINE = 88


def pdf_file(title: str, html: str) -> bytes:
    """A report on A4 pages (PDF 1.4, ISO 32000-1) with the words of `html`, a line a paragraph.

    Letters beyond windows-1252 become `?`.
    """
    lines = [
        line
        for block in html.splitlines()
        if (words := markup.plain(block))
        for line in (*textwrap.wrap(words, _LETTERS_ON_LINE), "")
    ]
    sheets = [lines[at : at + _LINES_ON_PAGE] for at in range(0, len(lines), _LINES_ON_PAGE)]
    first_sheet = 5
    kids = " ".join(f"{first_sheet + 2 * index} 0 R" for index in range(len(sheets)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(sheets)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for index, sheet in enumerate(sheets):
        content = _sheet(title if index == 0 else "", sheet)
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
            b" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"
            + f" /Contents {first_sheet + 2 * index + 1} 0 R >>".encode(),
            f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream",
        ]
    objects.append(b"<< /Title " + _string(title) + b" >>")
    return _pdf(objects)


def _sheet(title: str, lines: Sequence[str]) -> bytes:
    """What is drawn on one page, lines from top to bottom."""
    heading = [b"/F2 16 Tf 60 770 Td", _string(title), b"Tj 0 -34 Td"] if title else [b"60 770 Td"]
    written = [part for line in lines for part in (_string(line), b"Tj T*")]
    return b"\n".join([b"BT", *heading, b"/F1 11 Tf 15 TL", *written, b"ET"])


def _string(text: str) -> bytes:
    letters = text.encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        letters = letters.replace(special, b"\\" + special)
    return b"(" + letters + b")"


def _pdf(objects: Sequence[bytes]) -> bytes:
    """The objects as a file, the catalogue first and the document's information last."""
    document = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(document))
        document += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    return (
        document
        + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
        + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n".encode()
        + f"startxref\n{len(document)}\n%%EOF\n".encode()
    )
