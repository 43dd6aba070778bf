"""Blocks of pages that have no test of their own, run as they are typed against the service."""

import json
import shutil
from pathlib import Path

import pytest

from tests.builders import CYBERCERT, ROOT
from tests.pages import typed
from tests.prose import Page
from tests.service import Service

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]


def a_manifest(service: Service, folder: Path) -> None:
    """A document, its manifest and its key, as docs/manifests.md has them."""
    report = service.finished(service.call("POST", "/api/v1/reports", CYBERCERT).json()["uuid"])
    (folder / "report.pdf").write_bytes(service.document(report["uuid"]))
    manifest = service.call("GET", f"/api/v1/reports/{report['uuid']}/manifest").body
    (folder / "report.pdf.manifest.json").write_bytes(manifest)
    (folder / "keys").mkdir()
    shutil.copyfile(service.home / "keys/manifest.pub.pem", folder / "keys/1234abcd-12ab-34cd-56ef-1234567890ab.pem")


def test_a_manifest_is_read_and_verified_as_told(service: Service, tmp_path: Path) -> None:
    a_manifest(service, tmp_path)
    read, prove = (
        it.text for it in Page(ROOT / "docs/manifests.md").blocks if it.heading in {"The signature", "`rapor verify`"}
    )
    reader = (
        "import json, jwt, sys\nfrom pathlib import Path\n"
        "from cryptography.hazmat.primitives.serialization import load_pem_public_key\n"
        "envelope = json.loads(Path('report.pdf.manifest.json').read_bytes())\n"
        "[key] = Path('keys').iterdir()\n"
        "public_key = load_pem_public_key(key.read_bytes())\n"
        f"payload = {read}"
        "print(json.loads(payload) == envelope['manifest'])\n"
    )  # fmt: skip
    (tmp_path / "read.py").write_text(reader)

    same = typed(".venv/bin/python read.py", service, tmp_path)
    proof = typed(prove.replace("rapor verify", ".venv/bin/rapor verify"), service, tmp_path)

    assert same == "True\n"
    assert "Valid, by the key " in proof


def test_a_manifest_has_just_the_members_of_the_example(service: Service, tmp_path: Path) -> None:
    a_manifest(service, tmp_path)
    example = json.loads(next(it.text for it in Page(ROOT / "docs/manifests.md").blocks if it.language == "json"))

    manifest = json.loads((tmp_path / "report.pdf.manifest.json").read_bytes())

    assert members(manifest) == members(example)


def members(envelope: dict[str, dict[str, dict[str, object]]]) -> dict[str, set[str]]:
    parts = envelope["manifest"]
    return {"": set(envelope)} | {name: set(part) for name, part in parts.items() if isinstance(part, dict)}


def test_a_score_is_asked_for_as_told(service: Service, tmp_path: Path) -> None:
    [ask] = (it.text for it in Page(ROOT / "docs/scores.md").blocks if it.heading == "Asking for one")

    answers = typed(f"TOKEN={service.token()}\n{ask}", service, tmp_path)

    assert answers.count('"my-1"') >= 2
    assert answers.count('"92442"') == 2
