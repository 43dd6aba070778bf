"""Cells as people read them, column by column."""

from collections.abc import Callable, Sequence
from datetime import datetime
from math import isfinite
from typing import Any

from rapor.catalogue import Column, ColumnType
from rapor.locale import Locale

DASH = "\u2013"  # for a float that is no number


def to_texts(column: Column, cells: Sequence[Any], locale: Locale) -> list[str]:
    """Write a column's cells; NULL is empty."""
    return WRITERS[column.type](column, cells, locale)


def texts(_: Column, cells: Sequence[Any], __: Locale) -> list[str]:
    """Text as it is."""
    return [cell or "" for cell in cells]


def integers(column: Column, cells: Sequence[Any], locale: Locale) -> list[str]:
    """Whole numbers, in groups of three unless they name something."""
    form = ",d" if column.grouping else "d"
    return ["" if cell is None else format(cell, form).replace(",", locale.group) for cell in cells]


def decimals(_: Column, cells: Sequence[Any], locale: Locale) -> list[str]:
    """Every digit, never rounded."""
    return ["" if cell is None else locale.number(cell) if isfinite(cell) else DASH for cell in cells]


def dates(_: Column, cells: Sequence[Any], locale: Locale) -> list[str]:
    """In the locale's order."""
    return ["" if cell is None else locale.date(cell) for cell in cells]


def timestamps(_: Column, cells: Sequence[datetime | None], locale: Locale) -> list[str]:
    """Date and time of day."""
    return ["" if cell is None else locale.timestamp(cell) for cell in cells]


def booleans(_: Column, cells: Sequence[Any], locale: Locale) -> list[str]:
    """The words for yes and no."""
    return ["" if cell is None else locale.yes if cell else locale.no for cell in cells]


WRITERS: dict[ColumnType, Callable[[Column, Sequence[Any], Locale], list[str]]] = {
    ColumnType.TEXT: texts,
    ColumnType.INTEGER: integers,
    ColumnType.DECIMAL: decimals,
    ColumnType.DATE: dates,
    ColumnType.TIMESTAMP: timestamps,
    ColumnType.BOOLEAN: booleans,
}
