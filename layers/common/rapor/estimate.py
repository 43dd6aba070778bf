"""
Foretell a report by making a little of it: two beginnings of the document, and the line through them.

Nothing has to be remembered for it, so the first estimate of a type is as good as the thousandth.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from msgspec import Struct

from rapor.batches import Batch, Form, Lines
from rapor.catalogue import Catalogue, ReportType
from rapor.errors import NotEstimated, RenderError
from rapor.figures import Figures
from rapor.process import Engine, Render, Rows
from rapor.report import Estimate, Report, Scope

SAMPLES = (500, 4000)  # rows: enough to tell what a row costs from what a document costs, and quickly made


class Bench(Struct, frozen=True):
    """All that an estimate needs, apart from the report; `stopwatch` gives seconds from any start."""

    catalogue: Catalogue
    engine: Engine
    render: Render
    clock: Callable[[], datetime]
    stopwatch: Callable[[], float]


class Sample(Struct, frozen=True):
    """A document of the first *rows* rows."""

    rows: int
    size_bytes: int
    seconds: float

    def onwards(self, longer: "Sample", rows: int) -> tuple[int, float]:
        """Size and seconds of a document of *rows* rows, if it goes on as from this one to the longer one."""
        times = (rows - longer.rows) / (longer.rows - self.rows)
        size = longer.size_bytes + times * max(0, longer.size_bytes - self.size_bytes)
        return round(size), longer.seconds + times * max(0.0, longer.seconds - self.seconds)


def estimate_report(report: Report, *, deadline: datetime, bench: Bench) -> Estimate:
    """
    Count the rows, and make the document's beginning.

    Raises:
        NotEstimated: The data could not be read, or not in time.
    """
    report_type = bench.catalogue.get(report.report_type)
    if report_type is None:
        raise NotEstimated("The report type is not known here.")
    own_user_id = None if report.scope is Scope.ALL else report.user_id
    start = bench.stopwatch()
    with (
        _failures_named(),
        bench.engine.open(
            report_type,
            report.parameters,
            own_user_id=own_user_id,
            output=report.format,
            left=lambda: deadline - bench.clock(),
        ) as rows,
    ):
        rows_total, figures = rows.rows_total, rows.figures()
        reading = bench.stopwatch() - start
        samples = [
            _sample(report, report_type, rows, figures, size=min(size, rows_total), bench=bench)
            for size in SAMPLES
            if size == SAMPLES[-1] or size < rows_total
        ]
    longest = samples[-1]
    size, writing = longest.size_bytes, longest.seconds
    if longest.rows < rows_total:
        size, writing = samples[0].onwards(longest, rows_total)
    limits = report_type.limits.rows
    return Estimate(
        report_type=report_type.name,
        format=report.format,
        rows_total=rows_total,
        limit=limits.get(report.format),
        formats=[it for it in report_type.formats if limits.get(it, rows_total) >= rows_total],
        size_bytes=size,
        seconds=reading + writing,
    )


def _sample(
    report: Report, report_type: ReportType, rows: Rows, figures: Figures, *, size: int, bench: Bench
) -> Sample:
    sink, start = Counter(), bench.stopwatch()
    bench.render(
        report,
        report_type,
        Beginning(rows, size),
        sink,
        figures=figures,
        as_of=bench.clock(),
        row_count=size,
        rows_total=rows.rows_total,
    )
    return Sample(size, sink.size_bytes, bench.stopwatch() - start)


class Beginning(Struct, frozen=True):
    """The first rows."""

    rows: Rows
    limit: int

    def batches(self) -> Iterator[Batch]:
        """As cells."""
        return self.rows.batches(self.limit)

    def lines(self, form: Form) -> Iterator[Lines]:
        """As bytes."""
        return self.rows.lines(form, self.limit)


class Counter(Struct):
    """Counts a document's bytes and forgets them."""

    size_bytes: int = 0

    def write(self, data: bytes, /) -> None:
        """Count."""
        self.size_bytes += len(data)


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except RenderError as error:
        raise NotEstimated(str(error)) from error
