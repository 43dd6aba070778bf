"""
The pictures in the README: first, middle and last page of real documents, over the shipped data, the same each time.

The real engine and the real writer make them; only the moment and the ids are fixed.
"""

import io
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdfium2
from PIL import Image

from local.datasets import ensure_datasets
from rapor.catalogue import Catalogue, ReportType
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.report import Format, Report, Scope, Status

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/images"
MOMENT = datetime(2025, 12, 31, 21, tzinfo=UTC)
DPI, POINTS_PER_INCH = 110, 72
COLOURS = 96  # of a picture; pages have few
MEMORY_MB, SPILL_MB = 512, 1024
PICTURED: Mapping[str, Mapping[str, Any]] = {
    "users": {"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"},
    "sales": {"date_from": "2025-01-01", "date_to": "2025-12-31", "region": "İç Anadolu"},
}


def draw(catalogue: Catalogue, data: Path, folder: Path) -> list[Path]:
    """Write `<type>-first.png` and so on for every type pictured; give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, parameters in PICTURED.items():
        report_type = catalogue.get(name)
        if report_type is None:
            raise LookupError(f"there is no report type {name}")
        with pypdfium2.PdfDocument(document(report_type, parameters, data)) as pdf:
            for place, number in {"first": 0, "middle": len(pdf) // 2, "last": len(pdf) - 1}.items():
                written.append(folder / f"{name}-{place}.png")
                picture(pdf[number]).save(written[-1], optimize=True)
    return written


def document(report_type: ReportType, parameters: Mapping[str, Any], data: Path) -> bytes:
    """Make the PDF."""
    engine = DuckDBEngine(
        str(data), memory_limit_mb=MEMORY_MB, temp_directory=tempfile.gettempdir(), temp_limit_mb=SPILL_MB
    )
    sink = io.BytesIO()
    with engine.open(report_type, parameters, own_user_id=None) as rows:
        render(
            report(report_type, parameters),
            report_type,
            rows,
            sink,
            figures=rows.figures(),
            as_of=MOMENT,
            row_count=rows.rows_total,
            rows_total=rows.rows_total,
        )
    return sink.getvalue()


def report(report_type: ReportType, parameters: Mapping[str, Any]) -> Report:
    """The order for it."""
    return Report(
        id=1,
        uuid=UUID(int=0),
        title=report_type.title["tr"],
        report_type=report_type.name,
        type_version=report_type.version,
        parameters=parameters,
        format=Format.PDF,
        status=Status.PROCESSING,
        is_active=True,
        user_id="1",
        scope=Scope.ALL,
        lane=report_type.lane,
        locale="tr",
        created_at=MOMENT,
        updated_at=MOMENT,
    )


def picture(page: Any) -> Image.Image:
    """Render a page of pypdfium2's in few colours."""
    bitmap: Image.Image = page.render(scale=DPI / POINTS_PER_INCH).to_pil()
    return bitmap.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def main() -> None:
    """Draw them all."""
    with tempfile.TemporaryDirectory() as scratch:
        ensure_datasets(Path(scratch))
        catalogue = Catalogue.load(ROOT / "layers/catalogue/report_types")
        for path in draw(catalogue, Path(scratch), FOLDER):
            print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
