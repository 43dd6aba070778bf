"""
Rows to PDF (ISO 32000-2), streamed: a page leaves as soon as it is full.

Memory is one batch, a page, the fonts in use and eight bytes per object.
"""

from collections.abc import Sequence
from itertools import chain
from uuid import UUID

from rapor.batches import Batch, Source
from rapor.catalogue import Column, ColumnType
from rapor.documents.parts import Head, Sink, Written
from rapor.documents.pdf.cells import to_texts
from rapor.documents.pdf.fonts import LatinFont
from rapor.documents.pdf.layout import SHEETS, plan
from rapor.documents.pdf.objects import PdfFile, date_string, text_string
from rapor.documents.pdf.pages import Pages
from rapor.documents.pdf.shaping import ShapedFont, Shaper
from rapor.documents.pdf.style import FOOT_SIZE, LABEL_SIZE, TITLE_SIZE, VALUE_SIZE
from rapor.documents.pdf.table import Table
from rapor.documents.pdf.text import Typeface
from rapor.documents.pdf.title import TitleFaces, completeness, draw_title
from rapor.documents.rows import checked, label_of
from rapor.locale import Locale, locale_of

REGULAR, BOLD = "NotoSans-Regular", "NotoSans-Bold"


def write_pdf(head: Head, columns: Sequence[Column], source: Source, sink: Sink) -> Written:
    """
    Write title block, table and, last, what the pages share.

    Raises:
        ValueError, SourceInvalid: See `rows.checked`.
    """
    locale = locale_of(head.locale)
    pdf, fonts, rows = PdfFile(sink), Fonts(), 0
    batches = checked(head, columns, source.batches())
    texts = (to_texts_of(columns, batch, locale) for batch in batches)
    nothing: list[list[str]] = [[] for _ in columns]
    first = next(texts, nothing)
    pages, table = begin(head, columns, first, pdf, fonts)
    for batch in chain([first], texts):
        table.add(batch)
        rows += len(batch[0])
    table.end(completeness(rows, head.rows_total, locale) if head.rows_total else locale.no_rows)
    root = pages.close(fonts.embed(pdf))
    catalog = pdf.add(
        b"<</Type/Catalog/Pages %d 0 R/Lang%s/ViewerPreferences<</DisplayDocTitle true>>>>"
        % (root, text_string(head.locale))
    )
    pdf.close(catalog=catalog, info=add_info(pdf, head), identity=UUID(head.uuid).bytes)
    return Written(rows, fonts.missing)


class Fonts:
    """The two weights, and whatever fallback they come to need."""

    def __init__(self) -> None:
        self.shaped: dict[str, ShapedFont] = {}
        self._latin = {"F1": LatinFont.load(REGULAR), "F2": LatinFont.load(BOLD)}
        self._shapers = {"F1": Shaper(REGULAR, self.shaped), "F2": Shaper(BOLD, self.shaped)}

    def regular(self, size: float) -> Typeface:
        """For everything that is read."""
        return Typeface("F1", size, self._latin["F1"], self._shapers["F1"])

    def bold(self, size: float) -> Typeface:
        """For titles and labels."""
        return Typeface("F2", size, self._latin["F2"], self._shapers["F2"])

    @property
    def missing(self) -> int:
        """Characters drawn as a mark, because no font has them."""
        return sum(shaper.drawn_missing for shaper in self._shapers.values())

    def embed(self, pdf: PdfFile) -> dict[str, int]:
        """Write what was used, give the fonts' numbers by tag."""
        numbers = {tag: latin.embed(pdf, subset_tag(index)) for index, (tag, latin) in enumerate(self._latin.items())}
        used = [font for font in self.shaped.values() if font.is_used]
        return numbers | {font.tag: font.embed(pdf, subset_tag(2 + index)) for index, font in enumerate(used)}


def subset_tag(index: int) -> str:
    """Six letters that tell subsets apart (§9.9.2)."""
    return "RAPOR" + chr(ord("A") + index)


def to_texts_of(columns: Sequence[Column], batch: Batch, locale: Locale) -> list[list[str]]:
    """Write a batch's cells as people read them."""
    return [to_texts(column, cells, locale) for column, cells in zip(columns, batch, strict=True)]


def begin(
    head: Head, columns: Sequence[Column], sample: Sequence[Sequence[str]], pdf: PdfFile, fonts: Fonts
) -> tuple[Pages, Table]:
    """Lay the document out and draw its title block."""
    locale = locale_of(head.locale)
    labels = [label_of(column, head.locale) for column in columns]
    largest = locale.number(head.row_count)  # whole numbers are often ids, which grow as the rows come
    sample = [
        [*cells, largest] if column.type is ColumnType.INTEGER else cells
        for column, cells in zip(columns, sample, strict=True)
    ]
    layout = plan(columns, labels, sample, fonts.regular(SHEETS[0].size), fonts.bold(SHEETS[0].size))
    note = f"{head.title}  ·  {locale.as_of} {locale.timestamp(head.as_of.replace(microsecond=0))} UTC"
    pages = Pages(pdf, layout.sheet, fonts.regular(FOOT_SIZE), locale.page, note)
    table = Table(layout, labels, fonts.regular(layout.sheet.size), fonts.bold(layout.sheet.size), pages)
    faces = TitleFaces(fonts.bold(TITLE_SIZE), fonts.regular(LABEL_SIZE), fonts.regular(VALUE_SIZE))
    table.begin(*draw_title(head, locale, layout.sheet, faces))
    return pages, table


def add_info(pdf: PdfFile, head: Head) -> int:
    """Write the document information (§14.3.3), dated by the data and not by the clock."""
    moment = date_string(head.as_of)
    return pdf.add(b"<</Title%s/Producer(Rapor)/CreationDate%s/ModDate%s>>" % (text_string(head.title), moment, moment))
