"""What every writer asks of the rows it is given, so that no cell is ever dropped or misread in silence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import TypeVar

from rapor.batches import Batch, Lines
from rapor.catalogue import Column, ColumnType, Value, label_in
from rapor.documents.parts import Head
from rapor.errors import SourceInvalid

CELLS: Mapping[ColumnType, frozenset[type]] = {
    ColumnType.TEXT: frozenset({str, NoneType}),
    ColumnType.INTEGER: frozenset({int, NoneType}),
    ColumnType.DECIMAL: frozenset({Decimal, int, float, NoneType}),
    ColumnType.DATE: frozenset({date, NoneType}),
    ColumnType.TIMESTAMP: frozenset({datetime, NoneType}),
    ColumnType.BOOLEAN: frozenset({bool, NoneType}),
}


Rows = TypeVar("Rows", Batch, Lines)


def counted(head: Head, chunks: Iterable[Rows]) -> Iterator[Rows]:
    """
    Pass the rows on.

    Raises:
        ValueError: They are not as many as the head says.
    """
    rows = 0
    for chunk in chunks:
        rows += chunk.rows
        yield chunk
    if rows != head.row_count:
        raise ValueError(f"{rows} rows came, the head says {head.row_count}")


def checked(head: Head, columns: Sequence[Column], batches: Iterable[Batch]) -> Iterator[Batch]:
    """
    Pass the batches that hold rows on, one by one.

    Raises:
        ValueError: A batch has another number of columns, columns of unequal length, or the rows
            are not as many as the head says.
        SourceInvalid: A cell is not of its column's type.
    """
    for batch in counted(head, batches):
        height = height_of(batch, len(columns))
        check_types(columns, batch)
        if height:
            yield batch


def height_of(batch: Batch, width: int) -> int:
    """
    Count the rows.

    Raises:
        ValueError: See `checked`.
    """
    if len(batch) != width:
        raise ValueError(f"a batch has {len(batch)} columns, the report {width}")
    heights = set(map(len, batch))
    if len(heights) != 1:
        raise ValueError(f"a batch has columns of unequal length: {sorted(heights)}")
    return heights.pop()


def check_types(columns: Sequence[Column], batch: Batch) -> None:
    """
    Look at every cell's type, at the speed of a set.

    Raises:
        SourceInvalid: See `checked`.
    """
    for column, cells in zip(columns, batch, strict=True):
        strangers = set(map(type, cells)) - CELLS[column.type]
        if strangers:
            name = min(stranger.__name__ for stranger in strangers)
            raise SourceInvalid(f"column {column.name!r} is declared {column.type} but holds {name}")


def plain_number(value: Decimal | float) -> str:
    """Write every digit, without an exponent: 0.0000001, 1E+3 as 1000; `nan` and `inf` as Python does."""
    return f"{value:f}" if isinstance(value, Decimal) else plain_number(Decimal(repr(value)))


def finite_number(value: Decimal | float) -> str | None:
    """As `plain_number`, None where it is no number."""
    text = plain_number(value)
    return None if text[-1].isalpha() else text


def label_of(value: Value, locale: str) -> str:
    """The label in *locale*, else the first the type's file has."""
    return label_in(value.label, locale)
