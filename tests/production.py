"""Reports made as production makes them: the use case, the real engine, the real writers; only table and bucket are fakes."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from rapor.catalogue import Catalogue, ReportType
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.process import Outcome, Workshop, process_report
from rapor.report import Format, Result
from tests.builders import NOW, a_report
from tests.unit.fakes import FakeAnnouncer, FakeClock, FakeDocuments, FakeReports


class Made(NamedTuple):
    """A document, and what its report says of it."""

    document: bytes
    result: Result


def a_type(name: str, columns: Mapping[str, tuple[str, str]], *, order_by: str, **more: Any) -> ReportType:
    """A report type over the data set of its own name; *columns* give type and SQL by name."""
    selected = ", ".join(f"{expression} as {column}" for column, (_, expression) in columns.items())
    return ReportType.model_validate({
        "name": name,
        "version": 1,
        "title": {"en": name},
        "description": {"en": name},
        "formats": list(Format),
        "sources": {name: {}},
        "query": f"select {selected} from {name} order by {order_by}",
        "columns": [{"name": column, "type": kind, "label": {"en": column}} for column, (kind, _) in columns.items()],
        **more,
    })  # fmt: skip


def put_rows(location: Path, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[str | None]]) -> None:
    """Write a data set of one file, text cast to each column's type; *rows* are as text."""
    (location / name).mkdir(parents=True)
    cells = zip(*rows, strict=True)
    values = {f"c{index}": list(column) for index, column in enumerate(cells)}
    selected = ", ".join(
        f"unnest($c{index}::varchar[])::{kind} as {column}" for index, (column, kind) in enumerate(columns.items())
    )
    with duckdb.connect() as con:
        con.sql(f"select {selected}", params=values).write_parquet(str(location / name / "rows.parquet"))


def made(location: Path, report_type: ReportType, wanted: Format, **changes: Any) -> Made:
    """Take a report from its order to its document."""
    report = a_report(report_type=report_type.name, format=wanted, parameters={}, locale="en", **changes)
    reports, documents = FakeReports(report), FakeDocuments()
    workshop = Workshop(
        reports=reports,
        catalogue=Catalogue({report_type.name: report_type}),
        engine=DuckDBEngine(
            str(location), memory_limit_mb=500, temp_directory=str(location / "scratch"), temp_limit_mb=1000
        ),
        render=render,
        documents=documents,
        announcer=FakeAnnouncer(),
        clock=FakeClock(NOW),
        retention=timedelta(days=1),
    )
    ending = process_report(report.uuid, deadline=NOW + timedelta(hours=1), workshop=workshop)
    result = reports.rows[report.uuid].result
    assert ending.outcome is Outcome.COMPLETED, ending.reason
    assert result is not None
    return Made(documents.stored[result.key], result)
