"""
Documents, against what else could write them: CPU seconds and peak memory.

Everybody starts from one Parquet file and writes the same eight columns to a file. Each measurement has a process
of its own, which has written a hundred rows before the clock starts; the rounds of all writers are interleaved.
CPU is user and system time of all threads. A writer that is slow stops at the last number of rows that it is listed
with. Ours is the real engine: it opens a hardened database and counts before it writes, some 30 ms of a first report.

    make bench-documents ROWS=10000,100000 FORMATS=pdf,excel
"""

import argparse
import csv
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from page import write_section  # beside this script

Row = tuple[Any, ...]
Write = Callable[[Path, Path], None]
"""Takes the Parquet file and the document's path."""

ROOT = Path(__file__).parents[1]
FONT = ROOT / "layers/common/rapor/documents/fonts/NotoSans-Regular.ttf"
ROWS = (1_000, 10_000, 100_000, 1_000_000)
MILLION = 1_000_000
MOST = {"csv": 10 * MILLION}  # rows; the other formats stop at a million
WARM_ROWS = 100
LABELS = ("No", "Ad soyad", "Şehir", "Tutar", "Adet", "Gün", "Görüldü", "Etkin")
NAMES = ("id", "name", "city", "amount", "quantity", "day", "seen", "active")
TYPES = ("integer", "text", "text", "decimal", "integer", "date", "timestamp", "boolean")
RIGHT = frozenset({0, 3, 4})  # columns of numbers
MADE_UP = """
select i as id,
    ['Ayşe', 'İbrahim', 'Şule', 'Mehmet', 'Özlem', 'Çağla', 'Gökhan', 'Fatma'][1 + i % 8] || ' '
        || ['Yılmaz', 'Güneş', 'Öztürk', 'Demir', 'Kaya', 'Işık', 'Çelik'][1 + i * 31 % 7] || ' ' || i as name,
    case when hash(i) % 50 > 0 then ['İstanbul', 'Ankara', 'İzmir', 'Şanlıurfa', 'Muğla'][1 + i % 5] end as city,
    case when hash(i + 7) % 50 > 0 then cast(hash(i) % 100000000 / 100 as decimal(18, 2)) end as amount,
    cast(hash(i + 3) % 1000 as integer) as quantity,
    date '2020-01-01' + cast(i % 2000 as integer) as day,
    timestamp '2024-01-01' + to_seconds(i * 37) as seen,
    i % 3 = 0 as active
from range({rows}) t(i)
"""


# Ours


def rapor(kind: str) -> Write:
    """Write with the real engine and writers, the count and all."""

    def write(source: Path, target: Path) -> None:
        from rapor.data.engine import DuckDBEngine
        from rapor.documents.render import render

        report, report_type = an_order(kind)
        with tempfile.TemporaryDirectory() as scratch, target.open("wb") as sink:
            engine = DuckDBEngine(
                str(source.parents[1]), memory_limit_mb=1024, temp_directory=scratch, temp_limit_mb=512
            )
            with engine.open(report_type, {}, own_user_id=None) as rows:
                total, moment = rows.rows_total, datetime(2025, 1, 1, tzinfo=UTC)
                told = {"figures": rows.figures(), "as_of": moment, "row_count": total, "rows_total": total}
                render(report, report_type, rows, sink, **told)

    return write


def an_order(kind: str) -> tuple[Any, Any]:
    """A report of the sample's type, and that type."""
    from uuid import UUID

    from rapor.catalogue import ReportType
    from rapor.report import Format, Lane, Report, Scope, Status

    moment = datetime(2025, 1, 1, tzinfo=UTC)
    report = Report(
        id=1, uuid=UUID(int=1), title="Satış raporu", report_type="sales", type_version=1, parameters={},
        format=Format(kind), status=Status.PROCESSING, is_active=True, user_id="1", scope=Scope.ALL, lane=Lane.HEAVY,
        locale="tr", created_at=moment, updated_at=moment,
    )  # fmt: skip
    columns = zip(NAMES, TYPES, LABELS, strict=True)
    return report, ReportType.model_validate({
        "name": "sales", "version": 1, "title": {"tr": "Satışlar"}, "description": {"tr": "Satışlar"},
        "formats": [kind], "sources": {"sales": {}}, "query": "select * from sales",
        "columns": [{"name": name, "type": kind, "label": {"tr": label}} for name, kind, label in columns],
    })  # fmt: skip


# PDF


def texts(row: Row) -> list[str]:
    """A row as people read it."""
    return ["" if cell is None else FORMS.get(type(cell), str)(cell) for cell in row]


def number(cell: Decimal | int) -> str:
    """Digits in groups, the Turkish way."""
    return f"{cell:,}".translate({ord(","): ".", ord("."): ","})


FORMS: Mapping[type, Callable[[Any], str]] = {
    int: number,
    Decimal: number,
    date: lambda cell: f"{cell:%d.%m.%Y}",
    datetime: lambda cell: f"{cell:%d.%m.%Y %H:%M:%S}",
    bool: lambda cell: "Evet" if cell else "Hayır",
}
WIDTHS = (60, 150, 80, 90, 50, 75, 120, 55)  # points
HEIGHT, ROWS_A_PAGE = 12, 40


def reportlab_canvas(source: Path, target: Path) -> None:
    """Draw every cell where it belongs."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("Noto", FONT))
    canvas = Canvas(str(target), pagesize=landscape(A4), pageCompression=1)
    pages = math.ceil(count(source) / ROWS_A_PAGE)
    for index, row in enumerate(rows_of(source)):
        line = index % ROWS_A_PAGE
        if line == 0:
            if index:
                canvas.showPage()
            canvas.setFont("Noto", 8)
            canvas.drawRightString(800, 20, f"Sayfa {index // ROWS_A_PAGE + 1} / {pages}")
            draw(canvas, LABELS, 550)
        draw(canvas, texts(row), 535 - line * HEIGHT)
    canvas.save()


def draw(canvas: Any, cells: Sequence[str], y: float) -> None:
    """One row and the rule under it."""
    x = 40.0
    for index, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True)):
        if index in RIGHT:
            canvas.drawRightString(x + width - 4, y, cell)
        else:
            canvas.drawString(x, y, cell)
        x += width
    canvas.line(40, y - 3, x, y - 3)


def reportlab_longtable(source: Path, target: Path) -> None:
    """Let ReportLab lay a table out."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import LongTable, SimpleDocTemplate

    class Numbered(Canvas):  # type: ignore[misc]
        """Knows the last page's number once all pages are laid out."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - ReportLab's name
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.pages, 1):
                self.__dict__.update(page)
                self.setFont("Noto", 8)
                self.drawRightString(800, 20, f"Sayfa {number} / {len(self.pages)}")
                super().showPage()
            super().save()

    pdfmetrics.registerFont(TTFont("Noto", FONT))
    style = [("FONT", (0, 0), (-1, -1), "Noto", 8), ("LINEBELOW", (0, 0), (-1, -1), 0.25, "black")]
    style += [("ALIGN", (index, 0), (index, -1), "RIGHT") for index in sorted(RIGHT)]
    table = LongTable([LABELS, *map(texts, rows_of(source))], colWidths=WIDTHS, repeatRows=1, style=style)
    SimpleDocTemplate(str(target), pagesize=landscape(A4)).build([table], canvasmaker=Numbered)


TYPST = """
#set page("a4", flipped: true, margin: 40pt, footer: context align(right)[
  Sayfa #counter(page).display("1 / 1", both: true)
])
#set text(font: "Noto Sans", size: 8pt)
#let data = json(bytes(sys.inputs.data))
#table(
  columns: {widths}, stroke: (bottom: 0.25pt), inset: 3pt, align: {aligns},
  table.header(..data.first()), ..data.slice(1).flatten(),
)
"""


def typst(source: Path, target: Path) -> None:
    """Compile a Typst document that reads its rows as JSON."""
    import typst

    widths = ", ".join(f"{width}pt" for width in WIDTHS)
    aligns = ", ".join("right" if index in RIGHT else "left" for index in range(len(NAMES)))
    text = TYPST.replace("{widths}", f"({widths})").replace("{aligns}", f"({aligns})")
    data = json.dumps([LABELS, *map(texts, rows_of(source))])
    fonts = [str(FONT.parent)]
    typst.compile(text.encode(), output=str(target), sys_inputs={"data": data}, font_paths=fonts, pdf_tags=False)


def fpdf2(source: Path, target: Path) -> None:
    """Let fpdf2 lay a table out."""
    from fpdf import FPDF
    from fpdf.fonts import FontFace

    class Numbered(FPDF):  # type: ignore[misc]
        def footer(self) -> None:
            self.set_y(-10)
            self.cell(0, 5, f"Sayfa {self.page_no()} / {{nb}}", align="R")

    pdf = Numbered(orientation="landscape", format="A4")
    pdf.add_font("Noto", "", FONT)
    pdf.set_font("Noto", size=8)
    pdf.add_page()
    aligns = tuple("RIGHT" if index in RIGHT else "LEFT" for index in range(len(NAMES)))
    look = {"borders_layout": "HORIZONTAL_LINES", "line_height": 4, "headings_style": FontFace()}
    with pdf.table(col_widths=WIDTHS, text_align=aligns, **look) as table:
        table.row(LABELS)
        for row in rows_of(source):
            table.row(texts(row))
    pdf.output(str(target))


# Excel


def xlsxwriter(source: Path, target: Path) -> None:
    """Write cell by cell, in constant memory."""
    from xlsxwriter import Workbook

    with Workbook(target, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        forms = {"date": "dd.mm.yyyy", "timestamp": "dd.mm.yyyy hh:mm:ss", "decimal": "#,##0.00", "integer": "#,##0"}
        formats = [book.add_format({"num_format": forms[kind]}) if kind in forms else None for kind in TYPES]
        writes = [getattr(sheet, EXCEL[kind]) for kind in TYPES]
        sheet.freeze_panes(1, 0)
        for column, label in enumerate(LABELS):
            sheet.write_string(0, column, label)
        for number, row in enumerate(rows_of(source), 1):
            for column, cell in enumerate(row):
                if cell is not None:
                    writes[column](number, column, cell, formats[column])


EXCEL = {
    "text": "write_string",
    "integer": "write_number",
    "decimal": "write_number",
    "date": "write_datetime",
    "timestamp": "write_datetime",
    "boolean": "write_boolean",
}


def rustpy_xlsxwriter(source: Path, target: Path) -> None:
    """Hand Arrow batches to Rust; it drops decimals without a word, so they go as floats."""
    from pyarrow import RecordBatchReader, float64, schema
    from pyarrow.parquet import ParquetFile
    from rustpy_xlsxwriter import FastExcel

    file = ParquetFile(source)
    floats = schema([field.with_type(float64()) if field.name == "amount" else field for field in file.schema_arrow])
    batches = (batch.cast(floats) for batch in file.iter_batches())
    FastExcel(str(target)).freeze(row=1).sheet("Rapor", RecordBatchReader.from_batches(floats, batches)).save()


# CSV and JSON


def duckdb_csv(source: Path, target: Path) -> None:
    """DuckDB's own COPY, without a guard against formulas."""
    import duckdb

    duckdb.execute(f"copy (from '{source}') to '{target}'")


def duckdb_json(source: Path, target: Path) -> None:
    """DuckDB's own COPY: NaN bare, moments without T and Z."""
    import duckdb

    duckdb.execute(f"copy (from '{source}') to '{target}' (format json, array true)")


def pyarrow_csv(source: Path, target: Path) -> None:
    """Arrow batches written by Arrow; it quotes all text."""
    from pyarrow.csv import CSVWriter
    from pyarrow.parquet import ParquetFile

    file = ParquetFile(source)
    with CSVWriter(target, file.schema_arrow) as writer:
        for batch in file.iter_batches():
            writer.write_batch(batch)


def python_csv(source: Path, target: Path) -> None:
    """The standard library's writer."""
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(NAMES)
        writer.writerows(rows_of(source))


def python_json(source: Path, target: Path) -> None:
    """The standard library's encoder, row by row; decimals as text."""
    with target.open("w") as file:
        separator = "["
        for row in rows_of(source):
            file.write(separator + json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False, default=str))
            separator = ",\n"
        file.write("]")


# The table


@dataclass(frozen=True)
class Writer:
    """Who writes, and up to how many rows."""

    write: Write
    most: int = 10 * MILLION
    ours: bool = False


WRITERS: Mapping[str, Mapping[str, Writer]] = {
    "pdf": {
        "rapor": Writer(rapor("pdf"), ours=True),
        "reportlab canvas": Writer(reportlab_canvas, most=100_000),
        "reportlab LongTable": Writer(reportlab_longtable, most=10_000),
        "typst": Writer(typst, most=10_000),
        "fpdf2 table": Writer(fpdf2, most=1_000),
    },
    "excel": {
        "rapor": Writer(rapor("excel"), ours=True),
        "xlsxwriter constant_memory": Writer(xlsxwriter),
        "rustpy-xlsxwriter": Writer(rustpy_xlsxwriter),
    },
    "csv": {
        "rapor": Writer(rapor("csv"), ours=True),
        "duckdb COPY": Writer(duckdb_csv),
        "pyarrow csv": Writer(pyarrow_csv),
        "python csv": Writer(python_csv, most=MILLION),
    },
    "json": {
        "rapor": Writer(rapor("json"), ours=True),
        "duckdb COPY": Writer(duckdb_json),
        "python json": Writer(python_json),
    },
}


@dataclass(frozen=True)
class Figure:
    """What one writer took for one document."""

    cpu_s: float
    peak_mb: float
    size_mb: float


def count(source: Path) -> int:
    """How many rows there are."""
    from pyarrow.parquet import ParquetFile

    return int(ParquetFile(source).metadata.num_rows)


def rows_of(source: Path) -> Iterator[Row]:
    """Rows as Python values."""
    from pyarrow.parquet import ParquetFile

    for batch in ParquetFile(source).iter_batches(4096):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def measured(write: Write, folder: Path, rows: int) -> Figure:
    """Warm up, then write; runs in a process of its own."""
    target = folder / f"document-{os.getpid()}"
    write(folder / str(WARM_ROWS) / "sales/a.parquet", target)
    before = process_time()
    write(folder / str(rows) / "sales/a.parquet", target)
    taken, size = process_time() - before, target.stat().st_size
    target.unlink()
    return Figure(taken, peak_mb(), size / 1e6)


def peak_mb() -> float:
    """Of this process alone; `ru_maxrss` begins with what its parent had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def in_its_own_process(kind: str, name: str, folder: Path, rows: int) -> Figure:
    """Measure in the environment that has the writer."""
    venv = ".venv" if WRITERS[kind][name].ours else ".venv-bench"
    command = [ROOT / venv / "bin/python", __file__, "--measure", kind, name, folder, str(rows)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ | {"TMPDIR": str(folder)})
    return Figure(**json.loads(answer.stdout))


def make_sources(folder: Path, rows: Sequence[int]) -> None:
    """One Parquet file for each number of rows."""
    import duckdb

    for number in {WARM_ROWS, *rows}:
        file = folder / str(number) / "sales/a.parquet"
        file.parent.mkdir(parents=True)
        duckdb.execute(f"copy ({MADE_UP.format(rows=number)}) to '{file}'")


def plan(kinds: Sequence[str], rows: Sequence[int]) -> list[tuple[str, int, str]]:
    """Format, rows and writer of every line."""
    return [
        (kind, number, name)
        for kind in kinds
        for number in rows
        if number <= MOST.get(kind, MILLION)
        for name, writer in WRITERS[kind].items()
        if number <= writer.most
    ]


def run(folder: Path, kinds: Sequence[str], rows: Sequence[int], rounds: int) -> Iterator[str]:
    """Measure everything, round by round; yield the table's lines."""
    make_sources(folder, rows)
    lines = plan(kinds, rows)
    taken: dict[tuple[str, int, str], list[Figure]] = {line: [] for line in lines}
    for _ in range(rounds):
        for kind, number, name in lines:
            taken[kind, number, name].append(in_its_own_process(kind, name, folder, number))
    for line in lines:
        kind, number, name = line
        cpu, ours = (median(figure.cpu_s for figure in taken[kind, number, who]) for who in (name, "rapor"))
        peak, size = (median(getattr(figure, what) for figure in taken[line]) for what in ("peak_mb", "size_mb"))
        yield f"| {kind} | {number:,} | {name} | {cpu:.3f} | {peak:.0f} | {size:.1f} | {cpu / ours:.2f} |"


HEAD = """| format | rows | writer | CPU s | peak MB | size MB | times ours |
|---|---:|---|---:|---:|---:|---:|"""


def conditions(rounds: int) -> str:
    """When and with what it was measured."""
    packages = ["duckdb", "fpdf2", "pyarrow", "reportlab", "rustpy-xlsxwriter", "typst", "xlsxwriter"]
    script = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    python = ROOT / ".venv-bench/bin/python"
    found = subprocess.run([python, "-c", script, *packages], check=True, stdout=subprocess.PIPE, text=True)
    versions = ", ".join(map(" ".join, zip(packages, found.stdout.split(), strict=True)))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"rapor {version('rapor')}, {versions}. Medians of {rounds}."
    )


def main() -> None:
    """Measure, and say what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=lambda text: [*map(int, text.split(","))], default=[*ROWS, 10 * MILLION])
    parser.add_argument("--formats", type=lambda text: text.split(","), default=[*WRITERS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        kind, name, folder, rows = options.measure
        print(json.dumps(vars(measured(WRITERS[kind][name].write, Path(folder), int(rows)))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        print(HEAD)
        lines = []
        for line in run(Path(scratch), options.formats, options.rows, options.rounds):
            print(line, flush=True)
            lines.append(line)
    if options.save:
        write_section("Documents", __doc__, conditions(options.rounds), [HEAD, *lines])


if __name__ == "__main__":
    sys.exit(main())
