"""
Rows to Excel (ECMA-376), streamed: typed cells, a frozen head with a filter, sheets that roll over, an About sheet.

Memory is one batch: text stands in its cell, so there is no table of shared strings to keep.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from rapor.batches import Lines, Source
from rapor.catalogue import Column
from rapor.documents.excel.about import add_about
from rapor.documents.excel.archive import Zip
from rapor.documents.excel.chart_sheet import PARTS as CHART_PARTS
from rapor.documents.excel.chart_sheet import add_chart
from rapor.documents.excel.sheet import Sheets, form
from rapor.documents.excel.styles import Styles
from rapor.documents.excel.values import is_cut
from rapor.documents.excel.widths import widths_of
from rapor.documents.excel.workbook import add_parts
from rapor.documents.parts import Head, Sink, Written
from rapor.documents.rows import counted, label_of
from rapor.documents.words import figures_in_words
from rapor.errors import SourceInvalid
from rapor.locale import locale_of

COLUMN_LIMIT = 16_384


def write_excel(head: Head, columns: Sequence[Column], source: Source, sink: Sink) -> Written:
    """
    Write the rows' sheets, the About sheet and what holds them together.

    Raises:
        ValueError: See `rows.counted`.
        SourceInvalid: There are more columns than a sheet has.
    """
    if len(columns) > COLUMN_LIMIT:
        raise SourceInvalid(f"{len(columns)} columns; Excel holds {COLUMN_LIMIT}")
    locale, archive, rows, cut_cells = locale_of(head.locale), Zip(sink), 0, 0
    head = figures_in_words(head, locale)
    labels, styles = [label_of(column, head.locale) for column in columns], Styles(locale)
    first, chunks = peeked(counted(head, source.lines(form(columns, styles))))
    sheets = Sheets(archive, columns, styles, labels, widths_of(head, columns, labels, first))
    for lines in chunks:
        sheets.add(lines)
        rows += lines.rows
        cut_cells += lines.cut_cells
    if rows and head.totals:
        sheets.add_totals(head.totals, locale.total)
    sheets.close()
    written = Written(rows, cut_cells=cut_cells + sum(map(is_cut, single_values(head))))
    further, parts = [locale.about], {}
    if head.chart:
        further, parts = [locale.chart, locale.about], CHART_PARTS
        add_chart(archive, len(sheets.all) + 1, locale.chart, head.chart, styles)
    add_about(archive, len(sheets.all) + len(further), head, styles, written)
    add_parts(archive, head, styles, sheets, further=further, parts=parts)
    archive.close()
    return written


def single_values(head: Head) -> Iterator[Any]:
    """Key figures, and all of a chart's points."""
    yield from (value for _, value in head.summary)
    yield from chain.from_iterable(head.chart.points if head.chart else ())


def peeked(chunks: Iterator[Lines]) -> tuple[Lines | None, Iterator[Lines]]:
    """The first rows, and all of them."""
    first = next(chunks, None)
    return first, chunks if first is None else chain([first], chunks)
