"""
Rows to CSV: RFC 4180 in UTF-8.

The first line holds the columns' names, which stay when labels are reworded. NULL is empty, empty text is `""`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rapor.catalogue import Column, ColumnType
from rapor.documents.parts import Batch, CsvOptions, Head, Sink, Written
from rapor.documents.rows import checked, finite_numbers

Texts = list[str | None]

QUOTED_EMPTY = '""'
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FORMULA = re.compile(r"\A[=+\-@\t\r\0]")  # a spreadsheet would run what follows
MAY_BE_FORMULA = re.compile(r"(?:\A|\n)[=+\-@\t\r\0]")  # the same over a column joined by line feeds


def write_csv(head: Head, columns: Sequence[Column], batches: Iterable[Batch], sink: Sink) -> Written:
    """
    Write one line per row, CRLF after each.

    Raises:
        ValueError, SourceInvalid: See `rows.checked`.
    """
    options = head.csv
    if options.bom:
        sink.write(BYTE_ORDER_MARK)
    sink.write((options.delimiter.join(column.name for column in columns) + "\r\n").encode())
    rows = 0
    for batch in checked(head, columns, batches):
        fields = [to_fields(column.type, cells, options) for column, cells in zip(columns, batch, strict=True)]
        sink.write(to_lines(fields, options.delimiter).encode())
        rows += len(batch[0])
    return Written(rows)


def to_lines(fields: Sequence[Sequence[str]], delimiter: str) -> str:
    """Join columns of fields into lines; a line of one empty field is quoted, for it would read as no row."""
    if len(fields) == 1:
        return "".join([f"{field or QUOTED_EMPTY}\r\n" for field in fields[0]])
    return "\r\n".join(map(delimiter.join, zip(*fields, strict=True))) + "\r\n"


def to_fields(kind: ColumnType, cells: Sequence[Any], options: CsvOptions) -> list[str]:
    """Write one column's cells as RFC 4180 §2.6 fields."""
    texts = guarded(cells) if kind is ColumnType.TEXT else TEXTS[kind](cells, options)
    return quoted(texts, options.delimiter)


def guarded(cells: Sequence[str | None]) -> Texts:
    """Put an apostrophe before text that a spreadsheet would take for a formula."""
    if not MAY_BE_FORMULA.search("\n".join(filter(None, cells))):
        return list(cells)
    return [f"'{cell}" if cell and FORMULA.match(cell) else cell for cell in cells]


def quoted(texts: Texts, delimiter: str) -> list[str]:
    """Quote what holds a delimiter, a quote or a line end; looks at the whole column once first."""
    special = re.compile(f'["\r\n{re.escape(delimiter)}]').search
    if special("\0".join(filter(None, texts))):
        texts = [f'"{text.replace(chr(34), chr(34) * 2)}"' if text and special(text) else text for text in texts]
    if "" in texts:
        texts = [QUOTED_EMPTY if text == "" else text for text in texts]
    return [text or "" for text in texts]


def decimals(cells: Sequence[Any], options: CsvOptions) -> Texts:
    """Write every digit, with the client's decimal mark; a float that is no number is NULL."""
    return [text and text.replace(".", options.decimal) for text in finite_numbers(cells)]


def integers(cells: Sequence[Any], _: CsvOptions) -> Texts:
    """Digits alone."""
    return [None if cell is None else str(cell) for cell in cells]


def dates(cells: Sequence[Any], _: CsvOptions) -> Texts:
    """ISO 8601."""
    return [cell and cell.isoformat() for cell in cells]


def timestamps(cells: Sequence[Any], _: CsvOptions) -> Texts:
    """ISO 8601 in UTC with Z; fractions of a second only where there are any."""
    return [cell and f"{cell.isoformat()}Z" for cell in cells]


def booleans(cells: Sequence[Any], _: CsvOptions) -> Texts:
    """Either `true` or `false`."""
    return [None if cell is None else "true" if cell else "false" for cell in cells]


TEXTS: dict[ColumnType, Callable[[Sequence[Any], CsvOptions], Texts]] = {
    ColumnType.INTEGER: integers,
    ColumnType.DECIMAL: decimals,
    ColumnType.DATE: dates,
    ColumnType.TIMESTAMP: timestamps,
    ColumnType.BOOLEAN: booleans,
}
