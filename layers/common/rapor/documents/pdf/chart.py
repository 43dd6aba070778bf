"""A chart as vectors: bars beside or upon each other, or lines, over an axis of round numbers."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from itertools import groupby
from math import ceil, isfinite
from typing import Any

from msgspec import Struct

from rapor.catalogue import ChartKind, ColumnType, Value
from rapor.documents.parts import ChartData
from rapor.documents.pdf.axis import even_places, nice_ticks, places, point_labels, tick_labels
from rapor.documents.pdf.canvas import Align, Canvas, Point, Rectangle
from rapor.documents.pdf.cells import heading
from rapor.documents.pdf.style import GREY, HAIRLINE, HEADING_SIZE, INK, LABEL_SIZE, RULE, SERIES
from rapor.documents.pdf.text import Line
from rapor.documents.pdf.typefaces import Typefaces
from rapor.documents.rows import label_of
from rapor.locale import Locale

HEIGHT = 158.0  # of all of it
DIGITS = (
    100  # of the arithmetic: heights have up to 38 before the point, others 38 after it, and a thousand are piled up
)
LABEL_GAP, LABEL_LEAST = 6.0, 30.0
EPSILON = 1e-6  # a room shared out and put together again may lack so much
LEGEND_MOST, SWATCH = 130.0, 6.0
FILLED, BAR_MOST = 0.64, 32.0  # of the room for one point; bars stay slender where there are few
TOUCHING = 3.0  # with less room for a point, bars touch
LINE_WIDTH, FINE_WIDTH, DOT = 1.3, 0.7, 3.6
MANY = 200  # points; a fine line tells them apart

Heights = Sequence[Decimal | None]
"""One series; None where there is no value."""


class Plot(Struct, frozen=True):
    """The rectangle in which points stand, and the heights it spans."""

    left: float
    bottom: float
    width: float
    height: float
    low: Decimal
    high: Decimal

    def x(self, place: float) -> float:
        """From 0 to 1, along the axis."""
        return self.left + place * self.width

    def y(self, value: Decimal) -> float:
        """Up the axis."""
        return self.bottom + float((value - self.low) / (self.high - self.low)) * self.height


class Chart:
    """Draws one chart, *width* wide and `HEIGHT` high."""

    def __init__(self, chart: ChartData, locale: Locale, faces: Typefaces) -> None:
        self._chart, self._locale = chart, locale
        self._title, self._label = faces.bold(HEADING_SIZE), faces.regular(LABEL_SIZE)
        self._series = [[height(cell) for cell in cells] for cells in list(zip(*chart.points, strict=True))[1:]]
        self._cells = [point[0] for point in chart.points]

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Draw it under *top*."""
        with localcontext(prec=DIGITS):
            self._draw(canvas, left, top, width)

    def _draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        below = self._heading(canvas, left, top, width)
        bottom = top - HEIGHT + LABEL_SIZE * 2.2
        if not any(value is not None for heights in self._series for value in heights):
            self._nothing(canvas, left, (below + bottom) / 2, width)
            return
        ticks = self._ticks()
        labels = [self._label.line(label) for label in tick_labels(ticks, self._locale)]
        gutter = max(label.points(LABEL_SIZE) for label in labels) + LABEL_GAP
        plot = Plot(left + gutter, bottom, width - gutter, below - bottom, ticks[0], ticks[-1])
        for tick, label in zip(ticks, labels, strict=True):
            canvas.rule(plot.left, left + width, plot.y(tick), GREY if tick == 0 else RULE, HAIRLINE)
            at = plot.left - LABEL_GAP, plot.y(tick) - LABEL_SIZE * 0.36
            canvas.text(self._label, label, at, GREY, Align.RIGHT)
        self._points(canvas, plot)
        self._names(canvas, plot, left)

    def _heading(self, canvas: Canvas, left: float, top: float, width: float) -> float:
        """Draw title and legend; give where the plot may begin."""
        title = self._title.one_line(self._chart.title, self._title.room(width * 0.6))
        y = top - HEADING_SIZE
        canvas.text(self._title, title, (left, y), INK)
        names = [self._legend(value) for value in self._chart.y]
        widths = [SWATCH + LABEL_GAP / 2 + name.points(LABEL_SIZE) + 2 * LABEL_GAP for name in names]
        at, right = left + title.points(HEADING_SIZE) + 3 * LABEL_GAP, left + width
        if at + sum(widths) > right:
            at, y = left, y - LABEL_SIZE * 1.8
        for name, colour, step in zip(names, SERIES, widths, strict=False):
            if at + step > right + 2 * LABEL_GAP:
                at, y = left, y - LABEL_SIZE * 1.5
            canvas.fill([(at, y - 0.2, SWATCH, SWATCH)], colour)
            canvas.text(self._label, name, (at + SWATCH + LABEL_GAP / 2, y), GREY)
            at += step
        return y - LABEL_SIZE * 1.7

    def _legend(self, value: Value) -> Line:
        """Name a series; one too long loses letters before its currency."""
        label = label_of(value, self._locale.code)
        currency = heading(value, self._locale).removeprefix(label)
        return self._label.line_with_end(label, currency, self._label.room(LEGEND_MOST))

    def _nothing(self, canvas: Canvas, left: float, y: float, width: float) -> None:
        line = self._label.one_line(self._locale.no_points, self._label.room(width))
        canvas.text(self._label, line, (left, y), GREY)

    def _ticks(self) -> list[Decimal]:
        whole = all(value.type is ColumnType.INTEGER for value in self._chart.y)
        return nice_ticks(*extent(self._chart.kind, self._series), whole=whole)

    def _points(self, canvas: Canvas, plot: Plot) -> None:
        match self._chart.kind:
            case ChartKind.LINE:
                for heights, colour in zip(self._series, SERIES, strict=False):
                    draw_line(canvas, plot, self._places(), heights, colour)
            case ChartKind.STACKED:
                for bars, colour in zip(stacked(plot, self._series), SERIES, strict=False):
                    canvas.fill(bars, colour)
            case ChartKind.BAR:
                for bars, colour in zip(side_by_side(plot, self._series), SERIES, strict=False):
                    canvas.fill(bars, colour)

    def _names(self, canvas: Canvas, plot: Plot, left: float) -> None:
        """Name as many points as find room; names that are text rather lose letters than their place."""
        step = plot.width / len(self._cells)
        is_text = self._chart.x.type is ColumnType.TEXT
        gap, least = (LABEL_GAP / 2, LABEL_LEAST) if is_text else (LABEL_GAP * 2, plot.width)
        room = self._label.room(max(step - gap, least))
        names = self._lines(point_labels(self._chart.x, self._cells, self._locale), room)
        every = ceil((max(name.points(LABEL_SIZE) for name in names) + gap) / step - EPSILON)
        used = left
        for place, name in list(zip(self._places(), names, strict=True))[::every]:
            half = name.points(LABEL_SIZE) / 2
            x = min(max(plot.x(place), left + half), plot.x(1) - half)
            if x - half >= used:
                canvas.text(self._label, name, (x, plot.bottom - LABEL_SIZE * 1.6), GREY, Align.CENTRE)
                used = x + half + gap / 2

    def _lines(self, names: Sequence[str], room: float) -> Sequence[Line]:
        """Set names, which lose their ends, or their middles where else they would be told apart no more."""
        lines = [self._label.one_line(name, room) for name in names]
        if len({line.operators for line in lines}) == len(set(names)):
            return lines
        return [self._label.both_ends(" ".join(name.split()), room) for name in names]

    def _places(self) -> list[float]:
        if self._chart.kind is ChartKind.LINE:
            return places(self._chart.x, self._cells)
        return even_places(len(self._cells))


def height(cell: Any) -> Decimal | None:
    """Give a height exactly; what is no number has none."""
    if cell is None or not isfinite(cell):
        return None
    return Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)


def extent(kind: ChartKind, series: Sequence[Heights]) -> tuple[Decimal, Decimal]:
    """What the axis must span: bars stand on zero; so do lines, unless that would flatten them."""
    if kind is ChartKind.STACKED:
        piles = [[value for value in pile if value is not None] for pile in zip(*series, strict=True)]
        lows = [sum((value for value in pile if value < 0), Decimal(0)) for pile in piles]
        highs = [sum((value for value in pile if value > 0), Decimal(0)) for pile in piles]
        return min(lows), max(highs)
    values = [value for heights in series for value in heights if value is not None]
    low, high = min(values), max(values)
    if kind is ChartKind.LINE and high - low < max(abs(low), abs(high)) / 4:
        return low, high
    return min(low, Decimal(0)), max(high, Decimal(0))


def side_by_side(plot: Plot, series: Sequence[Heights]) -> Iterator[list[Rectangle]]:
    """The bars of each series."""
    left, width = bar_of(plot, len(series[0]), len(series))
    share = width / len(series)
    for number, heights in enumerate(series):
        yield [
            bar(plot, plot.x(index / len(heights)) + left + number * share, share, Decimal(0), value)
            for index, value in enumerate(heights)
            if value is not None
        ]


def stacked(plot: Plot, series: Sequence[Heights]) -> Iterator[list[Rectangle]]:
    """The bars of each series, upon those before it, or under them where negative."""
    left, width = bar_of(plot, len(series[0]), 1)
    tops: list[dict[bool, Decimal]] = [{True: Decimal(0), False: Decimal(0)} for _ in series[0]]
    for heights in series:
        bars = []
        for index, value in enumerate(heights):
            if value is not None:
                base = tops[index][value > 0]
                tops[index][value > 0] = base + value
                bars.append(bar(plot, plot.x(index / len(heights)) + left, width, base, base + value))
        yield bars


def bar_of(plot: Plot, points: int, bars: int) -> tuple[float, float]:
    """Where in the room of one point its bars beside each other begin, and how wide they are together."""
    step = plot.width / points
    width = min(step * (1 if step < TOUCHING else FILLED), BAR_MOST * bars)
    return (step - width) / 2, width


def bar(plot: Plot, left: float, width: float, base: Decimal, value: Decimal) -> Rectangle:
    """From base to value, whichever is higher."""
    low, high = sorted((plot.y(base), plot.y(value)))
    return left, low, width, high - low


def draw_line(canvas: Canvas, plot: Plot, at: Sequence[float], heights: Heights, colour: str) -> None:
    """Draw a series, broken where values lack; a value between two gaps is a dot."""
    points = list(zip(at, heights, strict=True))
    runs: list[list[Point]] = [
        [(plot.x(place), plot.y(value)) for place, value in run if value is not None]
        for known, run in groupby(points, lambda point: point[1] is not None)
        if known
    ]
    canvas.stroke([run for run in runs if len(run) > 1], colour, FINE_WIDTH if len(at) > MANY else LINE_WIDTH)
    canvas.stroke([run for run in runs if len(run) == 1], colour, DOT)
