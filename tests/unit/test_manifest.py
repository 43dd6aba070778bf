import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from msgspec.structs import fields, replace

import rapor
from local.keys import thumbprint
from rapor.manifest import canonical, describe, manifest_key, sign, write_manifest
from rapor.report import Result, Scope
from rapor.store.signatures import KmsSigner, joined
from tests.builders import NOW, a_report, a_result

REPORT = a_report(options={"locale": "tr", "csv": {"delimiter": ";"}})
RESULT = a_result(
    row_count=2,
    size_bytes=14,
    truncated=True,
    columns=(("user_id", "text"), ("balance", "decimal")),
    missing_glyphs=1,
    cut_cells=4,
)
# RFC 7515 appendix A.3: the key, the header and payload it signs, and the signature.
RFC_KEY = ec.derive_private_key(
    int.from_bytes(base64.urlsafe_b64decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI=")), ec.SECP256R1()
)
RFC_INPUT = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
RFC_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"


@dataclass
class FakeKms:
    """Signs digests, as KMS does: in DER."""

    key: ec.EllipticCurvePrivateKey

    def sign(self, *, KeyId: str, Message: bytes, MessageType: str, SigningAlgorithm: str) -> dict[str, bytes]:  # noqa: N803 - the API's
        assert (MessageType, SigningAlgorithm, len(Message)) == ("DIGEST", "ECDSA_SHA_256", 32)
        return {"Signature": self.key.sign(Message, ec.ECDSA(utils.Prehashed(hashes.SHA256())))}


def a_signer(key: ec.EllipticCurvePrivateKey = RFC_KEY) -> KmsSigner:
    return KmsSigner(FakeKms(key), "arn:aws:kms:eu-central-1:123456789012:key/k-1")


def test_a_manifest_says_what_the_document_is() -> None:
    assert describe(REPORT, RESULT) == {
        "manifest_version": 1,
        "report": {
            "uuid": "550e8400-e29b-41d4-a716-446655440000",
            "title": "Kullanıcı Raporu",
            "report_type": "users",
            "type_version": 1,
            "parameters": {"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"},
            "format": "pdf",
            "locale": "tr",
            "options": {"locale": "tr", "csv": {"delimiter": ";"}},
            "scope": "all",
        },
        "document": {
            "row_count": 2,
            "rows_total": 3,
            "truncated": True,
            "columns": [{"name": "user_id", "type": "text"}, {"name": "balance", "type": "decimal"}],
            "size_bytes": 14,
            "sha256": "ab" * 32,
            "content_type": "application/pdf",
            "as_of": "2025-11-20T12:00:00.000000Z",
            "missing_glyphs": 1,
            "cut_cells": 4,
        },
        "renderer": {"name": "rapor", "version": rapor.__version__},
    }


def test_whatever_a_result_learns_to_say_is_in_the_manifest() -> None:
    document = describe(REPORT, RESULT)["document"]

    assert document.keys() == {field.name for field in fields(Result)} - {"key", "expires_at"}


def test_nobody_is_named() -> None:
    text = write_manifest(replace(REPORT, user_id="secret-7", scope=Scope.OWN), RESULT, None).decode()

    assert "secret-7" not in text
    assert '"scope":"own"' in text


def test_the_same_report_gives_the_same_bytes() -> None:
    turned = dict(reversed(list(REPORT.parameters.items())))
    later = replace(RESULT, expires_at=NOW + timedelta(days=91), key="reports/2.pdf")

    assert write_manifest(REPORT, RESULT, None) == write_manifest(replace(REPORT, parameters=turned), later, None)


@pytest.mark.parametrize(
    "other",
    [
        (replace(REPORT, parameters={}), RESULT),
        (replace(REPORT, title="Başka"), RESULT),
        (REPORT, replace(RESULT, sha256="cd" * 32)),
        (REPORT, replace(RESULT, as_of=NOW + timedelta(microseconds=1))),
    ],
)
def test_another_document_has_another_manifest(other: tuple[Any, Result]) -> None:
    assert write_manifest(*other, None) != write_manifest(REPORT, RESULT, None)


def test_text_and_numbers_keep_their_form() -> None:
    assert (
        canonical({"b": 1.0, "a": "ş", "c": [12345678901234567890]})
        == '{"a":"ş","b":1.0,"c":[12345678901234567890]}'.encode()
    )


def test_a_signed_manifest_is_a_jws_that_others_can_read() -> None:
    manifest = json.loads(write_manifest(REPORT, RESULT, a_signer()))

    found = jwt.PyJWS().decode_complete(manifest["jws"], RFC_KEY.public_key(), algorithms=["ES256"])

    assert found["header"] == {"alg": "ES256", "kid": "k-1", "typ": "rapor-manifest+jws"}
    assert found["payload"] == canonical(manifest["manifest"])


def test_only_the_signature_differs_from_time_to_time() -> None:
    one, other = (json.loads(write_manifest(REPORT, RESULT, a_signer()))["jws"].split(".") for _ in range(2))

    assert one[:2] == other[:2]
    assert one[2] != other[2]


def test_the_signature_of_the_rfc_comes_out_of_der() -> None:
    raw = base64.urlsafe_b64decode(RFC_SIGNATURE + "==")
    der = utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))

    assert joined(der) == raw
    RFC_KEY.public_key().verify(der, RFC_INPUT.encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("r", [1, 0x7F, 0x80, 2**248 - 1, 2**255, 2**256 - 1])
@pytest.mark.parametrize("s", [1, 2**255 + 1])
def test_numbers_of_any_length_are_32_bytes(r: int, s: int) -> None:
    assert joined(utils.encode_dss_signature(r, s)) == r.to_bytes(32) + s.to_bytes(32)


def test_a_jws_of_ours_is_what_the_rfc_signs() -> None:
    signed = sign(b"{}", a_signer())

    header, payload, signature = signed.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {
        "alg": "ES256",
        "kid": "k-1",
        "typ": "rapor-manifest+jws",
    }
    assert payload == "e30"
    assert len(base64.urlsafe_b64decode(signature + "==")) == 64


def test_a_manifest_lies_beside_its_document() -> None:
    assert manifest_key("reports/a/1-x.pdf") == "reports/a/1-x.pdf.manifest.json"


def test_a_key_is_named_after_itself() -> None:
    """The key of RFC 7515 A.3, and its thumbprint of RFC 7638."""
    from jwt.algorithms import ECAlgorithm  # noqa: PLC0415

    jwk = ECAlgorithm.to_jwk(RFC_KEY.public_key(), as_dict=True)
    assert jwk["x"] == "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"

    assert thumbprint(RFC_KEY.public_key()) == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
