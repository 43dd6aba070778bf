"""
Rows to JSON (RFC 8259): `{"report": {...}, "columns": [...], "rows": [{...}, ...]}`.

Decimals are numbers with every digit they had; what JSON cannot say (NaN, Infinity) is null.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from rapor.batches import Form, Source
from rapor.catalogue import Column, ColumnType
from rapor.documents.parts import Head, Sink, Written
from rapor.documents.rows import counted, finite_number, label_of
from rapor.documents.sql import iso_moment
from rapor.sql import concat, literal, quoted

COMMA = ","
SPECIAL = r'["\\\x00-\x1f]'  # RFC 8259 §7: what a string cannot hold as it is

quote = json.JSONEncoder(ensure_ascii=False).encode


def write_json(head: Head, columns: Sequence[Column], source: Source, sink: Sink) -> Written:
    """
    Write one object per row, a line each.

    Raises:
        ValueError: See `rows.counted`.
    """
    sink.write(opening(head, columns).encode())
    rows = 0
    for lines in counted(head, source.lines(form_of(columns))):
        sink.write(lines.data if rows else lines.data[len(COMMA) :])
        rows += lines.rows
    sink.write(b"\n]}\n" if rows else b"]}\n")
    return Written(rows)


def form_of(columns: Sequence[Column]) -> Form:
    """Write a row as an object on a line of its own, after the comma that parts it from the row before."""
    starts = [f"{COMMA}\n{{", *[COMMA] * (len(columns) - 1)]
    members = [
        (literal(f'{start}"{column.name}":'), value(column)) for start, column in zip(starts, columns, strict=True)
    ]
    return Form(line=concat(*chain.from_iterable(members), "'}'"))


def value(column: Column) -> str:
    """Write a cell; NULL is null."""
    name = quoted(column.name)
    match column.type:
        case ColumnType.TEXT:
            return text(name)
        case ColumnType.DATE:
            return f"""coalesce('"' || {name} || '"', 'null')"""
        case ColumnType.TIMESTAMP:
            return f"""coalesce('"' || {iso_moment(name)} || '"', 'null')"""
    return f"coalesce(cast({name} as varchar), 'null')"


def text(name: str) -> str:
    """Write a string, non-ASCII as it is."""
    special = f"regexp_matches({name}, {literal(SPECIAL)})"
    return f"""case when {name} is null then 'null' when {special} then {escaped(name)} else '"' || {name} || '"' end"""


def escaped(name: str) -> str:
    """Let DuckDB write a string that needs escapes."""
    return f"cast(to_json({name}) as varchar)"


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
    described = [as_described(column, head.locale) for column in columns]
    return f'{{"report":{to_json(report)},\n"columns":{to_json(described)},\n"rows":['


def as_described(column: Column, locale: str) -> dict[str, Any]:
    """Say what a column is, with the words for the codes that its cells hold."""
    described = {"name": column.name, "type": column.type.value, "label": label_of(column, locale)}
    return {**described, "words": column.words_in(locale)} if column.words else described


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
