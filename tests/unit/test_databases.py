"""Databases that are kept from one report to the next: what stays, and what must not."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import duckdb
import pytest

from rapor.batches import Form
from rapor.catalogue import ReportType
from rapor.data.databases import KEPT, Databases
from rapor.data.datasets import Folder
from rapor.data.engine import DuckDBEngine
from rapor.errors import OutOfMemory, RenderError
from rapor.report import Format

SPILL_MB = 50


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("users", "orders"):
        write(tmp_path / "data" / name / "a.parquet", "select i::varchar as id from range(3) t(i)")
    return tmp_path / "data"


@pytest.fixture
def engine(data: Path, tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(str(data), memory_limit_mb=100, temp_directory=str(tmp_path / "spill"), temp_limit_mb=SPILL_MB)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[duckdb.DuckDBPyConnection]:
    """Every database that is opened, in this order."""
    found: list[duckdb.DuckDBPyConnection] = []
    connect = duckdb.connect

    def noted(*args: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        found.append(connect(*args, **options))
        return found[-1]

    monkeypatch.setattr(duckdb, "connect", noted)
    return found


def write(file: Path, rows: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(f"copy ({rows}) to '{file}'")


def of(source: str = "users", query: str = "", **changes: Any) -> ReportType:
    return ReportType.model_validate({
        "name": "ids", "version": 1, "title": {"en": "Ids"}, "description": {"en": "Ids"}, "formats": ["csv"],
        "sources": {source: {"own": "id"}}, "query": query or f"select id from {source}",
        "columns": [{"name": "id", "type": "text", "label": {"en": "Id"}}],
    } | changes)  # fmt: skip


def ids(engine: DuckDBEngine, report_type: ReportType, own: str | None = None, **values: Any) -> list[str]:
    with engine.open(report_type, values, own_user_id=own) as rows:
        return sorted(cell for batch in rows.batches() for cell in batch[0])


def test_reports_that_read_the_same_share_a_database(
    engine: DuckDBEngine, opened: list[duckdb.DuckDBPyConnection]
) -> None:
    for _ in range(3):
        assert ids(engine, of()) == ["0", "1", "2"]

    assert len(opened) == 1


def test_reports_of_other_files_do_not(engine: DuckDBEngine, opened: list[duckdb.DuckDBPyConnection]) -> None:
    assert ids(engine, of("users")) == ids(engine, of("orders"))

    assert len(opened) == 2


def test_a_kept_database_opens_no_file_but_its_own(engine: DuckDBEngine, data: Path) -> None:
    ids(engine, of())
    (kept,) = engine._databases._free

    with kept.connection(Folder(data)) as con:
        con.execute(f"from read_parquet('{data}/users/a.parquet')")
        for reach in (
            f"from read_parquet('{data}/orders/a.parquet')",
            f"from read_text('{__file__}')",
            f"copy (select 1) to '{data}/x.csv'",
            f"attach '{data}/x.db'",
            "set enable_external_access = true",
            "set global allowed_paths = ['/']",
            "reset lock_configuration",
        ):
            with pytest.raises(duckdb.Error):
                con.execute(reach)


def test_the_next_caller_gets_their_own_rows(engine: DuckDBEngine) -> None:
    assert [ids(engine, of(), own) for own in ("1", "2", None, "9")] == [["1"], ["2"], ["0", "1", "2"], []]


def test_nothing_that_a_report_made_is_there_for_the_next(engine: DuckDBEngine, data: Path) -> None:
    ids(engine, of(), "1")
    (kept,) = engine._databases._free

    with kept.connection(Folder(data)) as con:
        assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
        assert con.execute("select count(*) from duckdb_views() where not internal").fetchall() == [(0,)]


def test_a_report_can_make_nothing_that_lasts(engine: DuckDBEngine) -> None:
    with engine.open(of(), {}, own_user_id="1") as rows:
        for making in ("create table t (i int)", "create macro m() as 1", "create sequence n", "create schema s"):
            with pytest.raises(duckdb.Error):
                rows._con.execute(making)
            rows._con.execute("rollback")
            rows._con.execute("begin transaction read only")


def test_the_time_zone_is_utc_for_all(engine: DuckDBEngine) -> None:
    query = "select strftime(timestamptz '2026-07-01 00:00:00+00', '%H') || id as id from users"

    for _ in range(2):
        assert ids(engine, of(query=query)) == ["000", "001", "002"]


@pytest.mark.parametrize("rows", [5, 200_000])
def test_a_file_that_was_replaced_is_read_as_it_is(engine: DuckDBEngine, data: Path, rows: int) -> None:
    ids(engine, of())
    write(data / "users" / "a.parquet", f"select i::varchar as id from range({rows}) t(i)")

    assert len(ids(engine, of())) == rows


def test_a_file_that_came_is_another_database(
    engine: DuckDBEngine, data: Path, opened: list[duckdb.DuckDBPyConnection]
) -> None:
    ids(engine, of())
    write(data / "users" / "b.parquet", "select 'b' as id")

    assert ids(engine, of()) == ["0", "1", "2", "b"]
    assert len(opened) == 3  # one of them wrote the file


def test_a_report_that_fails_takes_its_database_along(
    engine: DuckDBEngine, opened: list[duckdb.DuckDBPyConnection]
) -> None:
    broken = of(query="select cast(id || 'x' as integer)::varchar as id from users")

    for _ in range(2):
        with pytest.raises(RenderError):
            ids(engine, broken)

    assert len(opened) == 2
    assert not engine._databases._free


def test_so_does_one_that_was_left_in_the_middle(engine: DuckDBEngine) -> None:
    with pytest.raises(KeyError), engine.open(of(), {}, own_user_id=None):
        raise KeyError

    assert not engine._databases._free


@pytest.mark.parametrize("stream", [lambda rows: rows.batches(), lambda rows: rows.lines(Form(line="id"))])
def test_a_stream_left_in_the_middle_holds_no_memory_of_the_next(
    engine: DuckDBEngine, stream: Callable[[Any], Iterator[Any]]
) -> None:
    sorted_ones = of(query="select md5(i::varchar) as id from range(200_000) t(i) order by 1")
    with engine.open(sorted_ones, {}, own_user_id=None) as rows:
        left = stream(rows)
        next(left)

    (kept,) = engine._databases._free
    with kept.connection(Folder(Path())) as con:
        assert con.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchall() == [(0,)]


def test_one_that_spilled_leaves_nothing_on_the_disk(engine: DuckDBEngine, tmp_path: Path) -> None:
    large = of(query="select md5((i + 1)::varchar) as id from range(1_500_000) t(i) order by 1")
    try:
        with engine.open(large, {}, own_user_id=None) as rows:
            next(rows.batches())
            assert list((tmp_path / "spill").iterdir())
    except OutOfMemory:
        pass

    assert not engine._databases._free
    assert not list((tmp_path / "spill").iterdir())


def test_no_more_are_kept_than_a_few(engine: DuckDBEngine, data: Path) -> None:
    names = [f"set_{number}" for number in range(KEPT + 2)]
    for name in names:
        write(data / name / "a.parquet", "select '1' as id")
        ids(engine, of(name))

    assert [database.files for database in engine._databases._free] == [
        (f"{data}/{name}/a.parquet",) for name in names[2:]
    ]


def test_two_reports_at_once_have_two(engine: DuckDBEngine) -> None:
    both, found = Barrier(2), list[list[str]]()

    def report() -> None:
        with engine.open(of(), {}, own_user_id=None) as rows:
            both.wait(20)
            found.append(sorted(cell for batch in rows.batches() for cell in batch[0]))

    threads = [Thread(target=report) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [["0", "1", "2"]] * 2
    assert len(engine._databases._free) == 2


class Borrowed(Folder):
    """A place whose files are there for one report."""

    bytes_held = 1


def test_files_that_go_with_the_report_keep_no_database(data: Path, tmp_path: Path) -> None:
    lender = Databases(tmp_path / "spill", memory_limit_mb=100, temp_limit_mb=SPILL_MB, threads=1)

    with lender.lent([f"{data}/users/a.parquet"], Borrowed(data)) as con:
        con.execute("select 1")

    assert not lender._free


SUMMED: Mapping[str, Any] = {
    "formats": [it.value for it in Format],
    "summary": [{"name": "most", "type": "text", "label": {"en": "Most"}, "value": "select max(id) from report"}],
    "chart": {
        "kind": "bar", "title": {"en": "Ids"}, "query": "select id, 1 as n from report",
        "x": {"name": "id", "type": "text", "label": {"en": "Id"}},
        "y": [{"name": "n", "type": "integer", "label": {"en": "N"}}],
    },
}  # fmt: skip


@contextmanager
def summed(engine: DuckDBEngine, output: Format | None) -> Iterator[Any]:
    with engine.open(of(**SUMMED), {}, own_user_id=None, output=output) as rows:
        yield rows


@pytest.mark.parametrize(("output", "summary", "points"), [
    (None, ["2"], 3), (Format.PDF, ["2"], 3), (Format.EXCEL, ["2"], 3), (Format.JSON, ["2"], 0), (Format.CSV, [], 0),
])  # fmt: skip
def test_only_figures_that_the_format_shows_are_worked_out(
    engine: DuckDBEngine, output: Format | None, summary: list[str], points: int
) -> None:
    with summed(engine, output) as rows:
        figures = rows.figures()

        assert rows.rows_total == 3
        assert (list(figures.summary), len(figures.points)) == (summary, points)
