import io
import re
import struct
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
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


def test_the_last_moments_of_the_calendar_stay_in_their_year() -> None:
    moments = [datetime(9999, 12, 31, 23, 59, 59, fraction) for fraction in (0, 499_999, 500_000, 999_999)]
    row = storable_rows(1)[0]

    found = opened(write([(*row[:6], moment, row[7]) for moment in moments]))["Rapor"]

    cells = [found[f"G{number}"].value for number in range(2, 6)]
    assert cells[0] == moments[0]
    assert abs(cells[1] - moments[1]).total_seconds() < 0.001
    assert cells[2:] == ["9999-12-31T23:59:59.500000Z", "9999-12-31T23:59:59.999999Z"]


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

    facts = {line[0] or "": line[1] for line in page.iter_rows(min_row=3, values_only=True)}

    assert page["A1"].value == "Kullanıcı raporu: ığüşöç İ"
    assert facts == {
        "Başlangıç": "01.01.2025",
        "Bitiş": "31.12.2025",
        "As of": "2025-12-31 23:59:01 UTC",
        "Rows written": "5",
        "Rows found": "9",
        "": "Truncated: this document does not have all rows that were found.",
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


FOUR_GIB = 2**32


def test_entry_past_4_gib_and_what_follows_are_read_by_others() -> None:
    stream = io.BytesIO()
    written = archive.Zip(stream)
    written.begin("large")
    for _ in range(64):
        written.write(bytes(FOUR_GIB // 64))
    written.end()
    written.add("small", b"ends")
    written.close()

    read = zipfile.ZipFile(stream)

    large, small = read.infolist()
    assert large.file_size == FOUR_GIB
    assert descriptor_before(stream, small.header_offset, "<4sIQQ") == (large.CRC, large.compress_size, FOUR_GIB)
    assert read.read("small") == b"ends"
    assert descriptor_before(stream, read.start_dir, "<4sIII") == (small.CRC, small.compress_size, 4)


def test_entries_that_begin_past_4_gib_are_read_by_others(tmp_path: Path) -> None:
    before = FOUR_GIB + 4096
    with (tmp_path / "sparse.zip").open("wb") as file:
        file.seek(before)
        written = archive.Zip(file)
        written._position = before
        written.add("far", b"text")
        written.close()

    with zipfile.ZipFile(tmp_path / "sparse.zip") as read:
        [far] = read.infolist()
        content = read.read("far")

    assert far.header_offset == before
    assert (far.file_size, far.extra) == (4, struct.pack("<2HQ", 1, 8, before))
    assert content == b"text"


def descriptor_before(stream: io.BytesIO, end: int, form: str) -> tuple[int, ...]:
    """Checksum, packed and unpacked size."""
    signature, *values = struct.unpack(form, stream.getvalue()[end - struct.calcsize(form) : end])
    assert signature == b"PK\7\x08"
    return tuple(values)


@pytest.mark.parametrize(
    ("size", "extra"), [(FOUR_GIB - 2, b""), (FOUR_GIB - 1, struct.pack("<2HQ", 1, 8, FOUR_GIB - 1))]
)
def test_zip64_begins_where_32_bits_are_all_set(size: int, extra: bytes) -> None:
    header = archive.central_header(archive.Entry(b"a", offset=0, size=size))

    assert header[47:] == extra
    assert struct.unpack("<I", header[24:28]) == (min(size, FOUR_GIB - 1),)


def test_more_entries_than_16_bits_count_are_read_by_others() -> None:
    stream = io.BytesIO()
    written = archive.Zip(stream)
    for number in range(65_536):
        written.add(str(number), b"")
    written.close()

    assert len(zipfile.ZipFile(stream).namelist()) == 65_536


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_columns_have_letters(index: int, letters: str) -> None:
    assert letters_of(index) == letters
