"""
Rows to Excel (ECMA-376), streamed: typed cells, a frozen head with a filter, sheets that roll over, an About sheet.

Memory is one batch: text stands in its cell, so there is no table of shared strings to keep.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from html import unescape
from itertools import chain, repeat
from typing import Any

from rapor.batches import Lines, Source
from rapor.catalogue import Column, ColumnType
from rapor.documents.excel.about import add_about
from rapor.documents.excel.archive import Zip
from rapor.documents.excel.cells import letters_of
from rapor.documents.excel.chart_sheet import PARTS as CHART_PARTS
from rapor.documents.excel.chart_sheet import add_chart
from rapor.documents.excel.sheet import Sheets, form
from rapor.documents.excel.styles import Styles
from rapor.documents.excel.values import is_cut
from rapor.documents.excel.workbook import add_parts
from rapor.documents.parts import Head, Sink, Written
from rapor.documents.rows import counted, label_of
from rapor.documents.words import figures_in_words
from rapor.errors import SourceInvalid
from rapor.locale import Locale, locale_of

COLUMN_LIMIT = 16_384
SAMPLE = 400  # rows
NARROWEST, WIDEST = 9, 60  # characters
FILTER_BUTTON = 3  # characters it hides of a label
GROWTH = 3  # two digits and a mark, for numbers that grow after the sample
PLACES = {ColumnType.INTEGER: 0, ColumnType.DECIMAL: 2}  # at least, as `Styles` has them
FIXED_WIDTHS = {ColumnType.DATE: 12, ColumnType.TIMESTAMP: 20}
CELL = re.compile(r'<c r="([A-Z]+)\d+"[^>]*>(?:<v>|<is><t[^>]*>)([^<]*)')


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


def widths_of(head: Head, columns: Sequence[Column], labels: Sequence[str], first: Lines | None) -> list[int]:
    """Column widths in characters."""
    longest = longest_of(first.part(0, min(SAMPLE, first.rows)).decode()) if first else {}
    contents = (longest.get(letters_of(index), "") for index in range(len(columns)))
    lengths = map(length_of, columns, contents, head.totals or repeat(None), repeat(head))
    return [width_of(label, length) for label, length in zip(labels, lengths, strict=True)]


def longest_of(rows: str) -> Mapping[str, str]:
    """The longest content of each column, by its letters."""
    longest: defaultdict[str, str] = defaultdict(str)
    for letters, content in CELL.findall(rows):
        longest[letters] = max(longest[letters], unescape(content), key=len)
    return longest


def length_of(column: Column, longest: str, total: Any, head: Head) -> int:
    """Count the characters a column shows at most; Excel shows a number that is wider than its column as `####`."""
    if not column.type.is_number:
        return FIXED_WIDTHS.get(column.type, len(longest))
    locale, rows = locale_of(head.locale), len(longest) * 4 // 3  # thousands marks make numbers a third longer
    if longest:
        growth = GROWTH if head.row_count > SAMPLE else 0
        rows = max(rows, len(shown(column, Decimal(longest), locale)) + growth)
    return rows if total is None else max(rows, len(shown(column, total, locale)))


def shown(column: Column, number: Decimal, locale: Locale) -> str:
    """Write a number about as the reader's Excel will."""
    return locale.money(number, column.currency) if column.currency else locale.number(number, PLACES[column.type])


def width_of(label: str, length: int) -> int:
    """As wide as the longest of label and content."""
    return min(max(length + 2, len(label) + FILTER_BUTTON, NARROWEST), WIDEST)
