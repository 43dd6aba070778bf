"""
Whole columns of cells at once: which need no care, and what a template of one row shows of them.

The hot path. `Table` sets every other row line by line; both must give the same bytes.
"""

import re
from collections.abc import Mapping, Sequence
from math import ceil

from rapor.catalogue import ColumnType
from rapor.documents.pdf.fonts import LETTERS, LatinFont, encoded
from rapor.documents.pdf.text import is_latin

SEPARATOR = "\n"
CONTROLS = bytes([*range(32), 127])
SPECIAL = re.compile(rb"[()\\]")
SHAPE = str.maketrans("123456789", "000000000")  # digits are equally wide
STEP = 5  # thousandths of an em, so that a letter's width fits a byte
END = 255
FEW = 8  # a word that comes so often is measured once

Filling = tuple[Sequence[str], ...]
"""What the template's `%s` stand for, each by row."""


class PlainTexts:
    """A column of text, left-aligned: one filling, the letters."""

    def __init__(self, font: LatinFont, room: float) -> None:
        self._font, self._room = font, room
        widths = [min(ceil(font.widths.get(letter, 0) / STEP), END - 1) for letter in LETTERS]
        widths[ord(SEPARATOR)] = END
        self._widths = bytes(widths)

    def fill(self, cells: Sequence[str]) -> tuple[Filling, set[int]]:
        """Give the filling, and the rows of cells that are not one literal string in one line; those are blank."""
        data, odd = coded(cells)
        odd |= self._wide(cells, data)
        if SPECIAL.search(data):
            data = SPECIAL.sub(rb"\\\g<0>", data)
        return (without(data.decode("latin-1").split(SEPARATOR), odd),), odd

    def _wide(self, cells: Sequence[str], data: bytes) -> set[int]:
        """Find the cells too long for a line: first those that may be, at the speed of bytes, then by their letters."""
        limit = self._room / STEP
        words = set(cells)
        if len(words) * FEW < len(cells):
            wide = {word for word in words if is_latin(word) and self._font.width(word) > self._room}
            return {row for row, cell in enumerate(cells) if cell in wide} if wide else set()
        atmost = map(sum, data.translate(self._widths).split(bytes([END])))
        return {row for row, width in enumerate(atmost) if width > limit and self._font.width(cells[row]) > self._room}


class PlainDigits:
    """A column of dates or moments, left-aligned: one filling."""

    def __init__(self, font: LatinFont, room: float) -> None:
        self._room, self._starts = room, Starts(font)

    def fill(self, cells: Sequence[str]) -> tuple[Filling, set[int]]:
        """As `PlainTexts.fill`."""
        data, odd = coded(cells)
        lines = data.decode("latin-1")
        odd |= self._starts.wide(lines.translate(SHAPE).split(SEPARATOR), self._room)
        return (without(lines.split(SEPARATOR), odd),), odd


class PlainNumbers:
    """A column of digits and marks, right-aligned: two fillings, the way back to its left end and the digits."""

    def __init__(self, font: LatinFont, room: float) -> None:
        self._room, self._starts = room, Starts(font)

    def fill(self, cells: Sequence[str]) -> tuple[Filling, set[int]]:
        """As `PlainTexts.fill`."""
        data, odd = coded(cells)
        lines = data.decode("latin-1")
        shapes = lines.translate(SHAPE).split(SEPARATOR)
        odd |= self._starts.wide(shapes, self._room)
        return (list(map(self._starts.__getitem__, shapes)), without(lines.split(SEPARATOR), odd)), odd


class Starts(dict[str, str]):
    """The operand before a number's literal string, by the number's shape."""

    def __init__(self, font: LatinFont) -> None:
        super().__init__()
        self._font = font
        self.widths: dict[str, int] = {}

    def __missing__(self, shape: str) -> str:
        width = self.widths[shape] = self._font.width(shape.translate(LETTERS))
        self[shape] = f"[{width}("
        return self[shape]

    def wide(self, shapes: Sequence[str], room: float) -> set[int]:
        """Find the rows whose number is wider than *room*."""
        wide = {shape for shape in set(shapes) if self[shape] and self.widths[shape] > room}
        return {row for row, shape in enumerate(shapes) if shape in wide} if wide else set()


def coded(cells: Sequence[str]) -> tuple[bytes, set[int]]:
    """Give the column in the Latin fonts' codes, and the rows of cells that have other characters and are blank."""
    try:
        data = encoded(SEPARATOR.join(cells))
        if len(data.translate(None, CONTROLS)) == len(data) - len(cells) + 1:
            return data, set()
    except UnicodeEncodeError:
        pass
    odd = {row for row, cell in enumerate(cells) if not is_latin(cell)}
    return encoded(SEPARATOR.join(without(cells, odd))), odd


def without(cells: Sequence[str], odd: set[int]) -> Sequence[str]:
    """Blank the odd cells."""
    return ["" if row in odd else cell for row, cell in enumerate(cells)] if odd else cells


PLAIN: Mapping[ColumnType, type[PlainTexts | PlainDigits | PlainNumbers]] = {
    ColumnType.TEXT: PlainTexts,
    ColumnType.INTEGER: PlainNumbers,
    ColumnType.DECIMAL: PlainNumbers,
    ColumnType.DATE: PlainDigits,
    ColumnType.TIMESTAMP: PlainDigits,
    ColumnType.BOOLEAN: PlainTexts,
}
