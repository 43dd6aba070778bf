"""
Rows onto pages, in one pass.

A page is kept as two lists, rules and text; whole columns are tested at once, so that nearly every row is one
string template filled in. Rows that need wrapping or shaping are set line by line.
"""

from collections.abc import Sequence
from itertools import pairwise

from rapor.documents.pdf.layout import BOTTOM, GUTTER, MARGIN, TOP, Layout, Slot, ems
from rapor.documents.pdf.pages import Pages
from rapor.documents.pdf.style import (
    ACCENT,
    CAP_HEIGHT,
    HAIRLINE,
    HEAD_RATIO,
    INK,
    LINE_LIMIT,
    LINE_RATIO,
    PADDING_RATIO,
    RULE,
)
from rapor.documents.pdf.text import ESCAPES, SPECIAL, Line, Typeface, is_latin

HEAD_LINES = 3
OVERHANG = GUTTER / 2  # a number may reach so far to its left


class Table:
    """Where the next row goes."""

    def __init__(self, layout: Layout, labels: Sequence[str], body: Typeface, bold: Typeface, pages: Pages) -> None:
        self._layout, self._body, self._pages = layout, body, pages
        self._bold = bold.resized(round(body.size * HEAD_RATIO, 2))
        self._pitch = round(body.size * LINE_RATIO, 2)
        self._padding = round(body.size * PADDING_RATIO, 2)
        self._rooms = [ems(slot.width + OVERHANG * slot.right_aligned, body.size) for slot in layout.slots]
        self._labels = [
            self._bold.lines(label, ems(slot.width, self._bold.size) + 1, HEAD_LINES)
            for label, slot in zip(labels, layout.slots, strict=True)
        ]
        self._template = row_template(layout.slots)
        self._content: list[str] = []
        self._rules: list[str] = []
        self._text: list[str] = []
        self._y = 0.0

    def begin(self, before: str, top: float) -> None:
        """Start the first page under the title block."""
        self._content.append(before)
        self._begin_table(top)

    def add(self, columns: Sequence[Sequence[str]]) -> None:
        """
        Set some thousand rows.

        The hot loop: a row of plain cells is one template filled in, with the same bytes `_set` would give.
        """
        odd = [self._odd_ones(cells, room) for cells, room in zip(columns, self._rooms, strict=True)]
        plain = [without(cells, some) for cells, some in zip(columns, odd, strict=True)]
        careful: set[int] = set().union(*odd)
        fills: list[Sequence[object]] = []
        for slot, cells in zip(self._layout.slots, plain, strict=True):
            if slot.right_aligned:
                fills.append(self._widths(cells))
            fills.append(escaped(cells))
        height = self._height(1)
        back = f" {self._layout.slots[0].anchor - self._layout.slots[-1].anchor:.2f} {-height:.2f} Td\n"
        for index, fill in enumerate(zip(*fills, strict=True)):
            if index in careful:
                self._set([column[index] for column in columns], [index in some for some in odd])
            else:
                if self._y - height < BOTTOM:
                    self._turn()
                self._text.append(self._template % fill + back)
                self._advance(height)

    def end(self, closing: str) -> None:
        """Write the last line and the last page."""
        height = self._height(1) + self._padding
        if self._y - height < BOTTOM:
            self._turn()
        self._finish_table()
        self._content.append(
            f"BT {ACCENT} rg {self._bold.selected} {MARGIN:g} {self._y - height:.2f} Td "
            f"{self._bold.line(closing).operators} ET\n"
        )
        self._pages.add("".join(self._content))

    def _odd_ones(self, cells: Sequence[str], room: float) -> set[int]:
        """Find the cells that one literal string cannot show."""
        odd: set[int] = set()
        if not is_latin(" ".join(cells)):
            odd = {index for index, cell in enumerate(cells) if not is_latin(cell)}
        letters = int(room / max(self._body.latin.widths.values()))  # so many fit whatever they are
        width = self._body.latin.width
        odd |= {i for i, cell in enumerate(cells) if len(cell) > letters and i not in odd and width(cell) > room}
        return odd

    def _widths(self, cells: Sequence[str]) -> list[int]:
        width = self._body.latin.width
        return [width(cell) for cell in cells]

    def _set(self, cells: Sequence[str], odd: Sequence[bool]) -> None:
        """Set one row line by line."""
        lines = [
            self._lines(cell, index) if is_odd else [self._body.latin_line(cell)]
            for index, (cell, is_odd) in enumerate(zip(cells, odd, strict=True))
        ]
        height = self._height(max(map(len, lines)))
        if self._y - height < BOTTOM:
            self._turn()
        self._text.append(placed(lines, self._layout.slots, self._pitch, height))
        self._advance(height)

    def _lines(self, cell: str, index: int) -> list[Line]:
        room = self._rooms[index]
        if self._layout.slots[index].right_aligned:
            return [self._body.narrowed(cell, room)]
        return self._body.lines(cell, room, LINE_LIMIT)

    def _height(self, lines: int) -> float:
        return round(lines * self._pitch + 2 * self._padding - (LINE_RATIO - 1) * self._body.size, 2)

    def _advance(self, height: float) -> None:
        self._y -= height
        self._rules.append(f"{MARGIN:g} {self._y:.2f} m {self._right:g} {self._y:.2f} l\n")

    @property
    def _right(self) -> float:
        return self._layout.sheet.width - MARGIN

    def _turn(self) -> None:
        self._finish_table()
        self._pages.add("".join(self._content))
        self._content = []
        self._begin_table(self._layout.sheet.height - TOP)

    def _begin_table(self, top: float) -> None:
        """Draw the labels, bottom-aligned over an accent rule, and move the text cursor to the first row."""
        pitch = round(self._bold.size * LINE_RATIO, 2)
        deepest = max(map(len, self._labels))
        baseline = top - self._bold.size - (deepest - 1) * pitch
        self._y = round(baseline - self._padding - 1.5, 2)
        self._content.append(f"BT {ACCENT} rg {self._bold.selected} 1 0 0 1 0 0 Tm\n")
        for slot, lines in zip(self._layout.slots, self._labels, strict=True):
            for index, line in enumerate(lines):
                y = baseline + (len(lines) - 1 - index) * pitch
                shown = line.placed(right=slot.right_aligned)
                self._content.append(f"1 0 0 1 {slot.anchor:.2f} {y:.2f} Tm {shown}\n")
        self._content.append(f"ET 0.9 w {ACCENT} RG {MARGIN:g} {self._y:.2f} m {self._right:g} {self._y:.2f} l S\n")
        first = self._y - self._padding - (self._body.size * (1 + CAP_HEIGHT)) / 2 + self._body.size * 0.1
        start = f"BT {INK} rg {self._body.selected} {self._layout.slots[0].anchor:.2f} {first:.2f} Td\n"
        self._text, self._rules = [start], []

    def _finish_table(self) -> None:
        self._content += [f"{HAIRLINE} {RULE} RG\n", *self._rules, "S\n", *self._text, "ET\n"]


def without(cells: Sequence[str], odd: set[int]) -> Sequence[str]:
    """Blank the odd cells."""
    return ["" if index in odd else cell for index, cell in enumerate(cells)] if odd else cells


def row_template(slots: Sequence[Slot]) -> str:
    """A row of single-line cells: `%s` for left-aligned text, `%d` and `%s` for width and text of right-aligned."""
    shows = ["[%d(%s)]TJ" if slot.right_aligned else "(%s)Tj" for slot in slots]
    moves = ["", *(f" {after.anchor - before.anchor:.2f} 0 Td " for before, after in pairwise(slots))]
    return "".join([move + show for move, show in zip(moves, shows, strict=True)])


def placed(lines: Sequence[Sequence[Line]], slots: Sequence[Slot], pitch: float, height: float) -> str:
    """Operators of one row, from the first cell's first baseline to the next row's."""
    parts, before, depth = [], slots[0].anchor, 0.0
    for index, (cell, slot) in enumerate(zip(lines, slots, strict=True)):
        for number, line in enumerate(cell):
            if index or number:
                parts.append(
                    f" {slot.anchor - before:.2f} {depth - number * pitch or 0:{'.2f' if number or depth else 'g'}} Td "
                )
            parts.append(line.placed(right=slot.right_aligned))
            before, depth = slot.anchor, number * pitch
    parts.append(f" {slots[0].anchor - before:.2f} {depth - height:.2f} Td\n")
    return "".join(parts)


def escaped(cells: Sequence[str]) -> Sequence[str]:
    """Escape what a literal string cannot hold as it is (§7.3.4.2)."""
    if not SPECIAL.search(" ".join(cells)):
        return cells
    return [cell.translate(ESCAPES) for cell in cells]
