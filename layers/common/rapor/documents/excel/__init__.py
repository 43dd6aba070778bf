"""
Rows to Excel (ECMA-376), streamed: typed cells, a frozen head with a filter, sheets that roll over, an About sheet.

Memory is one batch: text stands in its cell, so there is no table of shared strings to keep.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from rapor.catalogue import Column, ColumnType
from rapor.documents.excel.about import add_about
from rapor.documents.excel.archive import Zip
from rapor.documents.excel.sheet import Sheets
from rapor.documents.excel.workbook import add_parts
from rapor.documents.parts import Batch, Head, Sink, Written
from rapor.documents.rows import checked, label_of
from rapor.errors import SourceInvalid
from rapor.locale import locale_of

COLUMN_LIMIT = 16_384
SAMPLE = 400  # rows
NARROWEST, WIDEST = 9, 60  # characters
FILTER_BUTTON = 3  # characters it hides of a label
FIXED_WIDTHS = {ColumnType.DATE: 12, ColumnType.TIMESTAMP: 20}


def write_excel(head: Head, columns: Sequence[Column], batches: Iterable[Batch], sink: Sink) -> Written:
    """
    Write the rows' sheets, the About sheet and what holds them together.

    Raises:
        ValueError: See `rows.checked`.
        SourceInvalid: Also for a text longer than a cell may be, or more columns than a sheet has.
    """
    if len(columns) > COLUMN_LIMIT:
        raise SourceInvalid(f"{len(columns)} columns; Excel holds {COLUMN_LIMIT}")
    locale, archive, rows = locale_of(head.locale), Zip(sink), 0
    labels = [label_of(column, head.locale) for column in columns]
    first, source = peeked(checked(head, columns, batches))
    sheets = Sheets(archive, columns, labels, widths_of(columns, labels, first))
    for batch in source:
        sheets.add(batch)
        rows += len(batch[0])
    sheets.close()
    add_about(archive, len(sheets.all) + 1, head, locale, rows)
    add_parts(archive, head, locale, sheets)
    archive.close()
    return Written(rows)


def peeked(batches: Iterator[Batch]) -> tuple[Batch | None, Iterator[Batch]]:
    """The first batch, and all of them."""
    first = next(batches, None)
    return first, batches if first is None else chain([first], batches)


def widths_of(columns: Sequence[Column], labels: Sequence[str], sample: Batch | None) -> list[int]:
    """Column widths in characters."""
    cells = sample or [[] for _ in columns]
    return [width_of(*three) for three in zip(columns, labels, cells, strict=True)]


def width_of(column: Column, label: str, cells: Sequence[Any]) -> int:
    """As wide as the longest of label and sample; thousands marks make numbers a third longer."""
    longest = max((len(str(cell)) for cell in islice(cells, SAMPLE) if cell is not None), default=0)
    content = FIXED_WIDTHS.get(column.type, longest * 4 // 3 if column.type.is_number else longest)
    return min(max(content + 2, len(label) + FILTER_BUTTON, NARROWEST), WIDEST)
