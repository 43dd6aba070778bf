"""A thousand rows of what reports really hold, and of what breaks writers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import duckdb

from rapor.batches import Batch, Form, Lines, Source
from rapor.catalogue import Column, ReportType
from rapor.data.datasets import Folder
from rapor.data.engine import Rows
from rapor.data.query import Queries, Query
from rapor.documents.parts import CsvOptions, Head

Row = tuple[Any, ...]

COLUMNS = tuple(
    Column.model_validate({"name": name, "type": kind, "label": {"tr": tr, "en": en}})
    for name, kind, tr, en in (
        ("id", "integer", "No", "No"),
        ("name", "text", "Ad soyad", "Name"),
        ("note", "text", "Açıklama", "Note"),
        ("amount", "decimal", "Tutar (₺)", "Amount"),
        ("quantity", "integer", "Adet", "Quantity"),
        ("born", "date", "Doğum tarihi", "Born"),
        ("seen", "timestamp", "Son giriş", "Last seen"),
        ("active", "boolean", "Etkin mi", "Active"),
    )
)
NAMES = (
    "Ayşe Yılmaz",
    "İbrahim Çağlar",
    "Şule Güneş Öztürk",
    "ığüşöçIĞÜŞİÖÇ",
    "王小明",
    "محمد علي",
    "Иван Петров",
    "Ἀλέξανδρος",
    "한지민",
    "שלום עולם",
    "नमस्ते",
    "Zoë 👍🏽",
    "O'Brien (\\test)",
)
NOTES = (
    None,
    "",
    "plain",
    '=HYPERLINK("http://evil","x")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\ttab first",
    "\rreturn first",
    "\0nul first",
    'quote " comma , semicolon ;',
    "two\nlines",
    "two\r\nlines",
    "bell \x07 escape \x1b",
    "<b>&amp;</b>",
    "_x0041_ is not A",
    "  spaces around  ",
    "{{template}} %s %d $name ${x}",
    "uzun bir açıklama " * 12,
    "kesintisizuzunsözcük" * 8,
)
AMOUNTS = (
    None,
    Decimal("0.00"),
    Decimal("-0.01"),
    Decimal("1234.56"),
    Decimal("-98765432.10"),
    Decimal(12345678901234567890123456789012345678),
    Decimal("-0.12345678901234567890123456789012345678"),
    Decimal("1E+3"),
    Decimal("1E-7"),
)
QUANTITIES = (None, 0, -1, 2025, 999_999_999_999_999, 1_000_000_000_000_000, -(2**63), 2**127)
DATES = (
    None,
    date(1, 1, 1),
    date(1899, 12, 31),
    date(1900, 2, 28),
    date(1900, 3, 1),
    date(2025, 12, 31),
    date(9999, 12, 31),
)
MOMENTS = (None, datetime(1850, 1, 1, 12), datetime(2025, 6, 1, 23, 59, 59), datetime(2025, 6, 1, 0, 0, 0, 123456))


def rows(
    count: int = 1000, amounts: Sequence[Decimal | None] = AMOUNTS, quantities: Sequence[int | None] = QUANTITIES
) -> list[Row]:
    return [
        (
            index + 1,
            NAMES[index % len(NAMES)],
            NOTES[index % len(NOTES)],
            amounts[index % len(amounts)],
            quantities[index % len(quantities)],
            DATES[index % len(DATES)],
            MOMENTS[index % len(MOMENTS)],
            (True, False, None)[index % 3],
        )
        for index in range(count)
    ]


def storable_rows(count: int = 1000) -> list[Row]:
    """The same, so that each column has an SQL type."""
    amounts = (*AMOUNTS[:5], Decimal("-123456789012345678901234567.0123456789"), *AMOUNTS[7:])
    return rows(count, amounts, (*QUANTITIES[:-1], 2**127 - 1))


def plain_rows(count: int) -> list[Row]:
    return [
        (
            index + 1,
            NAMES[index % 4],
            f"({index}) \\ açık",
            Decimal(index * 7919 - 5000) / 100,
            index * 31,
            date(2025, 1, 1) + timedelta(days=index % 365),
            datetime(2025, 1, 1) + timedelta(minutes=index),
            index % 2 == 0,
        )
        for index in range(count)
    ]


KINDS = {
    "text": "varchar",
    "integer": "hugeint",
    "decimal": "decimal(38,10)",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}


def batches(rows: Sequence[Row], size: int = 300) -> Iterator[Batch]:
    for first in range(0, len(rows), size):
        yield Batch(zip(*rows[first : first + size], strict=True))


def stored(table: Sequence[Row], columns: Sequence[Column] = COLUMNS, kinds: Sequence[str] | None = None) -> Rows:
    """The rows as DuckDB gives them, each column of the SQL type *kinds* says."""
    kinds = kinds or [KINDS[column.type] for column in columns]
    cells = [f"unnest(${index}::varchar[])::{kind} as c{index}" for index, kind in enumerate(kinds, 1)]
    names = [f'c{index} as "{column.name}"' for index, column in enumerate(columns, 1)]
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    texts = [[as_text(row[index]) for row in table] for index in range(len(columns))]
    con.execute(f"create table sample as select {', '.join(cells)}", texts)
    query = Query(f"select {', '.join(names)} from sample", frozenset())
    return Rows(con, Folder(Path()), Queries(query, query, None), {}, a_report_type(columns), stopped=Event())


def as_text(cell: Any) -> str | None:
    return None if cell is None else format(cell, "f") if isinstance(cell, Decimal) else str(cell)


def a_report_type(columns: Sequence[Column]) -> ReportType:
    return ReportType.model_validate({
        "name": "sample", "version": 1, "title": {"en": "Sample"}, "description": {"en": "Sample"}, "formats": ["csv"],
        "sources": {"sample": {}}, "query": "select 1", "columns": [*columns],
    })  # fmt: skip


class Given:
    """Rows that come as cells alone."""

    def __init__(self, batches: Iterable[Sequence[Sequence[Any]]]) -> None:
        self._batches = batches

    def batches(self) -> Iterator[Batch]:
        return map(Batch, self._batches)

    def lines(self, form: Form) -> Iterator[Lines]:
        raise AssertionError("asked for bytes")


class Halting:
    """Rows, with a look at the world after each of their pieces."""

    def __init__(self, source: Source, look: Callable[[], object]) -> None:
        self._source, self._look = source, look

    def batches(self) -> Iterator[Batch]:
        for batch in self._source.batches():
            yield batch
            self._look()

    def lines(self, form: Form) -> Iterator[Lines]:
        for lines in self._source.lines(form):
            yield lines
            self._look()


def head(count: int, *, locale: str = "tr", rows_total: int | None = None, csv: CsvOptions | None = None) -> Head:
    return Head(
        uuid="01234567-89ab-4cde-8f01-23456789abcd",
        title="Kullanıcı raporu: ığüşöç İ",
        report_type="users",
        type_version=3,
        locale=locale,
        parameters=[("Başlangıç", "01.01.2025"), ("Bitiş", "31.12.2025")],
        raw_parameters={"date_from": "2025-01-01", "score": Decimal("1.10"), "rate": float("nan"), "tags": ["ş", None]},
        as_of=datetime(2025, 12, 31, 23, 59, 1, 5, tzinfo=UTC),
        row_count=count,
        rows_total=count if rows_total is None else rows_total,
        csv=csv or CsvOptions(),
    )


class WriteOnly:
    """A sink that can do nothing but write."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(bytes(data))

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))
