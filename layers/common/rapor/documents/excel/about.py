"""The last sheet: what the document is."""

from rapor.documents.excel.archive import Zip
from rapor.documents.excel.cells import inline
from rapor.documents.excel.sheet import opening
from rapor.documents.excel.styles import Style
from rapor.documents.excel.xml import escape
from rapor.documents.parts import Head
from rapor.locale import Locale

WIDTHS = (24, 64)  # characters
FIRST_FACT = 3  # row


def add_about(archive: Zip, number: int, head: Head, locale: Locale, rows: int) -> None:
    """Write the sheet as the package's *number*th."""
    archive.begin(f"xl/worksheets/sheet{number}.xml")
    lines = [f'<row r="1" ht="24" customHeight="1">{inline("A1", escape(head.title), Style.TITLE)}</row>']
    for place, (label, value) in enumerate(facts(head, locale, rows), FIRST_FACT):
        cells = inline(f"A{place}", escape(label), Style.LABEL), inline(f"B{place}", escape(value))
        lines.append(f'<row r="{place}">{"".join(cells)}</row>')
    content = opening(WIDTHS, frozen=False) + "".join(lines) + "</sheetData></worksheet>"
    archive.write(content.encode())
    archive.end()


def facts(head: Head, locale: Locale, rows: int) -> list[tuple[str, str]]:
    """Labels and values, in the order of the sheet."""
    return [
        *head.parameters,
        (locale.as_of, f"{locale.timestamp(head.as_of.replace(microsecond=0))} UTC"),
        (locale.rows_written, locale.number(rows)),
        (locale.rows_found, locale.number(head.rows_total)),
        (locale.report_type, head.report_type),
        (locale.version, str(head.type_version)),
        (locale.report, head.uuid),
    ]
