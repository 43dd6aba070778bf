import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from local.cli import main
from local.keys import thumbprint
from local.manifests import Unreadable
from local.verification import Outcome, Verification, verify
from rapor.manifest import base64url, canonical, describe, sign, write_manifest
from rapor.report import Format, Report, Result
from tests.builders import NOW, a_report

CSV = 'user_id,full_name\r\n1,"Kaya, Ali\r\nDr."\r\n2,Ayşe\r\n'.encode()
JSON = b'{"report":{},\n"columns":[],\n"rows":[\n{"a":1},\n{"a":2}\n]}\n'
KEY = ec.generate_private_key(ec.SECP256R1())
REPORT = a_report(format=Format.CSV)
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


@dataclass
class LocalSigner:
    key: ec.EllipticCurvePrivateKey
    kid: str

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


SIGNER = LocalSigner(KEY, thumbprint(KEY.public_key()))


def result_of(document: bytes, report: Report) -> Result:
    return Result(
        row_count=2,
        rows_total=2,
        truncated=False,
        columns=(("user_id", "text"), ("full_name", "text")),
        size_bytes=len(document),
        sha256=sha256(document).hexdigest(),
        content_type=report.format.content_type,
        as_of=NOW,
        expires_at=NOW,
        missing_glyphs=0,
        key="reports/k",
    )


@dataclass
class Desk:
    """A document, its manifest and a key, in a folder."""

    folder: Path
    report: Report = REPORT
    document: bytes = CSV

    def __post_init__(self) -> None:
        self.file = self.folder / "report.csv"
        self.manifest = self.folder / "report.csv.manifest.json"
        self.key = self.folder / "key.pem"
        self.file.write_bytes(self.document)
        self.manifest.write_bytes(write_manifest(self.report, result_of(self.document, self.report), SIGNER))
        self.give_key(KEY)

    def give_key(self, private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "key.pem") -> None:
        self.key = self.folder / name
        self.key.write_bytes(
            private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def change(self, change: Callable[[dict[str, Any]], None]) -> None:
        envelope = json.loads(self.manifest.read_text())
        change(envelope)
        self.manifest.write_text(json.dumps(envelope))

    def verified(self, *, with_key: bool = True) -> Verification:
        return verify(self.file, self.manifest, self.key if with_key else None)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def said(found: Verification) -> dict[str, str]:
    return {finding.check: finding.sentence for finding in found.findings}


def test_the_document_itself_is_exact(desk: Desk) -> None:
    found = desk.verified()

    assert found.outcome is Outcome.EXACT
    assert said(found)["signature"] == f"Valid, by the key {SIGNER.kid}."
    assert found.sentence == (
        "This is exactly what report 550e8400-e29b-41d4-a716-446655440000 produced: Kullanıcı Raporu (users, version 1)."
    )


def test_without_a_key_the_file_is_compared_and_the_signature_is_not(desk: Desk) -> None:
    found = desk.verified(with_key=False)

    assert found.outcome is Outcome.EXACT
    assert said(found)["signature"] == f"Not checked: give the public key {SIGNER.kid} with --key."


@pytest.mark.parametrize("at", [0, len(CSV) // 2, len(CSV) - 1])
def test_one_changed_byte_differs(desk: Desk, at: int) -> None:
    desk.file.write_bytes(CSV[:at] + bytes([CSV[at] ^ 1]) + CSV[at + 1 :])

    found = desk.verified()

    assert found.outcome is Outcome.DIFFERS
    assert said(found)["size"] == "48 bytes, as the manifest says."
    assert found.sentence.startswith("This is not, or not any more, what report 550e8400-")


def test_a_cut_file_says_what_is_missing(desk: Desk) -> None:
    desk.file.write_bytes(CSV.removesuffix("2,Ayşe\r\n".encode()))

    found = desk.verified()

    assert found.outcome is Outcome.DIFFERS
    assert said(found)["size"] == "39 bytes, the manifest says 48: 9 are missing."
    assert said(found)["rows"] == "1 rows, the manifest says 2."


def test_a_longer_file_says_what_is_too_many(desk: Desk) -> None:
    desk.file.write_bytes(CSV + b"3,x\r\n")

    found = desk.verified()

    assert said(found)["size"] == "53 bytes, the manifest says 48: 5 are too many."
    assert said(found)["rows"] == "3 rows, the manifest says 2."


def test_an_empty_file_has_no_rows(desk: Desk) -> None:
    desk.file.write_bytes(b"")

    assert said(desk.verified())["rows"] == "0 rows, the manifest says 2."


def test_rows_of_json_are_counted(tmp_path: Path) -> None:
    desk = Desk(tmp_path, a_report(format=Format.JSON), JSON)
    desk.file.write_bytes(JSON.replace(b'{"a":1},\n', b""))

    assert said(desk.verified())["rows"] == "1 rows, the manifest says 2."


@pytest.mark.parametrize(
    ("made_as", "content", "sentence"),
    [
        (Format.CSV, b"%PDF-1.7\n", "It looks like pdf, and the report was made as csv."),
        (Format.PDF, b"PK\x03\x04", "It looks like excel, and the report was made as pdf."),
        (Format.EXCEL, JSON, "It looks like json, and the report was made as excel."),
        (Format.JSON, CSV, "It looks nothing like json."),
    ],
)
def test_a_file_of_another_format_is_named(tmp_path: Path, made_as: Format, content: bytes, sentence: str) -> None:
    desk = Desk(tmp_path, a_report(format=made_as), b"the document")
    desk.file.write_bytes(content)

    found = desk.verified()

    assert said(found)["format"] == sentence
    assert "rows" not in said(found)


def test_another_reports_manifest_does_not_fit(desk: Desk) -> None:
    other = a_report(format=Format.CSV, title="Başka")
    desk.manifest.write_bytes(write_manifest(other, result_of(CSV + b"3,x\r\n", other), SIGNER))

    found = desk.verified()

    assert found.outcome is Outcome.DIFFERS
    assert said(found)["signature"].startswith("Valid")


def put_sha256(envelope: dict[str, Any]) -> None:
    envelope["manifest"]["document"]["sha256"] = "0" * 64


@pytest.mark.parametrize("with_key", [True, False])
def test_a_manifest_that_shows_something_else_than_was_signed_differs(desk: Desk, with_key: bool) -> None:  # noqa: FBT001
    desk.change(put_sha256)

    found = desk.verified(with_key=with_key)

    assert found.outcome is Outcome.DIFFERS
    assert [it.sentence for it in found.findings if it.outcome is Outcome.DIFFERS] == [
        "The manifest shows something else than what was signed."
    ]


def forge(desk: Desk, document: bytes) -> None:
    """Change file, manifest and payload alike, and keep the old signature."""
    desk.file.write_bytes(document)
    manifest = describe(desk.report, result_of(document, desk.report))

    def put_both(envelope: dict[str, Any]) -> None:
        header, _, signature = envelope["jws"].split(".")
        envelope |= {"manifest": manifest, "jws": f"{header}.{base64url(canonical(manifest))}.{signature}"}

    desk.change(put_both)


def test_a_forged_manifest_is_told_by_the_key(desk: Desk) -> None:
    forge(desk, CSV + b"3,x\r\n")

    found = desk.verified()

    assert found.outcome is Outcome.DIFFERS
    assert said(found)["signature"] == f"Wrong: the key {SIGNER.kid} did not sign this manifest."
    assert found.sentence == "The file is as the manifest says, but the manifest proves nothing: see its signature."
    assert desk.verified(with_key=False).outcome is Outcome.EXACT


def test_true_is_not_one(desk: Desk) -> None:
    def put_one(envelope: dict[str, Any]) -> None:
        envelope["manifest"]["document"]["truncated"] = 0

    desk.change(put_one)

    assert desk.verified().outcome is Outcome.DIFFERS


def test_another_key_cannot_tell(desk: Desk) -> None:
    desk.give_key(OTHER_KEY)

    found = desk.verified()

    assert found.outcome is Outcome.UNKNOWN
    assert said(found)["signature"].startswith(f"The manifest names the key {SIGNER.kid}, and this one is ")


def test_a_difference_is_certain_whatever_the_key_is(desk: Desk) -> None:
    desk.file.write_bytes(CSV + b"3,x\r\n")
    desk.give_key(OTHER_KEY)

    assert desk.verified().outcome is Outcome.DIFFERS


def test_a_key_may_be_named_by_its_file(desk: Desk) -> None:
    signer = replace(SIGNER, kid="1234abcd-12ab-34cd-56ef-1234567890ab")
    desk.manifest.write_bytes(write_manifest(desk.report, result_of(CSV, desk.report), signer))
    forge(desk, CSV + b"3,x\r\n")
    desk.give_key(KEY, f"{signer.kid}.pem")

    assert desk.verified().outcome is Outcome.DIFFERS


def test_a_manifest_without_a_signature_is_enough_until_a_key_is_asked_for(desk: Desk) -> None:
    desk.manifest.write_bytes(write_manifest(desk.report, result_of(CSV, desk.report), None))

    assert desk.verified(with_key=False).outcome is Outcome.EXACT
    assert desk.verified().outcome is Outcome.UNKNOWN
    assert said(desk.verified())["signature"].startswith("None: ")


@pytest.mark.parametrize("jws", ["", "a.b", "a.b.c", "e30.e30.e30", "W10.e30.e30", "ew.e30.e30", "é.e30.e30", 7])
def test_a_jws_that_is_none_is_said(desk: Desk, jws: object) -> None:
    desk.change(lambda envelope: envelope.update(jws=jws))

    with pytest.raises(Unreadable, match=r"report\.csv\.manifest\.json is no manifest of a report: "):
        desk.verified()


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"typ": "JWT"}, {"crit": ["b64"]}, {"kid": 7}])
def test_a_jws_of_another_kind_is_refused(desk: Desk, header: dict[str, Any]) -> None:
    ours = {"alg": "ES256", "kid": SIGNER.kid, "typ": "rapor-manifest+jws"}
    _, payload, signature = json.loads(desk.manifest.read_text())["jws"].split(".")
    desk.change(lambda envelope: envelope.update(jws=f"{base64url(canonical(ours | header))}.{payload}.{signature}"))

    with pytest.raises(Unreadable):
        desk.verified()


def test_a_short_signature_is_a_wrong_one(desk: Desk) -> None:
    desk.change(lambda envelope: envelope.update(jws=envelope["jws"][:-8]))

    assert desk.verified().outcome is Outcome.DIFFERS


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-", "Invalid JSON"),
        (b"[]", "Input should be an object"),
        (b"{}", "manifest: Field required"),
        (b'{"manifest": {}, "jws": null}', "manifest_version: Field required"),
        (b'{"manifest": {"manifest_version": 2}, "jws": null}', "manifest_version: Input should be 1"),
        (b"\xff", "Invalid JSON"),
    ],
)
def test_what_is_no_manifest_is_said(desk: Desk, content: bytes, reason: str) -> None:
    desk.manifest.write_bytes(content)

    with pytest.raises(Unreadable, match=reason):
        desk.verified()


def test_a_hash_of_another_length_is_no_manifest(desk: Desk) -> None:
    unsigned = {"manifest": describe(desk.report, result_of(CSV, desk.report)), "jws": None}
    unsigned["manifest"]["document"]["sha256"] = "0"  # type: ignore[index]
    desk.manifest.write_bytes(canonical(unsigned))

    with pytest.raises(Unreadable, match=r"document\.sha256"):
        desk.verified()


def test_a_signed_text_of_something_else_is_no_manifest(desk: Desk) -> None:
    desk.change(lambda envelope: envelope.update(jws=sign(b'{"sub":"1"}', SIGNER)))

    with pytest.raises(Unreadable, match="manifest_version: Field required"):
        desk.verified()


def test_a_payload_without_end_is_no_manifest(desk: Desk) -> None:
    desk.change(lambda envelope: envelope.update(jws=sign(b"[" * 100_000, SIGNER)))

    with pytest.raises(Unreadable):
        desk.verified()


def test_a_key_of_another_kind_is_said(desk: Desk) -> None:
    desk.give_key(rsa.generate_private_key(65537, 2048))

    with pytest.raises(Unreadable, match="none on P-256"):
        desk.verified()

    desk.key.write_text("-----BEGIN PUBLIC KEY-----\n")
    with pytest.raises(Unreadable, match="holds no public key in PEM"):
        desk.verified()


@pytest.mark.parametrize("missing", ["file", "manifest", "key"])
def test_a_missing_file_is_named(desk: Desk, missing: str) -> None:
    path: Path = getattr(desk, missing)
    path.unlink()

    with pytest.raises(Unreadable, match=f"{path.name} cannot be read: No such file or directory"):
        desk.verified()


def exit_code(*arguments: object) -> object:
    with pytest.raises(SystemExit) as ended:
        main([str(it) for it in ("verify", *arguments)])
    return ended.value.code


def test_the_command_answers_with_its_exit_code(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(desk.file) == 0
    assert exit_code(desk.file, "--manifest", desk.manifest, "--key", desk.key) == 0
    desk.file.write_bytes(CSV[:-1])
    assert exit_code(desk.file) == 1
    desk.file.unlink()
    assert exit_code(desk.file) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"{desk.file} cannot be read: No such file or directory."


def test_the_command_answers_in_json(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(desk.file, "--json") == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["outcome"], found["report"], found["kid"]) == ("exact", str(desk.report.uuid), SIGNER.kid)
    assert [(it["check"], it["outcome"]) for it in found["findings"]] == [
        ("size", "exact"),
        ("sha256", "exact"),
        ("signature", None),
    ]

    desk.manifest.unlink()
    assert exit_code(desk.file, "--json") == 2
    assert json.loads(capsys.readouterr().out)["outcome"] == "unknown"
