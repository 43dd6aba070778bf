"""
Cells as SpreadsheetML (ECMA-376 part 1 §18.3.1.4), a column at a time. Nothing is ever a formula.

`numbers` are the rows' numbers on the sheet, as text.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rapor.catalogue import Column, ColumnType
from rapor.documents.excel.styles import Style
from rapor.documents.excel.xml import SPECIAL, escape
from rapor.documents.rows import plain_number
from rapor.errors import SourceInvalid

TEXT_LIMIT = 32_767  # UTF-16 units a cell may hold
SURE_LENGTH = TEXT_LIMIT // 2  # no text this short can be too long
EXACT_DIGITS = 15  # Excel rounds numbers after that
EXACT_LIMIT = 10**EXACT_DIGITS
EPOCH = date(1899, 12, 30).toordinal()
FIRST_DATE = date(1900, 3, 1)  # Excel's calendar has a 29 February 1900
FIRST_MOMENT = datetime(1900, 3, 1)  # noqa: DTZ001  (cells are naive UTC)
SECONDS_A_DAY = 86_400


def letters_of(index: int) -> str:
    """A column's letters: 0 is A, 26 is AA."""
    higher, last = divmod(index, 26)
    return (letters_of(higher - 1) if higher else "") + chr(ord("A") + last)


def inline(place: str, text: str, style: Style = Style.TEXT) -> str:
    """A cell of text, already escaped."""
    styled = f' s="{style}"' if style else ""
    return f'<c r="{place}"{styled} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def to_cells(column: Column, letters: str, numbers: Sequence[str], cells: Sequence[Any]) -> list[str]:
    """
    Write a column's cells; NULL is no cell.

    Raises:
        SourceInvalid: A text is longer than a cell may be.
    """
    return CELLS[column.type](column, letters, numbers, cells)


def texts(column: Column, letters: str, numbers: Sequence[str], cells: Sequence[str | None]) -> list[str]:
    """Inline strings."""
    if any([cell and len(cell) > SURE_LENGTH for cell in cells]):  # noqa: C419  (a list is faster here)
        check_lengths(column, numbers, cells)
    if SPECIAL.search("\n".join(filter(None, cells))):
        cells = [cell and escape(cell) for cell in cells]
    before, after = f'<c r="{letters}', '" t="inlineStr"><is><t xml:space="preserve">'
    return [
        f"{before}{number}{after}{cell}</t></is></c>" if cell else ""
        for number, cell in zip(numbers, cells, strict=True)
    ]


def check_lengths(column: Column, numbers: Sequence[str], cells: Sequence[str | None]) -> None:
    """
    Refuse what Excel would cut.

    Raises:
        SourceInvalid: See `to_cells`.
    """
    for number, cell in zip(numbers, cells, strict=True):
        units = len((cell or "").encode("utf-16-le", "surrogatepass")) // 2
        if units > TEXT_LIMIT:
            raise SourceInvalid(
                f"column {column.name!r}, sheet row {number}: text of {units} characters; Excel holds {TEXT_LIMIT}"
            )


def integers(column: Column, letters: str, numbers: Sequence[str], cells: Sequence[int | None]) -> list[str]:
    """Numbers; text where Excel would round."""
    style = Style.INTEGER if column.grouping else Style.IDENTIFIER
    return [
        ""
        if cell is None
        else f'<c r="{letters}{number}" s="{style}"><v>{cell}</v></c>'
        if -EXACT_LIMIT < cell < EXACT_LIMIT
        else inline(letters + number, str(cell), Style.LONG_NUMBER)
        for number, cell in zip(numbers, cells, strict=True)
    ]


def decimals(_: Column, letters: str, numbers: Sequence[str], cells: Sequence[Any]) -> list[str]:
    """Numbers; text where Excel would round, or for a float that is no number."""
    style = Style.DECIMAL
    return [
        ""
        if cell is None
        else f'<c r="{letters}{number}" s="{style}"><v>{cell}</v></c>'
        if is_exact(cell)
        else inline(letters + number, plain_number(cell), Style.LONG_NUMBER)
        for number, cell in zip(numbers, cells, strict=True)
    ]


def is_exact(cell: Decimal | float) -> bool:
    """Whether Excel keeps every digit; a finite float is what Excel itself computes with."""
    if isinstance(cell, float):
        return abs(cell) < float("inf")
    digits = str(cell)
    if len(digits) <= EXACT_DIGITS and digits[-1].isdigit():
        return True
    value = Decimal(cell)
    significant = "".join(map(str, value.as_tuple().digits)).strip("0")
    return value.is_finite() and len(significant) <= EXACT_DIGITS


def dates(_: Column, letters: str, numbers: Sequence[str], cells: Sequence[date | None]) -> list[str]:
    """Days since the end of 1899; ISO text before Excel's calendar is right."""
    return [
        ""
        if cell is None
        else f'<c r="{letters}{number}" s="{Style.DATE}"><v>{cell.toordinal() - EPOCH}</v></c>'
        if cell >= FIRST_DATE
        else inline(letters + number, cell.isoformat())
        for number, cell in zip(numbers, cells, strict=True)
    ]


def timestamps(_: Column, letters: str, numbers: Sequence[str], cells: Sequence[datetime | None]) -> list[str]:
    """As `dates`, the time of day as a fraction."""
    return [
        ""
        if cell is None
        else f'<c r="{letters}{number}" s="{Style.TIMESTAMP}"><v>{serial(cell)!r}</v></c>'
        if cell >= FIRST_MOMENT
        else inline(letters + number, f"{cell.isoformat()}Z")
        for number, cell in zip(numbers, cells, strict=True)
    ]


def serial(moment: datetime) -> float:
    """Days since the end of 1899."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    return moment.toordinal() - EPOCH + seconds / SECONDS_A_DAY


def booleans(_: Column, letters: str, numbers: Sequence[str], cells: Sequence[bool | None]) -> list[str]:
    """Excel's own TRUE and FALSE."""
    return [
        "" if cell is None else f'<c r="{letters}{number}" t="b"><v>{cell:d}</v></c>'
        for number, cell in zip(numbers, cells, strict=True)
    ]


CELLS: dict[ColumnType, Callable[[Column, str, Sequence[str], Sequence[Any]], list[str]]] = {
    ColumnType.TEXT: texts,
    ColumnType.INTEGER: integers,
    ColumnType.DECIMAL: decimals,
    ColumnType.DATE: dates,
    ColumnType.TIMESTAMP: timestamps,
    ColumnType.BOOLEAN: booleans,
}
