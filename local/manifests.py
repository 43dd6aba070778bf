"""Manifests as they were downloaded: read without trust, and held against a public key."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, Field, ValidationError

from local.keys import thumbprint
from rapor.manifest import ALGORITHM, JWS_TYPE
from rapor.report import Format

NUMBER_BYTES = 32  # r and s on P-256


class Unreadable(Exception):
    """A file is missing or is not what it should be; the sentence says which and why."""


class _Csv(BaseModel):
    delimiter: str = Field(default=",", min_length=1, max_length=1)


class _Options(BaseModel):
    csv: _Csv = _Csv()


class _Report(BaseModel):
    uuid: str
    title: str
    report_type: str
    type_version: int
    format: Format
    options: _Options


class _Document(BaseModel):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int
    row_count: int


class Claims(BaseModel):
    """The part of a manifest that a file can be held against."""

    manifest_version: Literal[1]
    report: _Report
    document: _Document


class _Envelope(BaseModel):
    manifest: dict[str, Any]
    jws: str | None


@dataclass(frozen=True, slots=True)
class Key:
    """A public key on P-256, and the names a manifest may call it by."""

    public: ec.EllipticCurvePublicKey
    names: frozenset[str]

    @classmethod
    def read(cls, file: Path) -> "Key":
        """
        Read a PEM file; the key is called by its thumbprint (RFC 7638), and as its file is.

        Raises:
            Unreadable: There is no such key in it.
        """
        try:
            public = load_pem_public_key(bytes_of(file))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise Unreadable(f"{file} holds no public key in PEM.") from error
        if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
            raise Unreadable(f"{file} holds a public key, but none on P-256, with which manifests are signed.")
        return cls(public, frozenset({thumbprint(public), file.stem}))


@dataclass(frozen=True, slots=True)
class Signed:
    """A compact JWS, taken apart."""

    kid: str
    payload: bytes
    signing_input: bytes
    signature: bytes

    @classmethod
    def read(cls, jws: str) -> "Signed":
        """
        Take a JWS apart (RFC 7515 §7.1).

        Raises:
            ValueError: It is none, or not of a manifest.
        """
        header, payload, signature = jws.split(".")
        said = json.loads(_decoded(header))
        kid = str(said["kid"])
        if said != {"alg": ALGORITHM, "kid": kid, "typ": JWS_TYPE}:
            raise ValueError("it is signed in another way")
        return cls(kid, _decoded(payload), f"{header}.{payload}".encode(), _decoded(signature))

    def is_by(self, key: Key) -> bool:
        """Whether the key signed exactly this."""
        r, s = self.signature[:NUMBER_BYTES], self.signature[NUMBER_BYTES:]
        if len(s) != NUMBER_BYTES:
            return False
        der = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
        try:
            key.public.verify(der, self.signing_input, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Manifest:
    """What it claims, what it shows for reading, and the signature if it has one."""

    claims: Claims
    shown: Mapping[str, Any]
    signed: Signed | None

    @classmethod
    def read(cls, file: Path) -> "Manifest":
        """
        Read a manifest; where it is signed, it claims what was signed.

        Raises:
            Unreadable: It is no manifest of ours.
        """
        content = bytes_of(file)
        try:
            envelope = _Envelope.model_validate_json(content)
            signed = None if envelope.jws is None else Signed.read(envelope.jws)
            claims = Claims.model_validate(envelope.manifest if signed is None else json.loads(signed.payload))
        except ValidationError as error:
            raise Unreadable(f"{file} is no manifest of a report: {_first(error)}.") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unreadable(f"{file} is no manifest of a report: its jws is not one.") from error
        return cls(claims, envelope.manifest, signed)


def bytes_of(file: Path) -> bytes:
    """
    Read a file whole.

    Raises:
        Unreadable: It is not there, or not for us.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}.") from error


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False)[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))
