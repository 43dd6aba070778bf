"""docs/report-types.md's way from a file of data to a document works as it is typed, in a copy of the project."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.pages import blocks, typed
from tests.service import Service

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]
PAGE = ROOT / "docs/report-types.md"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What of the project runs, so that a type can be added."""
    for folder in ("local", "functions", "layers/catalogue"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "layers/common").symlink_to(ROOT / "layers/common")
    shutil.copyfile(ROOT / "template.yaml", tmp_path / "template.yaml")
    return tmp_path


@pytest.fixture
def service(project: Path) -> Iterator[Service]:
    with Service(project) as running:
        yield running


def test_a_type_is_made_previewed_and_ordered_as_told(project: Path, service: Service) -> None:
    data, new, change, order, plan = blocks(PAGE, "From a file of data to a scheduled PDF")

    typed(data, service, project)
    drafted = typed(new, service, project)
    changed = typed(change, service, project)
    service.wait_for("report types read again")
    created = json.loads(typed(order, service, project))
    report = service.finished(created["uuid"])
    [token] = re.findall(r"^TOKEN=.*$", order, re.MULTILINE)
    schedule = json.loads(typed(f"{token}\n{plan}", service, project))

    assert "out/orders.pdf: 4 rows, " in drafted
    assert "orders     right\n" in changed
    assert "out/orders.pdf: 3 rows, " in changed
    assert (report["status"], report["result"]["row_count"]) == ("completed", 4)
    assert service.document(report["uuid"]).startswith(b"%PDF-")
    assert len(schedule["next_runs"]) == 5
