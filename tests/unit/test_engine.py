"""Report SQL to rows: what comes out, and what cannot."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rapor import errors
from rapor.batches import Form
from rapor.catalogue import Catalogue, ReportType
from rapor.data import engine as engine_module
from rapor.data.engine import DuckDBEngine, Rows
from rapor.data.faults import MEANINGS, meaning
from rapor.data.query import Queries, Query, check_query
from rapor.figures import Figures

USERS_TYPE = Path(__file__).parents[2] / "layers/catalogue/report_types/users.toml"
BY_ID = "select id, name from users order by id"
COUNT = Query("select count(*) from report", frozenset())
SUMMARY = [
    {"name": "revenue", "type": "decimal", "label": {"en": "Revenue"}, "value": "sum(amount)"},
    {"name": "last", "type": "date", "label": {"en": "Last"}, "value": "max(day)"},
]
CHART = {
    "kind": "bar",
    "title": {"en": "By digit"},
    "query": "select id % 3 as digit, count(*) as n, sum(amount) as sum from report group by all order by 1",
    "x": {"name": "digit", "type": "integer", "label": {"en": "Digit"}},
    "y": [
        {"name": "sum", "type": "decimal", "label": {"en": "Sum"}},
        {"name": "n", "type": "integer", "label": {"en": "Number"}},
    ],
}
LIMIT_MB = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name in ("users", "others"):
        (folder / name).mkdir()
        with duckdb.connect() as con:
            con.execute(
                f"copy (select i::bigint as id, (i % 5)::varchar as user_id, 'n' || i as name, date '2025-01-01' + i::int as day,"
                f" (i / 4)::decimal(18,2) as amount from range(10000) t(i)) to '{folder}/{name}/a.parquet'"
            )
    (folder / "secret.csv").write_text("id,name\n1,secret\n")
    return folder


@pytest.fixture
def engine(folder: Path, tmp_path: Path) -> DuckDBEngine:
    return at(folder, tmp_path)


def at(folder: Path, tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(str(folder), memory_limit_mb=LIMIT_MB, temp_directory=str(tmp_path / "spill"), temp_limit_mb=50)


def report_type(query: str = BY_ID, columns: Mapping[str, str] | None = None, **changes: Any) -> ReportType:
    columns = columns or {"id": "integer", "name": "text"}
    return ReportType.model_validate({
        "name": "sample", "version": 1, "title": {"en": "Sample"}, "description": {"en": "Sample"}, "formats": ["csv"],
        "sources": {"users": {"own": "user_id"}}, "query": query,
        "columns": [{"name": name, "type": kind, "label": {"en": name}} for name, kind in columns.items()],
    } | changes)  # fmt: skip


def parameters(**schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": schemas}


def read(
    engine: DuckDBEngine, of: ReportType, values: Mapping[str, Any] | None = None, own: str | None = None
) -> list[tuple[Any, ...]]:
    with engine.open(of, values or {}, own_user_id=own) as rows:
        return [row for batch in rows.batches() for row in zip(*batch, strict=True)]


def unchecked(engine: DuckDBEngine, query: str, own: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Run *query* as if the lint did not exist: what remains is DuckDB's own door."""
    monkeypatch.setattr(
        engine_module, "read_queries", lambda _con, of: Queries(Query(of.query, frozenset()), COUNT, None)
    )
    return read(engine, report_type(query, {"x": "text"}), own=own)


# Figures


def sums(**changes: Any) -> ReportType:
    of = report_type(
        "select id, name, day, amount from users where id < $below order by id;",
        {"id": "integer", "name": "text", "day": "date", "amount": "decimal"},
        parameters=parameters(below={"type": "integer"}),
        **changes,
    )
    columns = [column.model_copy(update={"total": column.name in {"id", "amount"}}) for column in of.columns]
    return of.model_copy(update={"columns": tuple(columns)})


def test_figures_sum_up_all_rows(engine: DuckDBEngine) -> None:
    with engine.open(sums(summary=SUMMARY, chart=CHART), {"below": 10}, own_user_id=None) as rows:
        figures = rows.figures()

    assert figures == Figures(
        summary=[Decimal("11.25"), date(2025, 1, 10)],
        totals=[45, None, None, Decimal("11.25")],
        points=[(0, Decimal("4.50"), 4), (1, Decimal("3.00"), 3), (2, Decimal("3.75"), 3)],
    )


def test_figures_of_a_truncated_report_speak_of_its_rows(engine: DuckDBEngine) -> None:
    with engine.open(sums(summary=SUMMARY, chart=CHART), {"below": 10}, own_user_id=None) as rows:
        figures = rows.figures(3)

        assert rows.rows_total == 10
    assert figures.totals == [3, None, None, Decimal("0.75")]
    assert figures.points == [(0, Decimal("0.00"), 1), (1, Decimal("0.25"), 1), (2, Decimal("0.50"), 1)]


def test_figures_of_an_own_caller_speak_of_their_rows(engine: DuckDBEngine) -> None:
    of = report_type(summary=[{"name": "n", "type": "integer", "label": {"en": "N"}, "value": "count(*)"}])

    with engine.open(of, {}, own_user_id="3") as rows:
        assert rows.figures().summary == [2000]


def test_figures_of_no_rows_are_empty(engine: DuckDBEngine) -> None:
    with engine.open(sums(summary=SUMMARY, chart=CHART), {"below": 0}, own_user_id=None) as rows:
        assert rows.figures() == Figures([None, None], [None, None, None, None], [])


def test_a_type_without_figures_has_none(engine: DuckDBEngine) -> None:
    with engine.open(report_type(), {}, own_user_id=None) as rows:
        assert rows.figures() == Figures([], (), ())


def test_a_chart_of_too_many_points_says_what_to_do(engine: DuckDBEngine) -> None:
    every_row = CHART | {"query": "select id as digit, 1 as n, amount as sum from report"}

    with (
        engine.open(sums(chart=every_row), {"below": 1001}, own_user_id=None) as rows,
        pytest.raises(errors.SourceInvalid, match="more than 1000 points: group them"),
    ):
        rows.figures()


def test_an_average_must_say_its_digits(engine: DuckDBEngine) -> None:
    average = {"name": "average", "type": "decimal", "label": {"en": "Average"}, "value": "avg(amount)"}

    with (
        engine.open(sums(summary=[average]), {"below": 10}, own_user_id=None) as rows,
        pytest.raises(errors.SourceInvalid, match="average should be decimal but the query gives double: cast it"),
    ):
        rows.figures()


@pytest.mark.parametrize(
    ("changes", "key", "reason"),
    [
        ({"summary": [SUMMARY[0] | {"value": "sum(amount)) from others --"}]}, "summary", "cannot be read"),
        ({"summary": [SUMMARY[0] | {"value": "(select max(id) from others)"}]}, "summary", "reads others"),
        ({"summary": [SUMMARY[0] | {"value": "getenv('HOME')"}]}, "summary", "calls getenv"),
        ({"chart": CHART | {"query": "select * from others"}}, "chart.query", "reads others"),
        ({"chart": CHART | {"query": "select 1; drop table report"}}, "chart.query", "exactly one SELECT"),
        ({"chart": CHART | {"query": "select $state from report"}}, "chart.query", "uses $state"),
    ],
)
def test_sql_of_figures_is_checked_as_the_query_is(changes: dict[str, Any], key: str, reason: str) -> None:
    with pytest.raises(errors.CatalogueError) as raised:
        check_query(sums(**changes))

    assert raised.value.key == key
    assert reason in raised.value.reason


# Rows


def test_the_shipped_types_are_accepted() -> None:
    for report_type in Catalogue.load(USERS_TYPE.parent):
        check_query(report_type)


def test_count_equals_rows_streamed(engine: DuckDBEngine) -> None:
    with engine.open(report_type(), {}, own_user_id=None) as rows:
        streamed = sum(len(batch[0]) for batch in rows.batches())

        assert rows.rows_total == streamed == 10_000


def test_batches_are_small_and_in_order(engine: DuckDBEngine) -> None:
    with engine.open(report_type(), {}, own_user_id=None) as rows:
        batches = list(rows.batches())

    assert all(0 < len(batch[0]) <= 4096 for batch in batches)
    assert [value for batch in batches for value in batch[0]] == list(range(10_000))


@pytest.mark.parametrize("limit", [1, 5000, 20_000])
def test_a_limit_gives_the_first_rows(engine: DuckDBEngine, limit: int) -> None:
    of = report_type("select id, name from users order by id desc")

    with engine.open(of, {}, own_user_id=None) as rows:
        ids = [value for batch in rows.batches(limit) for value in batch[0]]

    assert ids == list(range(9999, -1, -1))[:limit]


def test_columns_come_in_the_types_order(engine: DuckDBEngine) -> None:
    assert read(engine, report_type("select name, id from users where id = 7")) == [(7, "n7")]


def test_an_empty_result_has_no_batches(engine: DuckDBEngine) -> None:
    with engine.open(report_type("select id, name from users where false"), {}, own_user_id=None) as rows:
        assert (rows.rows_total, list(rows.batches())) == (0, [])


def test_cells_are_python_values(engine: DuckDBEngine) -> None:
    query = """select 'ş' as t, sum(1) as i, 2 as whole, 1.5::decimal(18,2) as d, date '2025-02-03' as day,
        timestamptz '2025-02-03 03:00:00+03' as at, true as b, null::varchar as nothing from (select 1)"""
    columns = {"t": "text", "i": "integer", "whole": "decimal", "d": "decimal", "day": "date", "at": "timestamp",
               "b": "boolean", "nothing": "text"}  # fmt: skip

    [row] = read(engine, report_type(query, columns))

    assert row == ("ş", 1, Decimal(2), Decimal("1.50"), date(2025, 2, 3), datetime(2025, 2, 3), True, None)
    assert [type(cell) for cell in row[:4]] == [str, int, Decimal, Decimal]


@pytest.mark.parametrize(("kind", "value"), [
    ("hugeint", 2**127 - 1), ("hugeint", -(2**127)), ("hugeint", -(10**38)), ("uhugeint", 2**128 - 1),
])  # fmt: skip
@pytest.mark.parametrize(("column", "python"), [("integer", int), ("decimal", Decimal)])
def test_whole_numbers_of_39_digits_keep_the_last(
    engine: DuckDBEngine, kind: str, value: int, column: str, python: type
) -> None:
    query = f"select '{value}'::{kind} as x, 'ş' as t union all select null, 'ü'"

    cells = [x for x, _ in read(engine, report_type(query, {"x": column, "t": "text"}))]

    assert cells == [value, None]
    assert type(cells[0]) is python


def test_sums_of_39_digits_keep_the_last(engine: DuckDBEngine) -> None:
    most = 2**127 - 1
    of = report_type(
        f"select '{most}'::hugeint as x",
        {"x": "integer"},
        summary=[{"name": "most", "type": "integer", "label": {"en": "Most"}, "value": "max(x)"}],
    )

    with engine.open(of, {}, own_user_id=None) as rows:
        assert list(rows.figures().summary) == [most]


def test_a_comment_at_the_end_hides_nothing(engine: DuckDBEngine) -> None:
    with engine.open(report_type(BY_ID + " -- by id"), {}, own_user_id=None) as rows:
        assert rows.rows_total == 10_000


def test_partitions_and_several_files_are_one_source(tmp_path: Path) -> None:
    for year, row in (("2024", "1,a"), ("2025", "2,b")):
        (tmp_path / f"users/year={year}").mkdir(parents=True)
        (tmp_path / f"users/year={year}/a.csv").write_text(f"id,name\n{row}\n")

    of = report_type(
        "select id, name, year from users order by id", {"id": "integer", "name": "text", "year": "integer"}
    )

    assert read(at(tmp_path, tmp_path), of) == [(1, "a", 2024), (2, "b", 2025)]


def test_text_sorts_as_a_language_does_where_it_is_asked_to(tmp_path: Path) -> None:
    (tmp_path / "users").mkdir()
    (tmp_path / "users/a.csv").write_text("id,name\n1,Zeynep\n2,Çağla\n3,ali\n4,Cem\n5,Işık\n6,İnci\n")

    names = {
        order: [name for _, name in read(at(tmp_path, tmp_path), report_type(f"from users order by {order}"))]
        for order in ("name", "name collate tr")
    }

    assert names == {
        "name": ["Cem", "Işık", "Zeynep", "ali", "Çağla", "İnci"],
        "name collate tr": ["ali", "Cem", "Çağla", "Işık", "İnci", "Zeynep"],
    }


def write_parts(folder: Path, form: str, *parts: str) -> None:
    """Write a data set of several files, each the result of a SELECT."""
    (folder / "users").mkdir()
    options = {"ndjson": "(format json)", "csv": "(header)"}.get(form, "")
    with duckdb.connect() as con:
        for number, part in enumerate(parts):
            con.execute(f"copy ({part}) to '{folder}/users/{number}.{form}' {options}")


@pytest.mark.parametrize("form", ["parquet", "csv", "ndjson"])
@pytest.mark.parametrize("late_first", [True, False])
def test_files_that_differ_are_read_by_their_columns_names(tmp_path: Path, form: str, *, late_first: bool) -> None:
    early = "select 1 as id, 'a' as name, 'x' as user_id"
    late = "select 2.5::decimal(9,2) as amount, 'x' as user_id, 'b' as name, 2 as id"
    write_parts(tmp_path, form, *([late, early] if late_first else [early, late]), "select 3 as id, 'c' as name")
    columns = {"id": "integer", "name": "text", "amount": "decimal"}
    of = report_type("select id, name, amount::decimal(9,2) as amount from users order by id", columns)

    rows = [(1, "a", None), (2, "b", Decimal("2.50")), (3, "c", None)]
    assert read(at(tmp_path, tmp_path), of) == rows
    assert read(at(tmp_path, tmp_path), of, own="x") == rows[:2]


def write_partitions(folder: Path, *parts: str) -> None:
    for number, part in enumerate(parts):
        (folder / f"users/part={number}").mkdir(parents=True)
        with duckdb.connect() as con:
            con.execute(f"copy ({part}) to '{folder}/users/part={number}/a.parquet'")


EARLY, LATE = "select 1 as id, 'a' as name", "select 'new' as city, 2 as id, 'b' as name"
CITIES = {"id": "integer", "name": "text", "city": "text", "part": "integer"}


def test_partitions_whose_columns_came_in_time_are_put_together(tmp_path: Path) -> None:
    write_partitions(tmp_path, EARLY, EARLY, LATE)

    rows = read(at(tmp_path, tmp_path), report_type("select id, name, city, part from users order by part", CITIES))

    assert rows == [(1, "a", None, 0), (1, "a", None, 1), (2, "b", "new", 2)]


def test_a_partition_between_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    write_partitions(tmp_path, LATE, EARLY, LATE)

    with pytest.raises(errors.SourceInvalid) as caught:
        read(at(tmp_path, tmp_path), report_type("select id, name, city, part from users", CITIES))

    assert str(caught.value) == "The data's files differ: one of them has no column city."


@pytest.mark.parametrize("first", ["1", "date '2025-01-01'"])
def test_files_whose_types_do_not_fit_each_other_are_refused(tmp_path: Path, first: str) -> None:
    other = "1" if first != "1" else "date '2025-01-01'"
    write_parts(tmp_path, "parquet", f"select {first} as id, 'a' as name", f"select {other} as id, 'b' as name")

    with pytest.raises(errors.SourceInvalid) as caught:
        read(
            at(tmp_path, tmp_path),
            report_type("select id::varchar as id, name from users", {"id": "text", "name": "text"}),
        )

    assert str(caught.value) == "The data's files differ: the types of their column id do not fit each other."


NUMBERED = Form(line="concat(_row, ' ', id, ' ', name, chr(10))", names={"_row": "row_number() over ()"})


@pytest.mark.parametrize("limit", [None, 1, 5000])
def test_lines_are_the_rows_in_order_and_numbered(engine: DuckDBEngine, limit: int | None) -> None:
    of = report_type("select name, id from users order by id desc")

    with engine.open(of, {}, own_user_id=None) as rows:
        lines = list(rows.lines(NUMBERED, limit))

    expected = [f"{number} {10_000 - number} n{10_000 - number}" for number in range(1, (limit or 10_000) + 1)]
    assert b"".join(piece.data for piece in lines).decode().splitlines() == expected
    assert sum(piece.rows for piece in lines) == len(expected)
    assert (
        b"".join(piece.part(1, piece.rows) for piece in lines[:1]).decode().splitlines() == expected[1 : lines[0].rows]
    )


def test_lines_are_of_own_rows_alone(engine: DuckDBEngine) -> None:
    with engine.open(report_type(), {}, own_user_id="3") as rows:
        lines = [line for piece in rows.lines(NUMBERED) for line in piece.data.decode().splitlines()]

    assert len(lines) == 2000
    assert all(int(line.split()[1]) % 5 == 3 for line in lines)


def test_lines_count_what_the_form_counts(engine: DuckDBEngine) -> None:
    form = Form(line="_letter", cut_cells="_even + _even", names={"_letter": "left(name, 1)", "_even": "1 - id % 2"})

    with engine.open(report_type(), {}, own_user_id=None) as rows:
        lines = list(rows.lines(form))

    assert b"".join(piece.data for piece in lines) == b"n" * 10_000
    assert sum(piece.cut_cells for piece in lines) == 10_000


def test_lines_hold_every_kind_of_text_and_moment(engine: DuckDBEngine) -> None:
    query = """select 'b'::enum('a', 'b') as kind, uuid '550E8400-E29B-41D4-A716-446655440000' as key,
        timestamptz '2025-02-03 03:00:00+03' as zoned, timestamp_ns '2025-02-03 00:00:00.123456' as exact"""
    of = report_type(query, {"kind": "text", "key": "text", "zoned": "timestamp", "exact": "timestamp"})

    with engine.open(of, {}, own_user_id=None) as rows:
        [lines] = rows.lines(Form(line="concat_ws(' ', upper(kind), key, epoch_us(zoned), microsecond(exact))"))

    assert lines.data == b"B 550e8400-e29b-41d4-a716-446655440000 1738540800000000 123456"


def test_a_column_may_be_called_what_sql_keeps_for_itself(engine: DuckDBEngine) -> None:
    of = report_type(
        'select id as "order", name as "select" from users where id = 7', {"order": "integer", "select": "text"}
    )

    with engine.open(of, {}, own_user_id=None) as rows:
        assert [piece.data for piece in rows.lines(Form(line='concat("order", "select")'))] == [b"7n7"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_large_result_is_streamed_in_bounded_memory(engine: DuckDBEngine) -> None:
    of = report_type("select a.id, a.name || repeat('x', 500) as name from users a cross join range(50)")
    before = high_water_mb()

    with engine.open(of, {}, own_user_id=None) as rows:
        streamed = sum(len(batch[0]) for batch in rows.batches())

    assert streamed == 500_000  # 250 MB of text
    assert high_water_mb() - before < 200


def high_water_mb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


# Parameters

HOSTILE = [
    "' or 1=1 --",
    "'; drop table users; --",
    "n7' union select 1, 'x",
    "$name",
    "?",
    "\\",
    "n7\x00",
    "İ\u202e",
    "%",
    "",
    "n7'; attach '/tmp/x.db'; --",
    "n7') union select content from read_text('/etc/passwd') --",
    "n7/**/or/**/1=1",
    'n7" or ""="',
    "$$n7$$",
    "E'n7'",
    "getenv('HOME')",
    "/etc/passwd",
    "~/.aws/credentials",
    "https://169.254.169.254/latest/meta-data/",
    "${jndi:ldap://example.invalid}",
    "{{7*7}}",
    "ｎ７",
    "n7" * 100_000,
]


@pytest.mark.parametrize("value", HOSTILE)
def test_parameters_are_bound_never_interpolated(engine: DuckDBEngine, value: str) -> None:
    of = report_type(
        "select id, $name as name from users where id = 7 and name <> $name",
        parameters=parameters(name={"type": "string"}),
    )

    assert read(engine, of, {"name": value}) == [(7, value)]


def test_a_missing_parameter_is_its_default_or_null(engine: DuckDBEngine) -> None:
    of = report_type(
        "select id, name from users where ($after is null or id > $after) and id < $until order by id",
        parameters=parameters(after={"type": "integer"}, until={"type": "integer", "default": 3}),
    )

    assert [row[0] for row in read(engine, of)] == [0, 1, 2]
    assert [row[0] for row in read(engine, of, {"after": 0})] == [1, 2]
    assert [row[0] for row in read(engine, of, {"after": None, "until": None})] == [0, 1, 2]


def test_a_list_is_one_parameter(engine: DuckDBEngine) -> None:
    of = report_type(
        "select id, name from users where name in (select unnest($names::varchar[])) order by id",
        parameters=parameters(names={"type": "array"}),
    )

    assert read(engine, of, {"names": ["n1", "n2", "' or 1=1 --"]}) == [(1, "n1"), (2, "n2")]


@pytest.mark.parametrize("condition", ["day >= $since::date", "day >= $since", "id > $since"])
def test_a_parameter_that_does_not_convert_is_named(engine: DuckDBEngine, condition: str) -> None:
    of = report_type(f"select id, name from users where {condition}", parameters=parameters(since={"type": "string"}))

    with pytest.raises(errors.InvalidParameters, match=r"^The parameter since has a value the query cannot use\.$"):
        read(engine, of, {"since": "soon"})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$given::bigint", 10**20),
        ("$given::bigint", 10**40),
        ("$given::int", -(10**10)),
        ("$given::bigint", 1e30),
        ("$given::decimal(5,2)::bigint", 123456.5),
        ("date_diff('day', day, day + to_days($given::int))", 10**15),
        ("list_sum($given::bigint[])::bigint", [1, "a"]),
        ("list_sum($given::bigint[])::bigint", [1, 10**20]),
        ("list_sum($given::bigint[])::bigint", [1, "a", {"x": 1}]),
        ("len($given::varchar[])", [1, None, [2]]),
        ("($given).x::bigint", {"x": "z"}),
        ("year(strptime($given, '%d.%m.%Y'))", "soon"),
    ],
)
def test_the_parameter_is_named_whose_value_is_the_cause(engine: DuckDBEngine, expression: str, value: Any) -> None:
    of = report_type(
        f"select {expression} as id, name from users where name <> $other",
        parameters=parameters(other={"type": "string"}, given={}),
    )

    with pytest.raises(errors.InvalidParameters, match=r"^The parameter given has a value the query cannot use\.$"):
        read(engine, of, {"given": value, "other": "x"})


def test_a_parameter_that_stands_in_the_sql_is_not_to_blame(engine: DuckDBEngine) -> None:
    of = report_type(
        "select (name || 'late')::bigint as id, name from users where name <> $given",
        parameters=parameters(given={"type": "string"}),
    )

    with pytest.raises(errors.SourceInvalid, match="A value in the data does not convert"):
        read(engine, of, {"given": "late"})


# Own rows


def test_own_sees_only_their_rows(engine: DuckDBEngine) -> None:
    with engine.open(report_type(), {}, own_user_id="3") as rows:
        assert rows.rows_total == 2000
        assert all(value % 5 == 3 for batch in rows.batches() for value in batch[0])


@pytest.mark.parametrize("query", [
    "select count(*) as id, 'x' as name from users",
    "with users as (select * from users) select count(*) as id, 'x' as name from users",
    "with _caller as (select '1' as id) select count(*) as id, 'x' as name from users",
    "with caller as (select '1' as id) select count(*) as id, 'x' as name from users, caller",
    "select (select count(*) from users) as id, 'x' as name",
    "select count(*) as id, 'x' as name from users u where exists (select 1 from users v where v.id = u.id)",
    "with recursive t as (select 0 as i union all select i + 1 from t where i < 3) select count(*) as id, 'x' as name from USERS",
    "select count(*) filter (where true) over () as id, 'x' as name from users limit 1",
])  # fmt: skip
def test_no_aggregate_sees_past_own_rows(engine: DuckDBEngine, query: str) -> None:
    assert read(engine, report_type(query), own="3") == [(2000, "x")]


@pytest.mark.parametrize("own", ["", " 3", "3 ", "03", "3.0", "3' or '1'='1", "%", "NULL"])
def test_the_id_is_compared_as_raw_text(engine: DuckDBEngine, own: str) -> None:
    assert read(engine, report_type(), own=own) == []


def test_a_number_column_may_hold_the_id(engine: DuckDBEngine) -> None:
    assert read(engine, report_type(sources={"users": {"own": "id"}}), own="7") == [(7, "n7")]


@pytest.mark.parametrize(("name", "text"), [
    ("a.csv", "id,user_id,name\n1,007,a\n2,7,b\n"),
    ("a.ndjson", '{"id":1,"user_id":"007","name":"a"}\n{"id":2,"user_id":"7","name":"b"}\n'),
    ("user_id=7/a.csv", "id,name\n2,b\n"),
    ("user_id=7/a.ndjson", '{"id":2,"name":"b"}\n'),
])  # fmt: skip
def test_text_files_do_not_make_two_users_one(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / "users" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)

    assert read(at(tmp_path, tmp_path), report_type(), own="7") == [(2, "b")]


@pytest.mark.parametrize(
    ("column", "own"),
    [
        ("userId", "userId"), ("userId", "userid"), ("userId", "USERID"), ("USER_ID", "user_id"), ("User ID", "user id"),
        ("Müşteri No", "Müşteri No"), ("ŞEHİR No", "ŞEHİR no"), ('quo"te', 'QUO"te'), ("select", "select"), ("客户", "客户"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet", "partition"])
def test_the_column_of_owners_may_have_any_name(tmp_path: Path, kind: str, column: str, own: str) -> None:
    folder, quoted = tmp_path / "users", '"' + column.replace('"', '""') + '"'
    folder.mkdir()
    rows = f"select 1 as id, 'a' as name, '007' as {quoted} union all select 2, 'b', '7' order by id"
    match kind:
        case "partition":
            (folder / f"{column}=007").mkdir()
            (folder / f"{column}=007/a.csv").write_text("id,name\n1,a\n")
        case "ndjson":
            duckdb.sql(f"copy ({rows}) to '{folder / 'a.ndjson'}' (format json)")
        case _:
            duckdb.sql(f"copy ({rows}) to '{folder / f'a.{kind}'}'")

    assert read(at(tmp_path, tmp_path), report_type(sources={"users": {"own": own}}), own="007") == [(1, "a")]


def test_capitals_that_duckdb_does_not_know_make_another_column(tmp_path: Path) -> None:
    (tmp_path / "users").mkdir()
    (tmp_path / "users/a.ndjson").write_text('{"id":1,"name":"a","ş":"7"}\n')

    with pytest.raises(errors.SourceInvalid):
        read(at(tmp_path, tmp_path), report_type(sources={"users": {"own": "Ş"}}), own="7")


def test_a_uuid_keeps_its_capitals(tmp_path: Path) -> None:
    (tmp_path / "users").mkdir()
    subject = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"
    (tmp_path / "users/a.ndjson").write_text(f'{{"id":1,"name":"a","user_id":"{subject}"}}\n')

    assert read(at(tmp_path, tmp_path), report_type(), own=subject) == [(1, "a")]
    assert read(at(tmp_path, tmp_path), report_type(), own=subject.lower()) == []


def test_all_means_every_row(engine: DuckDBEngine) -> None:
    assert len(read(engine, report_type(sources={"users": {"own": "all"}}), own="3")) == 10_000


@pytest.mark.parametrize("sources", [{"users": {}}, {"users": {"own": "user_id"}, "others": {}}])
def test_a_closed_type_refuses_an_own_caller(engine: DuckDBEngine, sources: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidParameters):
        read(engine, report_type(sources=sources), own="3")


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
def test_a_missing_own_column_in_text_is_a_failure_and_no_empty_document(tmp_path: Path, name: str) -> None:
    (tmp_path / "users").mkdir()
    (tmp_path / "users" / name).write_text('{"id":1,"name":"a"}\n' if name == "a.ndjson" else "id,name\n1,a\n")

    with pytest.raises(errors.SourceInvalid):
        read(at(tmp_path, tmp_path), report_type(), own="7")


def test_a_missing_own_column_shows_nothing(engine: DuckDBEngine) -> None:
    with pytest.raises(errors.SourceInvalid):
        read(engine, report_type(sources={"users": {"own": "owner_id"}}), own="3")


# Refused statements

REFUSED = [
    "select id, name from users using sample 10",
    "select id, name from users tablesample 10%",
    "select * from others",
    "select * from _caller",
    "select * from temp.main._caller",
    "select * from temp._caller",
    "select * from main.users",
    "select * from memory.main.users",
    "select id, (select max(id) from _caller) as name from users",
    "select id, name from users where id in (select id from others)",
    "select id, name from users order by (select max(id) from others)",
    "select sum(id) over (partition by (select 1 from others)) as id, name from users",
    "with a as (select * from duckdb_views), duckdb_views as (select 1) select * from a",
    "select * from (with duckdb_views as (select 1) select * from duckdb_views) a, duckdb_views",
    "with duckdb_views as (select * from duckdb_views) select * from duckdb_views",
    "select * from information_schema.tables",
    "select * from duckdb_views()",
    "select * from duckdb_views",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select * from pg_catalog.pg_class",
    "select * from pg_class",
    "select * from sqlite_master",
    "select * from pragma_table_info('users')",
    "select * from pragma_database_size()",
    "select * from read_csv('/etc/passwd')",
    "select * from system.main.read_csv('/etc/passwd')",
    "select * from read_text('/proc/self/environ')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_parquet('users/a.parquet')",
    "select * from '/etc/passwd'",
    "select * from '../secret.csv'",
    "select * from glob('/**')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from parquet_metadata('users/a.parquet')",
    "select * from query('select 1')",
    "select * from query_table('_caller')",
    "select * from json_execute_serialized_sql('{}')",
    "select * from which_secret('s3://b', 's3')",
    "select * from repeat_row(1, num_rows = 1000000000)",
    "select getenv('AWS_SECRET_ACCESS_KEY') as name, id from users",
    "select current_setting('s3_secret_access_key') as name, id from users",
    "select pg_get_viewdef(1) as name, id from users",
    "select current_query() as name, id from users",
    "select getvariable('x') as name, id from users",
    "select nextval('s') as id, name from users",
    "select sleep_ms(100000) as id, name from users",
    "select write_log('x') as name, id from users",
    "select id, name from users where json_serialize_plan('select 1') is null",
    "select id, stats(user_id)::varchar as name from users",
    "select id, Main.STATS(user_id)::varchar as name from users",
    "select id, vector_type(name)::varchar as name from users",
    "select id, finalize(combine(name, name))::varchar as name from users",
    "select id, __internal_decompress_string(1::utinyint) as name from users",
    "select id, inet_client_addr() as name from users",
    "select id, has_table_privilege('_caller', 'select')::varchar as name from users",
    "select id, name from users order by getenv('HOME')",
    "select id, name from users limit (select max(id) from others)",
    "select id, name from users group by all having max(getenv('HOME')) is null",
    "select id, name from users qualify row_number() over (order by getenv('HOME')) = 1",
    "select id, list_transform(['HOME'], lambda name: getenv(name))::varchar as name from users",
    "select id, (select content from read_text('/proc/self/environ')) as name from users",
    "select id, name from users where exists (from glob('/**'))",
    "select id, name from users using sample 10% (getenv('HOME'))",
    "from 'https://example.invalid/x.csv'",
    "from 's3://bucket/x.parquet'",
    "from '{folder}/*.csv'",
    'from "/etc/passwd"',
    "from users positional join 'others/a.parquet'",
    "from users asof join others using (id)",
    "from read_csv_auto('/etc/passwd')",
    "from read_json_objects('/etc/passwd')",
    "from read_ndjson('/etc/passwd')",
    "from read_duckdb('/tmp/x.db')",
    "from parquet_scan('users/a.parquet')",
    "from parquet_schema('users/a.parquet')",
    "from parquet_kv_metadata('users/a.parquet')",
    "from sqlite_scan('/tmp/x.db', 't')",
    "from postgres_scan('host=127.0.0.1', 'public', 't')",
    "from delta_scan('s3://bucket/table')",
    "from iceberg_scan('s3://bucket/table')",
    "from arrow_scan(1, 2, 3)",
    "from pandas_scan(1)",
    "from python_map_function(1)",
    "from seq_scan('_caller')",
    "from duckdb_extensions()",
    "from duckdb_logs()",
    "from duckdb_secrets(redact = false)",
    "from pg_timezone_names()",
    "from checkpoint()",
    "from force_checkpoint('memory')",
    "from enable_logging('FileSystem')",
    "from truncate_duckdb_logs()",
    "from summary(users)",
    "from test_vector_types(null::varchar)",
    "from histogram_values(users, id)",
    "set home_directory = '/'",
    "set home_directory = '{folder}'; from '~/secret.csv'",
    "from '~/secret.csv'",
    "set secret_directory = '/tmp'",
    "set extension_directory = '/tmp'",
    "set allowed_directories = ['/']",
    "set global temp_directory = '/var'",
    "set variable x = 1",
    "reset all",
    "pragma memory_limit = '1TB'",
    "pragma disable_verification",
    "force install httpfs from 'http://example.invalid'",
    "update extensions",
    "detach memory",
    "copy from database memory to other",
    "copy users from '/etc/passwd'",
    "copy users to 's3://bucket/x.parquet'",
    "create view v as from users",
    "create temp table t as from users",
    "create type t as enum ('a')",
    "create sequence s",
    "create function f(x) as x",
    "create or replace persistent secret (type s3, key_id 'a')",
    "alter table users rename to other",
    "alter view users rename to other",
    "comment on table users is 'x'",
    "truncate _caller",
    "merge into _caller using users on true when matched then delete",
    "explain analyze select * from users",
    "deallocate p",
    "commit",
    "analyze",
    "load 'httpfs'; select 1",
    "select 1 as id, 'x' as name; -- harmless\nselect 2",
    "unpivot users on id into name n value v",
    "table _caller",
    "table duckdb_settings",
    "values (getenv('HOME'))",
    "select id, name from users, lateral (select * from others)",
    "select id, name from users union all select * from others",
    "select * from (describe users)",
    "select * from (show tables)",
    "describe users",
    "show tables",
    "summarize users",
    "pivot users on id using count(*)",
    "explain select * from users",
    "copy users to '/tmp/x.csv'",
    "copy (select 1) to '/dev/stdout'",
    "attach '/tmp/x.db'",
    "attach 'https://example.invalid/x.db' as x",
    "install httpfs",
    "load httpfs",
    "load '/tmp/evil.so'",
    "set enable_external_access = true",
    "set memory_limit = '1TB'",
    "reset lock_configuration",
    "pragma database_list",
    "pragma enable_profiling",
    "call pragma_version()",
    "create table t (i int)",
    "create secret (type s3)",
    "create macro f() as 1",
    "drop view users",
    "insert into _caller values ('1')",
    "update _caller set id = '1'",
    "delete from _caller",
    "with x as (insert into _caller values ('1') returning *) select * from x",
    "export database '/tmp/x'",
    "import database '/tmp/x'",
    "use temp",
    "prepare p as select 1",
    "execute p",
    "begin",
    "vacuum",
    "checkpoint",
    "select 1; select 2",
    "select id, name from users; drop view users",
    "select id, name from users where id = ?",
    "select id, name from users where id = $1",
    "",
    ";",
    "-- nothing",
    "selec id from users",
    "select 'unfinished",
]


@pytest.mark.parametrize("query", REFUSED)
def test_a_hostile_statement_is_refused_when_defined(query: str) -> None:
    with pytest.raises(errors.CatalogueError, match=r"^sample\.toml: query: "):
        check_query(report_type(query))


@pytest.mark.parametrize("query", REFUSED)
def test_a_hostile_statement_is_refused_when_run(engine: DuckDBEngine, query: str) -> None:
    with pytest.raises(errors.SourceInvalid) as caught:
        read(engine, report_type(query), own="3")

    assert str(caught.value) == "The report type's query is not one SELECT over its own sources."


@pytest.mark.parametrize("query", [
    "select id, name from users where id between 1 and 2 or name like 'a%' order by all desc nulls last limit 10 offset 1",
    "with a as (select 1 as id), b as (select * from a) select id, 'x' as name from b",
    "with recursive t as (select 1 as id union all select id + 1 from t where id < 3) select id, 'x' as name from t",
    "with a as (select 1 as id), b as (select id from users) select u.id, u.name from users u join a using (id) join b using (id)",
    "select u.id, v.name from users u left join (values (1, 'x')) v(id, name) on u.id = v.id",
    "select distinct on (name) id, name from users union all select 2, 'x' intersect select 1, 'y' except select 4, 'z'",
    "select count(distinct id) as id, string_agg(name, ',' order by id) as name from users group by rollup (day)",
    "select i as id, 'x' as name from range(3) r(i), unnest([1, 2]) u(j), generate_series(1, 3) g(k)",
    "select id, case when id > 1 then upper(name) else coalesce(name, '-') end as name from users qualify row_number() over (order by id) = 1",
    "select id, extract(year from day)::varchar || strftime(day, '%Y') as name from users semi join (select 1 as id) q using (id)",
    "select median(id)::bigint as id, list_transform([1], lambda x: x + 1)::varchar as name from users having count(*) > 0",
    "select id, name from users order by id limit 50%",
    "from users select id, name",
    "select id, name from users;\n",
])  # fmt: skip
def test_an_ordinary_query_is_accepted_and_runs(engine: DuckDBEngine, query: str) -> None:
    check_query(report_type(query))

    with engine.open(report_type(query), {}, own_user_id="3") as rows:
        assert rows.rows_total == sum(len(batch[0]) for batch in rows.batches())


def test_a_refused_query_names_what_it_reads() -> None:
    with pytest.raises(errors.CatalogueError, match=r"reads temp\.main\._caller, which \[sources\] does not declare"):
        check_query(report_type("select * from temp.main._caller"))


@pytest.mark.parametrize("query", [
    "select content as x from read_text('/etc/passwd')",
    "select content as x from read_text('{folder}/secret.csv')",
    "select content as x from read_text('{folder}/users/../secret.csv')",
    "select name as x from read_parquet('{folder}/others/a.parquet')",
    "select file as x from glob('{folder}/*')",
    "select * from read_csv('https://example.invalid/x.csv')",
    "copy (select 1) to '{folder}/out.csv'",
    "attach '{folder}/x.db'",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set home_directory = '{folder}'",
    "set home_directory = '{folder}'; select content as x from read_text('~/secret.csv')",
    "select content as x from read_text('~/.bashrc')",
    "select content as x from read_blob('{folder}/users/a.parquet/../../secret.csv')",
    "select content as x from read_text('/dev/stdin')",
    "select content as x from read_text('/proc/self/environ')",
    "select * from '{folder}/*.csv'",
    "select * from 's3://bucket/x.csv'",
    "select * from read_duckdb('{folder}/x.db')",
    "copy users to '{folder}/users/b.parquet'",
    "copy (from users) to '{folder}/users/a.parquet'",
    "export database '{folder}/exported'",
    "attach '{folder}/users/a.parquet' as a",
    "create persistent secret (type s3, key_id 'a', secret 'b')",
    "set temp_directory = '{folder}'",
    "set memory_limit = '1TB'",
    "set lock_configuration = false",
    "reset lock_configuration",
    "pragma enable_profiling; set profiling_output = '{folder}/profile.json'",
    "install httpfs",
    "install httpfs from '{folder}'",
    "load json",
    "load '{folder}/users/a.parquet'",
])  # fmt: skip
def test_duckdb_itself_refuses_what_the_lint_would(
    engine: DuckDBEngine, folder: Path, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.RenderError):
        assert unchecked(engine, query.format(folder=folder), "3", monkeypatch) == []

    assert sorted(file.name for file in folder.iterdir()) == ["others", "secret.csv", "users"]


def test_a_python_variable_is_not_a_table(engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = duckdb.sql("select 'x' as x")
    assert frame is not None

    with pytest.raises(errors.SourceInvalid):
        unchecked(engine, "select x from frame", "3", monkeypatch)

    assert frame.fetchall() == [("x",)]


# Columns


@pytest.mark.parametrize(("query", "message"), [
    ("select id from users", "The query gives no column name, which the report type declares."),
    ("select id, name, day from users", "The query gives a column day, which the report type does not declare."),
    ("select id, id as name from users", "The column name should be text but the query gives bigint: cast it to varchar."),
    ("select name as id, name from users", "The column id should be integer but the query gives varchar: declare it text, or cast it to bigint."),
    ("select amount as id, name from users", "The column id should be integer but the query gives decimal: cast it to bigint."),
])  # fmt: skip
def test_a_wrong_column_is_named(engine: DuckDBEngine, query: str, message: str) -> None:
    with pytest.raises(errors.SourceInvalid) as caught:
        read(engine, report_type(query))

    assert str(caught.value) == message


def test_a_double_is_not_a_decimal(engine: DuckDBEngine) -> None:
    with pytest.raises(errors.SourceInvalid, match=r"gives double: cast it to decimal\(18,2\)"):
        read(
            engine,
            report_type("select id, avg(id) as amount from users group by id", {"id": "integer", "amount": "decimal"}),
        )


@pytest.mark.parametrize("value", ["timestamp 'infinity'", "timestamp '12345-01-01'", "timestamp '0044-03-15 (BC)'"])
def test_a_moment_python_cannot_hold_is_not_an_empty_cell(engine: DuckDBEngine, value: str) -> None:
    with pytest.raises(errors.SourceInvalid):
        read(engine, report_type(f"select {value} as at from users", {"at": "timestamp"}))


@pytest.mark.parametrize(("value", "kind"), [
    ("timestamp 'infinity'", "timestamp"), ("timestamp '12345-01-01'", "timestamp"),
    ("timestamp '0044-03-15 (BC)'", "timestamp"), ("timestamptz '-infinity'", "timestamp"),
    ("date '10000-01-01'", "date"), ("date 'infinity'", "date"), ("date '0000-12-31'", "date"),
])  # fmt: skip
def test_a_date_python_cannot_hold_is_written_nowhere(engine: DuckDBEngine, value: str, kind: str) -> None:
    of = report_type(f"select case when id > 5000 then {value} end as at from users", {"at": kind})

    with (
        pytest.raises(errors.SourceInvalid, match=r"^The column at holds a value outside the years 1 to 9999\.$"),
        engine.open(of, {}, own_user_id=None) as rows,
    ):
        list(rows.lines(Form(line="concat(\"at\", 'x')")))
    with (
        pytest.raises(errors.SourceInvalid, match=r"^The column at holds a value outside the years 1 to 9999\.$"),
        engine.open(of, {}, own_user_id=None) as rows,
    ):
        list(rows.batches())


@pytest.mark.parametrize("value", ["date '10000-01-01'", "timestamp '10000-01-01'", "date '0000-12-31'"])
def test_a_key_figure_python_cannot_hold_is_named(engine: DuckDBEngine, value: str) -> None:
    kind = value.partition(" ")[0]
    figure = {"name": "last", "type": kind, "label": {"en": "Last"}, "value": f"max({value})"}

    with (
        pytest.raises(errors.SourceInvalid, match=r"^The column last holds a value outside the years 1 to 9999\.$"),
        engine.open(report_type(summary=[figure]), {}, own_user_id=None) as rows,
    ):
        rows.figures()


# Errors


def broken(tmp_path: Path, name: str, body: bytes) -> DuckDBEngine:
    (tmp_path / "users").mkdir()
    (tmp_path / "users" / name).write_bytes(body)
    return at(tmp_path, tmp_path)


def test_a_missing_data_set_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceUnavailable, match=r"^The data set users has no files\.$"):
        read(at(tmp_path, tmp_path), report_type())


def test_a_vanished_file_is_unavailable(tmp_path: Path) -> None:
    engine = broken(tmp_path, "a.csv", b"id,name\n1,a\n")

    with engine.open(report_type(), {}, own_user_id=None) as rows:
        (tmp_path / "users/a.csv").unlink()
        with pytest.raises(errors.SourceUnavailable, match=r"^The data cannot be read\.$"):
            list(rows.batches())


@pytest.mark.parametrize(("name", "body"), [
    ("a.parquet", b"PAR1 this is no Parquet file at all PAR1"),
    ("a.ndjson", b'{"id": 1, "name": \n'),
    ("a.csv", b"other,columns\n1,2\n"),
])  # fmt: skip
def test_a_file_of_another_shape_is_invalid(tmp_path: Path, name: str, body: bytes) -> None:
    with pytest.raises(errors.SourceInvalid):
        read(broken(tmp_path, name, body), report_type())


def test_a_value_that_does_not_convert_is_invalid_and_not_shown(engine: DuckDBEngine) -> None:
    with pytest.raises(errors.SourceInvalid) as caught:
        read(engine, report_type("select name::bigint as id, name from users"))

    assert str(caught.value) == "A value in the data does not convert to the type the query asks for."
    assert "n0" in str(caught.value.__cause__)


def test_too_much_memory_is_out_of_memory(engine: DuckDBEngine) -> None:
    of = report_type("select len(list(a.id * b.id)) as id, 'x' as name from users a, users b")

    with pytest.raises(errors.OutOfMemory):
        read(engine, of)


def test_too_much_spill_is_out_of_memory(engine: DuckDBEngine) -> None:
    of = report_type("select a.id, md5(a.name || b.name) as name from users a, users b where b.id < 1000 order by name")

    with engine.open(of, {}, own_user_id=None) as rows, pytest.raises(errors.OutOfMemory):
        next(rows.batches())


EXPECTED = {
    "INTERRUPT Error: Interrupted!": errors.TimedOut,
    "Out of Memory Error: failed": errors.OutOfMemory,
    "IO Error: no such file": errors.SourceUnavailable,
    "HTTP Error: 503": errors.SourceUnavailable,
    "INTERNAL Error: assertion": errors.Internal,
    "FATAL Error: invalidated": errors.Internal,
    "Binder Error: column": errors.SourceInvalid,
    "Catalog Error: table": errors.SourceInvalid,
    "Conversion Error: value": errors.SourceInvalid,
    "Out of Range Error: overflow": errors.SourceInvalid,
    "Permission Error: file": errors.SourceUnavailable,
    "Invalid Input Error: division": errors.SourceInvalid,
    "Parser Error: syntax": errors.SourceInvalid,
    "year 12345 is out of range": errors.SourceInvalid,
}


@pytest.mark.parametrize(("text", "expected"), EXPECTED.items())
@pytest.mark.parametrize("prefix", ["", "C Data interface error: "])
def test_every_complaint_has_its_error(text: str, expected: type[errors.RenderError], prefix: str) -> None:
    assert type(meaning(Exception(prefix + text), {})) is expected


def test_no_meaning_is_untested() -> None:
    assert set(MEANINGS) <= {text.partition(":")[0] for text in EXPECTED}


def test_what_the_reader_of_rows_raises_is_their_own(engine: DuckDBEngine) -> None:
    with pytest.raises(ZeroDivisionError), engine.open(report_type(), {}, own_user_id=None):
        raise ZeroDivisionError


# The deadline

ENDLESS = report_type(
    "select sum(hash(a.id, b.id) % 7)::bigint as id, max(a.name) as name from users a, users b, users c"
)
STREAM = report_type("select a.id, a.name from users a, users b, users c")


def a_fifth_of_a_second() -> timedelta:
    return timedelta(seconds=0.2)


def test_the_deadline_stops_a_count(engine: DuckDBEngine) -> None:
    of = report_type("select a.id, a.name from users a, users b, users c where hash(a.id, b.id, c.id) % 7 = 1")
    started = time.monotonic()

    with (
        engine.open(of, {}, own_user_id=None, left=a_fifth_of_a_second) as rows,
        pytest.raises(errors.TimedOut),
    ):
        _ = rows.rows_total

    assert time.monotonic() - started < 3


@pytest.mark.parametrize("of", [ENDLESS, STREAM], ids=["before the first row", "between rows"])
@pytest.mark.parametrize("chunks", [Rows.batches, lambda rows: rows.lines(NUMBERED)], ids=["cells", "lines"])
def test_the_deadline_stops_a_stream(
    engine: DuckDBEngine, of: ReportType, chunks: Callable[[Rows], Iterator[object]]
) -> None:
    started = time.monotonic()

    with engine.open(of, {}, own_user_id=None, left=a_fifth_of_a_second) as rows, pytest.raises(errors.TimedOut):
        for _ in chunks(rows):
            pass

    assert time.monotonic() - started < 3


def test_nothing_starts_after_the_deadline(engine: DuckDBEngine) -> None:
    with engine.open(report_type(), {}, own_user_id=None, left=a_fifth_of_a_second) as rows:
        time.sleep(0.4)

        with pytest.raises(errors.TimedOut):
            list(rows.batches())
        with pytest.raises(errors.TimedOut):
            list(rows.lines(NUMBERED))
        with pytest.raises(errors.TimedOut):
            _ = rows.rows_total


def test_a_deadline_that_is_past_stops_whatever_runs_or_comes_next(engine: DuckDBEngine) -> None:
    for _ in range(20):  # which statement it meets, or the time between two, is chance
        with (
            pytest.raises(errors.TimedOut),
            engine.open(ENDLESS, {}, own_user_id=None, left=lambda: timedelta(0)) as rows,
        ):
            _ = rows.rows_total
