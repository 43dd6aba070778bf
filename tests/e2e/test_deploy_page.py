"""docs/deploy.md's first report and its smoke test, as they are typed, against the service on this machine."""

import shutil
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.pages import typed
from tests.prose import Page
from tests.service import Service

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]


def test_the_first_report_is_ordered_followed_fetched_and_the_stack_tried(service: Service, tmp_path: Path) -> None:
    first, smoke = (it.text for it in Page(ROOT / "docs/deploy.md").blocks if it.heading == "The first report")
    names = f"export RAPOR_TOKEN={service.token('operator')}\n"

    typed(names + first.replace("RAPOR_URL=…", f"RAPOR_URL={service.url}"), service, tmp_path)
    tried = typed(f"{names}RAPOR_URL={service.url}\n{smoke}", service, tmp_path)

    assert (tmp_path / "first.pdf").read_bytes().startswith(b"%PDF-")
    assert tried.count(": as promised") == 4
