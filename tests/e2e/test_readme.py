"""What the README tells to type does what it says."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.pages import blocks, typed
from tests.service import Service

pytestmark = pytest.mark.e2e
README = ROOT / "README.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_first_report_is_ordered_followed_fetched_and_verified_as_told(service: Service, tmp_path: Path) -> None:
    order, follow, prove = blocks(README, "Your first report")

    answer = typed(order, service, tmp_path)
    report = json.loads(answer.splitlines()[-1])
    service.finished(report["uuid"])
    [token] = re.findall(r"^TOKEN=.*$", order, re.MULTILINE)
    names = f"{token}\nUUID={report['uuid']}\n"
    detail = typed(names + follow.replace("UUID=…", ""), service, tmp_path)
    proof = typed(names + prove, service, tmp_path)

    assert answer.startswith("HTTP/1.1 201")
    assert report["title"] == "Kullanıcı Raporu"
    assert json.loads(detail)["status"] == "completed"
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert proof.splitlines()[-1].startswith(f"This is exactly what report {report['uuid']} produced: Kullanıcı Raporu")
    assert "Valid, by the key " in proof


def test_a_type_is_previewed_as_told(service: Service, tmp_path: Path) -> None:
    [preview] = blocks(README, "Add a report type")

    assert typed(preview, service, tmp_path).startswith("out/users.xlsx: 1,000 of 9,691 rows, ")


def test_every_folder_of_the_map_is_there() -> None:
    folders = re.findall(r"^\| `([\w/.]+)` \|", README.read_text(), re.MULTILINE)

    assert len(folders) >= 8
    assert [folder for folder in folders if not (ROOT / folder).exists()] == []
