"""What reports would come to, beside what they come to, over the data that the service ships with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from local.datasets import ensure_datasets
from rapor.batches import Batch, Form, Lines
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.errors import NotEstimated
from rapor.estimate import Bench, Counter, Sample, estimate_report
from rapor.report import Estimate, Format, Report, Scope
from tests.builders import NOW, a_catalogue, a_report

pytestmark = pytest.mark.integration
CATALOGUE = a_catalogue()
SHIPPED = [(it.name, form) for it in CATALOGUE for form in it.formats if not it.record]


@dataclass
class Stopwatch:
    """A second goes by each time it is looked at."""

    seconds: float = field(default=0.0)

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    ensure_datasets(folder)
    return folder


def engine(folder: Path, tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(str(folder), memory_limit_mb=1000, temp_directory=str(tmp_path), temp_limit_mb=1000)


def estimated(report: Report, folder: Path, tmp_path: Path, **changes: Any) -> Estimate:
    bench = Bench(
        catalogue=CATALOGUE,
        engine=engine(folder, tmp_path),
        render=render,
        clock=lambda: datetime.now(UTC),
        stopwatch=Stopwatch(),
    )
    deadline = changes.pop("deadline", datetime.now(UTC) + timedelta(seconds=60))
    return estimate_report(report, deadline=deadline, bench=replace(bench, **changes))


class All:
    """Every row there is."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def batches(self) -> Iterator[Batch]:
        return self.rows.batches()  # type: ignore[no-any-return]

    def lines(self, form: Form) -> Iterator[Lines]:
        return self.rows.lines(form)  # type: ignore[no-any-return]


def made(report: Report, folder: Path, tmp_path: Path) -> tuple[int, int]:
    """Rows and bytes of the document itself."""
    report_type, sink = CATALOGUE.get(report.report_type), Counter()
    assert report_type is not None
    own = report.user_id if report.scope is Scope.OWN else None
    with engine(folder, tmp_path).open(report_type, report.parameters, own_user_id=own) as rows:
        total = rows.rows_total
        figures = rows.figures()
        render(report, report_type, All(rows), sink, figures=figures, as_of=NOW, row_count=total, rows_total=total)
    return total, sink.size_bytes


@pytest.mark.parametrize(("name", "form"), SHIPPED, ids=str)
def test_an_estimate_is_within_twice_of_the_document(name: str, form: Format, folder: Path, tmp_path: Path) -> None:
    report = a_report(report_type=name, format=form, parameters={})

    estimate, (rows, size) = estimated(report, folder, tmp_path), made(report, folder, tmp_path)

    assert estimate.rows_total == rows > 4000
    assert size / 2 <= estimate.size_bytes <= size * 2


@pytest.mark.parametrize("form", Format)
def test_a_short_report_is_known_to_the_byte(form: Format, folder: Path, tmp_path: Path) -> None:
    report = a_report(report_type="users", format=form, parameters={"date_from": "2025-12-01"})

    assert (
        estimated(report, folder, tmp_path, clock=lambda: NOW, deadline=NOW + timedelta(seconds=60)).size_bytes
        == (made(report, folder, tmp_path)[1])
    )


def test_nobody_hears_of_rows_they_may_not_see(folder: Path, tmp_path: Path) -> None:
    report = a_report(report_type="users", parameters={}, scope=Scope.OWN, user_id="7", format=Format.CSV)

    estimate = estimated(report, folder, tmp_path)

    assert (estimate.rows_total, estimate.size_bytes) == made(report, folder, tmp_path)
    assert 0 < estimate.rows_total < 50


def test_a_format_that_is_too_small_says_so(folder: Path, tmp_path: Path) -> None:
    users = CATALOGUE.get("users")
    assert users is not None
    limits = users.limits.model_copy(update={"rows": {Format.PDF: 100, Format.EXCEL: 100_000}})
    catalogue = type(CATALOGUE)({"users": users.model_copy(update={"limits": limits})})

    estimate = estimated(a_report(parameters={}), folder, tmp_path, catalogue=catalogue)

    assert (estimate.fits, estimate.limit) == (False, 100)
    assert estimate.formats == [Format.EXCEL, Format.CSV, Format.JSON]


def test_no_rows_are_an_estimate_too(folder: Path, tmp_path: Path) -> None:
    estimate = estimated(a_report(parameters={"date_to": "1999-12-31"}), folder, tmp_path)

    assert estimate.rows_total == 0
    assert estimate.fits
    assert estimate.size_bytes > 0


def test_an_estimate_stops_at_its_deadline(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotEstimated, match="time ran out"):
        estimated(a_report(parameters={}), folder, tmp_path, deadline=datetime.now(UTC) - timedelta(seconds=1))


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotEstimated, match="users"):
        estimated(a_report(), tmp_path, tmp_path)


def test_the_line_goes_on_as_it_began() -> None:
    short, long = Sample(500, 2000, 0.2), Sample(1500, 4000, 0.3)

    size, seconds = short.onwards(long, 11_500)

    assert size == 24_000
    assert seconds == pytest.approx(1.3)


def test_noise_never_makes_more_rows_cost_less() -> None:
    assert Sample(500, 2000, 0.3).onwards(Sample(4000, 2000, 0.1), 10_000) == (2000, 0.1)
