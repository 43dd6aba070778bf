import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rapor.documents.csv import write_csv
from rapor.documents.parts import CsvOptions
from tests.unit.document_samples import COLUMNS, NOTES, Row, WriteOnly, head, storable_rows, stored


def read_back(data: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def write(table: Sequence[Row], **options: Any) -> bytes:
    sink = WriteOnly()
    written = write_csv(head(len(table), csv=CsvOptions(**options)), COLUMNS, stored(table), sink)
    assert written.rows == len(table)
    return sink.data


def test_every_cell_comes_back() -> None:
    table = storable_rows()

    lines = read_back(write(table))

    assert lines[0] == [column.name for column in COLUMNS]
    for line, (identity, name, note, amount, quantity, born, seen, active) in zip(lines[1:], table, strict=True):
        assert line[0] == str(identity)
        assert line[1] == name
        assert line[2] == ("'" if note and note[0] in "=+-@\t\r\0" else "") + (note or "")
        assert (Decimal(line[3]) if line[3] else None) == amount
        assert "E" not in line[3]
        assert (int(line[4]) if line[4] else None) == quantity
        assert line[5] == (born.isoformat() if born else "")
        assert line[6] == (f"{seen.isoformat()}Z" if seen else "")
        assert line[7] == {True: "true", False: "false", None: ""}[active]


def test_negative_numbers_are_not_guarded() -> None:
    table = [(1, "a", "-1", Decimal("-1.5"), -2, None, None, None)]

    line = read_back(write(table))[1]

    assert line[2:5] == ["'-1", "-1.5000000000", "-2"]


def test_null_and_empty_text_differ() -> None:
    assert write([(1, "", None, None, None, None, None, None)]).endswith(b'\r\n1,"",,,,,,\r\n')


def test_lines_end_in_crlf_without_a_mark() -> None:
    data = write(storable_rows(3))

    assert data.startswith(b"id,name,")
    assert data.endswith(b"\r\n")


def test_options_change_mark_delimiter_and_decimal() -> None:
    table = storable_rows(40)

    data = write(table, bom=True, delimiter=";", decimal=",")

    assert data.startswith(b"\xef\xbb\xbfid;name;")
    assert read_back(data, ";")[4][3] == "1234,5600000000"
    assert [line[2].lstrip("'") for line in read_back(data, ";")[1:21]] == [note or "" for note in NOTES]


def test_decimal_comma_is_quoted_where_it_is_the_delimiter() -> None:
    assert b'"1234,5600000000"' in write(storable_rows(10), decimal=",")


def test_one_empty_cell_is_still_a_row() -> None:
    sink = WriteOnly()

    write_csv(head(2), COLUMNS[1:2], stored([(None,), ("a",)], COLUMNS[1:2]), sink)

    assert sink.data == b'name\r\n""\r\na\r\n'


def test_same_input_gives_same_bytes() -> None:
    assert write(storable_rows()) == write(storable_rows())
