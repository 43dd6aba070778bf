"""A key pair made at the first start, and tokens signed with it that the local gateway accepts."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key

from local.template import AUDIENCE, ISSUER

ALGORITHM = "RS256"
KEY_BITS = 2048
GENERAL_PERMISSIONS = ("reports.generate", "reports.view", "reports.export", "reports.delete", "reports.restore")


@dataclass(frozen=True)
class SigningKey:
    """A private key and the name tokens call it by."""

    private: RSAPrivateKey
    kid: str

    @classmethod
    def load_or_make(cls, folder: Path, *, say: Callable[[str], None] = lambda _: None) -> "SigningKey":
        """Take the folder's key; the first caller makes it."""
        path = folder / "token.pem"
        if not path.exists():
            _make(path)
            say(f"no key yet: made {path}; a run with the same RAPOR_HOME accepts what it signs")
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(private, RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        return cls(private, _thumbprint(private.public_key()))

    @property
    def public(self) -> RSAPublicKey:
        """What signatures are checked with."""
        return self.private.public_key()

    def mint(
        self,
        *,
        sub: str | None,
        permissions: Iterable[str] = (),
        issuer: str = ISSUER,
        audience: str = AUDIENCE,
        expires_in_s: int = 3600,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Sign a token; `claims` go over all others."""
        now = int(time.time())
        content: dict[str, Any] = {
            "iss": issuer,
            "aud": audience,
            "iat": now,
            "exp": now + expires_in_s,
            "permissions": list(permissions),
        }
        if sub is not None:
            content["sub"] = sub
        return self.sign(content | dict(claims or {}))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign exactly these claims."""
        headers = {"kid": self.kid, "typ": "JWT"}
        return jwt.PyJWS().encode(json.dumps(claims).encode(), self.private, algorithm=ALGORITHM, headers=headers)


def _make(path: Path) -> None:
    key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(fresh, path)  # whoever is first makes the key; the other takes it
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _thumbprint(key: RSAPublicKey) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()[:16]
