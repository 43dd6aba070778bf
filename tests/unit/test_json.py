import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Never

import pytest
from msgspec.structs import replace

from rapor.catalogue import KeyFigure
from rapor.documents.json import write_json
from tests.unit.document_samples import COLUMNS, Row, WriteOnly, head, storable_rows, stored


def write(table: Sequence[Row], **heading: Any) -> bytes:
    sink = WriteOnly()
    write_json(head(len(table), **heading), COLUMNS, stored(table), sink)
    return sink.data


def exact(data: bytes) -> Any:
    def refuse(constant: str) -> Never:
        raise AssertionError(constant)

    return json.loads(data, parse_float=Decimal, parse_constant=refuse)


def test_every_cell_comes_back() -> None:
    table = storable_rows()

    document = exact(write(table))

    for row, cells in zip(document["rows"], table, strict=True):
        expected = dict(zip((column.name for column in COLUMNS), cells, strict=True))
        expected["born"] = expected["born"] and expected["born"].isoformat()
        expected["seen"] = expected["seen"] and f"{expected['seen'].isoformat()}Z"
        assert row == expected
        assert list(row) == list(expected)


def test_document_says_what_it_is() -> None:
    document = exact(write(storable_rows(2), rows_total=5))

    assert document["report"] == {
        "uuid": "01234567-89ab-4cde-8f01-23456789abcd",
        "title": "Kullanıcı raporu: ığüşöç İ",
        "report_type": "users",
        "type_version": 3,
        "parameters": {"date_from": "2025-01-01", "score": Decimal("1.10"), "rate": None, "tags": ["ş", None]},
        "as_of": "2025-12-31T23:59:01.000005Z",
        "row_count": 2,
        "rows_total": 5,
    }
    assert document["columns"][3] == {"name": "amount", "type": "decimal", "label": "Tutar (₺)"}


def test_document_says_what_its_rows_come_to() -> None:
    revenue = KeyFigure.model_validate(
        {"name": "revenue", "type": "decimal", "label": {"en": "Revenue"}, "value": "sum(amount)"}
    )
    columns = [column.model_copy(update={"total": column.name == "amount"}) for column in COLUMNS]
    sink = WriteOnly()

    totals = [Decimal("3.50") if column.total else None for column in columns]
    write_json(replace(head(0), summary=[(revenue, Decimal("7.10"))], totals=totals), columns, stored([]), sink)

    report = exact(sink.data)["report"]
    assert report["summary"] == {"revenue": Decimal("7.10")}
    assert report["totals"] == {"amount": Decimal("3.50")}


def test_letters_are_written_as_they_are() -> None:
    assert "İbrahim Çağlar".encode() in write(storable_rows(3))


def test_decimals_keep_every_digit() -> None:
    assert b'"amount":-123456789012345678901234567.0123456789,' in write(storable_rows(10))


def test_no_rows_is_an_empty_list() -> None:
    assert exact(write([]))["rows"] == []


def test_same_input_gives_same_bytes() -> None:
    assert write(storable_rows()) == write(storable_rows())


def test_fewer_rows_than_announced_are_refused() -> None:
    with pytest.raises(ValueError, match="3 rows came, the head says 4"):
        write_json(head(4), COLUMNS, stored(storable_rows(3)), WriteOnly())
