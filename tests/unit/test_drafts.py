import csv
import json
import tomllib
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from local.drafts import EXAMPLE, Found, columns_of, draft
from local.report_types import check
from rapor.catalogue import ColumnType
from rapor.data.engine import DuckDBEngine
from rapor.errors import SourceInvalid
from rapor.sql import quoted


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).mkdir()
    (folder / name / "data.csv").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("head", "cell", "found"),
    [
        ("city", "Van", Found("city", "city", ColumnType.TEXT)),
        ("city", "7", Found("city", "city", ColumnType.INTEGER)),
        ("city", "7.5", Found("city", "city", ColumnType.DECIMAL)),
        ("city", "7.5e1", Found("city", "city", ColumnType.DECIMAL, "decimal(18, 2)")),
        ("city", "2025-01-31", Found("city", "city", ColumnType.DATE)),
        ("city", "2025-01-31 10:00:00", Found("city", "city", ColumnType.TIMESTAMP)),
        ("city", "10:00:00", Found("city", "city", ColumnType.TEXT, "varchar")),
        ("city", "true", Found("city", "city", ColumnType.BOOLEAN)),
        ("Şehir Adı", "Van", Found("Şehir Adı", "sehir_adi", ColumnType.TEXT)),
        ("Müşteri No", "Van", Found("Müşteri No", "musteri_no", ColumnType.TEXT)),
        ("IĞDIR İli", "Van", Found("IĞDIR İli", "igdir_ili", ColumnType.TEXT)),
        ("客户", "Van", Found("客户", "ke_hu", ColumnType.TEXT)),
        ("lastSeenAt", "Van", Found("lastSeenAt", "last_seen_at", ColumnType.TEXT)),
        ("IBAN", "Van", Found("IBAN", "iban", ColumnType.TEXT)),
        ("№", "Van", Found("№", "no", ColumnType.TEXT)),
        ("2025 Satış", "Van", Found("2025 Satış", "column_2025_satis", ColumnType.TEXT)),
        ("***", "Van", Found("***", "column_1", ColumnType.TEXT)),
    ],
)
def test_a_column_is_what_the_data_has(tmp_path: Path, head: str, cell: str, found: Found) -> None:
    data = written(tmp_path, "things", f"{head},other\n{cell},x\n")

    assert columns_of("things", data)[0] == found


def test_columns_that_would_share_a_name_do_not(tmp_path: Path) -> None:
    data = written(tmp_path, "things", "A b,a-b,a_b\n1,2,3\n")

    assert [column.name for column in columns_of("things", data)] == ["a_b", "a_b_2", "a_b_3"]


@pytest.mark.parametrize(
    ("head", "label"),
    [
        ("order_no", "Order no"),
        ("Müşteri No", "Müşteri No"),
        ("Şehir  Adı ", "Şehir Adı"),
        ("客户", "客户"),
        ("USER_ID", "USER_ID"),
        ("userId", "userId"),
        ("\n", "column_1"),
    ],
)
def test_a_header_for_people_is_the_label(head: str, label: str) -> None:
    assert Found(head, "column_1", ColumnType.TEXT).label == label


@pytest.mark.parametrize("head", ["USER_ID", "User ID", "user_id", "userId", "ownerId"])
def test_owners_are_found_under_any_spelling(tmp_path: Path, head: str) -> None:
    data = written(tmp_path, "visits", f"{head},visits\n007,3\n")

    drafted = tomllib.loads(draft("visits", columns_of("visits", data)))

    assert drafted["sources"] == {"visits": {"own": head}}


@pytest.mark.parametrize("text", ["day,month,amount\n2025-01-01,1,2\n", "month,rows\n2025-01-01,1\n2025-01-02,1\n"])
def test_the_chart_is_by_month_also_beside_a_column_of_that_name(tmp_path: Path, text: str) -> None:
    data = written(tmp_path, "things", text)
    (tmp_path / "types").mkdir()
    (tmp_path / "types/things.toml").write_text(draft("things", columns_of("things", data)))

    [finding] = check(tmp_path / "types", data)
    assert finding.report_type is not None
    with DuckDBEngine(
        str(data), memory_limit_mb=256, temp_directory=str(tmp_path / "temp"), temp_limit_mb=256
    ).open(finding.report_type, {}, own_user_id=None) as rows:  # fmt: skip
        points = rows.figures().points

    assert points == [(date(2025, 1, 1), len(text.splitlines()) - 1)]


CELLS = st.one_of(
    st.text(max_size=5), st.integers(), st.floats(), st.booleans(), st.none(), st.dates().map(str),
    st.datetimes().map(str), st.uuids().map(str),
)  # fmt: skip
KINDS = st.sampled_from([
    "1", "1::utinyint", "1::hugeint", "1.5", "1.5::double", "1.5::float", "'x'", "null", "true", "date '2025-01-01'",
    "timestamp '2025-01-01'", "timestamptz '2025-01-01'", "'2025-01-01'::timestamp_ns", "time '10:00'", "[1]",
    "{'a': 1}", "map {'a': 1}", "interval 1 day", "uuid()", "'x'::blob", "1.5::decimal(38, 38)",
])  # fmt: skip
HEADS = st.one_of(
    st.text(min_size=1, max_size=12),
    st.sampled_from(["USER_ID", "User ID", "month", "rows", "Amount ($USD)", "$usd", "select", "all", "id", "ID", "x" * 70]),
)  # fmt: skip
TABLES = st.lists(st.tuples(HEADS, CELLS, KINDS), min_size=1, max_size=5)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(columns=TABLES, form=st.sampled_from(["csv", "ndjson", "parquet"]))
def test_every_draft_of_data_that_can_be_read_is_right(columns: list[tuple[str, Any, str]], form: str) -> None:
    with TemporaryDirectory() as folder:
        data, types = Path(folder, "data"), Path(folder, "types")
        (data / "order").mkdir(parents=True)
        types.mkdir()
        try:
            WRITERS[form](data / f"order/a.{form}", columns)
            found = columns_of("order", data)
        except (duckdb.Error, SourceInvalid):
            reject()
        (types / "order.toml").write_text(draft("order", found), "utf-8", newline="")

        [finding] = check(types, data)

        assert finding.wrong is None
        assert finding.bound


def as_csv(file: Path, columns: list[tuple[str, Any, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([[head for head, _, _ in columns], [cell for _, cell, _ in columns]])


def as_ndjson(file: Path, columns: list[tuple[str, Any, str]]) -> None:
    file.write_text(json.dumps({head: cell for head, cell, _ in columns}), "utf-8")


def as_parquet(file: Path, columns: list[tuple[str, Any, str]]) -> None:
    selected = ", ".join(f"{kind} as {quoted(head)}" for head, _, kind in columns)
    with duckdb.connect() as con:
        con.execute(f"copy (select {selected}) to '{file}' (format parquet)")


WRITERS = {"csv": as_csv, "ndjson": as_ndjson, "parquet": as_parquet}


@pytest.mark.parametrize("head", ["select", "order", 'quo"te', "back\\slash", '""" ', "Tarih (gün)", "'x'"])
def test_any_name_makes_a_draft_that_is_right(tmp_path: Path, head: str) -> None:
    quoted = '"' + head.replace('"', '""') + '"'
    data = written(tmp_path, "order", f"{quoted},day\n1,2025-01-01\n")
    (tmp_path / "types").mkdir()
    (tmp_path / "types/order.toml").write_text(draft("order", columns_of("order", data)))

    [finding] = check(tmp_path / "types", data)

    assert finding.wrong is None
    assert finding.bound


def test_numbers_that_name_things_have_no_thousands_marks() -> None:
    columns = [Found("order_id", "order_id", ColumnType.INTEGER), Found("visits", "visits", ColumnType.INTEGER)]

    drafted = tomllib.loads(draft("visits", columns))

    assert [column.get("grouping") for column in drafted["columns"]] == [False, None]


def test_whose_a_row_is_is_text_as_in_tokens(tmp_path: Path) -> None:
    data = written(tmp_path, "visits", "user_id,visits\n7,3\n")

    drafted = tomllib.loads(draft("visits", columns_of("visits", data)))

    assert drafted["columns"][0]["type"] == "text"
    assert drafted["sources"] == {"visits": {"own": "user_id"}}


def test_a_draft_without_data_is_a_type_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "things.toml").write_text(draft("things", EXAMPLE))

    [finding] = check(tmp_path, tmp_path)

    assert finding.wrong is None
    assert not finding.bound
