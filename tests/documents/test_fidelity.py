"""
Ten thousand rows come back out of CSV, JSON and Excel as they went in.

Expected cells are written out here from what went in, never from what a writer says; what a format cannot hold is in
`docs/formats.md`, and here.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from rapor.catalogue import ReportType
from rapor.report import Format
from tests.documents import corpus
from tests.documents.corpus import Row
from tests.libreoffice import Cell, cells_of, lines_of, with_line_feeds
from tests.production import Made, a_type, made

COLUMNS = {
    "id": ("integer", "id"),
    "amount": ("decimal", "amount"),
    "wide": ("decimal", "wide"),
    "whole": ("integer", "whole::hugeint"),
    "born": ("date", "born"),
    "seen": ("timestamp", "seen"),
    "active": ("boolean", "active"),
    "words": ("text", "words"),
    "leftward": ("text", "leftward"),
    "hostile": ("text", "hostile"),
    "swept": ("text", "swept"),
}
GUARDED = ("=", "+", "-", "@", "\t", "\r", "\0")
TO_THE_MILLISECOND = timedelta(milliseconds=0.55)  # openpyxl rounds to it; the double itself is good to 0.04 ms
EXCELS_DIGITS = 15
EXCELS_LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, 500_000)
EXCELS_FIRST_DAY = date(1900, 3, 1)  # its calendar has a 29 February 1900


@pytest.fixture(scope="module")
def report_type() -> ReportType:
    return a_type("corpus", COLUMNS, order_by="id")


def complete(document: Made) -> bytes:
    assert (document.result.row_count, document.result.rows_total) == (corpus.ROWS, corpus.ROWS)
    return document.document


def differences(
    found: Iterable[Iterable[Any]], expected: Iterable[Iterable[Any]], within: timedelta = timedelta(0)
) -> list[tuple[int, str, Any, Any]]:
    """Every cell that is not of the expected type and value, moments *within* so much: row, column, found, expected."""
    return [
        (number, name, cell, wanted)
        for number, (cells, wanteds) in enumerate(zip(found, expected, strict=True))
        for name, cell, wanted in zip(COLUMNS, cells, wanteds, strict=True)
        if not same(cell, wanted, within)
    ]


def same(cell: object, wanted: object, within: timedelta) -> bool:
    if isinstance(cell, datetime) and isinstance(wanted, datetime):
        return abs(cell - wanted) <= within
    return type(cell) is type(wanted) and cell == wanted


def test_every_cell_of_a_csv_is_the_sources(location: Path, report_type: ReportType, source: Sequence[Row]) -> None:
    text = complete(made(location, report_type, Format.CSV)).decode()

    [head, *lines] = csv.reader(io.StringIO(text, newline=""))

    assert head == list(COLUMNS)
    assert differences(lines, ([in_csv(cell) for cell in row] for row in source)) == []


def in_csv(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return f"{cell.isoformat()}Z"
        case str() if cell.startswith(GUARDED):
            return f"'{cell}"
    return str(cell)


def test_null_and_empty_text_differ_in_a_csv(location: Path, report_type: ReportType, source: Sequence[Row]) -> None:
    document = complete(made(location, report_type, Format.CSV))

    empty = sum(cell == "" for row in source for cell in row)
    assert empty > 50
    assert len(re.findall(rb'(?<=,)""(?=,|\r\n)', document)) == empty


def test_every_cell_of_a_json_is_the_sources(location: Path, report_type: ReportType, source: Sequence[Row]) -> None:
    document = json.loads(complete(made(location, report_type, Format.JSON)), parse_float=Decimal)

    rows = document["rows"]

    assert {tuple(row) for row in rows} == {tuple(COLUMNS)}
    assert differences((row.values() for row in rows), (map(in_json, row, COLUMNS.values()) for row in source)) == []


def in_json(cell: object, column: tuple[str, str]) -> object:
    match cell:
        case datetime():
            return f"{cell.isoformat()}Z"
        case date():
            return cell.isoformat()
        case Decimal() if cell == cell.to_integral_value() and column[1] == "wide":
            return int(cell)  # a number without a fraction is written without a point
    return cell


def test_every_cell_of_an_excel_is_the_sources(location: Path, report_type: ReportType, source: Sequence[Row]) -> None:
    document = complete(made(location, report_type, Format.EXCEL))

    sheet = openpyxl.load_workbook(io.BytesIO(document), read_only=True).worksheets[0]
    found = (
        [from_excel(cell) for cell in row] for row in sheet.iter_rows(min_row=2, max_col=len(COLUMNS), values_only=True)
    )

    expected = ([in_excel(cell) for cell in row] for row in source)
    assert differences(found, expected, within=TO_THE_MILLISECOND) == []


def from_excel(cell: object) -> object:
    """What openpyxl gives, every number as a Decimal, and the escapes of ECMA-376 §22.9.2.19 undone."""
    match cell:
        case str():
            return re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), cell)
        case int() | float() if not isinstance(cell, bool):
            return Decimal(repr(cell))
    return cell


def in_excel(cell: object) -> object:
    """Excel has no empty text, no number of more than 15 digits, no day before its calendar is right."""
    match cell:
        case "":
            return None
        case int() if not isinstance(cell, bool):
            return Decimal(cell) if len(str(abs(cell))) <= EXCELS_DIGITS else str(cell)
        case Decimal():
            digits = "".join(map(str, cell.as_tuple().digits)).strip("0")
            return cell if len(digits) <= EXCELS_DIGITS else f"{cell:f}"
        case datetime() if cell.date() < EXCELS_FIRST_DAY or cell >= EXCELS_LAST_MOMENT:
            return f"{cell.isoformat()}Z"
        case date() if not isinstance(cell, datetime):
            return datetime(cell.year, cell.month, cell.day) if cell >= EXCELS_FIRST_DAY else cell.isoformat()
    return cell


def test_libreoffice_reads_every_cell_of_an_excel_as_it_was_meant(
    location: Path, report_type: ReportType, source: Sequence[Row], tmp_path: Path
) -> None:
    document = tmp_path / "corpus.xlsx"
    document.write_bytes(complete(made(location, report_type, Format.EXCEL)))

    found = [
        [from_libreoffice(text, cell) for text, cell in zip(texts, cells, strict=False)]
        for texts, cells in zip(lines_of(document)[1:], cells_of(document)[1:], strict=True)
    ]

    expected = ([in_libreoffice(in_excel(cell)) for cell in row] for row in source)
    assert differences(found, expected, within=timedelta(seconds=1)) == []  # it keeps moments, and tells seconds


def from_libreoffice(text: str, cell: Cell) -> object:
    """A value by the type it was taken for."""
    match cell.kind:
        case "date":
            return datetime.fromisoformat(cell.value)
        case "float" if text not in {"TRUE", "FALSE"}:
            return Decimal(text)
    return text


def in_libreoffice(cell: object) -> object:
    """There is no NULL, and booleans are words."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).upper()
        case str():
            return with_line_feeds(cell)
    return cell
