import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from rapor.documents.excel import archive, sheet, write_excel
from rapor.documents.excel.cells import letters_of
from tests.unit.document_samples import COLUMNS, Row, WriteOnly, head, storable_rows, stored


def write(table: Sequence[Row], **heading: Any) -> bytes:
    sink = WriteOnly()
    written = write_excel(head(len(table), **heading), COLUMNS, stored(table), sink)
    assert written.rows == len(table)
    return sink.data


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def unescaped(text: str | None) -> str | None:
    return text and re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), text)


def number(value: Decimal | None) -> Decimal | str | None:
    return (
        value if value is None or len(str(value).strip("-").replace(".", "").strip("0")) <= 15 else format(value, "f")
    )


def test_every_cell_comes_back_typed() -> None:
    table = storable_rows()

    lines = list(opened(write(table))["Rapor"].iter_rows(min_row=2, values_only=True))

    for line, (identity, name, note, amount, quantity, born, seen, active) in zip(lines, table, strict=True):
        assert line[0] == identity
        assert line[1] == name
        assert unescaped(line[2]) == (note or None)
        expected = number(amount)
        assert line[3] == (float(expected) if isinstance(expected, Decimal) else expected)
        long = quantity is not None and abs(quantity) >= 10**15
        assert line[4] == (str(quantity) if long else quantity)
        early = born and born < date(1900, 3, 1)
        assert line[5] == (born.isoformat() if early else born and datetime(born.year, born.month, born.day))
        early = seen and seen < datetime(1900, 3, 1)
        assert line[6] == (f"{seen.isoformat()}Z" if early else line[6])
        assert early or line[6] is seen or abs((line[6] - seen).total_seconds()) < 0.001
        assert line[7] == active


def test_nothing_is_a_formula() -> None:
    data = write(storable_rows(60))

    cells = [cell for line in opened(data)["Rapor"].iter_rows(min_row=2) for cell in line]

    assert not [cell for cell in cells if cell.data_type == "f"]
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")


def test_head_is_frozen_filtered_and_labelled() -> None:
    page = opened(write(storable_rows(5)))["Rapor"]

    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:H6"
    assert page.print_title_rows == "$1:$1"
    assert [cell.value for cell in page[1]] == [column.label["tr"] for column in COLUMNS]
    assert page["A1"].font.bold
    assert page["F6"].number_format == "dd\\.mm\\.yyyy"


def test_rows_roll_over_to_the_next_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "ROW_LIMIT", 401)

    book = opened(write(storable_rows(1000)))

    assert book.sheetnames == ["Rapor", "Rapor 2", "Rapor 3", "Hakkında"]
    assert [book[name].max_row for name in book.sheetnames[:3]] == [401, 401, 201]
    assert [book[name]["A2"].value for name in book.sheetnames[:3]] == [1, 401, 801]


def test_about_sheet_says_what_the_document_is() -> None:
    page = opened(write(storable_rows(5), locale="en", rows_total=9))["About"]

    facts = {line[0]: line[1] for line in page.iter_rows(min_row=3, values_only=True)}

    assert page["A1"].value == "Kullanıcı raporu: ığüşöç İ"
    assert facts == {
        "Başlangıç": "01.01.2025",
        "Bitiş": "31.12.2025",
        "As of": "2025-12-31 23:59:01 UTC",
        "Rows written": "5",
        "Rows found": "9",
        "Report type": "users",
        "Version": "3",
        "Report id": "01234567-89ab-4cde-8f01-23456789abcd",
    }


def test_text_too_long_for_a_cell_is_cut_and_counted() -> None:
    fits, sink = "👍" * 16_383 + "a", WriteOnly()

    written = write_excel(head(2), COLUMNS[1:3], stored([(fits, "b"), (fits + "b", "c" * 40_000)], COLUMNS[1:3]), sink)

    assert written.cut_cells == 2
    assert [cell.value for cell in opened(sink.data)["Rapor"]["A"]][1:] == [fits, fits[:16_384]]
    assert opened(sink.data)["Rapor"]["B3"].value == "c" * 32_767


def test_no_rows_is_a_head_alone() -> None:
    assert opened(write([]))["Rapor"].max_row == 1


def test_same_input_gives_same_bytes() -> None:
    assert write(storable_rows()) == write(storable_rows())


def test_archive_is_sound() -> None:
    archive_file = zipfile.ZipFile(io.BytesIO(write(storable_rows())))

    assert archive_file.testzip() is None
    assert {entry.date_time for entry in archive_file.infolist()} == {(2025, 1, 1, 0, 0, 0)}


def test_archive_past_32_bits_carries_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FULL_32", 2000)

    data = write(storable_rows(1000))

    assert b"PK\6\6" in data
    assert b"PK\6\7" in data


@pytest.mark.parametrize(("size", "descriptor"), [(1999, 16), (2000, 24)])
def test_descriptor_is_long_where_the_directory_says_zip64(
    monkeypatch: pytest.MonkeyPatch, size: int, descriptor: int
) -> None:
    monkeypatch.setattr(archive, "FULL_32", 2000)
    sink = WriteOnly()

    archive.Zip(sink).add("a", bytes(size))

    assert sink.data[-descriptor:].startswith(b"PK\7\x08")
    assert len(archive.central_header(archive.Entry(b"a", offset=0, size=size))) == 47 + (descriptor == 24) * 28


def test_zip64_end_is_read_by_others() -> None:
    entry = archive.Entry(b"a", offset=0, crc=0, packed=0, size=0)
    directory = archive.central_header(entry)
    local = b"\0" * 10
    end = archive.zip64_end(len(local), len(directory), 1, at=len(local) + len(directory))
    legacy = b"PK\5\6" + b"\0" * 4 + b"\xff" * 12 + b"\0" * 2

    names = zipfile.ZipFile(io.BytesIO(local + directory + end + legacy)).namelist()

    assert names == ["a"]


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_columns_have_letters(index: int, letters: str) -> None:
    assert letters_of(index) == letters
