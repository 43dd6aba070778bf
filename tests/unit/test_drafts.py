import tomllib
from pathlib import Path

import pytest

from local.drafts import EXAMPLE, Found, columns_of, draft
from local.report_types import check
from rapor.catalogue import ColumnType


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
        ("Şehir Adı", "Van", Found("Şehir Adı", "ehir_ad", ColumnType.TEXT)),
        ("№", "Van", Found("№", "column_1", ColumnType.TEXT)),
    ],
)
def test_a_column_is_what_the_data_has(tmp_path: Path, head: str, cell: str, found: Found) -> None:
    data = written(tmp_path, "things", f"{head},other\n{cell},x\n")

    assert columns_of("things", data)[0] == found


def test_columns_that_would_share_a_name_do_not(tmp_path: Path) -> None:
    data = written(tmp_path, "things", "A b,a-b,a_b\n1,2,3\n")

    assert [column.name for column in columns_of("things", data)] == ["a_b", "a_b_", "a_b__"]


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
