"""
A PDF's table, read back by where its letters stand.

PDFium says for every glyph which text it stands for and where it is drawn. The labels give the columns, the first
column gives the rows. Numbers must come before text, so that there is an edge to be known between any two columns.
"""

import ctypes
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

BEFORE_PT = 4.0  # a column of text begins so far before its label at most
AFTER_PT = 8.0  # a column of numbers ends so far after where its label's last letter begins
RAISED_PT = 6.0  # a row begins so far above its first line: marks stand higher than letters
LINE_PT = 4.0  # two lines are further apart, a letter and its mark nearer
SAME_PT = 0.2
NUMBER = re.compile(r"-?[\d,]+")  # what is below the rows begins with other words, or is
FURNITURE = re.compile(r"^[\d,]+/[\d,]+rows|^Page\d+/\d+|Page\d+/\d+$")
HIGH_SURROGATE, LOW_SURROGATE, AFTER_SURROGATES, ABOVE = 0xD800, 0xDC00, 0xE000, 0x10000


class Letter(NamedTuple):
    """What a glyph stands for, and where its origin is, in points from the page's lower left corner."""

    text: str
    x: float
    y: float


Cell = list[Letter]


def rows_of(document: bytes, labels: Sequence[str], numbers: int) -> Iterator[list[Cell]]:
    """Give each row's cells, letters in the order of drawing; the first *numbers* columns are numbers."""
    with pypdfium2.PdfDocument(document) as pdf:
        for page in pdf:
            yield from _rows(letters_of(page), labels, numbers)


def text_of(cell: Cell) -> str:
    """Read a cell as it was drawn, without spaces: a line may end in them."""
    return "".join("".join(letter.text for letter in cell).split())


def leftward_text_of(cell: Cell) -> str:
    """Read a cell's lines from the right, without spaces."""
    return "".join(text_of(sorted(line, key=lambda letter: -letter.x)) for line in _lines(cell, LINE_PT))


def letters_of(page: Any) -> list[Letter]:
    """All letters that were drawn, in that order."""
    text, found, high = page.get_textpage(), [], 0
    x, y = ctypes.c_double(), ctypes.c_double()
    for index in range(text.count_chars()):
        if pdfium.FPDFText_IsGenerated(text, index) == 1:
            continue
        code = pdfium.FPDFText_GetUnicode(text, index)
        if HIGH_SURROGATE <= code < LOW_SURROGATE:
            high = code
            continue
        if LOW_SURROGATE <= code < AFTER_SURROGATES:
            code = ABOVE + ((high - HIGH_SURROGATE) << 10) + code - LOW_SURROGATE
        pdfium.FPDFText_GetCharOrigin(text, index, ctypes.byref(x), ctypes.byref(y))
        found.append(Letter(chr(code), x.value, y.value))
    return found


def _lines(letters: Sequence[Letter], within: float) -> list[list[Letter]]:
    """Letters by height from the top; those not further apart than *within* are one line."""
    falling = sorted(letters, key=lambda letter: -letter.y)
    starts = [index for index, (one, other) in enumerate(pairwise(falling), 1) if one.y - other.y > within]
    return [falling[start:end] for start, end in pairwise([0, *starts, len(falling)])]


def _rows(letters: Sequence[Letter], labels: Sequence[str], numbers: int) -> Iterator[list[Cell]]:
    lines = [sorted(line, key=lambda letter: letter.x) for line in _lines(letters, SAME_PT)]
    [head] = [line for line in lines if text_of(line) == "".join(labels)]
    furniture = {letter for line in lines if FURNITURE.search(text_of(line)) for letter in line}
    body = [letter for letter in letters if letter.y < head[0].y - SAME_PT and letter not in furniture]
    edges = _edges(head, labels, numbers)
    tops = sorted({letter.y + RAISED_PT for letter in body if letter.x < edges[0]})
    rows: list[list[Cell]] = [[[] for _ in labels] for _ in tops]
    for letter in body:
        rows[bisect_left(tops, letter.y)][bisect_right(edges, letter.x)].append(letter)
    yield from (row for row in reversed(rows) if NUMBER.fullmatch(text_of(row[0])))


def _edges(head: Sequence[Letter], labels: Sequence[str], numbers: int) -> list[float]:
    """Say where one column's letters end and the next one's begin."""
    ends = list(accumulate(map(len, labels)))
    return [
        head[end - 1].x + AFTER_PT if index < numbers - 1 else head[end].x - BEFORE_PT
        for index, end in enumerate(ends[:-1])
    ]
