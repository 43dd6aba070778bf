"""Single cells, from Python values: totals, key figures, a chart's points. Rows are written by DuckDB, see `cells`."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from rapor.catalogue import ColumnType
from rapor.documents.excel.cells import EPOCH, EXACT_DIGITS, FIRST_DAY, LAST_MOMENT, inline
from rapor.documents.excel.styles import Style
from rapor.documents.excel.text import TEXT_LIMIT
from rapor.documents.excel.xml import escape
from rapor.documents.rows import finite_number

FIRST_MOMENT = datetime.combine(date.fromisoformat(FIRST_DAY), time())
AFTER_LAST = datetime.fromisoformat(LAST_MOMENT)
DAY_ZERO = datetime.combine(date.fromisoformat(EPOCH), time())


def cell_of(place: str, value: Any, kind: ColumnType, style: int) -> str:
    """Write one cell, by the rules of `cells`: what Excel cannot hold as it is, is text. None is an empty cell."""
    if value is None:
        return f'<c r="{place}" s="{style}"/>'
    number = number_of(value, kind)
    if number is not None:
        return f'<c r="{place}" s="{style}"><v>{number}</v></c>'
    if kind is ColumnType.BOOLEAN:
        return f'<c r="{place}" s="{style}" t="b"><v>{value:d}</v></c>'
    return inline(place, escape(text_of(value)), style if kind is ColumnType.TEXT else Style.LONG_NUMBER)


def number_of(value: Any, kind: ColumnType) -> str | None:
    """The number that stands for *value* in a cell, None where none does it exactly."""
    if value is None or kind in {ColumnType.TEXT, ColumnType.BOOLEAN}:
        return None
    if kind in {ColumnType.DATE, ColumnType.TIMESTAMP}:
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        return serial(moment) if FIRST_MOMENT <= moment < AFTER_LAST else None
    digits = finite_number(value)
    if digits is None or len(digits.replace(".", "").replace("-", "").strip("0")) > EXACT_DIGITS:
        return None
    return digits


def serial(moment: datetime) -> str:
    """Days since the end of 1899."""
    return f"{(moment - DAY_ZERO).total_seconds() / 86_400:.10f}".rstrip("0").rstrip(".")


def text_of(value: Any) -> str:
    """What stands in a cell that holds text, no longer than Excel takes."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).upper()  # as Excel shows it
    return (finite_number(value) or "") if isinstance(value, (int, float, Decimal)) else cut(str(value))


def cut(text: str) -> str:
    """As `text.cut`."""
    return text[: TEXT_LIMIT - sum(character > "\uffff" for character in text[:TEXT_LIMIT])]


def is_cut(value: Any) -> bool:
    """Whether a cell of *value* leaves something out."""
    return isinstance(value, str) and cut(value) != value
