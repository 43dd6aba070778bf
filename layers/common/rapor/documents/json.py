"""
Rows to JSON (RFC 8259): `{"report": {...}, "columns": [...], "rows": [{...}, ...]}`.

Decimals are numbers with every digit they had; what JSON cannot say (NaN, Infinity) is null.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rapor.catalogue import Column, ColumnType
from rapor.documents.parts import Batch, Head, Sink, Written
from rapor.documents.rows import checked, finite_number, finite_numbers, label_of

quote = json.JSONEncoder(ensure_ascii=False).encode


def write_json(head: Head, columns: Sequence[Column], batches: Iterable[Batch], sink: Sink) -> Written:
    """
    Write one object per row, a line each.

    Raises:
        ValueError, SourceInvalid: See `rows.checked`.
    """
    sink.write(opening(head, columns).encode())
    template = "{" + ",".join(f"{quote(column.name)}:%s" for column in columns) + "}"
    rows = 0
    for batch in checked(head, columns, batches):
        values = [VALUES[column.type](cells) for column, cells in zip(columns, batch, strict=True)]
        lines = [template % row for row in zip(*values, strict=True)]
        sink.write((",\n" if rows else "\n").encode() + ",\n".join(lines).encode())
        rows += len(lines)
    sink.write(b"\n]}\n" if rows else b"]}\n")
    return Written(rows)


def opening(head: Head, columns: Sequence[Column]) -> str:
    """Everything before the rows."""
    report: dict[str, Any] = {
        "uuid": head.uuid,
        "title": head.title,
        "report_type": head.report_type,
        "type_version": head.type_version,
        "parameters": head.raw_parameters,
        "as_of": head.as_of,
        "row_count": head.row_count,
        "rows_total": head.rows_total,
    }
    if head.summary:
        report["summary"] = {figure.name: value for figure, value in head.summary}
    if head.totals:
        totals = zip(columns, head.totals, strict=True)
        report["totals"] = {column.name: total for column, total in totals if column.total}
    described = [
        {"name": column.name, "type": column.type.value, "label": label_of(column, head.locale)} for column in columns
    ]
    return f'{{"report":{to_json(report)},\n"columns":{to_json(described)},\n"rows":['


def to_json(value: Any) -> str:
    """
    Write a value of a report's head.

    Raises:
        TypeError: It is of a type JSON has no form for.
    """
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{quote(str(key))}:{to_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(to_json, value)) + "]"
    if isinstance(value, (Decimal, float)):
        return finite_number(value) or "null"
    if isinstance(value, datetime):
        return quote(moment(value))
    return quote(value.isoformat() if isinstance(value, date) else value)


def moment(value: datetime) -> str:
    """ISO 8601 in UTC with Z; fractions of a second only where there are any."""
    naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return f"{naive.isoformat()}Z"


def texts(cells: Sequence[Any]) -> list[str]:
    """Strings, non-ASCII as it is."""
    return ["null" if cell is None else quote(cell) for cell in cells]


def integers(cells: Sequence[Any]) -> list[str]:
    """Numbers of any length; the reader decides what it can hold."""
    return ["null" if cell is None else str(cell) for cell in cells]


def decimals(cells: Sequence[Any]) -> list[str]:
    """Exact numbers."""
    return [text or "null" for text in finite_numbers(cells)]


def dates(cells: Sequence[Any]) -> list[str]:
    """ISO 8601."""
    return ["null" if cell is None else f'"{cell.isoformat()}"' for cell in cells]


def timestamps(cells: Sequence[Any]) -> list[str]:
    """As `moment`."""
    return ["null" if cell is None else f'"{cell.isoformat()}Z"' for cell in cells]


def booleans(cells: Sequence[Any]) -> list[str]:
    """Either `true` or `false`."""
    return ["null" if cell is None else "true" if cell else "false" for cell in cells]


VALUES: dict[ColumnType, Callable[[Sequence[Any]], list[str]]] = {
    ColumnType.TEXT: texts,
    ColumnType.INTEGER: integers,
    ColumnType.DECIMAL: decimals,
    ColumnType.DATE: dates,
    ColumnType.TIMESTAMP: timestamps,
    ColumnType.BOOLEAN: booleans,
}
