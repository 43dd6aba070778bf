"""What DuckDB writes is what plain Python would, whatever the data."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from rapor.batches import Form
from rapor.catalogue import Column
from rapor.documents import csv, json
from rapor.documents.excel import sheet
from rapor.documents.excel.styles import Styles
from rapor.documents.parts import CsvOptions
from rapor.locale import locale_of
from tests.unit.document_samples import NAMES, NOTES, Row, stored
from tests.unit.plain_twins import csv_line, excel_row, json_line

KINDS = {
    "tiny": ("integer", "tinyint"),
    "id": ("integer", "bigint"),
    "huge": ("integer", "hugeint"),
    "unsigned": ("integer", "ubigint"),
    "order": ("text", "varchar"),
    "note": ("text", "varchar"),
    "amount": ("decimal", "decimal(18,2)"),
    "fraction": ("decimal", "decimal(4,4)"),
    "small": ("decimal", "decimal(38,38)"),
    "large": ("decimal", "decimal(38,0)"),
    "whole": ("decimal", "integer"),
    "day": ("date", "date"),
    "at": ("timestamp", "timestamp"),
    "zoned": ("timestamp", "timestamptz"),
    "seconds": ("timestamp", "timestamp_s"),
    "active": ("boolean", "boolean"),
}
COLUMNS = tuple(
    Column.model_validate(
        {"name": name, "type": kind, "label": {"en": name}} | ({"grouping": False} if name == "id" else {})
    )
    for name, (kind, _) in KINDS.items()
)
PIECES = [
    *map(chr, range(0x30)), *"=+-@\t\r\0\n,;|'\"\\<>&_xX", "_x0041_", "_x000D_x000d_", "__x00", "x005F_", "&amp;", "\x7f", "\x85",
    "\u2028", "\ufeff", "\ufffd", "\ufffe", "\uffff", "ı", "İ", "é", "ﬁ", "👍🏽", "\U0010ffff", "null", "true", "a" * 30,
    *NAMES, *filter(None, NOTES),
]  # fmt: skip


def hostile(random: Random) -> Row:
    return tuple(None if random.random() < 0.1 else cell(name, random) for name in KINDS)


def cell(name: str, random: Random) -> Any:  # noqa: PLR0911 (one kind, one line)
    match name:
        case "tiny":
            return random.randint(-128, 127)
        case "id":
            return random.choice([random.randint(-(2**63), 2**63 - 1), 10**15, 1 - 10**15, -(10**15), 10**15 - 1, 0, 7])
        case "huge":
            return random.choice([2**127 - 1, -(2**127), 0, random.randint(-(2**100), 2**100)])
        case "unsigned":
            return random.choice([2**64 - 1, 0, random.randint(0, 10**15)])
        case "order" | "note":
            return "".join(random.choices(PIECES, k=random.choice([0, 1, 1, 2, 5])))
        case "active":
            return random.random() < 0.5
        case "day":
            return date.fromordinal(
                random.choice([1, 693_595, 693_654, 693_655, 3_652_059, random.randint(1, 3_652_059)])
            )
        case "at" | "zoned":
            return moment(random)
        case "seconds":
            return moment(random).replace(microsecond=0)
    return decimal(KINDS[name][1], random)


def moment(random: Random) -> datetime:
    edges = [
        datetime(1, 1, 1),
        datetime(1900, 2, 28, 23, 59, 59, 999_999),
        datetime(1900, 3, 1),
        datetime(9999, 12, 31, 23, 59, 59, 499_999),
        datetime(9999, 12, 31, 23, 59, 59, 500_000),
        datetime(9999, 12, 31, 23, 59, 59, 999_999),
    ]
    return random.choice(
        [*edges, datetime(1, 1, 1) + timedelta(microseconds=random.randrange(315_537_897_600_000_000))]
    )


def decimal(kind: str, random: Random) -> Decimal:
    """As many digits as the type has, or fewer, or zeros at the end."""
    precision, scale = (9, 0) if kind == "integer" else map(int, kind[8:-1].split(","))
    digits = random.randint(0, precision)
    unscaled = random.randrange(10**digits) * 10 ** random.choice([0, 0, (precision - digits) // 2])
    return Decimal(f"{random.choice('+-') if unscaled else ''}{unscaled}E-{scale}")


def written(form: Form, table: Sequence[Row], columns: Sequence[Column] = COLUMNS) -> list[str]:
    source = stored(table, columns, [KINDS[column.name][1] for column in columns])
    return [row for lines in source.lines(form) for row in rows_of(lines)]


def rows_of(lines: Any) -> Iterator[str]:
    for index in range(lines.rows):
        yield lines.part(index, index + 1).decode()


@pytest.fixture(scope="module", params=[1, 2, 3])
def table(request: pytest.FixtureRequest) -> list[Row]:
    random = Random(request.param)  # noqa: S311 (made-up data)
    return [hostile(random) for _ in range(5000)]


@pytest.mark.parametrize("options", [
    CsvOptions(), CsvOptions(delimiter=";", decimal=","), CsvOptions(delimiter="\t"), CsvOptions(delimiter="|"), CsvOptions(decimal=","),
], ids=str)  # fmt: skip
def test_csv_is_what_python_would_write(table: list[Row], options: CsvOptions) -> None:
    assert written(csv.form_of(COLUMNS, options), table) == [csv_line(COLUMNS, row, options) for row in table]


@pytest.mark.parametrize("index", range(len(COLUMNS)))
def test_csv_of_one_column_is_what_python_would_write(table: list[Row], index: int) -> None:
    columns, rows, options = COLUMNS[index : index + 1], [row[index : index + 1] for row in table], CsvOptions()

    assert written(csv.form_of(columns, options), rows, columns) == [csv_line(columns, row, options) for row in rows]


def test_json_is_what_python_would_write(table: list[Row]) -> None:
    assert written(json.form_of(COLUMNS), table) == [json_line(COLUMNS, row) for row in table]


def test_excel_is_what_python_would_write(table: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "ROW_LIMIT", 1001)

    found = written(sheet.form(COLUMNS, Styles(locale_of("en"))), table)

    assert found == [excel_row(COLUMNS, row, 2 + index % 1000) for index, row in enumerate(table)]


@pytest.mark.parametrize("text", [
    "a" * 32_767, "a" * 32_768, "ş" * 32_768, "👍" * 16_383 + "a", "👍" * 16_384, "a" * 32_766 + "👍", "\0" * 40_000, "&" * 32_768, "_x0041_" * 6000,
    "a" * 32_767 + "👍" * 5, "👍a" * 11_000,
], ids=range(11))  # fmt: skip
def test_long_text_is_cut_as_python_would(text: str) -> None:
    columns = [column for column in COLUMNS if column.name == "note"]

    found = written(sheet.form(columns, Styles(locale_of("en"))), [(text,)], columns)

    assert found == [excel_row(columns, (text,), 2)]
