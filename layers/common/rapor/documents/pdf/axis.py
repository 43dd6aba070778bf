"""The measures of a chart: round numbers for its heights, and as many labels below it as find room."""

from collections.abc import Sequence
from datetime import time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any

from rapor.catalogue import ColumnType, Value
from rapor.documents.pdf.cells import MISSING, to_texts
from rapor.locale import Locale

MANTISSAS = tuple(map(Decimal, ("1", "2", "2.5", "5", "10")))
TICKS = 5  # about so many
MIDNIGHT = time()
SCALES = frozenset({ColumnType.DATE, ColumnType.TIMESTAMP, ColumnType.INTEGER, ColumnType.DECIMAL})


def nice_ticks(low: Decimal, high: Decimal, *, whole: bool) -> list[Decimal]:
    """Round numbers equally far apart, from *low* or less to *high* or more; *whole* ones where asked."""
    if low == high:
        low, high = min(low, Decimal(0)), max(high, Decimal(0))
        high = high if high > low else Decimal(1)
    step = nice_step((high - low) / TICKS, whole=whole)
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    return [step * (first + index) for index in range(int(last - first) + 1)]


def nice_step(least: Decimal, *, whole: bool) -> Decimal:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not less."""
    power = Decimal(10) ** least.adjusted()
    steps = [power * mantissa for mantissa in MANTISSAS if power * mantissa >= least]
    return next(step for step in [*steps, Decimal(1)] if not whole or step % 1 == 0).normalize()


def tick_labels(ticks: Sequence[Decimal], locale: Locale) -> list[str]:
    """The ticks' numbers, all in one unit."""
    largest = max(map(abs, ticks))
    return [locale.compact(tick, largest) for tick in ticks]


def point_labels(x: Value, cells: Sequence[Any], locale: Locale) -> list[str]:
    """Name the points; the first days of months are months."""
    known = [cell for cell in cells if cell is not None]
    is_day = x.type is ColumnType.DATE or (
        x.type is ColumnType.TIMESTAMP and all(moment.time() == MIDNIGHT for moment in known)
    )
    if is_day:
        name = locale.month if all(day.day == 1 for day in known) else locale.date
        return [MISSING if cell is None else name(cell) for cell in cells]
    return [label or MISSING for label in to_texts(x, cells, locale)]


def places(x: Value, cells: Sequence[Any]) -> list[float]:
    """Where the points of a line stand, 0 to 1: days, moments and numbers true to scale, all else in even steps."""
    if x.type not in SCALES or None in cells or not rises(cells):
        return even_places(len(cells))
    first, last = cells[0], cells[-1]
    return [float((cell - first) / (last - first)) for cell in cells]


def even_places(count: int) -> list[float]:
    """The middles of equal parts of 0 to 1."""
    return [(index + 0.5) / count for index in range(count)]


def rises(cells: Sequence[Any]) -> bool:
    """Whether each is more than the one before, and there is one before."""
    return len(cells) > 1 and all(before < after for before, after in pairwise(cells))
