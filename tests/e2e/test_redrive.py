"""`rapor redrive` against the local run, as docs/redrive.md tells it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.builders import CYBERCERT, ROOT
from tests.service import Service

pytestmark = pytest.mark.e2e
PATH = "/api/v1/reports"
RAPOR = Path(sys.executable).with_name("rapor")


def redrive(service: Service, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"RAPOR_HOME": str(service.home)} | environ
    return subprocess.run([RAPOR, "redrive", *arguments], capture_output=True, text=True, env=environment, check=False)


def test_what_failed_is_queued_again_and_completes(service: Service) -> None:
    uuid = service.call("POST", PATH, {**CYBERCERT, "format": "csv", "is_active": False}).json()["uuid"]
    service.call("POST", f"{PATH}/{uuid}/cancel")

    dry = redrive(service, "--code", "cancelled", "--since", "10m", "--json")
    done = redrive(service, "--code", "cancelled", "--since", "10m", "--yes", "--json")

    assert (dry.returncode, done.returncode) == (0, 0), dry.stderr + done.stderr
    outcomes: list[dict[str, Any]] = [json.loads(it.stdout) for it in (dry, done)]
    assert [(it["dry_run"], it["reports"][-1]["outcome"]) for it in outcomes] == [(True, "found"), (False, "queued")]
    assert uuid in {it["uuid"] for it in outcomes[1]["reports"]}
    service.call("PATCH", f"{PATH}/{uuid}", {"is_active": True})
    assert service.finished(uuid)["status"] == "completed"


def test_without_a_local_run_it_says_what_to_do(service: Service, tmp_path: Path) -> None:
    done = redrive(service, "--code", "internal", "--since", "1h", RAPOR_HOME=str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith("rapor redrive: there is no local run in RAPOR_HOME")


def test_every_command_of_the_page_is_one(service: Service) -> None:
    page = (ROOT / "docs/redrive.md").read_text()
    commands = re.findall(r"^\.venv/bin/rapor redrive (.*)$", page, re.MULTILINE)

    assert len(commands) == 3
    for command in commands:
        arguments = [word for word in command.split() if word not in {"--yes", "--table", "rapor-Reports-1ABC"}]
        assert redrive(service, *arguments).returncode == 0
