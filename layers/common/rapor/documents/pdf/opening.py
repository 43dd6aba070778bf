"""What comes before the rows: title, parameters, key figures and chart."""

from collections.abc import Sequence
from math import ceil, floor

from msgspec import Struct

from rapor.catalogue import ColumnType
from rapor.documents.parts import Head
from rapor.documents.pdf.canvas import Canvas, Point
from rapor.documents.pdf.cells import to_text
from rapor.documents.pdf.chart import HEIGHT, Chart
from rapor.documents.pdf.layout import BOTTOM, MARGIN, Sheet
from rapor.documents.pdf.pages import Pages
from rapor.documents.pdf.style import (
    ACCENT,
    FIGURE_LEAST,
    FIGURE_SIZE,
    GREY,
    INK,
    LABEL_SIZE,
    LINE_RATIO,
    TINT,
    TITLE_SIZE,
    VALUE_SIZE,
    WARNING,
)
from rapor.documents.pdf.text import Line, Typeface
from rapor.documents.pdf.typefaces import Typefaces
from rapor.documents.rows import label_of
from rapor.locale import Locale

TITLE_LINES, FACT_LINES = 3, 4
BAR_WIDTH, BAR_HEIGHT = 26.0, 2.4
FACT_PITCH, FACT_GAP, LABEL_GAP = 13.0, 18.0, 4.0
TILE_LEAST, TILE_HEIGHT = 115.0, 41.0
TILE_GAP, TILE_PADDING = 8.0, 9.0
TILE_LABEL, TILE_VALUE = 14.0, 31.5  # baselines below a tile's top, where each is one line
TILE_LABEL_LINES, TILE_VALUE_LINES = 3, 3
FEWEST_ACROSS = 3  # one or two tiles are not stretched over the page, unless their values need it
GAP = 18.0  # before what follows


class Fact(Struct, frozen=True):
    """Something the reader must know about the rows."""

    label: str
    value: str
    colour: str = INK


class Figure(Struct, frozen=True):
    """A key figure in words; only text may be broken into lines."""

    label: str
    value: str
    is_text: bool


class Tile(Struct, frozen=True):
    """A key figure's lines."""

    label: Sequence[Line]
    value: Sequence[Line]


class Opening:
    """
    Draws from the top of the first page downwards; `y` is how far it came on `canvas`.

    `cut_values` counts parameters and key figures of which not all is shown.
    """

    def __init__(self, pages: Pages, sheet: Sheet, faces: Typefaces) -> None:
        self._pages, self._sheet, self._faces = pages, sheet, faces
        self.canvas, self.y = Canvas(), sheet.top
        self.cut_values = 0

    def draw(self, head: Head, locale: Locale) -> None:
        """Draw title, facts and key figures."""
        self._title(head.title)
        self._facts([Fact(label, value) for label, value in head.parameters])
        self._facts(state_of(head, locale))
        if head.summary:
            self._figures(
                [
                    Figure(label_of(figure, locale.code), to_text(figure, cell, locale), figure.type is ColumnType.TEXT)
                    for figure, cell in head.summary
                ]
            )
        self.y -= GAP

    def draw_chart(self, chart: Chart) -> tuple[int, float]:
        """Draw the chart; give its page and where it begins."""
        self.make_room(HEIGHT)
        place = self._pages.current, self.y
        chart.draw(self.canvas, MARGIN, self.y, self._sheet.room)
        self.y -= HEIGHT + GAP
        return place

    def make_room(self, length: float) -> None:
        """Turn the page where less is left of it."""
        if self.y - length < BOTTOM:
            self._pages.add(self.canvas)
            self.canvas, self.y = Canvas(), self._sheet.top

    def _title(self, title: str) -> None:
        face = self._faces.bold(TITLE_SIZE)
        self.canvas.fill([(MARGIN, self.y - BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT)], ACCENT)
        self.y -= BAR_HEIGHT + 0.2 * TITLE_SIZE
        for line in face.lines(title, face.room(self._sheet.room), TITLE_LINES):
            self.y -= TITLE_SIZE * 1.2
            self.canvas.text(face, line, (MARGIN, self.y), INK)
        self.y -= 0.3 * TITLE_SIZE

    def _facts(self, facts: Sequence[Fact]) -> None:
        """Set labels and values one after the other; a value too long for a line has lines of its own."""
        face, right = self._faces.regular(VALUE_SIZE), self._sheet.width - MARGIN
        left = right
        for fact in facts:
            label = face.one_line(fact.label, face.room(self._sheet.room / 2))
            indent = label.points(VALUE_SIZE) + LABEL_GAP * bool(fact.label)
            lines = face.lines(fact.value, face.room(self._sheet.room - indent), FACT_LINES)
            self.cut_values += lines[-1].is_cut
            width = indent + max(line.points(VALUE_SIZE) for line in lines)
            if left + width > right or len(lines) > 1:
                self.make_room(FACT_PITCH * len(lines))
                left, self.y = MARGIN, self.y - FACT_PITCH
            self.canvas.text(face, label, (left, self.y), GREY)
            self._lines(face, lines, (left + indent, self.y), FACT_PITCH, fact.colour)
            self.y -= FACT_PITCH * (len(lines) - 1)
            left = left + width + FACT_GAP if len(lines) == 1 else right

    def _figures(self, figures: Sequence[Figure]) -> None:
        """Set tiles of equal width, as many beside each other as read well."""
        self.y -= 10
        across, width = self._shared(figures)
        large = self._fitting([figure.value for figure in figures], width - 2 * TILE_PADDING)
        tiles = [self._tile(figure, large, width - 2 * TILE_PADDING) for figure in figures]
        for first in range(0, len(tiles), across):
            self._row(tiles[first : first + across], width, large)
        self.y += TILE_GAP

    def _shared(self, figures: Sequence[Figure]) -> tuple[int, float]:
        """How many tiles stand beside each other, and how wide each is: fewer where a value must not break."""
        most = max(int((self._sheet.room + TILE_GAP) / (TILE_LEAST + TILE_GAP)), FEWEST_ACROSS)
        face = self._faces.bold(FIGURE_LEAST)
        needed = max((face.width(figure.value) for figure in figures if not figure.is_text), default=0.0)
        for columns in range(most, 0, -1):
            across = ceil(len(figures) / ceil(len(figures) / columns))
            width = (self._sheet.room + TILE_GAP) / max(across, min(columns, FEWEST_ACROSS)) - TILE_GAP
            if needed <= face.room(width - 2 * TILE_PADDING):
                break
        return across, width

    def _fitting(self, values: Sequence[str], room: float) -> Typeface:
        """Type in which the longest value fits, or the smallest that is still large."""
        face = self._faces.bold(FIGURE_SIZE)
        longest = max(face.width(value) for value in values)
        return face.resized(max(min(FIGURE_SIZE, floor(room * 1e4 / max(longest, 1)) / 10), FIGURE_LEAST))

    def _tile(self, figure: Figure, large: Typeface, room: float) -> Tile:
        small = self._faces.regular(LABEL_SIZE)
        label = small.lines(figure.label, small.room(room), TILE_LABEL_LINES)
        value = large.lines(figure.value, large.room(room), TILE_VALUE_LINES)
        self.cut_values += value[-1].is_cut
        return Tile(label, value)

    def _row(self, tiles: Sequence[Tile], width: float, large: Typeface) -> None:
        """Set tiles beside each other, all as high as the highest, their values on one line."""
        small, pitch = self._faces.regular(LABEL_SIZE), large.size * LINE_RATIO
        lower = (max(len(tile.label) for tile in tiles) - 1) * LABEL_SIZE * LINE_RATIO
        height = TILE_HEIGHT + lower + (max(len(tile.value) for tile in tiles) - 1) * pitch
        self.make_room(height)
        for place, tile in enumerate(tiles):
            left = MARGIN + place * (width + TILE_GAP)
            self.canvas.fill([(left, self.y - height, width, height)], TINT)
            at = left + TILE_PADDING
            self._lines(small, tile.label, (at, self.y - TILE_LABEL), LABEL_SIZE * LINE_RATIO, GREY)
            self._lines(large, tile.value, (at, self.y - TILE_VALUE - lower), pitch, INK)
        self.y -= height + TILE_GAP

    def _lines(self, face: Typeface, lines: Sequence[Line], first: Point, pitch: float, colour: str) -> None:
        left, y = first
        for number, line in enumerate(lines):
            self.canvas.text(face, line, (left, y - number * pitch), colour)


def state_of(head: Head, locale: Locale) -> list[Fact]:
    """Of when the rows are, and whether all are here."""
    moment = Fact(locale.as_of, f"{locale.timestamp(head.as_of.replace(microsecond=0))} UTC")
    rows = completeness(head.row_count, head.rows_total, locale)
    if head.row_count < head.rows_total:
        return [moment, Fact("", rows, WARNING), Fact("", locale.truncated, WARNING)]
    return [moment, Fact("", rows)]


def completeness(written: int, found: int, locale: Locale) -> str:
    """Rows written of rows found."""
    return f"{locale.number(written)} / {locale.number(found)} {locale.rows}"
