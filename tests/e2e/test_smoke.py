"""`rapor smoke` against a running service."""

import os
import subprocess
import sys

import pytest

from tests.service import Service

pytestmark = pytest.mark.e2e


def rapor_smoke(service: Service, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from local.cli import main; main()", "smoke", "--url", service.url, *arguments]
    environ = os.environ | {"RAPOR_TOKEN": token}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)


def test_a_service_that_keeps_its_word_passes_and_nothing_is_left(service: Service) -> None:
    token = service.token("smoke")

    done = rapor_smoke(service, token, "--param", "status=active", "--param", "date_from=2025-06-01")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "strangers stay out"
    assert [line.split()[0] for line in lines[1:]] == ["pdf", "excel", "csv", "json"]
    assert all(line.endswith(": as promised") for line in lines[1:])
    assert service.call("GET", "/api/v1/reports?search=Smoke", token=token).json()["data"] == []


def test_what_the_token_may_not_is_said(service: Service) -> None:
    done = rapor_smoke(service, service.token("smoke", ["reports.view"]), "--format", "csv")

    assert done.returncode == 1
    assert done.stderr.startswith("POST /api/v1/reports answered 403 instead of 201: ")


def test_without_a_token_nothing_is_asked(service: Service) -> None:
    done = rapor_smoke(service, "")

    assert done.returncode == 2
    assert "reports.generate, reports.view, reports.export and reports.delete" in done.stderr
