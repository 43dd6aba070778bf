"""
Rows onto pages, in one pass.

A page is kept as two lists, rules and text. Nearly every row is one string template filled in (see `plain`); rows that
need wrapping or shaping are set line by line.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, pairwise

from msgspec import Struct

from rapor.documents.pdf.canvas import Align, Canvas
from rapor.documents.pdf.layout import BOTTOM, GUTTER, MARGIN, Layout, Slot, ems
from rapor.documents.pdf.outline import RowPages
from rapor.documents.pdf.pages import Pages
from rapor.documents.pdf.plain import PLAIN
from rapor.documents.pdf.style import (
    ACCENT,
    CAP_HEIGHT,
    HAIRLINE,
    HEAD_RATIO,
    INK,
    LINE_LIMIT,
    LINE_RATIO,
    ROW_RATIO,
    RULE,
)
from rapor.documents.pdf.text import Line, Typeface

HEAD_LINES = 3
HEAD_RULE = 0.8
OVERHANG = GUTTER / 2  # a number may reach so far to its left


class Totals(Struct, frozen=True):
    """The last row: its name and, each with its right end, the totals; the name may need a line above them."""

    name: Line
    shown: Sequence[tuple[float, Line]]
    is_above: bool


class Table:
    """Where the next row goes."""

    def __init__(
        self,
        layout: Layout,
        labels: Sequence[str],
        *,
        body: Typeface,
        bold: Typeface,
        pages: Pages,
        row_pages: RowPages,
    ) -> None:
        self._layout, self._body, self._bold = layout, body, bold
        self._pages, self._row_pages = pages, row_pages
        self._head = bold.resized(body.size * HEAD_RATIO)
        self._pitch = body.size * LINE_RATIO
        self._padding = body.size * (ROW_RATIO - LINE_RATIO)
        self._note_pitch = body.size * ROW_RATIO
        self._rooms = [ems(slot.width + OVERHANG * slot.right_aligned, body.size) for slot in layout.slots]
        self._labels = [
            self._head.lines(label, ems(slot.width, self._head.size) + 1, HEAD_LINES)
            for label, slot in zip(labels, layout.slots, strict=True)
        ]
        self._template = row_template(layout.slots, self._height(1))
        self._plain = [PLAIN[slot.type](body.latin, room) for slot, room in zip(layout.slots, self._rooms, strict=True)]
        self._heads: dict[float, str] = {}
        self._canvas = Canvas()
        self._edges: list[float] = []
        self._text: list[str] = []
        self._y = 0.0
        self._rows = 0
        self.cut_cells = 0

    def begin(self, canvas: Canvas, top: float) -> None:
        """Start the first page under what *canvas* has."""
        self._canvas = canvas
        self._begin_table(top)

    def add(self, columns: Sequence[Sequence[str]]) -> None:
        """Set some thousand rows."""
        filled = [plain.fill(cells) for plain, cells in zip(self._plain, columns, strict=True)]
        rows = list(map(self._template.__mod__, zip(*chain(*(filling for filling, _ in filled)), strict=True)))
        odd = [some for _, some in filled]
        done = 0
        for index in sorted(set().union(*odd)):
            self._flow(rows[done:index])
            self._set([column[index] for column in columns], [index in some for some in odd])
            done = index + 1
        self._flow(rows[done:])

    def end(self, totals: Totals | None, notes: Sequence[tuple[str, str]]) -> float:
        """Write the totals and then *notes* with their colours, all on the last page; give where the totals begin."""
        height = self._padding + len(notes) * self._note_pitch + (self._height(1 + totals.is_above) if totals else 0)
        if self._y - height < BOTTOM:
            self._turn_with_last_row()
        self._finish_rows()
        top = self._y
        if totals:
            self._add_totals(totals)
        self._y -= self._padding
        for number, (note, colour) in enumerate(notes):
            face = self._body if number else self._bold
            self._y -= self._note_pitch
            line = face.one_line(note, face.room(self._layout.sheet.room))
            self._canvas.text(face, line, (MARGIN, self._y), colour)
        self._pages.add(self._canvas)
        return top

    def totals(self, word: str, totals: Sequence[str | None]) -> Totals | None:
        """Set the last row, None where no column has a total; *word* stands left of the first, or above it."""
        bold = self._bold
        shown = [
            (slot.anchor, bold.narrowed(total, bold.room(slot.width + OVERHANG)))
            for slot, total in zip(self._layout.slots, totals, strict=True)
            if total is not None
        ]
        if not shown:
            return None
        name = bold.one_line(word, bold.room(self._layout.sheet.room))
        first, line = shown[0]
        is_above = first - line.points(bold.size) < MARGIN + name.points(bold.size) + GUTTER
        return Totals(name, shown, is_above)

    def _add_totals(self, totals: Totals) -> None:
        baseline = self._baseline
        self._canvas.rule(MARGIN, self._right, self._y, ACCENT, HEAD_RULE)
        self._canvas.text(self._bold, totals.name, (MARGIN, baseline), INK)
        for right, line in totals.shown:
            point = right, baseline - self._pitch * totals.is_above
            self._canvas.text(self._bold, line, point, INK, Align.RIGHT)
        self._y -= self._height(1 + totals.is_above)
        self._canvas.rule(MARGIN, self._right, self._y, ACCENT, HEAD_RULE)

    def _flow(self, rows: Sequence[str]) -> None:
        """Set rows of one line each."""
        height = self._height(1)
        while rows:
            fitting = int((self._y - BOTTOM) / height)
            if not fitting:
                self._turn()
                continue
            self._text += rows[:fitting]
            self._advance(height, min(fitting, len(rows)))
            rows = rows[fitting:]

    def _set(self, cells: Sequence[str], odd: Sequence[bool]) -> None:
        """Set one row line by line."""
        lines = [
            self._lines(cell, index) if is_odd else [self._body.latin_line(cell)]
            for index, (cell, is_odd) in enumerate(zip(cells, odd, strict=True))
        ]
        self.cut_cells += sum(cell[-1].is_cut for cell in lines)
        height = self._height(max(map(len, lines)))
        if self._y - height < BOTTOM:
            self._turn()
        self._text.append(placed(lines, self._layout.slots, self._pitch, height))
        self._advance(height, 1)

    def _lines(self, cell: str, index: int) -> list[Line]:
        room = self._rooms[index]
        if self._layout.slots[index].right_aligned:
            return [self._body.narrowed(cell, room)]
        return self._body.lines(cell, room, LINE_LIMIT)

    def _height(self, lines: int) -> float:
        return lines * self._pitch + self._padding

    def _advance(self, height: float, rows: int) -> None:
        self._edges += [self._y - height * row for row in range(1, rows + 1)]
        self._y -= height * rows
        self._rows += rows

    @property
    def _right(self) -> float:
        return self._layout.sheet.width - MARGIN

    @property
    def _baseline(self) -> float:
        """Of the first line in the next row, its capitals in the middle of the row."""
        return self._y - (self._height(1) + CAP_HEIGHT * self._body.size) / 2

    def _turn(self) -> None:
        """Write the page and begin the next with the table's head."""
        self._finish_rows()
        self._pages.add(self._canvas)
        self._canvas = Canvas()
        self._begin_table(self._layout.sheet.top)

    def _turn_with_last_row(self) -> None:
        """Turn, and take a row along where others stay: what ends the table does not stand alone."""
        if len(self._edges) <= 1:
            self._turn()
            return
        row, height = self._text.pop(), self._edges[-2] - self._edges.pop()
        self._y += height
        self._rows -= 1
        self._turn()
        self._text.append(row)
        self._advance(height, 1)

    def _begin_table(self, top: float) -> None:
        self._row_pages.note(self._rows, self._pages.current)
        pitch = self._head.size * LINE_RATIO
        self._y = floor_to_quarter(top - max(map(len, self._labels)) * pitch - self._padding * 2)
        if self._y not in self._heads:
            self._heads[self._y] = self._drawn_head(pitch)
        self._canvas.operators.append(self._heads[self._y])
        self._begin_rows()

    def _drawn_head(self, pitch: float) -> str:
        """Draw the labels, bottom-aligned over an accent rule."""
        canvas = Canvas()
        for slot, lines in zip(self._layout.slots, self._labels, strict=True):
            for index, line in enumerate(reversed(lines)):
                point = slot.anchor, self._y + self._padding * 2 + index * pitch
                canvas.text(self._head, line, point, ACCENT, Align.RIGHT if slot.right_aligned else Align.LEFT)
        canvas.rule(MARGIN, self._right, self._y, ACCENT, HEAD_RULE)
        return "".join(canvas.operators)

    def _begin_rows(self) -> None:
        start = f"{self._layout.slots[0].anchor:.2f} {self._baseline:.2f} Td\n"
        self._text, self._edges = [f"BT {INK} rg {self._body.selected} {start}"], []

    def _finish_rows(self) -> None:
        self._canvas.operators += [rules(MARGIN, self._right, tuple(self._edges)), *self._text, "ET\n"]


@lru_cache(maxsize=8)
def rules(left: float, right: float, edges: tuple[float, ...]) -> str:
    """Hairlines under the rows, the same on nearly every page."""
    if not edges:
        return ""
    lines = "".join([f"{left:g} {y:.2f} m {right:g} {y:.2f} l\n" for y in edges])
    return f"{HAIRLINE:g} w {RULE} RG\n{lines}S\n"


def row_template(slots: Sequence[Slot], height: float) -> str:
    """
    A row of single-line cells, with a `%s` for each filling (see `plain`).

    Like `placed`, it begins at the first cell's baseline and ends at the next row's.
    """
    shows = ["%s%s)]TJ" if slot.right_aligned else "(%s)Tj" for slot in slots]
    moves = ["", *(f" {after.anchor - before.anchor:.2f} 0 Td " for before, after in pairwise(slots))]
    back = f" {slots[0].anchor - slots[-1].anchor:.2f} {-height:.2f} Td\n"
    return "".join([move + show for move, show in zip(moves, shows, strict=True)]) + back


def placed(lines: Sequence[Sequence[Line]], slots: Sequence[Slot], pitch: float, height: float) -> str:
    """Operators of one row, from the first cell's first baseline to the next row's."""
    parts, before, depth = [], slots[0].anchor, 0.0
    for index, (cell, slot) in enumerate(zip(lines, slots, strict=True)):
        for number, line in enumerate(cell):
            if index or number:
                down = depth - number * pitch
                parts.append(f" {slot.anchor - before:.2f} {down or 0:{'.2f' if number or depth else 'g'}} Td ")
            parts.append(line.placed(right=slot.right_aligned))
            before, depth = slot.anchor, number * pitch
    parts.append(f" {slots[0].anchor - before:.2f} {depth - height:.2f} Td\n")
    return "".join(parts)


def floor_to_quarter(length: float) -> float:
    """Round down to what a binary fraction holds, so that sums of row heights are exact."""
    return int(length * 4) / 4
