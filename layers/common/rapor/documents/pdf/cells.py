"""Values as people read them: single ones, and column by column."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any

from rapor.catalogue import ColumnType, Value
from rapor.documents.rows import label_of
from rapor.locale import Locale

MISSING = "\u2013"  # for a single value that is NULL


def to_text(value: Value, cell: Any, locale: Locale) -> str:
    """Write one value that stands by itself, an amount with its currency."""
    if cell is None:
        return MISSING
    if value.currency:
        return locale.money(cell, value.currency)
    return WRITERS[value.type](value, [cell], locale)[0]


def heading(value: Value, locale: Locale) -> str:
    """Write what a column or series is called; its currency stands here once and not in every cell."""
    label = label_of(value, locale.code)
    symbol = locale.currency(value.currency).symbol if value.currency else ""
    return label if symbol in label else f"{label} ({symbol})"


def to_texts(column: Value, cells: Sequence[Any], locale: Locale) -> list[str]:
    """Write a column's cells; NULL is empty."""
    return WRITERS[column.type](column, cells, locale)


def texts(value: Value, cells: Sequence[str | None], locale: Locale) -> list[str]:
    """Text as it is, or the words for it."""
    if value.words:
        words = value.words_in(locale.code)
        return ["" if cell is None else words.get(cell, cell) for cell in cells]
    return [cell or "" for cell in cells]


def integers(value: Value, cells: Sequence[int | None], locale: Locale) -> list[str]:
    """Whole numbers, in groups of three unless they name something."""
    if value.currency:
        return decimals(value, cells, locale)
    if not value.grouping:
        return ["" if cell is None else str(cell) for cell in cells]
    return marked(["" if cell is None else f"{cell:,}" for cell in cells], locale)


def decimals(value: Value, cells: Sequence[Decimal | float | None], locale: Locale) -> list[str]:
    """Every digit, never rounded."""
    places = places_of(value, locale)
    if set(map(type, cells)) <= {Decimal, NoneType}:
        numbers = ["" if cell is None else f"{cell:,f}" for cell in cells]
        if all_have(places, numbers):
            return marked(numbers, locale)
    return ["" if cell is None else locale.number(cell, places) for cell in cells]


def all_have(places: int, numbers: Sequence[str]) -> bool:
    """Whether all that were written are numbers, and with so many decimals."""
    if any(mark in "".join(numbers) for mark in "NI"):  # NaN and Infinity
        return False
    return not places or all("." in number[:-places] for number in numbers if number)


def dates(_: Value, cells: Sequence[date | None], locale: Locale) -> list[str]:
    """In the locale's order; days come again and again."""
    days = {day: locale.date(day) if day else "" for day in set(cells)}
    return [days[cell] for cell in cells]


def timestamps(_: Value, cells: Sequence[datetime | None], locale: Locale) -> list[str]:
    """Date and time of day."""
    moments = ["" if cell is None else cell.isoformat(" ") for cell in cells]
    days = {day: locale.date(date.fromisoformat(day)) if day else "" for day in {moment[:10] for moment in moments}}
    return [days[moment[:10]] + moment[10:] for moment in moments]


def booleans(_: Value, cells: Sequence[bool | None], locale: Locale) -> list[str]:
    """The words for yes and no."""
    words = {None: "", True: locale.yes, False: locale.no}
    return [words[cell] for cell in cells]


def places_of(value: Value, locale: Locale) -> int:
    """How many decimals an amount has at least."""
    return locale.currency(value.currency).places if value.currency else 0


def marked(numbers: Sequence[str], locale: Locale) -> list[str]:
    """Replace Python's marks by the locale's, all at once."""
    lines = "\n".join(numbers).translate({ord(","): locale.group, ord("."): locale.decimal})
    return lines.split("\n")


WRITERS: dict[ColumnType, Callable[[Any, Sequence[Any], Locale], list[str]]] = {
    ColumnType.TEXT: texts,
    ColumnType.INTEGER: integers,
    ColumnType.DECIMAL: decimals,
    ColumnType.DATE: dates,
    ColumnType.TIMESTAMP: timestamps,
    ColumnType.BOOLEAN: booleans,
}
