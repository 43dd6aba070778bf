"""A report and its rows to the document in its format."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rapor.batches import Source
from rapor.catalogue import ReportType, label_in
from rapor.documents.parts import ChartData, CsvOptions, Head, Sink, Written
from rapor.documents.words import in_words
from rapor.documents.writers import writer_of
from rapor.figures import Figures
from rapor.locale import Locale, locale_of
from rapor.report import Report


def render(
    report: Report,
    report_type: ReportType,
    source: Source,
    sink: Sink,
    *,
    figures: Figures,
    as_of: datetime,
    row_count: int,
    rows_total: int,
) -> Written:
    """Write the document of *row_count* rows, of *rows_total* at the source; *figures* are those its format shows."""
    values = {name: value for name, value in report_type.with_defaults(report.parameters).items() if value is not None}
    head = Head(
        uuid=str(report.uuid),
        title=report.title,
        report_type=report.report_type,
        type_version=report.type_version,
        locale=report.locale,
        parameters=tuple(_in_words(report_type, values, locale_of(report.locale))),
        raw_parameters=values,
        as_of=as_of,
        row_count=row_count,
        rows_total=rows_total,
        csv=CsvOptions(**(report.options or {}).get("csv", {})),
        summary=tuple(zip(report_type.summary, figures.summary, strict=report.format.has_figures)),
        totals=figures.totals,
        chart=_chart(report_type, figures, report.locale),
    )
    return writer_of(report.format)(head, report_type.columns, source, sink)


def _chart(report_type: ReportType, figures: Figures, locale: str) -> ChartData | None:
    chart = report_type.chart
    if chart is None or not figures.points:
        return None
    return ChartData(chart.kind, label_in(chart.title, locale), chart.x, chart.y, figures.points)


def _in_words(report_type: ReportType, values: Mapping[str, Any], locale: Locale) -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        schema = report_type.parameters["properties"][name]
        label = label_in(schema.get("x-label") or {"": name}, locale.code)
        yield label, in_words(value, schema, locale)
