"""`python -m tests.hostile FOLDER`: one report over each data set there, in a process that may die; a line of JSON each."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rapor.catalogue import Catalogue, ReportType
from rapor.data.engine import DuckDBEngine
from rapor.documents.render import render
from rapor.process import Workshop, process_report
from rapor.report import Format
from tests.builders import a_report
from tests.unit.fakes import FakeAnnouncer, FakeDocuments, FakeReports

MEMORY_MB, DISK_MB, SECONDS = 300, 64, 20  # of 512 MB, as in the fast lane


def main(folder: Path) -> None:
    """Say of each data set how its report ended."""
    for data_set in sorted(path.name for path in folder.iterdir() if path.name != "scratch"):
        ended(folder, data_set)


def ended(folder: Path, data_set: str) -> None:
    """Make the report as production does, within the limits of a small function."""
    report_type = a_type(data_set)
    reports = FakeReports(report := a_report(report_type=data_set, format=Format.CSV, parameters={}, max_attempts=1))
    workshop = Workshop(
        reports=reports,
        catalogue=Catalogue({data_set: report_type}),
        engine=DuckDBEngine(
            str(folder), memory_limit_mb=MEMORY_MB, temp_directory=str(folder / "scratch"), temp_limit_mb=DISK_MB
        ),
        render=render,
        documents=FakeDocuments(),
        clock=lambda: datetime.now(UTC),
        retention=timedelta(days=1),
        announcer=FakeAnnouncer(),
    )
    deadline = datetime.now(UTC) + timedelta(seconds=SECONDS)
    process_report(report.uuid, deadline=deadline, workshop=workshop)
    found = reports.rows[report.uuid]
    said = {
        "data_set": data_set,
        "code": found.error.code if found.error else found.status.value,
        "peak_mb": peak_mb(),
        "left": sum(path.is_file() for path in (folder / "scratch").rglob("*")),
    }
    print(json.dumps(said), flush=True)  # noqa: T201 - its interface


def peak_mb() -> int:
    """Most memory this process ever held."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def a_type(name: str) -> ReportType:
    """Two columns as CSV, ten thousand rows at most."""
    return ReportType.model_validate({
        "name": name,
        "version": 1,
        "title": {"en": name},
        "description": {"en": name},
        "formats": ["csv"],
        "limits": {"rows": {"csv": 10_000}},
        "sources": {name: {}},
        "query": f"select id::varchar as id, name::varchar as name from {name}",
        "columns": [{"name": it, "type": "text", "label": {"en": it}} for it in ("id", "name")],
    })  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
