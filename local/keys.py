"""Private keys made here once, in files that only their owner reads; and what keys are called."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from rapor.manifest import base64url

OWNER_ONLY = 0o600


def load_or_make(path: Path, make: Callable[[], PrivateKeyTypes], *, say: Callable[[], None]) -> PrivateKeyTypes:
    """Take the key in *path*; the first caller makes it, and says so."""
    if not path.exists():
        _write_once(path, _pem(make()))
        say()
    return serialization.load_pem_private_key(path.read_bytes(), password=None)


def thumbprint(key: EllipticCurvePublicKey) -> str:
    """Name a public key on P-256 after itself (RFC 7638)."""
    x, y = (base64url(number.to_bytes(32)) for number in (key.public_numbers().x, key.public_numbers().y))
    jwk = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return base64url(sha256(jwk.encode()).digest())


def _pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_once(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.write(content)
    try:
        os.link(fresh, path)  # whoever is first makes the key; the other takes it
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
