"""The last sheet: what the document is."""

from collections.abc import Iterator

from rapor.documents.excel.archive import Zip
from rapor.documents.excel.cells import inline
from rapor.documents.excel.sheet import opening
from rapor.documents.excel.styles import Style, Styles
from rapor.documents.excel.values import cell_of
from rapor.documents.excel.xml import escape
from rapor.documents.parts import Head, Written
from rapor.documents.rows import label_of
from rapor.locale import Locale

WIDTHS = (28, 64)  # characters
FIRST_LINE = 3  # row


def add_about(archive: Zip, number: int, head: Head, styles: Styles, written: Written) -> None:
    """Write the sheet as the package's *number*th: key figures as numbers, everything else as text."""
    archive.begin(f"xl/worksheets/sheet{number}.xml")
    lines = [f'<row r="1" ht="24" customHeight="1">{inline("A1", escape(head.title), Style.TITLE)}</row>']
    for place, (figure, value) in enumerate(head.summary, FIRST_LINE):
        cell = cell_of(f"B{place}", value, figure.type, styles.figure_of(figure))
        lines.append(line(place, label_of(figure, head.locale), cell))
    for place, (label, text) in enumerate(facts(head, styles.locale, written), FIRST_LINE + len(head.summary)):
        lines.append(line(place, label, inline(f"B{place}", escape(text))))
    content = opening(WIDTHS, frozen=False) + "".join(lines) + "</sheetData></worksheet>"
    archive.write(content.encode())
    archive.end()


def line(place: int, label: str, cell: str) -> str:
    """One row of the sheet."""
    return f'<row r="{place}">{inline(f"A{place}", escape(label), Style.LABEL)}{cell}</row>'


def facts(head: Head, locale: Locale, written: Written) -> Iterator[tuple[str, str]]:
    """Labels and values, in the order of the sheet; what is missing is said only where something is."""
    yield from head.parameters
    yield locale.as_of, f"{locale.timestamp(head.as_of.replace(microsecond=0))} UTC"
    yield locale.rows_written, locale.number(written.rows)
    yield locale.rows_found, locale.number(head.rows_total)
    if written.rows < head.rows_total:
        yield "", locale.truncated
    if written.cut_cells:
        yield locale.cut_cells, locale.number(written.cut_cells)
    yield locale.report_type, head.report_type
    yield locale.version, str(head.type_version)
    yield locale.report, head.uuid
