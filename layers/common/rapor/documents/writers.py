"""The writer of each format; imported when first asked for, so that a start waits for none."""

# ruff: noqa: PLC0415

from rapor.documents.parts import Writer
from rapor.report import Format


def writer_of(kind: Format) -> Writer:
    """Say what writes a format."""
    match kind:
        case Format.PDF:
            from rapor.documents.pdf import write_pdf as writer
        case Format.EXCEL:
            from rapor.documents.excel import write_excel as writer
        case Format.CSV:
            from rapor.documents.csv import write_csv as writer
        case Format.JSON:
            from rapor.documents.json import write_json as writer
    return writer
