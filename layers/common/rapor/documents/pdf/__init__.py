"""
Rows to PDF (ISO 32000-2), streamed: a page leaves as soon as it is full.

Memory is one batch, a page, the fonts in use and eight bytes per object.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from uuid import UUID

from rapor.batches import Batch, Source
from rapor.catalogue import Column, ColumnType
from rapor.documents.parts import Head, Sink, Written
from rapor.documents.pdf.cells import heading, to_text, to_texts
from rapor.documents.pdf.chart import Chart
from rapor.documents.pdf.layout import SHEETS, Layout, Sheet, plan
from rapor.documents.pdf.metadata import add_information, add_metadata
from rapor.documents.pdf.objects import PdfFile, text_string
from rapor.documents.pdf.opening import Opening, completeness
from rapor.documents.pdf.outline import Entry, RowPages, add_outline
from rapor.documents.pdf.pages import Pages
from rapor.documents.pdf.style import ACCENT, FOOT_SIZE, GREY, WARNING
from rapor.documents.pdf.table import Table
from rapor.documents.pdf.typefaces import Typefaces
from rapor.documents.rows import checked
from rapor.locale import locale_of

Texts = Sequence[Sequence[str]]
"""Cells as people read them, column by column."""

TABLE_LEAST = 80.0  # head and some rows, else the table begins on the next page


def write_pdf(head: Head, columns: Sequence[Column], source: Source, sink: Sink) -> Written:
    """
    Write title, chart, table and, last, what the pages share.

    Raises:
        ValueError, SourceInvalid: See `rows.checked`.
    """
    return Document(head, columns, sink).write(checked(head, columns, source.batches()))


class Document:
    """One document, from its title to the cross-references."""

    def __init__(self, head: Head, columns: Sequence[Column], sink: Sink) -> None:
        self._head, self._columns = head, columns
        self._locale = locale_of(head.locale)
        self._pdf, self._faces = PdfFile(sink), Typefaces()
        self._labels = [heading(column, self._locale) for column in columns]
        self._totals = [
            None if total is None else to_text(column, total, self._locale)
            for column, total in zip(columns, head.totals or [None] * len(columns), strict=True)
        ]
        self._entries: list[Entry] = []
        self._rows_entry = Entry(self._locale.table, page=0)
        self._row_pages = RowPages()
        self._cut_above = 0  # values before the rows of which not all is shown

    def write(self, batches: Iterable[Batch]) -> Written:
        """Write it, laid out by the first batch."""
        texts = (self._texts(batch) for batch in batches)
        first = list(islice(texts, 1))
        layout = self._plan(first[0] if first else [[] for _ in self._columns])
        pages = self._pages(layout.sheet)
        table = self._begin(layout, pages)
        rows = 0
        for batch in chain(first, texts):
            table.add(batch)
            rows += len(batch[0])
        missing = self._faces.missing
        totals = table.totals(self._locale.total, self._totals)
        cut = self._cut_above + table.cut_cells
        top = table.end(totals, self._notes(rows, cut, missing))
        if totals:
            self._entries.append(Entry(self._locale.total, pages.last, top))
        self._finish(pages, rows)
        return Written(rows, missing, cut)

    def _texts(self, batch: Batch) -> Texts:
        return [to_texts(column, cells, self._locale) for column, cells in zip(self._columns, batch, strict=True)]

    def _plan(self, sample: Texts) -> Layout:
        """Lay the page out by some rows, the totals, and for whole numbers the last row's number: they may be ids."""
        largest = self._locale.number(self._head.row_count)
        sample = [
            [*cells, *([largest] if column.type is ColumnType.INTEGER else []), *([total] if total else [])]
            for column, cells, total in zip(self._columns, sample, self._totals, strict=True)
        ]
        body, bold = self._faces.regular(SHEETS[0].size), self._faces.bold(SHEETS[0].size)
        return plan(self._columns, self._labels, sample, body, bold)

    def _pages(self, sheet: Sheet) -> Pages:
        moment = self._locale.timestamp(self._head.as_of.replace(microsecond=0))
        note = f"{self._head.title}  ·  {self._locale.as_of} {moment} UTC"
        return Pages(self._pdf, sheet, self._faces.regular(FOOT_SIZE), self._locale.page, note)

    def _begin(self, layout: Layout, pages: Pages) -> Table:
        """Draw title and chart, and the table's head."""
        head, sheet, faces = self._head, layout.sheet, self._faces
        body, bold = faces.regular(sheet.size), faces.bold(sheet.size)
        table = Table(layout, self._labels, body=body, bold=bold, pages=pages, row_pages=self._row_pages)
        opening = Opening(pages, sheet, faces)
        self._entries.append(Entry(head.title, pages.current))
        opening.draw(head, self._locale)
        self._cut_above = opening.cut_values
        if head.chart:
            self._entries.append(Entry(head.chart.title, *opening.draw_chart(Chart(head.chart, self._locale, faces))))
        opening.make_room(TABLE_LEAST)
        self._rows_entry.page, self._rows_entry.top = pages.current, opening.y
        self._entries.append(self._rows_entry)
        table.begin(opening.canvas, opening.y)
        return table

    def _notes(self, rows: int, cut_cells: int, missing_glyphs: int) -> list[tuple[str, str]]:
        """What the last page says of completeness, and in which colour."""
        locale, found = self._locale, self._head.rows_total
        notes = [(completeness(rows, found, locale) if found else locale.no_rows, ACCENT)]
        if rows < found:
            notes.append((locale.truncated, WARNING))
        if cut_cells:
            notes.append((f"{locale.cut_cells}: {locale.number(cut_cells)}", GREY))
        if missing_glyphs:
            notes.append((f"{locale.missing_glyphs}: {locale.number(missing_glyphs)}", GREY))
        return notes

    def _finish(self, pages: Pages, rows: int) -> None:
        pdf, head, number = self._pdf, self._head, self._locale.number
        self._rows_entry.children += [
            Entry(f"{number(first)}\u2013{number(last)}", page) for first, last, page in self._row_pages.ranges(rows)
        ]
        root, outline = pages.close(self._faces.embed(pdf)), add_outline(pdf, self._entries)
        catalog = pdf.add(
            b"<</Type/Catalog/Pages %d 0 R/Outlines %d 0 R/Metadata %d 0 R/Lang%s"
            b"/ViewerPreferences<</DisplayDocTitle true>>>>"
            % (root, outline, add_metadata(pdf, head), text_string(head.locale))
        )
        pdf.close(catalog=catalog, info=add_information(pdf, head), identity=UUID(head.uuid).bytes)
