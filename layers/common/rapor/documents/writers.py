"""The writer of each format."""

from collections.abc import Mapping

from rapor.documents.csv import write_csv
from rapor.documents.excel import write_excel
from rapor.documents.json import write_json
from rapor.documents.parts import Writer
from rapor.documents.pdf import write_pdf
from rapor.report import Format

WRITERS: Mapping[Format, Writer] = {
    Format.PDF: write_pdf,
    Format.EXCEL: write_excel,
    Format.CSV: write_csv,
    Format.JSON: write_json,
}
