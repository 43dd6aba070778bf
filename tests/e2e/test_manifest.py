"""`GET /api/v1/reports/{uuid}/manifest`, and `rapor verify` of what it gives, through the gateway."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from rapor.manifest import canonical
from tests.builders import CYBERCERT
from tests.service import Service

pytestmark = pytest.mark.e2e
PATH = "/api/v1/reports"
EXTENSIONS = {"pdf": "pdf", "excel": "xlsx", "csv": "csv", "json": "json"}


def completed(service: Service, **changes: object) -> dict[str, Any]:
    report = service.call("POST", PATH, {**CYBERCERT, **changes}).json()
    done = service.finished(report["uuid"])
    assert done["status"] == "completed", done["error"]
    return done


def fetched(service: Service, report: dict[str, Any], folder: Path) -> Path:
    """Download document and manifest, side by side."""
    file = folder / f"report.{EXTENSIONS[report['format']]}"
    file.write_bytes(service.document(report["uuid"]))
    file.with_name(f"{file.name}.manifest.json").write_bytes(
        service.call("GET", f"{PATH}/{report['uuid']}/manifest").body
    )
    return file


def verify(service: Service, file: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    key = service.home / "keys/manifest.pub.pem"
    command = [sys.executable, "-c", "from local.cli import main; main()", "verify", str(file), "--json"]
    done = subprocess.run(
        [*command, "--key", str(key), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("name", EXTENSIONS)
def test_a_document_is_exactly_what_its_manifest_says(service: Service, tmp_path: Path, name: str) -> None:
    report = completed(service, format=name)

    code, found = verify(service, fetched(service, report, tmp_path))

    assert (code, found["outcome"], found["report"]) == (0, "exact", report["uuid"])
    assert [(it["check"], it["outcome"]) for it in found["findings"]] == [
        ("size", "exact"),
        ("sha256", "exact"),
        ("signature", "exact"),
    ]


def test_one_changed_cell_is_found(service: Service, tmp_path: Path) -> None:
    file = fetched(service, completed(service, format="csv"), tmp_path)
    file.write_bytes(file.read_bytes().replace(b",active,", b",inactive,", 1))

    code, found = verify(service, file)

    assert (code, found["outcome"]) == (1, "differs")


@pytest.mark.parametrize(("name", "first_row"), [("csv", 1), ("json", 3)])
def test_a_lost_row_is_counted_among_all_the_hostile_ones(
    service: Service, tmp_path: Path, name: str, first_row: int
) -> None:
    report = completed(service, format=name, parameters={})
    file = fetched(service, report, tmp_path)
    lines = file.read_bytes().split(b"\n")
    del lines[first_row]
    file.write_bytes(b"\n".join(lines))

    _, found = verify(service, file)

    assert report["result"]["row_count"] == 12_000
    assert "11,999 rows, the manifest says 12,000." in [it["message"] for it in found["findings"]]


def test_another_reports_manifest_does_not_fit(service: Service, tmp_path: Path) -> None:
    file = fetched(service, completed(service, format="csv"), tmp_path)
    (tmp_path / "other").mkdir()
    other = fetched(service, completed(service, format="csv", parameters={}), tmp_path / "other")

    assert verify(service, file, "--manifest", f"{other}.manifest.json")[0] == 1


def test_the_manifest_says_what_the_report_says(service: Service) -> None:
    report = completed(service, format="csv", options={"csv": {"delimiter": ";"}})

    answer = service.call("GET", f"{PATH}/{report['uuid']}/manifest")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    manifest = answer.json()["manifest"]
    same = ("uuid", "title", "report_type", "parameters", "format", "options")
    assert {name: manifest["report"][name] for name in same} == {name: report[name] for name in same}
    assert manifest["report"]["scope"] == "all"
    assert manifest["document"] == {name: it for name, it in report["result"].items() if name != "expires_at"}
    assert "user_id" not in json.dumps(manifest).replace('"name": "user_id"', "")


def test_the_signature_is_one_that_any_library_checks(service: Service) -> None:
    report = completed(service, format="csv")
    key: Any = load_pem_public_key((service.home / "keys/manifest.pub.pem").read_bytes())

    envelope = service.call("GET", f"{PATH}/{report['uuid']}/manifest").json()

    assert jwt.PyJWS().decode(envelope["jws"], key, algorithms=["ES256"]) == canonical(envelope["manifest"])


def test_the_signing_key_is_its_owners_alone(service: Service) -> None:
    keys = service.home / "keys"

    assert keys.stat().st_mode & 0o777 == 0o700
    assert (keys / "manifest.pem").stat().st_mode & 0o777 == 0o600


def test_there_is_no_manifest_before_there_is_a_document(service: Service) -> None:
    report = service.call("POST", PATH, {**CYBERCERT, "is_active": False}).json()

    answer = service.call("GET", f"{PATH}/{report['uuid']}/manifest")

    assert (answer.status, answer.json()["code"]) == (409, "not_completed")


def test_only_those_who_may_export_see_a_manifest(service: Service) -> None:
    report = completed(service, format="csv")
    path = f"{PATH}/{report['uuid']}/manifest"

    assert service.call("GET", path, token=service.token(permissions=["reports.view"])).status == 403
    assert service.call("GET", path, token=service.token("2", ["reports.export.own"])).status == 404
    assert service.call("GET", path, token=service.token("1", ["reports.export.own"])).status == 200
    assert service.call("GET", f"{PATH}/x/manifest").status == 404
