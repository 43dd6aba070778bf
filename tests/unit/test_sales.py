"""The report type `sales` and its data set, any number of rows of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local.datasets import ensure_datasets, replace_dataset, sales
from local.datasets.text import CITIES, SPECIAL
from local.home import Home
from rapor.catalogue import ReportType
from rapor.data.engine import DuckDBEngine
from rapor.figures import Figures
from tests.builders import ROOT, a_catalogue

ROWS = 20_000


def written(folder: Path, rows: int) -> Path:
    folder.mkdir(parents=True)
    sales.write_sales(folder, rows)
    return folder


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place of data sets where only `sales` lies."""
    return written(tmp_path_factory.mktemp("data") / "sales", ROWS).parent


def ask(location: Path, select: str, **values: Any) -> list[tuple[Any, ...]]:
    """What DuckDB says of the files, without any code of ours."""
    with duckdb.connect() as con:
        con.execute(f"create view sales as from '{location}/sales/*.parquet'")
        return con.execute(select, values).fetchall()


def test_rows_are_as_many_as_asked_for_in_files_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales, "FILE_ROWS", 1000)

    folder = written(tmp_path / "sales", 2500)

    counts = [ask(tmp_path, f"select count(*) from '{file}'")[0][0] for file in sorted(folder.iterdir())]
    assert sorted(file.name for file in folder.iterdir()) == [f"sales-00{number}.parquet" for number in (1, 2, 3)]
    assert counts == [1000, 1000, 500]
    assert ask(tmp_path, "select min(id), max(id), count(distinct id) from sales") == [(1, 2500, 2500)]


def test_where_a_file_ends_changes_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "one/sales", 2500)
    monkeypatch.setattr(sales, "FILE_ROWS", 999)
    written(tmp_path / "many/sales", 2500)

    rows = [ask(tmp_path / name, "from sales order by id") for name in ("one", "many")]

    assert rows[0] == rows[1]


def test_the_same_number_of_rows_gives_the_same_bytes(location: Path, tmp_path: Path) -> None:
    again = written(tmp_path / "sales", ROWS)

    assert (again / "sales-001.parquet").read_bytes() == (location / "sales/sales-001.parquet").read_bytes()


def test_lines_of_an_order_are_numbered_and_share_what_the_order_has(location: Path) -> None:
    rows = ask(location, "select order_no, line, sold_on, customer, city, channel, user_id from sales order by id")

    for _, lines in groupby(rows, key=lambda row: row[0]):
        order = list(lines)
        assert [line for _, line, *_ in order] == list(range(1, len(order) + 1))
        assert len({tuple(shared) for _, _, *shared in order}) == 1


def test_numbers_fit_together_and_some_sales_are_returned(location: Path) -> None:
    [(wrong, none, returned, unnamed)] = ask(
        location,
        "select count(*) filter (amount <> quantity * unit_price), count(*) filter (quantity = 0),"
        " avg((quantity < 0)::int), avg((customer is null)::int) from sales",
    )

    assert (wrong, none) == (0, 0)
    assert returned == pytest.approx(0.02, abs=0.01)
    assert unnamed == pytest.approx(0.03, abs=0.01)


def test_values_do_not_depend_on_each_other(location: Path) -> None:
    """A hash whose bits are spent twice would pair each product with one quantity, each city with one channel."""
    [(products, places)] = ask(
        location, "select count(distinct (product, abs(quantity))), count(distinct (city, channel)) from sales"
    )

    assert products == len(sales.PRODUCTS) * 7  # 1 + what two rolls of four multiply to: 0 1 2 3 4 6 9
    assert places == len(CITIES) * 4


def test_three_years_are_filled_and_no_day_is_left_out(location: Path) -> None:
    assert ask(location, "select min(sold_on)::varchar, max(sold_on)::varchar, count(distinct sold_on) from sales") == [
        ("2023-01-01", "2025-12-31", 1096)
    ]


def test_every_special_text_is_a_customer(location: Path) -> None:
    customers = {customer for (customer,) in ask(location, "select customer from sales")}

    assert customers >= set(SPECIAL)


def test_every_city_has_its_region() -> None:
    assert sorted(city for cities in sales.REGIONS.values() for city in cities) == sorted(CITIES)


def test_more_rows_are_kept_by_the_next_start_and_leave_with_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales, "FILE_ROWS", 1000)
    replace_dataset(tmp_path / "sales", lambda folder: sales.write_sales(folder, 2500))

    ensure_datasets(tmp_path)

    assert ask(tmp_path, "select count(*) from sales") == [(2500,)]
    replace_dataset(tmp_path / "sales", lambda folder: sales.write_sales(folder, 500))
    assert ask(tmp_path, "select count(*) from sales") == [(500,)]


def test_files_that_are_not_ours_stay(tmp_path: Path) -> None:
    own = tmp_path / "sales/own-2025.parquet"
    own.parent.mkdir()
    own.write_bytes(b"theirs")

    ensure_datasets(tmp_path)

    assert own.read_bytes() == b"theirs"


def make_data(home: Path, rows: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.datasets", rows]
    environ = os.environ | {"RAPOR_HOME": str(home)}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_make_data_writes_as_many_rows_as_asked_for(tmp_path: Path) -> None:
    done = make_data(tmp_path, "1234")

    assert done.stdout == f"1,234 rows in {tmp_path}/data/sales\n"
    assert ask(tmp_path / "data", "select count(*) from sales") == [(1234,)]


@pytest.mark.parametrize("rows", ["0", "-1", "many", "1e6", "²"])
def test_make_data_refuses_what_is_no_number_of_rows(tmp_path: Path, rows: str) -> None:
    done = make_data(tmp_path, rows)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_make_data_does_not_write_below_a_running_service(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()

    with home.locked():
        done = make_data(tmp_path, "10")

    assert done.returncode == 1
    assert "another run works in" in done.stderr


@pytest.fixture(scope="module")
def engine(location: Path, tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    scratch = str(tmp_path_factory.mktemp("scratch"))
    return DuckDBEngine(str(location), memory_limit_mb=300, temp_directory=scratch, temp_limit_mb=1000)


@pytest.fixture
def report_type() -> ReportType:
    found = a_catalogue().get("sales")
    assert found is not None
    return found


def figures_of(engine: DuckDBEngine, report_type: ReportType, **parameters: str) -> Figures:
    with engine.open(report_type, parameters, own_user_id=None) as rows:
        return rows.figures()


def rows_of(
    engine: DuckDBEngine, report_type: ReportType, own_user_id: str | None = None, **parameters: str
) -> Iterator[dict[str, Any]]:
    names = [column.name for column in report_type.columns]
    with engine.open(report_type, parameters, own_user_id=own_user_id) as rows:
        for batch in rows.batches():
            yield from (dict(zip(names, row, strict=True)) for row in zip(*batch, strict=True))


def test_key_figures_and_totals_are_what_the_rows_come_to(engine: DuckDBEngine, report_type: ReportType) -> None:
    figures = figures_of(engine, report_type)

    rows = list(rows_of(engine, report_type))
    revenue = sum(row["amount"] for row in rows)
    orders = len({row["order_no"] for row in rows})
    assert len(rows) == ROWS
    assert list(figures.summary) == [
        revenue,
        orders,
        round(revenue / orders, 2),
        max(row["amount"] for row in rows),
        sum(row["amount"] for row in rows if row["quantity"] < 0),
    ]
    assert list(figures.totals) == [None] * 7 + [sum(row["quantity"] for row in rows), None, revenue]


def test_the_chart_stacks_each_months_revenue_by_channel(engine: DuckDBEngine, report_type: ReportType) -> None:
    figures = figures_of(engine, report_type)

    june = list(rows_of(engine, report_type, date_from="2024-06-01", date_to="2024-06-30"))
    by_channel = [
        sum((row["amount"] for row in june if row["channel"] == channel), Decimal(0))
        for channel in ("store", "web", "marketplace", "phone")
    ]
    points = {str(month): heights for month, *heights in figures.points}
    assert len(points) == 36
    assert points["2024-06-01"] == by_channel


def test_no_rows_have_figures_too(engine: DuckDBEngine, report_type: ReportType) -> None:
    figures = figures_of(engine, report_type, date_from="2030-01-01")

    assert list(figures.summary) == [None, 0, None, None, 0]
    assert figures.points == []


@pytest.mark.parametrize(
    ("parameters", "condition"),
    [
        ({}, "true"),
        ({"date_from": "2024-02-29", "date_to": "2024-02-29"}, "sold_on = '2024-02-29'"),
        ({"channel": "phone"}, "channel = 'phone'"),
        ({"region": "İç Anadolu"}, "region = 'İç Anadolu'"),
    ],
)
def test_parameters_narrow_the_rows(
    engine: DuckDBEngine, report_type: ReportType, location: Path, parameters: dict[str, str], condition: str
) -> None:
    found = [(row["order_no"], row["line"]) for row in rows_of(engine, report_type, **parameters)]

    expected = ask(location, f"select order_no, line from sales where {condition} order by sold_on, order_no, line")
    assert found == expected
    assert found


def test_every_value_a_parameter_may_have_is_in_the_data(report_type: ReportType, location: Path) -> None:
    for name in ("channel", "region"):
        allowed = set(report_type.parameters["properties"][name]["enum"])

        assert {value for (value,) in ask(location, f"select {name} from sales")} == allowed


def test_an_own_caller_sees_what_they_sold(engine: DuckDBEngine, report_type: ReportType, location: Path) -> None:
    found = [(row["order_no"], row["line"]) for row in rows_of(engine, report_type, own_user_id="7")]

    expected = ask(location, "select order_no, line from sales where user_id = '7' order by sold_on, order_no, line")
    assert found == expected
    assert 0 < len(found) < ROWS / 100


def test_the_order_of_rows_leaves_nothing_to_chance(location: Path) -> None:
    assert ask(location, "select count(distinct (sold_on, order_no, line)) from sales") == [(ROWS,)]
