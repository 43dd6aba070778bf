"""
What a document is, said in a file beside it, so that anyone can tell later whether a file is that document.

`{"manifest": {...}, "jws": "..."}`: `manifest` for reading, and the same again as the payload of a JSON Web Signature
(RFC 7515, compact, ES256), for proof; `jws` is null where no key is set up. The fields are in docs/manifests.md.
"""

import json
from base64 import urlsafe_b64encode
from typing import Any, Protocol

import rapor
from rapor.report import Report, Result, as_plain

MANIFEST_VERSION = 1
ALGORITHM = "ES256"
JWS_TYPE = "rapor-manifest+jws"  # a signature over anything else by the same key is no manifest's
CONTENT_TYPE = "application/json"
SUFFIX = ".manifest.json"
NOT_OF_THE_DOCUMENT = frozenset({"key", "expires_at"})  # where it lies, and for how long


class Signer(Protocol):
    """Signs with ECDSA on P-256 and SHA-256; `kid` names the key for whoever checks."""

    @property
    def kid(self) -> str: ...
    def sign(self, message: bytes) -> bytes:
        """Give r and s, 32 bytes each (RFC 7518 §3.4)."""


def manifest_key(document_key: str) -> str:
    """Name the object beside the document's."""
    return f"{document_key}{SUFFIX}"


def write_manifest(report: Report, result: Result, signer: Signer | None) -> bytes:
    """
    Write the manifest, signed if there is a signer.

    The same report and result give the same bytes, but for the signature: ECDSA draws a random number.
    """
    manifest = describe(report, result)
    jws = None if signer is None else sign(canonical(manifest), signer)
    return canonical({"manifest": manifest, "jws": jws}) + b"\n"


def describe(report: Report, result: Result) -> dict[str, Any]:
    """Say what was asked for, what came of it, and who made it; nothing of whose it is."""
    document = {name: value for name, value in as_plain(result).items() if name not in NOT_OF_THE_DOCUMENT}
    return {
        "manifest_version": MANIFEST_VERSION,
        "report": {
            "uuid": str(report.uuid),
            "title": report.title,
            "report_type": report.report_type,
            "type_version": report.type_version,
            "parameters": report.parameters,
            "format": report.format.value,
            "locale": report.locale,
            "options": report.options or {},
            "scope": report.scope.value,
        },
        "document": document | {"columns": [{"name": name, "type": kind} for name, kind in result.columns]},
        "renderer": {"name": rapor.__name__, "version": rapor.__version__},
    }


def canonical(value: object) -> bytes:
    """JSON in one form: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def sign(payload: bytes, signer: Signer) -> str:
    """Make a compact JWS that holds its payload (RFC 7515 §3.1)."""
    header = canonical({"alg": ALGORITHM, "kid": signer.kid, "typ": JWS_TYPE})
    signing_input = f"{base64url(header)}.{base64url(payload)}"
    return f"{signing_input}.{base64url(signer.sign(signing_input.encode()))}"


def base64url(data: bytes) -> str:
    """Write bytes in base64url without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
