"""docs/api.md's examples run as they stand, one after the other, in the languages they are in."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.pages import typed
from tests.service import Service

pytestmark = pytest.mark.e2e
PAGE = (ROOT / "docs/api.md").read_text("utf-8")
NEEDS = {"sh": "curl", "js": "node"}


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def needed(language: str) -> pytest.MarkDecorator:
    program = NEEDS[language]
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.fixture
def environ(service: Service) -> dict[str, str]:
    return os.environ | {"RAPOR_URL": service.url, "RAPOR_TOKEN": service.token()}


@needed("sh")
def test_shell(service: Service, tmp_path: Path) -> None:
    first, order, before, once, change, scores = examples("sh")

    typed(first + order, service, tmp_path)
    told = typed(first + before, service, tmp_path)
    twice = typed(first + once, service, tmp_path)
    changed = typed(first + change, service, tmp_path)
    scored = typed(first + scores, service, tmp_path)

    assert (tmp_path / "users.csv").read_text().startswith("user_id,full_name,")
    assert '"rows_total"' in told
    assert twice.count("HTTP/1.1 201 Created") == 2
    assert twice.lower().count("idempotency-replayed: true") == 1
    assert changed.count('"status"') == 3  # changed, cancelled, retried
    assert '"message":"Report restored"' in changed.replace(": ", ":")
    assert '"referenceId"' in scored


def test_python(environ: dict[str, str], tmp_path: Path) -> None:
    follow, find = examples("python")

    ran = run([sys.executable, "-c", follow], environ, tmp_path)
    found = run([sys.executable, "-c", find], environ, tmp_path)

    assert re.fullmatch(r"\d+ rows, [0-9a-f]{64}\n", ran)
    assert (tmp_path / "users.pdf").read_bytes().startswith(b"%PDF-")
    assert "Users of March pdf" in found


@needed("js")
def test_javascript(environ: dict[str, str], tmp_path: Path) -> None:
    [follow] = examples("js")
    (tmp_path / "follow.mjs").write_text(follow)

    ran = run(["node", "follow.mjs"], environ, tmp_path)

    rows = int(ran.split()[0])
    assert len(json.loads((tmp_path / "users.json").read_text())["rows"]) == rows


def run(command: list[str], environ: dict[str, str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
