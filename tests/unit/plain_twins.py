"""What the writers have DuckDB write, row by row in plain Python: the same bytes, slowly."""

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rapor.catalogue import Column, ColumnType
from rapor.documents.excel.cells import inline, letters_of
from rapor.documents.excel.styles import Style
from rapor.documents.excel.xml import escape
from rapor.documents.parts import CsvOptions
from tests.unit.document_samples import Row

EPOCH = datetime(1899, 12, 30)


def plain(cell: Any) -> str | None:
    """A cell as CSV and JSON have it."""
    match cell:
        case None | str():
            return cell
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return format(cell, "f")
        case datetime():
            return f"{cell.isoformat()}Z"
        case date():
            return cell.isoformat()
    return str(cell)


def csv_line(columns: Sequence[Column], row: Row, options: CsvOptions) -> str:
    fields = [csv_field(cell, options) for cell in row]
    return (options.delimiter.join(fields) if fields != [""] else '""') + "\r\n"


def csv_field(cell: Any, options: CsvOptions) -> str:
    text = plain(cell)
    if text is None:
        return ""
    if isinstance(cell, Decimal):
        text = text.replace(".", options.decimal)
    if isinstance(cell, str) and text.startswith(tuple("=+-@\t\r\0")):
        text = f"'{text}"
    if text == "" or any(character in text for character in f'"\r\n{options.delimiter}'):
        return '"' + text.replace('"', '""') + '"'
    return text


def json_line(columns: Sequence[Column], row: Row) -> str:
    members = (f'"{column.name}":{json_value(cell)}' for column, cell in zip(columns, row, strict=True))
    return ",\n{" + ",".join(members) + "}"


def json_value(cell: Any) -> str:
    text = plain(cell)
    if text is None:
        return "null"
    if not isinstance(cell, (str, date)):
        return text
    written = json.dumps(text, ensure_ascii=False)
    return re.sub(r"(?<!\\)((?:\\\\)*\\u00)([0-9a-f]{2})", lambda found: found[1] + found[2].upper(), written)


def excel_row(columns: Sequence[Column], row: Row, number: int) -> str:
    cells = [
        excel_cell(column, f"{letters_of(index)}{number}", cell)
        for index, (column, cell) in enumerate(zip(columns, row, strict=True))
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def excel_cell(column: Column, place: str, cell: Any) -> str:  # noqa: PLR0911 (one kind, one line)
    if cell is None or cell == "":
        return ""
    match column.type:
        case ColumnType.TEXT:
            return inline(place, escape(cut(cell)))
        case ColumnType.INTEGER if abs(cell) < 10**15:
            return numeric(place, Style.INTEGER if column.grouping else Style.IDENTIFIER, str(cell))
        case ColumnType.DECIMAL if len("".join(map(str, cell.as_tuple().digits)).strip("0")) <= 15:
            return numeric(place, Style.DECIMAL, format(cell, "f"))
        case ColumnType.DATE if cell >= date(1900, 3, 1):
            return numeric(place, Style.DATE, str((cell - EPOCH.date()).days))
        case ColumnType.TIMESTAMP if datetime(1900, 3, 1) <= cell < datetime(9999, 12, 31, 23, 59, 59, 500_000):
            since = cell - EPOCH
            microseconds = float((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds)
            return numeric(place, Style.TIMESTAMP, repr(microseconds / 86_400_000_000))
        case ColumnType.BOOLEAN:
            return f'<c r="{place}" t="b"><v>{cell:d}</v></c>'
    style = Style.LONG_NUMBER if column.type.is_number else Style.TEXT
    return inline(place, str(plain(cell)), style)


def numeric(place: str, style: Style, number: str) -> str:
    return f'<c r="{place}" s="{style}"><v>{number}</v></c>'


def cut(text: str) -> str:
    """At most 32,767 UTF-16 units."""
    return text[: 32_767 - sum(character > "\uffff" for character in text[:32_767])]
